"""`python -m tests.unit`: the unit layer, a plain pytest for each processor.

pytest-xdist, which runs the other layers, sends each test to its workers and each result back. That
takes longer than most tests of this layer do: here every pytest gets its files once, and no more.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
# Parts of pytest that these tests do not use. Several at once cannot share one cache.
LEFT_OUT: Final = ("xdist", "logging", "anyio", "cacheprovider", "junitxml", "doctest", "pastebin")
PYTEST: Final = (sys.executable, "-m", "pytest", *(f"-pno:{name}" for name in LEFT_OUT))
NOTHING_FOUND: Final = 5


def processors() -> int:
    """How many this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def shares(files: Sequence[str], count: int) -> list[list[str]]:
    """The files in as many shares, neighbours apart: what tests the same costs the same."""
    found = [list(files[start::count]) for start in range(count)]
    return [share for share in found if share]


def verdict(codes: Sequence[int]) -> int:
    """The exit code for all: 0 only if each share that has tests ended with it."""
    found = [code for code in codes if code != NOTHING_FOUND]
    return next((code for code in found if code), 0) if found else NOTHING_FOUND


def main(files: Sequence[str]) -> int:
    """Run them; the first share shows itself while it runs, the others when it has ended."""
    with tempfile.TemporaryDirectory() as folder:
        running: list[tuple[subprocess.Popen[bytes], Path]] = []
        for number, share in enumerate(shares(files, processors())):
            output = Path(folder) / str(number)
            with output.open("wb") as stream:
                command = [*PYTEST, *share]
                running.append(
                    (subprocess.Popen(command, stdout=stream if number else None), output)
                )
        codes: list[int] = []
        for process, output in running:
            codes.append(ended(process))
            sys.stdout.buffer.write(output.read_bytes())
            sys.stdout.flush()
    return verdict(codes)


def ended(process: subprocess.Popen[bytes]) -> int:
    """Its exit code; Ctrl-C reaches it as well, and it then ends by itself."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


if __name__ == "__main__":
    sys.exit(main(sorted(str(path) for path in FOLDER.glob("test_*.py"))))
