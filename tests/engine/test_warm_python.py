"""`warm_python`: a forked process does what a started one does."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.warm_engine import python_command, serve_python

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a forked process needs os.fork")
SHOWS = """
import os, sys
print(sys.argv[1:], os.environ["COLOUR"], "HOME" in os.environ, os.getcwd(), flush=True)
print(sys.stdin.read().upper())
print("a warning", file=sys.stderr)
sys.exit(7)
"""
WAITS = """
import signal, sys
{before}
sys.stdout.write("wai")
sys.stdout.buffer.write(b"ting\\n")
signal.pause()
"""


ENDS = """
import atexit, sys, threading
def last_word():
    threading.main_thread().join()
    print("a thread's last word")
atexit.register(print, "after all")
threading.Thread(target=last_word).start()
sys.exit({asked})
"""


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    socket = tmp_path_factory.mktemp("warm") / "socket"
    server = serve_python(socket)
    yield python_command(socket)
    server.communicate()
    assert server.returncode == 0


def program(folder: Path, text: str) -> str:
    path = folder / "shown.py"
    path.write_text(text, encoding="utf-8")
    return str(path)


def waiting(command: list[str], folder: Path, before: str = "") -> "subprocess.Popen[bytes]":
    """A process that has begun to wait; nothing that it writes is held back."""
    script = program(folder, WAITS.format(before=before))
    process = subprocess.Popen([*command, "-u", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"waiting\n"
    return process


def test_it_gets_its_arguments_environment_folder_and_streams(
    command: list[str], tmp_path: Path
) -> None:
    run = subprocess.run(
        [*command, "-u", program(tmp_path, SHOWS), "a b", ""],
        input="ß",
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        env={"COLOUR": "green"},
        check=False,
    )
    assert run.stdout == f"['a b', ''] green False {tmp_path}\nSS\n"
    assert (run.stderr, run.returncode) == ("a warning\n", 7)


@pytest.mark.parametrize(("flags", "found"), [(["-u"], 0), (["-P", "-u"], 1)])
def test_a_module_is_looked_for_in_the_current_folder_unless_it_is_not_to_be(
    command: list[str], tmp_path: Path, flags: list[str], found: int
) -> None:
    program(tmp_path, "")
    run = subprocess.run(
        [*command, *flags, "-m", "shown"], cwd=tmp_path, capture_output=True, check=False
    )
    assert run.returncode == found


def test_an_exception_is_shown_and_ends_it_with_1(command: list[str], tmp_path: Path) -> None:
    script = program(tmp_path, "raise ValueError('no such colour')")
    run = subprocess.run([*command, script], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.endswith("ValueError: no such colour\n")


@pytest.mark.parametrize(
    ("asked", "code", "told"),
    [("", 0, ""), ("-1", 255, ""), ("'no such colour'", 1, "no such colour\n")],
)
def test_its_end_is_an_end_in_order(
    command: list[str], tmp_path: Path, asked: str, code: int, told: str
) -> None:
    script = program(tmp_path, ENDS.format(asked=asked))
    run = subprocess.run([*command, script], capture_output=True, text=True, check=False)
    assert run.stdout == "a thread's last word\nafter all\n"
    assert (run.stderr, run.returncode) == (told, code)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_goes_through_to_it(
    command: list[str], tmp_path: Path, number: signal.Signals
) -> None:
    handler = f"signal.signal({number}, lambda *_: sys.exit(9))"
    process = waiting(command, tmp_path, handler)
    process.send_signal(number)
    assert process.wait() == 9


def test_a_signal_that_ends_it_is_how_the_caller_sees_it_end(
    command: list[str], tmp_path: Path
) -> None:
    process = waiting(command, tmp_path)
    process.terminate()
    assert process.wait() == -signal.SIGTERM


def test_it_does_not_outlive_the_one_who_asked_for_it(command: list[str], tmp_path: Path) -> None:
    process = waiting(command, tmp_path)
    process.kill()
    assert process.stdout is not None
    assert process.stdout.read() == b"", "its end of the pipe is closed"
    assert process.wait() == -signal.SIGKILL


def test_it_does_not_outlive_the_tests(tmp_path: Path) -> None:
    server = serve_python(tmp_path / "socket")
    process = waiting(python_command(tmp_path / "socket"), tmp_path)
    server.communicate()
    assert process.wait() in (1, -signal.SIGKILL)
    assert process.stdout is not None
    assert process.stdout.read() == b"", "its end of the pipe is closed"


def test_it_is_the_same_python(command: list[str], tmp_path: Path) -> None:
    script = program(tmp_path, "import sys; print(sys.executable, sys.flags.dev_mode)")
    run = subprocess.run([*command, script], capture_output=True, text=True, check=True)
    assert run.stdout == f"{sys.executable} False\n"
