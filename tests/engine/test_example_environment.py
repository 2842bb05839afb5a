"""The `breakglass` command in the environment that the example's requirements make."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.engine.exclusion_stack import PROGRAM, example_scene

# Runs the command where the modules of its first argument are as if they were not installed.
COMMAND: Final = """
import runpy, sys
from importlib.abc import MetaPathFinder
absent = set(sys.argv.pop(1).split(","))
class Absent(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
runpy.run_module("cli.main", run_name="__main__")
"""


def absent() -> list[str]:
    """Modules that are installed here and that the example's requirements do not bring."""
    lines = (PROGRAM / "requirements.txt").read_text(encoding="utf-8").splitlines()
    waiting = [Requirement(line) for line in lines if not line.startswith(("#", "-"))]
    there = {"break-glass"}
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name in there:
            continue
        there.add(name)
        needed = (Requirement(text) for text in metadata.requires(name) or ())
        extras = ("", *wanted.extras)
        waiting += [
            one
            for one in needed
            if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras)
        ]
    return [
        module
        for module, owners in metadata.packages_distributions().items()
        if not there & {canonicalize_name(owner) for owner in owners}
    ]


def breakglass(folder: Path, environment: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command in the example's environment."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, ",".join(absent()), *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_what_is_installed_here_beyond_the_examples_requirements_is_known() -> None:
    found = set(absent())
    assert {"pytest", "psutil", "aiohttp", "pulumi_azuread"} <= found
    assert not {"pulumi", "grpc", "httpx", "cli", "entra", "msal", "rich"} & found


def test_the_commands_that_messages_send_the_user_to_work_there(tmp_path: Path) -> None:
    with example_scene(tmp_path / "stack") as scene:
        scene.stack.up("--skip-preview")
        run = scene.stack.program, dict(scene.stack.environment)
        for command, words in (
            (["verify"], "Every Conditional Access policy is right: 4 exclude."),
            (["verify", "--json"], '"right": true'),
            (["exclusion", "snippet"], "excluded_groups"),
        ):
            code, out, err = breakglass(*run, *command, "--stack", scene.stack.name)
            assert (code, err) == (0, ""), command
            assert words in out


@pytest.mark.parametrize("command", [["up"], ["sandbox", "start"], ["sandbox", "status"]])
def test_a_command_that_needs_more_says_what_to_install(tmp_path: Path, command: list[str]) -> None:
    environment = {"PATH": "", "BREAK_GLASS_SANDBOX_FOLDER": str(tmp_path)}
    code, _out, err = breakglass(PROGRAM, environment, *command)
    assert code != 0
    assert err.count("\n") == 1, err
    assert "requirements-sandbox.txt" in err
