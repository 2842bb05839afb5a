"""`python -m tests.docs.at_terminal ANSWER COMMAND…`: a command whose questions are answered.

What the command shows goes to stdout, its exit code is the result. The answer is typed as soon as
something that ends like a question was shown, each time.
"""

import os
import pty
import sys
from typing import Final

QUESTION: Final = b": "
_CHUNK: Final = 65536


def main(answer: str, *command: str) -> int:
    """Run the command; the result is its exit code."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(command[0], command)
    while shown := _read(terminal):
        sys.stdout.buffer.write(shown)
        sys.stdout.buffer.flush()
        if shown.endswith(QUESTION):
            os.write(terminal, f"{answer}\n".encode())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, _CHUNK)
    except OSError:  # on Linux the end of a terminal is an error
        return b""


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
