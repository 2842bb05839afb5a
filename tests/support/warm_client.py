"""`python -I -S warm_client.py SOCKET ARGUMENTS…`: stands for a process that `warm_python` forks.

Whoever started it sees its streams, its end and its exit code; a signal goes through to it.
"""

import json
import os
import signal
import socket
import struct
import sys

address, arguments = sys.argv[1], sys.argv[2:]
asked = {"arguments": arguments, "environment": dict(os.environ), "folder": os.getcwd()}  # noqa: PTH109
content = json.dumps(asked).encode()
connection = socket.socket(socket.AF_UNIX)
connection.connect(address)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: connection.send(bytes([number])))
socket.send_fds(connection, [struct.pack("!I", len(content))], [0, 1, 2])
connection.sendall(content)
told = connection.recv(4)
# Without an answer the other side was ended together with all its processes.
code = os.waitstatus_to_exitcode(struct.unpack("!I", told)[0]) if told else 1
if code < 0:
    signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
