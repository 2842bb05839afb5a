"""`python -m tests.unit`: the unit layer, a plain pytest for each processor.

pytest-xdist, which runs the other layers, sends each test to its workers and each result back. That
takes longer than most tests of this layer do: here every pytest gets its files once, and no more.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Final

FOLDER: Final = Path(__file__).parent
REPOSITORY: Final = FOLDER.parents[1]
IMPORT: Final = re.compile(r"^(?:from|import) ([\w.]+)", re.MULTILINE)
# Parts of pytest that these tests do not use. Several at once cannot share one cache.
LEFT_OUT: Final = ("xdist", "logging", "anyio", "cacheprovider", "junitxml", "doctest", "pastebin")
PYTEST: Final = (sys.executable, "-m", "pytest", *(f"-pno:{name}" for name in LEFT_OUT))
NOTHING_FOUND: Final = 5
RESULT: Final = "BREAK_GLASS_UNIT_RESULT"
"""Names the file in which `conftest.py` says that a pytest has begun, then how it ended."""
MEMORY: Final = Path("/dev/shm")
ENOUGH_BYTES: Final = 256_000_000
STOPPING: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


@dataclass(frozen=True)
class Share:
    """One running pytest; `output` and `result` are files."""

    name: str
    process: subprocess.Popen[bytes]
    output: Path
    result: Path

    def stop(self, gently: bool) -> None:
        """End it; gently, so that it tells what it found, if it has come so far as to do so."""
        if gently and os.name != "nt" and self.result.exists():
            self.process.send_signal(signal.SIGINT)
        else:
            self.process.terminate()

    def ended(self) -> tuple[int, str]:
        """Wait for its exit code, and what is wrong with it but for failed tests."""
        while self.process.returncode is None:
            # Not without a limit: a signal that comes just before is heard only behind it.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.5)
        code = self.process.returncode
        told = self.result.read_text(encoding="ascii") if self.result.exists() else ""
        if code < 0:
            return code, f"{self.name} was ended by {signal_name(-code)}: its results are lost"
        if str(code) == told:
            return code, ""
        return 1, f"{self.name} ended midway, with exit code {code}: its results are lost"


def signal_name(number: int) -> str:
    """SIGKILL for 9."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def processors() -> int:
    """How many this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def quick_folder() -> Path | None:
    """Memory in the form of a folder, which a thousand small files are sooner written to.

    None where there is none, or none that takes programs: containers may forbid to run them.
    """
    if sys.platform != "linux":
        return None
    try:
        found = os.statvfs(MEMORY)
    except OSError:
        return None
    forbidden = found.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
    enough = found.f_bavail * found.f_frsize >= ENOUGH_BYTES and os.access(MEMORY, os.W_OK)
    return MEMORY if enough and not forbidden else None


def test_files(folder: Path) -> list[str]:
    """Every file of tests in the folder and below it, by the names that pytest looks for."""
    found = {path for name in ("test_*.py", "*_test.py") for path in folder.rglob(name)}
    return sorted(map(str, found))


@cache
def takes_the_sdk(path: Path) -> bool:
    """Whether a file of ours, or one of ours that it imports, imports Pulumi."""
    for module in IMPORT.findall(path.read_text(encoding="utf-8")):
        source = REPOSITORY / f"{module.replace('.', '/')}.py"
        if module.startswith(("pulumi", "components")):
            return True
        if source != path and source.is_file() and takes_the_sdk(source):
            return True
    return False


def shares(files: Sequence[str], count: int) -> list[list[str]]:
    """The files in as many shares, neighbours apart: what tests the same costs the same.

    To import Pulumi takes as long as a tenth of the tests: it is left to as few shares as can be.
    Of two, the one that can do without takes an eighth of the others' files all the same: with
    them, and the import, both end together.
    """
    with_sdk = [name for name in files if takes_the_sdk(Path(name))]
    without = [name for name in files if name not in with_sdk]
    if count == 1 or not with_sdk or not without:
        parts = [(list(files), count)]
    else:
        taken = min(max(1, round(count * len(with_sdk) / len(files))), count - 1)
        parts = [(with_sdk, taken), (without, count - taken)]
    found = [part[start::number] for part, number in parts for start in range(number)]
    if [number for _, number in parts] == [1, 1]:
        found = [
            [name for name in with_sdk if name not in with_sdk[7::8]],
            without + with_sdk[7::8],
        ]
    return [share for share in found if share]


def verdict(codes: Sequence[int]) -> int:
    """The exit code for all: 0 only if each share that has tests ended with it."""
    found = [code for code in codes if code != NOTHING_FOUND]
    return next((code for code in found if code), 0) if found else NOTHING_FOUND


@contextlib.contextmanager
def stoppable(running: Sequence[Share]) -> Generator[list[int]]:
    """Hand a signal on to what runs; the signals that came are in the list."""
    came: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        for share in running:
            share.stop(gently=came == [signal.SIGINT])

    before = [(number, signal.signal(number, stop)) for number in STOPPING]
    try:
        yield came
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def begun(name: str, files: Sequence[str], folder: Path, shown: bool) -> Share:
    """Start one; in a group of processes of its own, since a Ctrl-C is handed on to it."""
    output, result = folder / f"{name}.txt", folder / f"{name}.result"
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [*PYTEST, *files],
            stdin=subprocess.DEVNULL,
            stdout=None if shown else stream,
            env=os.environ | {RESULT: str(result), "PYTEST_DEBUG_TEMPROOT": str(folder)},
            process_group=0,
        )
    return Share(name, process, output, result)


def main(files: Sequence[str]) -> int:
    """Run them; the first share shows itself while it runs, the others when it has ended."""
    running: list[Share] = []
    codes: list[int] = []
    with tempfile.TemporaryDirectory(dir=quick_folder()) as folder, stoppable(running) as came:
        parts = shares(files, processors())
        for number, part in enumerate(parts, start=1):
            name = f"share {number} of {len(parts)} of the unit tests"
            running.append(begun(name, part, Path(folder), shown=number == 1))
        if came:
            # Whoever was being started just then has not heard of it.
            for share in running:
                share.stop(gently=False)
        for share in running:
            code, wrong = share.ended()
            codes.append(code)
            sys.stdout.buffer.write(share.output.read_bytes())
            sys.stdout.flush()
            if wrong and not came:
                print(wrong, file=sys.stderr, flush=True)
    return 128 + came[0] if came else verdict(codes)


if __name__ == "__main__":
    sys.exit(main(test_files(FOLDER)))
