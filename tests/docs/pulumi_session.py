"""A shell in which `pulumi` and `breakglass` are what a user of a stack has."""

import shlex
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.docs.shell_session import ShellSession
from tests.support.pulumi_stack import PulumiStack

ROOT: Final = Path(__file__).parents[2]
WITH_SETTINGS: Final = ("up", "preview", "config")
"""The verbs of `pulumi` that read the stack's settings file."""


@contextmanager
def pulumi_session(stack: PulumiStack, folder: Path, *, typed: str = "") -> Generator[ShellSession]:
    """A shell with the stack's environment; `typed` is what the user answers when asked."""
    with ShellSession(folder) as session:
        _write_commands(stack, folder, typed)
        for name, value in stack.environment.items():
            if name != "PATH":
                session.run(f"export {name}={shlex.quote(value)}\n")
        session.run(f'export PATH="$PATH:"{shlex.quote(stack.environment["PATH"])}\n')
        yield session


def _write_commands(stack: PulumiStack, folder: Path, typed: str) -> None:
    """`pulumi` and `breakglass` in the project's folder, an `up` answered with yes."""
    engine, root = shlex.quote(str(stack.engine.executable)), shlex.quote(str(ROOT))
    settings = shlex.quote(str(stack.config_file))
    pulumi = (
        f'#!/bin/sh\ncd {root}\ncase "$1" in\n'
        f'up) exec {engine} "$@" --yes --skip-preview --config-file {settings};;\n'
        f"{'|'.join(WITH_SETTINGS)}) printf %s {shlex.quote(typed)} |"
        f' {engine} "$@" --config-file {settings};;\n'
        f'*) exec {engine} "$@";;\nesac\n'
    )
    python = f"{shlex.quote(sys.executable)} -m cli.main"
    breakglass = (
        f'#!/bin/sh\ncd {root}\ncase "$1" in\n'
        f'cost) exec {python} "$@" --config-file {settings};;\n'
        f'*) exec {python} "$@";;\nesac\n'
    )
    for name, text in {"pulumi": pulumi, "breakglass": breakglass}.items():
        script = folder / "commands" / name
        script.write_text(text, encoding="utf-8")
        script.chmod(0o755)
