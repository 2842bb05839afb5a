"""What both services give to a step: a folder, a shell, and programs that this machine has not.

Replaced are `make` (`make check` and `make test` are this very run of tests) and `python3`, which
runs `dev.py setup` alone: it gives the folder a `.venv` with this environment's Python. Called in
any other way they fail.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.ci.project_copy import REPOSITORY

SETUP = "python3 dev.py setup"
CHECKS = ("make check", "make test")
_ALLOWED = """\
#!/bin/sh
case "{name} $*" in
{cases}
esac
echo "{name} $*: no step is to run this" >&2
exit 97
"""
_VENV = "mkdir -p .venv/bin && cp {programs}/* .venv/bin/ && exit 0"
SECONDS = 240
OWN_TOKEN, GITHUB_TOKEN = "ARM_OIDC_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"


@dataclass
class Ran:
    """A step that ran: what it was, its exit code and all that it said."""

    job: str
    step: str
    script: str
    code: int
    said: str


@dataclass
class Machines:
    """Makes a clean machine for every job, and remembers what ran on them."""

    folder: Path
    origin: Path
    """The repository that is checked out."""
    variables: Mapping[str, str]
    """What every machine has in its environment."""
    secrets: Mapping[str, str]
    """What stands for a token of a job's identity: the simulated plugins take secrets alone."""
    interpreter: Path = Path(sys.executable)
    """What runs the project's Python."""
    ran: list[Ran] = field(default_factory=list[Ran])
    made: int = 0

    def __post_init__(self) -> None:
        stubs, programs = self.folder / "stubs", self.folder / "programs"
        stubs.mkdir(parents=True)
        programs.mkdir()
        python = shlex.quote(str(self.interpreter))
        _script(programs / "python", f'#!/bin/sh\nexec {python} "$@"\n')
        _script(programs / "breakglass", f'#!/bin/sh\nexec {python} -m cli.main "$@"\n')
        venv = _VENV.format(programs=shlex.quote(str(programs)))
        _stub(stubs / "python3", {SETUP: venv})
        _stub(stubs / "make", dict.fromkeys(CHECKS, "exit 0"))

    def workspace(self) -> Path:
        """An empty folder for a job."""
        self.made += 1
        folder = self.folder / f"machine-{self.made}"
        folder.mkdir()
        return folder

    def shell(
        self,
        names: tuple[str, str],
        words: list[str],
        script: str,
        workspace: Path,
        variables: Mapping[str, str],
    ) -> Ran:
        """Run a script as the service starts it: `words` are its shell; `names` job and step."""
        stubs = str(self.folder / "stubs")
        whole = {**self.variables, **variables}
        whole["PATH"] = f"{stubs}{os.pathsep}{whole['PATH']}"
        self._exchange(whole)
        # The copy's own code runs, whatever this environment has installed.
        whole["PYTHONPATH"] = str(workspace)
        done = subprocess.run(
            [*words, script],
            cwd=workspace,
            env=whole,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.ran.append(Ran(*names, script, done.returncode, done.stdout))
        return self.ran[-1]

    def _exchange(self, variables: dict[str, str]) -> None:
        """Where a step asks for the job's token it gets what that token proves."""
        asked = variables.pop("ARM_USE_OIDC", "") == "true"
        tokens = [variables.pop(name, "") for name in (OWN_TOKEN, GITHUB_TOKEN)]
        if asked and (token := next(filter(None, tokens), "")):
            variables["ARM_CLIENT_SECRET"] = self.secrets[token]

    def check_out(self, workspace: Path, reference: str) -> None:
        """The commit's files, with all of the history."""
        git(workspace, "clone", "--quiet", "--no-checkout", str(self.origin), ".")
        git(workspace, "checkout", "--quiet", "--detach", reference)
        _keep_bytecode(workspace)

    def fail(self, check: str) -> None:
        """From now on `make check` or `make test` finds something."""
        does = {one: "exit 1" if one == check else "exit 0" for one in CHECKS}
        _stub(self.folder / "stubs" / "make", does)

    def said(self) -> str:
        """Everything that any step said."""
        return "\n".join(one.said for one in self.ran)


def git(folder: Path, *arguments: str) -> str:
    """What git says. Raises CalledProcessError."""
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(project: Path, message: str) -> str:
    """Commit all that is there; the commit."""
    if not (project / ".git").exists():
        git(project, "init", "--quiet", "--initial-branch", "main")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", message)
    return git(project, "rev-parse", "HEAD")


def _keep_bytecode(workspace: Path) -> None:
    """Files that are the checkout's own get its compiled ones, which saves a second a job."""
    for package in ("", "cli", "fleet", "entra", "alerting", "components", "policies", "sandbox"):
        for source in (REPOSITORY / package).glob("*.py"):
            file = workspace / package / source.name
            if file.is_file() and file.read_bytes() == source.read_bytes():
                shutil.copystat(source, file)
        compiled = REPOSITORY / package / "__pycache__"
        if compiled.is_dir() and (workspace / package).is_dir():
            shutil.copytree(compiled, workspace / package / "__pycache__", dirs_exist_ok=True)


def _stub(path: Path, allowed: Mapping[str, str]) -> None:
    cases = "\n".join(f'"{call}") {does};;' for call, does in allowed.items())
    _script(path, _ALLOWED.format(name=path.name, cases=cases))


def _script(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
