"""docs/ci.md: its commands are run, its tables are those of the pipelines."""

import json
import re
from pathlib import Path

import pytest
import yaml

from cli.ci_variables import NAMES, OF_PIPELINES
from sandbox.engine import Engine
from tests.ci.machine import commit
from tests.ci.pipelines import azure_text, github, github_text
from tests.ci.project_copy import copy_project
from tests.docs.fences import fences
from tests.docs.shell_session import ShellSession
from tests.support.pulumi_stack import session_engine

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "ci.md"
TEXT = PAGE.read_text(encoding="utf-8")
PIPELINES = ("preview", "deploy", "drift")


@pytest.fixture(scope="module")
def _engine() -> Engine:  # pyright: ignore[reportUnusedFunction]
    """Have the engine before the test's own time starts."""
    return session_engine()


def a_project(folder: Path) -> Path:
    """One customer, with the settings that the project ships."""
    project = copy_project(folder)
    settings = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    (project / "Pulumi.north.yaml").write_text(settings, encoding="utf-8")
    commit(project, "A customer")
    return project


@pytest.mark.usefixtures("_engine")
def test_every_command_of_the_page_is_run(tmp_path: Path) -> None:
    (fence,) = [one for one in fences(PAGE) if one.language.startswith(("bash", "powershell"))]
    assert len(fence.commands) == 2
    project = a_project(tmp_path / "project")
    with ShellSession(tmp_path / "shell") as session:
        said = session.run(f"cd '{project}'\n{fence.text}")
    first = said.splitlines()[0]
    assert json.loads(first) == {"include": [{"shard": 1, "customers": "north"}]}
    report = (project / "sandbox.md").read_text(encoding="utf-8")
    assert re.search(r"<code>north</code> \| No problem found \|", report), said


def test_the_table_of_environments_is_that_of_the_workflows() -> None:
    table = TEXT.partition("| environment | reviewers |")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| `([\w-]+)` \|.*\| ([\w ]+) \|$", table, re.MULTILINE))
    jobs = [job.document for name in PIPELINES for job in github(name)]
    used = {one["environment"]: one for one in jobs if "environment" in one}
    assert set(rows) == set(used)
    signs_in = {name for name, job in used.items() if "id-token" in job["permissions"]}
    assert {name for name, who in rows.items() if who != "nobody"} == signs_in


def test_every_variable_that_the_workflows_read_is_on_the_page() -> None:
    read = {one for name in PIPELINES for one in re.findall(r"vars\.(\w+)", github_text(name))}
    assert read == OF_PIPELINES
    for name in (*read, "PULUMI_BACKEND_URL"):
        assert f"`{name}`" in TEXT, name
    for one in re.findall(r"`((?:ARM|PULUMI|AZURE)_[A-Z_]+?)(?:__NORTH_SCHOOL)?`", TEXT):
        assert one in NAMES, one


def test_the_variable_groups_are_those_of_the_pipelines() -> None:
    (line,) = [one for one in TEXT.splitlines() if one.startswith("5. Variable groups")]
    named = set(re.findall(r"`(break-glass-[a-z]+)`", line))
    groups = {
        group["group"]
        for name in PIPELINES
        for stage in yaml.safe_load(azure_text(name))["stages"]
        for group in stage.get("variables", [])
    }
    assert named == groups


def test_the_example_of_shards_adds_up() -> None:
    found = re.search(
        r"With (\d+) customers, (\d+) minutes for an `up` and (\d+) at once: (\d+) of them in"
        r" (\d+) minutes, `SHARDS` (\d+)",
        TEXT,
    )
    assert found is not None
    customers, each, at_once, done, minutes, shards = map(int, found.groups())
    assert done == minutes // each * at_once
    assert shards == -(-customers // done)


def test_make_check_looks_at_the_workflows() -> None:
    assert "`make check` runs actionlint and zizmor" in TEXT
    text = (ROOT / "dev.py").read_text(encoding="utf-8")
    assert "tests.ci.workflow_lint" in text
