#!/usr/bin/env python3
"""Everything a checkout needs, by the standard library alone, on Linux, macOS and Windows.

    python3 dev.py up      a simulated tenant, a real `pulumi up` on it, and the proof
    python3 dev.py test    all tests; what follows goes to pytest
    python3 dev.py check   formatting, lint, types, the pipelines of .github
    python3 dev.py bench   how fast the exclusion and the simulated tenant are, beside what they
                           promise; names of benchmarks choose some of them
    python3 dev.py setup   only make the environment for the above
    python3 dev.py clean   take all of it away again, but for the engine, which checkouts share;
                           `clean --engine` takes that too

The Makefile's targets call this file. It makes `.venv` itself, anew only when a file that says what
belongs into it has changed. It has Python 3.6's syntax, to tell an old one that it is too old.
"""

import sys

MINIMUM_PYTHON = (3, 11)

if sys.version_info[:2] < MINIMUM_PYTHON:
    import shutil as _shutil

    _newer = [name for name in ("python3.14", "python3.13", "python3.12", "python3.11")
              if _shutil.which(name)]  # fmt: skip
    sys.exit(
        "break-glass needs Python 3.11 or newer, this is %d.%d (%s); " % (  # noqa: UP031
            sys.version_info[0], sys.version_info[1], sys.executable)
        + ("use `make up PYTHON=%s`" % _newer[0] if _newer  # noqa: UP031
           else "install one from https://www.python.org/downloads/ and run it with that")
    )  # fmt: skip

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "break-glass.json"
LOCK = ROOT / ".venv-lock"
RUNTIME_FILES = ("requirements.txt", "requirements-sandbox.txt")
DEVELOPMENT_FILES = (*RUNTIME_FILES, "requirements-dev.txt")
CACHES = (".pytest_cache", ".ruff_cache", ".hypothesis", "break_glass.egg-info", "build")


def executable(name: str) -> Path:
    """Return a command of the checkout's environment."""
    if os.name == "nt":
        return VENV / "Scripts" / f"{name}.exe"
    return VENV / "bin" / name


def fingerprint(files: Sequence[str]) -> str:
    """Return a digest of all that decides what belongs into the environment."""
    digest = hashlib.sha256(f"{sys.version}\0{ROOT}".encode())
    for name in (*files, "pyproject.toml"):
        digest.update(b"\0" + name.encode() + b"\0" + (ROOT / name).read_bytes())
    return digest.hexdigest()


def read_stamp() -> dict[str, str]:
    """Return the fingerprints that the environment was made from: `runtime`, `development`."""
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp


@contextlib.contextmanager
def locked() -> Generator[None]:
    """Let one process at a time change the environment; the system frees the lock of a dead one."""
    with LOCK.open("a+b") as stream:
        if sys.platform == "win32":
            import msvcrt

            while True:
                with contextlib.suppress(OSError):
                    stream.seek(0)
                    msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK, 1)
                    break
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def run_quietly(command: Sequence[str], what: str) -> list[str]:
    """Run a command; show only that it runs. Return its last lines when it failed, else none."""
    started = time.monotonic()
    print(what, flush=True)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(
            list(command), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        terminal = sys.stderr.isatty()
        try:
            while True:
                try:
                    process.wait(1)
                    break
                except subprocess.TimeoutExpired:
                    if terminal:
                        seconds = time.monotonic() - started
                        print(f"\r  {seconds:.0f} s", end="", file=sys.stderr, flush=True)
        finally:
            if terminal:
                print("\r\033[K", end="", file=sys.stderr, flush=True)
            if process.poll() is None:
                process.terminate()
                process.wait()
        return [] if process.returncode == 0 else last_lines(output)


def last_lines(output: IO[str]) -> list[str]:
    """Return the end of what a failed command wrote; never nothing."""
    output.seek(0)
    return [line.rstrip() for line in output if line.strip()][-8:] or ["it said nothing"]


def stop(message: str, lines: Sequence[str] = ()) -> NoReturn:
    """End with one line on what is wrong, below the output that shows it."""
    for line in lines:
        print(f"  {line}", file=sys.stderr)
    sys.exit(f"error: {message}")


def usable() -> bool:
    """Say whether the environment's Python runs and is the version that runs this file."""
    program = f"import sys, pip; print(sys.version_info[:2] == {tuple(sys.version_info[:2])})"
    with contextlib.suppress(OSError):
        answer = subprocess.run(
            [str(executable("python")), "-c", program], capture_output=True, text=True, check=False
        )
        return answer.stdout.strip() == "True"
    return False


def ensure_environment(development: bool) -> None:
    """Make `.venv`, or bring it up to date; does nothing when it is."""
    kind = "development" if development else "runtime"
    files = DEVELOPMENT_FILES if development else RUNTIME_FILES
    with locked():
        wanted = fingerprint(files)
        stamp = read_stamp()
        if stamp.get(kind) == wanted and executable("python").exists():
            return
        if not usable():
            create = [sys.executable, "-m", "venv", "--clear", str(VENV)]
            failed = run_quietly(create, "Making a Python environment in .venv")
            if failed:
                stop(
                    "the environment could not be made; Debian and Ubuntu have venv in a package "
                    "of its own: `apt install python3-venv`",
                    failed,
                )
        STAMP.unlink(missing_ok=True)
        requirements = [part for name in files for part in ("-r", name)]
        install = [str(executable("python")), "-m", "pip", "install", "--quiet",
                   "--disable-pip-version-check", *requirements]  # fmt: skip
        failed = run_quietly(install, f"Installing {', '.join(files)} into .venv (minutes at most)")
        if failed:
            stop(
                "pip could not install what is needed; check that the package index can be "
                "reached (a proxy is set by HTTPS_PROXY, an index by PIP_INDEX_URL) and run it "
                "again",
                failed,
            )
        stamp = {"runtime": fingerprint(RUNTIME_FILES)}
        if development:
            stamp["development"] = wanted
        STAMP.write_text(json.dumps(stamp) + "\n", encoding="utf-8")


def call(command: Sequence[str]) -> int:
    """Run a command in the checkout and return its exit code; Ctrl-C is for it to answer."""

    def leave_it(_number: int, _frame: FrameType | None) -> None:
        """Wait on: the command was interrupted too, and its exit code tells."""

    before = signal.signal(signal.SIGINT, leave_it)
    try:
        return subprocess.call(list(command), cwd=ROOT)
    finally:
        signal.signal(signal.SIGINT, before)


def up(arguments: Sequence[str]) -> int:
    """Run the whole story on a simulated tenant."""
    os.environ.setdefault("BREAK_GLASS_STARTED", str(time.time()))
    ensure_environment(development=False)
    command = [str(executable("breakglass")), "up", *arguments]
    if os.name != "nt":
        # In place of this process, so that signals reach the command itself.
        os.chdir(ROOT)
        sys.stdout.flush()
        os.execv(command[0], command)  # noqa: S606
    return call(command)


def test(arguments: Sequence[str]) -> int:
    """Run the fast tests, whole in their own way, chosen ones in pytest's; then all others."""
    ensure_environment(development=True)
    pytest = [str(executable("python")), "-m", "pytest", "-n", "auto", "--dist", "worksteal"]
    if any((ROOT / argument.partition("::")[0]).exists() for argument in arguments):
        return call([*pytest, *arguments])
    print("Unit tests", flush=True)
    first = call([*pytest, "tests/unit", *arguments] if arguments else [*pytest[:2], "tests.unit"])
    if first != 0 and not (arguments and first == 5):  # 5: pytest found none that a -k names
        return first
    engine = call([str(executable("python")), "-m", "sandbox.engine"])
    if engine != 0:
        return engine
    call([str(executable("python")), "-m", "tests.assessors.environment"])  # its own tests judge it
    print("Tests on the simulated tenant and the real engine", flush=True)
    second = call([*pytest, "tests", "--ignore=tests/unit", *arguments])
    return first if second == 5 else second


def check() -> int:
    """Check formatting, lint, types and pipelines; all run, so that all findings show."""
    ensure_environment(development=True)
    python, lint = [str(executable("python")), "-m"], ["tests.ci.workflow_lint"]
    commands = (["ruff", "format", "--check", "."], ["ruff", "check", "."], ["pyright"], lint)
    return max([call([*python, *command]) for command in commands])


def bench(arguments: Sequence[str]) -> int:
    """Measure, twenty minutes; fails when a target is missed."""
    ensure_environment(development=False)
    return call([str(executable("python")), "-m", "sandbox.benchmark", *arguments])


def user_cache(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return the per-user cache folder, as `sandbox.engine` finds it with platformdirs."""
    override = environment.get("BREAK_GLASS_CACHE")
    if override:
        return Path(override).expanduser().absolute()
    if platform == "win32":
        local = environment.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
        return Path(local) / "break-glass" / "Cache"
    if platform == "darwin":
        return Path.home() / "Library" / "Caches" / "break-glass"
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "break-glass"


def command_line(pid: int) -> str:
    """Return the command line of a process, empty when there is none."""
    if os.name == "nt":
        query = f"(Get-CimInstance Win32_Process -Filter 'ProcessId={pid}').CommandLine"
        command = ["powershell", "-NoProfile", "-Command", query]
    else:
        command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def stop_tenant(folder: Path) -> None:
    """End the simulated tenant, by its own command or, where that is gone, by its process id.

    A process is ended only when its command line says that it serves this very folder.
    """
    try:
        pid = int(json.loads((folder / "tenant-process.json").read_text(encoding="utf-8"))["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    breakglass = executable("breakglass")
    if breakglass.exists() and call([str(breakglass), "sandbox", "stop"]) == 0:
        return
    words = command_line(pid)
    if "sandbox serve" in words and str(folder / "tenant.json") in words:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        print(f"Stopped the simulated tenant (process {pid})")


def remove(path: Path) -> None:
    """Remove a file or folder if it is there, and say so."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.is_symlink() or path.exists():
        path.unlink()
    else:
        return
    print(f"Removed {path}")


def clean(engine: bool) -> int:
    """Take away what the other commands made in the checkout, and the user's engine when told so.

    All checkouts of a user share the engine, and another one may be at work with it right now.
    """
    stop_tenant(ROOT / ".sandbox")
    for path in (ROOT / ".sandbox", VENV, *(ROOT / name for name in CACHES), LOCK):
        remove(path)
    engines = user_cache() / "engine"
    if engine:
        remove(engines)
    elif engines.exists():
        print(
            f"Kept the Pulumi engine that all your checkouts share: {engines} "
            "(`python3 dev.py clean --engine` removes it too)"
        )
    for folder in ROOT.rglob("__pycache__"):
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def main(arguments: Sequence[str]) -> int:
    """Run the command that the first argument names."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", ())
    if name == "up":
        return up(rest)
    if name == "test":
        return test(rest)
    if name == "clean" and list(rest) in ([], ["--engine"]):
        return clean(engine=bool(rest))
    if name == "clean":
        stop(f"`clean` takes no arguments but --engine, found {' '.join(rest)}")
    if name in ("check", "setup") and rest:
        stop(f"`{name}` takes no arguments, found {' '.join(rest)}")
    if name == "check":
        return check()
    if name == "bench":
        return bench(rest)
    if name == "setup":
        ensure_environment(development=True)
        return 0
    found = f"unknown command {name!r}" if name else "no command"
    stop(f"{found}; one of up, test, check, bench, setup, clean is expected, as in `make up`")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("stopped by you")
