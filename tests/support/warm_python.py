"""Python processes that start at once, for tests that start thousands of them.

One operation of the engine starts eight Python processes, and each would spend most of its life on
the import of the same libraries. `serve` imports them once; each process is a fork of that one,
with the arguments, environment, folder and streams of whoever asked (`warm_client.py`, which stands
for it: signals go through, and when either ends so does the other). Imported are libraries and
modules of this project that hold nothing but definitions. What is tested stays a process of its own
for each plugin, for the program and for the language host.

A process that ends takes nothing apart: to free what was imported, object by object, would first
copy the memory that all forks share, and take longer than most of them run.

Works where `os.fork` does; elsewhere the processes start as they do for users.
"""

import atexit
import contextlib
import gc
import importlib
import io
import os
import runpy
import selectors
import signal
import socket
import struct
import sys
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

MODULES: Final = (
    "azure.core.pipeline.transport._bigger_block_size_http_adapters",
    "azure.core.pipeline.transport._requests_basic",
    "azure.core.rest._requests_basic",
    "azure.identity",
    "encodings.ascii",
    "encodings.utf_8_sig",
    "google.protobuf.json_format",
    "grpc._channel",
    "grpc._server",
    "grpc.experimental",
    "httpcore",
    "httpx",
    "msal_extensions",
    "netrc",
    "pulumi.dynamic",
    "pulumi.runtime.proto",
    "pulumi_azure_native",
    "pulumi_azuread",
    "pulumi_random",
    "typer",
    "arguments",
    "outputs",
    "sandbox.engine.policy_plugin",
    "sandbox.plugins.azure_native",
    "sandbox.plugins.azuread",
    "sandbox.plugins.random",
    "sandbox.plugins.server",
    "survey",
)
LAZY: Final = (("resources", "ResourceGroup"), ("operationalinsights", "Workspace"))
"""What the SDK for Azure imports when it is first asked for it: hundreds of files."""
LENGTH: Final = struct.Struct("!I")
STREAMS: Final = 3
FLAGS: Final = ("-P", "-u")


@dataclass(frozen=True)
class Start:
    """A process that is to be started."""

    connection: socket.socket
    streams: list[int]
    arguments: list[str]
    environment: dict[str, str]
    folder: str


def serve(address: str) -> Start | None:
    """Wait at a Unix socket; return once in each forked process, and None when standard input ends.

    Nothing else may run in this process: a fork of a process with threads is not safe.
    """
    sys.path.insert(0, str(Path(__file__).parents[2]))
    for name in MODULES:
        importlib.import_module(name)
    azure: Any = importlib.import_module("pulumi_azure_native")
    for name, kind in LAZY:
        getattr(getattr(azure, name), kind)
    del sys.path[0]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    wakes, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, _nothing)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    gc.freeze()
    print("ready", flush=True)
    clients = dict[int, socket.socket]()
    with selectors.DefaultSelector() as selector:
        for source in (listener.fileno(), wakes, 0):
            selector.register(source, selectors.EVENT_READ)
        while True:
            events = {key.fd for key, _ in selector.select()}
            if wakes in events:
                os.read(wakes, 4096)
            _tell_ends(clients)
            if listener.fileno() in events and (start := _received(listener)) is not None:
                child = os.fork()
                if child == 0:
                    signal.set_wakeup_fd(-1)
                    for open_one in (listener, *clients.values()):
                        open_one.close()
                    os.close(wakes)
                    os.close(wake)
                    return start
                clients[child] = start.connection
                for stream in start.streams:
                    os.close(stream)
            if 0 in events:
                # Plugins of an engine that was killed wait for it for good.
                for process in clients:
                    os.kill(process, signal.SIGKILL)
                return None


def become(start: Start) -> None:
    """Run what `python *start.arguments` would."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(start.streams):
        os.dup2(stream, number)
        os.close(stream)
    threading.Thread(target=_obey, args=[start.connection], daemon=True).start()
    os.chdir(start.folder)
    os.environ.clear()
    os.environ.update(start.environment)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout, sys.stderr = _unbuffered(1, "strict"), _unbuffered(2, "backslashreplace")
    arguments, flags = list(start.arguments), set[str]()
    while arguments[0] in FLAGS:
        flags.add(arguments.pop(0))
    paths = start.environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [path for path in paths if path and path not in sys.path]
    if arguments[0] == "-m":
        if "-P" not in flags:
            sys.path.insert(0, start.folder)
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, str(Path(arguments[0]).parent))
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


def end(start: Start) -> None:
    """Do what the end of `python *start.arguments` does, but for the memory."""
    try:
        become(start)
        code = 0
    except SystemExit as asked:
        code = asked.code if isinstance(asked.code, int) else int(asked.code is not None)
        if asked.code is not None and not isinstance(asked.code, int):
            print(asked.code, file=sys.stderr)
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        code = 1
    # Private, and the only way to wait for threads that are no daemons and to call `atexit`.
    shutdown: Any = vars(threading)["_shutdown"]
    shutdown()
    vars(atexit)["_run_exitfuncs"]()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code & 0xFF)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """A signal that wakes `select` up has to be handled."""


def _received(listener: socket.socket) -> Start | None:
    """The next request; None from a client that broke off."""
    connection, _ = listener.accept()
    header, streams, _, _ = socket.recv_fds(connection, LENGTH.size, STREAMS)
    content = bytearray()
    if len(header) == LENGTH.size and len(streams) == STREAMS:
        (length,) = LENGTH.unpack(header)
        while len(content) < length and (part := connection.recv(length - len(content))):
            content += part
        if len(content) == length:
            folder, number, *words = os.fsdecode(bytes(content)).split("\0")
            arguments, variables = words[: int(number)], words[int(number) :]
            environment = dict(one.split("=", 1) for one in variables)
            return Start(connection, list(streams), arguments, environment, folder)
    for stream in streams:
        os.close(stream)
    connection.close()
    return None


def _tell_ends(clients: dict[int, socket.socket]) -> None:
    """Tell each client whose process has ended how it did, as `waitpid` does."""
    while clients:
        process, status = os.waitpid(-1, os.WNOHANG)
        if process == 0:
            return
        connection = clients.pop(process)
        with contextlib.suppress(OSError):
            connection.sendall(LENGTH.pack(status))
        connection.close()


def _obey(connection: socket.socket) -> None:
    """Take signals from the client, each a byte; end when it has ended."""
    main = threading.main_thread().ident
    while number := connection.recv(1):
        if main is not None:
            signal.pthread_kill(main, number[0])
    os.kill(os.getpid(), signal.SIGKILL)


def _unbuffered(stream: int, errors: str) -> io.TextIOWrapper:
    raw = open(stream, "wb", buffering=0, closefd=False)  # noqa: SIM115
    return io.TextIOWrapper(raw, encoding="utf-8", errors=errors, write_through=True)


if __name__ == "__main__":
    asked_for = serve(sys.argv[1])
    if asked_for is not None:
        end(asked_for)
