"""Run a command that takes minutes and show that it is alive.

In a terminal one line is rewritten with the seconds so far; elsewhere (a pipeline's log) a line
comes every 15 seconds. What the command says is kept and shown only when it fails.
"""

import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

TERMINAL_SECONDS = 1.0
LOG_SECONDS = 15.0
LINES_KEPT = 40

Say = Callable[[str], None]


@dataclass(frozen=True)
class Finished:
    """How a command ended: its exit code, the last lines that it wrote, the seconds it took."""

    returncode: int
    last_lines: tuple[str, ...]
    seconds: float


def run_with_progress(
    command: Sequence[str],
    what: str,
    say: Say,
    *,
    environment: Mapping[str, str],
    folder: Path,
    limit_seconds: float | None = None,
    count: str | None = None,
) -> Finished:
    """Run `command` in `folder`, reporting as `what`, and return how it ended.

    Args:
        command: the program and its arguments.
        what: the words in front of the seconds, such as `building pulumi 3.258.0`.
        say: takes one line for the user.
        environment: the whole environment of the command.
        folder: where it runs.
        limit_seconds: ended after this long (exit code as the system gives it); None: never.
        count: when given, these words follow the number of one-word lines written so far.

    A command that is interrupted, or left by an exception, is ended before this returns.
    """
    started = time.monotonic()
    lines: deque[str] = deque(maxlen=LINES_KEPT)
    total = 0

    def collect(stream: IO[str]) -> None:
        nonlocal total
        for line in stream:
            lines.append(line.rstrip())
            total += " " not in line.strip()

    process = subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=dict(environment),
        cwd=folder,
    )
    assert process.stdout is not None  # noqa: S101 - narrows the type; it was asked for above
    reader = threading.Thread(target=collect, args=(process.stdout,), daemon=True)
    reader.start()
    terminal = sys.stderr.isatty()
    try:
        while True:
            try:
                process.wait(TERMINAL_SECONDS if terminal else LOG_SECONDS)
                break
            except subprocess.TimeoutExpired:
                pass
            seconds = time.monotonic() - started
            counted = f", {total} {count}" if count and total else ""
            text = f"{what}: {seconds:.0f} s{counted}"
            if terminal:
                print(f"\r{text}\033[K", end="", file=sys.stderr, flush=True)
            else:
                say(text)
            if limit_seconds is not None and seconds > limit_seconds:
                lines.append(f"ended after {seconds:.0f} s without a result")
                break
    finally:
        if terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        reader.join(5)
        process.stdout.close()
    return Finished(process.returncode, tuple(lines), time.monotonic() - started)
