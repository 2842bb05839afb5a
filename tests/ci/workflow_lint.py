"""`python -m tests.ci.workflow_lint`: actionlint and zizmor over the GitHub workflows.

actionlint is a Go program, built once from its module (pinned by the go.mod and go.sum in the
folder beside this file) into the cache of the engine; zizmor is a package of requirements-dev.txt
and asks nobody here. Azure DevOps checks its own files only when it runs them: what can be said of
them, `test_pipelines.py` says.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from filelock import FileLock

from sandbox.engine import EngineError
from sandbox.engine.build import go_environment
from sandbox.engine.go_toolchain import find_go
from sandbox.engine.model import engine_cache, executable_name

REPOSITORY: Final = Path(__file__).parents[2]
MODULE: Final = Path(__file__).parent / "actionlint"
PACKAGE: Final = "github.com/rhysd/actionlint/cmd/actionlint"
WORKFLOWS: Final = REPOSITORY / ".github" / "workflows"


def actionlint() -> Path:
    """The program, built when this version of it is not there yet. Raises EngineError."""
    pinned = re.search(r"rhysd/actionlint v(\S+)", (MODULE / "go.mod").read_text("utf-8"))
    assert pinned is not None
    version = pinned[1]
    program = engine_cache() / "actionlint" / version / executable_name("actionlint")
    program.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(program.with_suffix(".lock")):
        if not program.is_file():
            _build(program, version)
    return program


def _build(program: Path, version: str) -> None:
    go = find_go(print)
    print(f"actionlint {version}: building it, once (a minute)", flush=True)
    fresh = program.with_suffix(".new")
    done = subprocess.run(
        [str(go), "build", "-mod=readonly", "-trimpath", "-o", str(fresh), PACKAGE],
        cwd=MODULE,
        env=go_environment(go),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stdout.strip().splitlines() or ["no output"])[-1]
        raise EngineError(
            f"actionlint could not be built: {last}; check that the Go module proxy can be reached"
        )
    fresh.replace(program)


def lint(folder: Path) -> int:
    """Show what both find in a folder of workflows; 0 when that is nothing."""
    files = sorted(map(str, folder.glob("*.yml")))
    zizmor = str(Path(sys.executable).with_name(executable_name("zizmor")))
    commands = (
        # What the machine happens to have of shellcheck and pyflakes is no part of the answer.
        [str(actionlint()), "-shellcheck=", "-pyflakes=", *files],
        [zizmor, "--offline", "--no-progress", "--quiet", "--persona", "pedantic", *files],
    )
    environment = {**os.environ, "NO_COLOR": "1"}
    return max(subprocess.run(one, env=environment, check=False).returncode for one in commands)


def main() -> int:
    """Lint this repository's; 1 with one line when actionlint cannot be had."""
    try:
        return 1 if lint(WORKFLOWS) else 0
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
