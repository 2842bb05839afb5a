"""`python -I -S warm_client.py SOCKET ARGUMENTS…`: stands for a process that `warm_python` forks.

Whoever started it sees its streams, its end and its exit code; a signal goes through to it.
Imported is only what the interpreter has built in: this starts with every process of the tests.
"""

import _signal  # pyright: ignore[reportMissingImports]
import _socket
import os
import sys

INTERRUPTED, KILLED, TERMINATED = 2, 9, 15

address, *arguments = sys.argv[1:]
variables = [f"{name}={value}" for name, value in os.environ.items()]
# None of them can hold a zero.
content = os.fsencode("\0".join([os.getcwd(), str(len(arguments)), *arguments, *variables]))  # noqa: PTH109
connection = _socket.socket(_socket.AF_UNIX)
connection.connect(address)


def pass_on(number: int, _: object) -> None:
    connection.send(bytes([number]))


streams = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)
connection.sendmsg([len(content).to_bytes(4, "big")], [rights])
connection.sendall(content)
_signal.signal(INTERRUPTED, pass_on)
_signal.signal(TERMINATED, pass_on)
told = connection.recv(4)
# Without an answer the other side was ended together with all its processes.
code = os.waitstatus_to_exitcode(int.from_bytes(told, "big")) if told else 1
if code < 0:
    if -code != KILLED:
        _signal.signal(-code, _signal.SIG_DFL)
    os.kill(os.getpid(), -code)
# Nothing is left to take apart.
os._exit(code)
