"""What the commands share: errors in one line, and common options."""

import functools
from collections.abc import Callable
from typing import Annotated, ParamSpec

import typer

from cli.failure import CommandFailed

P = ParamSpec("P")

Port = Annotated[
    int, typer.Option(min=0, max=65535, help="Port of the tenant; a free one when it is taken.")
]
Rate = Annotated[
    float | None,
    typer.Option(
        min=0.1,
        max=1000,
        help="Conditional Access requests per second (Microsoft: 1, the default).",
    ),
]


def plain_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Turn our own errors into one line on stderr and an exit code, without a traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except CommandFailed as error:
            typer.echo(f"breakglass: {error}", err=True)
            raise typer.Exit(error.exit_code) from None
        except OSError as error:
            if error.filename is None:
                raise
            typer.echo(f"breakglass: {_unusable(error)}", err=True)
            raise typer.Exit(1) from None
        except ModuleNotFoundError as error:
            typer.echo(
                f"breakglass: the Python package {error.name!r} is not installed, and this"
                " command needs it: `pip install -r requirements-sandbox.txt` in the repository's"
                " folder.",
                err=True,
            )
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            typer.echo("breakglass: stopped by you", err=True)
            raise typer.Exit(130) from None

    return run


def _unusable(error: OSError) -> str:
    """One line for a file or folder that the system refuses."""
    return (
        f"{error.filename} cannot be used ({error.strerror}): make it accessible to you, or name "
        "another folder in BREAK_GLASS_SANDBOX_FOLDER (the sandbox) or BREAK_GLASS_CACHE (the "
        "engine)."
    )
