"""`breakglass fleet exec`: one command as one customer, with its variables and nobody else's."""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from cli.failure import CommandFailed
from cli.options import plain_errors


@plain_errors
def execute(
    name: Annotated[str, typer.Argument(help="The customer.")],
    command: Annotated[list[str], typer.Argument(help="What to run, behind `--`.")],
) -> None:
    """Run one command as one customer: with its variables, its stack, and nobody else's."""
    from cli.fleet_selection import fleet_folder
    from fleet.customers import find_customers, read_customer
    from fleet.environment import refuse_same_suffix, with_tenant
    from fleet.errors import FleetError
    from fleet.federation import own_environment

    folder = fleet_folder()
    try:
        refuse_same_suffix(one.name for one in find_customers(folder))
        customer = read_customer(folder, name)
        words = [_found(command[0]), *command[1:]]
        with own_environment(customer, os.environ) as own:
            # `pulumi` then cannot mean another stack.
            code = _run(words, folder, {**with_tenant(own, customer), "PULUMI_STACK": name})
    except FleetError as error:
        raise CommandFailed(str(error), exit_code=error.exit_code) from None
    raise typer.Exit(code)


def _run(words: list[str], folder: Path, environment: dict[str, str]) -> int:
    """Its exit code; for one that a signal ended what a shell would say, 128 and the signal."""
    # Ctrl-C reaches the command by itself, and only it knows how to end: we wait for that.
    before = signal.signal(signal.SIGINT, _wait_on)
    try:
        code = subprocess.run(words, cwd=folder, env=environment, check=False).returncode
    except OSError as error:
        raise CommandFailed(f"{words[0]} cannot be run: {error.strerror}") from None
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code


def _wait_on(number: int, frame: FrameType | None) -> None:
    del number, frame


def _found(word: str) -> str:
    from cli.chosen_stack import engine_executable

    found = shutil.which(word)
    if found is None and word == "pulumi":
        return str(engine_executable())
    if found is None:
        raise CommandFailed(
            f"there is no command {word!r} on PATH: write it as in `breakglass fleet exec NAME --"
            " pulumi stack output`",
            exit_code=2,
        )
    # It is run in the project's folder, and a path is meant from here.
    return str(Path(found).absolute())
