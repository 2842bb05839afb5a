"""The checks that a pull request needs are green where somebody keeps customers, too.

`make test` is a required job, and it runs in the repository that the customers' settings are in.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ci import project_copy
from tests.ci.machine import commit
from tests.ci.project_copy import REPOSITORY, copy_project

# Those that read the files that a customer changes, or count customers; the slow ones apart.
TOUCHED = (
    "tests/ci/test_lost_shards.py",
    "tests/ci/test_pipelines.py",
    "tests/ci/test_pipeline_jobs.py",
    "tests/ci/test_pipeline_rights.py",
    "tests/ci/test_played_approvals.py",
    "tests/docs/test_ci_page.py",
    "tests/docs/test_msp_page.py",
    "tests/unit/test_prod_yaml.py",
    "tests/fleet/test_new_customer.py",
)
SLOW = "every_command or linters or (played_approvals and not (every_shard and azure))"


def with_a_customer(folder: Path) -> Path:
    """The project as its user has it: the settings of a customer, its line in the connections."""
    project = copy_project(folder)
    settings = (REPOSITORY / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    (project / "Pulumi.north-school.yaml").write_text(settings, encoding="utf-8")
    connections = project / "azure-pipelines" / "connections.yml"
    text = connections.read_text(encoding="utf-8")
    before, found, after = text.partition("    default: []\n")
    if found:
        text = f"{before}    default:\n      - north-school\n{after}"
    assert "\n      - " in text
    connections.write_text(text, encoding="utf-8")
    commit(project, "A customer")
    return project


def test_the_files_of_customers_are_in_no_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_copy, "REPOSITORY", with_a_customer(tmp_path / "theirs"))
    copied = copy_project(tmp_path / "copy")
    found = {path.name for path in copied.glob("Pulumi.*")}
    assert found == {"Pulumi.yaml", "Pulumi.prod.yaml", "Pulumi.sandbox.yaml"}


def test_the_tests_are_green_where_a_customer_is(tmp_path: Path) -> None:
    project = with_a_customer(tmp_path / "project")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", f"not ({SLOW})"),
            *("--basetemp", str(tmp_path / "theirs"), *TOUCHED),
        ],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
