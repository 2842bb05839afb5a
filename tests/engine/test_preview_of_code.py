"""`breakglass ci preview` of a pull request that changes code, on the real engine.

The command is that of docs/policies.md. The branch forgets two alerts, and takes out the rule that
would tell. No warm Python here: that has the modules of this checkout in it.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.ci.machine import commit, git
from tests.ci.project_copy import copy_project
from tests.docs.fences import fences

PAGE = Path(__file__).parents[2] / "docs" / "policies.md"
FORGOTTEN = ("exclusion-alert", "tamper-alert")
RULE = "alarm_stays"


def forget(project: Path) -> None:
    """As somebody does who moves code about."""
    names = project / "components" / "monitoring_names.py"
    text = names.read_text(encoding="utf-8")
    for one in FORGOTTEN:
        text, number = re.subn(rf'yield "{one}", .+', "pass", text)
        assert number == 1
    names.write_text(text, encoding="utf-8")
    pack = project / "policies" / "pack.py"
    lines = pack.read_text(encoding="utf-8").splitlines(keepends=True)
    pack.write_text("".join(one for one in lines if RULE not in one), encoding="utf-8")
    (project / "policies" / "rules" / f"{RULE}.py").unlink()


def test_alerts_that_code_forgets_are_refused_by_the_rules_as_they_were(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    commit(project, "Base")
    git(project, "checkout", "--quiet", "-b", "change")
    forget(project)
    commit(project, "Tidy up")
    (command,) = [one.text for one in fences(PAGE) if "ci preview" in one.text]
    words = [*shlex.split(command)[1:], "--report", "sandbox.md"]

    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        cwd=project,
        env={
            **{key: one for key, one in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPATH": str(project),
            "BREAK_GLASS_SANDBOX_FOLDER": str(tmp_path / "sandbox"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=240,
    )

    assert done.returncode == 1, done.stdout
    start = git(project, "rev-parse", "--short=12", "main")
    report = (project / "sandbox.md").read_text(encoding="utf-8")
    for one in FORGOTTEN:
        line = f"alarm-stays of policy pack break-glass-at-{start}: .*monitoring-{one}: found that"
        assert re.search(line, report), report
        advice = f"alarm-complete of policy pack break-glass: .*found no {one.replace('-', ' ')}"
        assert re.search(advice, report), report
    assert len(re.findall(r"alarm-stays of policy pack", report)) == len(FORGOTTEN)
    assert git(project, "worktree", "list", "--porcelain").count("worktree ") == 1
    assert git(project, "status", "--porcelain", "--untracked-files=no") == ""
