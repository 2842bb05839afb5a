"""Which stack a command is about, and with which `pulumi` and environment it is read.

A stack of the user's is read as `pulumi` itself would read it: in this folder's project, with the
user's login, as the identity of the ARM_* variables. The sandbox's stack is read with what the
sandbox keeps and nothing else: no variable of a real tenant reaches it, and none of its own is left
behind for a real one.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.failure import CommandFailed
from cli.workspace import STACK, SandboxFolder, sandbox_folder
from fleet.answer import answer_of

PROJECT_FILES: Final = ("Pulumi.yaml", "Pulumi.yml")
# A file backend rewrites the description beside a state (`.attrs`) while a run goes on, and not in
# one stroke.
_HALF_WRITTEN: Final = "failed to load checkpoint"
_TRIES, _PAUSE_SECONDS = 20, 0.1
ANSWER_SECONDS: Final = 300.0
"""So long the engine may take to answer a question, over whatever line."""


@dataclass(frozen=True)
class ChosenStack:
    """A stack and how to read it. ``name`` is None for the one that is selected."""

    name: str | None
    executable: Path
    folder: Path
    environment: Mapping[str, str]
    is_sandbox: bool

    @property
    def up_command(self) -> str:
        """The command that makes it right again."""
        if self.is_sandbox:
            return "breakglass up"
        return f"pulumi up --stack {self.name}" if self.name else "pulumi up"


def choose_stack(name: str | None, *, sandbox: bool) -> ChosenStack:
    """The stack that the user means. Raises CommandFailed.

    `--sandbox`, or the name `sandbox` in this project, is the sandbox's. Without a name it is the
    stack that `pulumi` has selected; where there is neither a `pulumi` selection nor an identity
    for a real tenant, the sandbox's.
    """
    home = sandbox_folder()
    folder = project_folder(home)
    ours = folder == home.project
    has_sandbox = home.state.is_dir()
    if sandbox or (name == STACK and ours and has_sandbox):
        if name not in (None, STACK):
            raise CommandFailed(
                f"--sandbox and --stack {name} contradict each other: the sandbox has one stack,"
                f" {STACK!r}.",
                exit_code=2,
            )
        return _sandbox_stack(home)
    real_identity = any(key.startswith("ARM_") for key in os.environ)
    if name is None and ours and has_sandbox and not real_identity and not _is_selected(folder):
        return _sandbox_stack(home)
    return ChosenStack(name, engine_executable(), folder, dict(os.environ), is_sandbox=False)


def exported_state(stack: ChosenStack, *, sleep: Callable[[float], None] = time.sleep) -> str:
    """What `pulumi stack export` prints, secrets encrypted. Raises CommandFailed in one line."""
    named = ["--stack", stack.name] if stack.name else []
    command = [str(stack.executable), "stack", "export", *named]
    for number in range(1, _TRIES + 1):
        done = ask_engine(command, stack)
        if done.returncode == 0:
            return done.stdout
        if _HALF_WRITTEN not in done.stderr or number == _TRIES:
            raise CommandFailed(_told(done.stderr, stack))
        sleep(_PAUSE_SECONDS)
    raise AssertionError("the last try returns or raises")


def ask_engine(
    command: list[str], stack: ChosenStack, *, seconds: float = ANSWER_SECONDS
) -> "subprocess.CompletedProcess[str]":
    """Run a command of the engine's in the stack's folder, with nobody to answer questions.

    It has to be one that writes nothing: after `seconds` it is killed. Raises CommandFailed then.
    """
    try:
        return answer_of(
            [*command, "--non-interactive", "--color", "never"],
            stack.folder,
            stack.environment,
            seconds=seconds,
        )
    except subprocess.TimeoutExpired:
        raise CommandFailed(
            f"`pulumi {command[1]}` of stack {stack.name or 'selected here'} was not done within"
            f" {seconds / 60:g} minutes and was stopped: does its backend answer?"
        ) from None


def _told(stderr: str, stack: ChosenStack) -> str:
    """One line for what `pulumi` refused, with the cure."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    reason = next((line for line in lines if line.startswith("error:")), lines[-1] if lines else "")
    reason = reason.removeprefix("error:").strip() or "no reason given"
    cures = {
        "no stack named": "`pulumi stack ls` lists them; name one with --stack",
        "no stack selected": "name one with --stack, or use --sandbox",
        "provide the stack name": "name one with --stack, or use --sandbox",
        "failed to load checkpoint: EOF": "a killed run left an empty file `.attrs` beside the"
        " stack's .json in the backend: delete that .attrs, the state is whole",
        "PULUMI_ACCESS_TOKEN": "log in with `pulumi login`, or set PULUMI_BACKEND_URL",
        "pulumi login": "log in with `pulumi login`, or set PULUMI_BACKEND_URL",
        "no Pulumi project": "run this in the folder of Pulumi.yaml",
        "no Pulumi.yaml": "run this in the folder of Pulumi.yaml",
    }
    cure = next((cure for sign, cure in cures.items() if sign.lower() in stderr.lower()), None)
    what = f"the state of stack {stack.name}" if stack.name else "the stack's state"
    return f"{what} cannot be read: {reason}" + (f": {cure}." if cure else "")


def require_running(stack: ChosenStack) -> None:
    """Raises CommandFailed when the stack is the sandbox's and its tenant does not run."""
    if not stack.is_sandbox:
        return
    # Needs what only the simulated tenant needs, and that may not be installed.
    from cli.tenant_process import find

    if find(sandbox_folder()) is None:
        raise CommandFailed("The simulated tenant is not running: `breakglass sandbox start`.")


def project_folder(home: SandboxFolder) -> Path:
    """Where `pulumi` would look from here; the repository when there is no project around."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if any((folder / name).is_file() for name in PROJECT_FILES):
            return folder
    return home.project


def _sandbox_stack(home: SandboxFolder) -> ChosenStack:
    from cli.engine import engine_environment, prepare_engine
    from cli.tenant_process import tenant_variables

    if not home.state.is_dir():
        raise CommandFailed("There is no sandbox yet: `breakglass up` makes one.")
    variables = tenant_variables(home)
    engine, _plugins = prepare_engine(home, _quiet)
    environment = engine_environment(engine, home, variables)
    return ChosenStack(STACK, engine.executable, home.project, environment, is_sandbox=True)


def _quiet(line: str) -> None:
    del line


def _is_selected(folder: Path) -> bool:
    """Whether the user's own `pulumi` has a stack selected here."""
    found = _found_executable()
    if found is None:
        return False
    stack = ChosenStack(None, found, folder, dict(os.environ), is_sandbox=False)
    return ask_engine([str(found), "stack", "--show-name"], stack).returncode == 0


def engine_executable() -> Path:
    """The `pulumi` to use for a stack of the user's. Raises CommandFailed when there is none."""
    found = _found_executable()
    if found is None:
        raise CommandFailed(
            'There is no `pulumi` on PATH: install it (Pulumi documentation, "Download & install'
            ' Pulumi"), or run `breakglass up` once, which fetches one.'
        )
    return found


def _found_executable() -> Path | None:
    """The user's `pulumi`, else the one that the sandbox has fetched for this user before."""
    from sandbox.engine.model import PINNED_VERSION, engine_cache, executable_name

    on_path = shutil.which("pulumi")
    if on_path is not None:
        return Path(on_path)
    kept = engine_cache() / PINNED_VERSION / "bin" / executable_name("pulumi")
    return kept if kept.is_file() else None
