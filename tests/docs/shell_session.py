"""One bash in which the commands of a page run in order, and terminals beside it.

Its PATH begins with `breakglass`, `python` and `curl` of this checkout, so that a page runs on any
machine that has bash. A command that fails ends the session, as `set -e` says.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
_END = "the end of the fence"
_COMMANDS = {
    "python": [sys.executable],
    "breakglass": [sys.executable, "-m", "cli.main"],
    "curl": [sys.executable, "-m", "tests.docs.curl"],
}


class FenceFailedError(AssertionError):
    """A fence's command ended with another code than 0; the message has what it said."""


class ShellSession:
    """Runs fences in `folder`, with the sandbox's folder in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        commands = folder / "commands"
        commands.mkdir(parents=True)
        for name, words in _COMMANDS.items():
            script = commands / name
            script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
            script.chmod(0o755)
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ARM_", "AZURE_", "SSL_", "REQUESTS_", "COLUMNS"))
        }
        self._environment = kept | {
            "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "BREAK_GLASS_SANDBOX_FOLDER": str(folder / "sandbox"),
        }
        self._shell = self._popen(["bash", "-eu"])
        self._fences = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.close()
        self._shell.wait(timeout=30)

    def run(self, text: str) -> str:
        """Run a fence; returns what it said. Raises FenceFailedError."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._fences += 1
        script = self._folder / "commands" / f"fence-{self._fences}.sh"
        script.write_text(text, encoding="utf-8")
        # A file of its own, so that no command can read the next ones as its input.
        self._shell.stdin.write(f"source {shlex.quote(str(script))} </dev/null\necho '{_END}'\n")
        self._shell.stdin.flush()
        said: list[str] = []
        for line in self._shell.stdout:
            if line.rstrip("\n").endswith(_END):
                said.append(line.rstrip("\n").removesuffix(_END))
                return "".join(said)
            said.append(line)
        raise FenceFailedError(f"exit code {self._shell.wait()} of\n{text}\n{''.join(said)}")

    @contextmanager
    def terminal(self, text: str) -> Generator[str]:
        """A command that runs until Ctrl-C; gives its first line once it is there.

        Its exit code after Ctrl-C must be 0.
        """
        (command,) = text.splitlines()
        process = self._popen(shlex.split(command))
        assert process.stdout is not None
        try:
            first = process.stdout.readline()
            if not first:
                raise FenceFailedError(f"exit code {process.wait()} of\n{text}")
            yield first
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            rest = process.communicate(timeout=30)[0]
        assert process.returncode == 0, rest

    def _popen(self, words: list[str]) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._folder,
            env=self._environment,
            executable=self._found(words[0]),
            text=True,
            encoding="utf-8",
        )

    def _found(self, name: str) -> str:
        own = self._folder / "commands" / name
        return str(own) if own.exists() else name


def assert_shown(shown: str, said: str) -> None:
    """Whether what a page shows is what was said.

    Spaces count once. `…` stands for any text within a line, a line `…` for any lines.
    """
    wanted = [" ".join(line.split()) for line in shown.splitlines()]
    found = [" ".join(line.split()) for line in said.splitlines() if line.strip()]
    place = 0
    for index, line in enumerate(wanted):
        if line == "…":
            continue
        pattern = ".*".join(re.escape(part) for part in line.split("…"))
        free = index > 0 and wanted[index - 1] == "…"
        while free and place < len(found) and not re.fullmatch(pattern, found[place]):
            place += 1
        if place == len(found) or not re.fullmatch(pattern, found[place]):
            here = found[place] if place < len(found) else "the end"
            raise AssertionError(f"shown: {line}\nsaid:  {here}\n\nin:\n{said}")
        place += 1
    if wanted[-1] != "…":
        assert found[place:] == [], f"more than is shown:\n{said}"
