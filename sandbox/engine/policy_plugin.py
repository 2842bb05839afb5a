# pyright: basic
# The generated gRPC stubs of the `pulumi` package carry no types for contexts and messages.
"""What the language host does for `RunPlugin`: it runs a policy pack written in Python.

The engine asks for it with `--policy-pack`. The pack is a gRPC server of its own: the first line of
its output is the port, and it runs until the engine cancels the call. Every other kind of plugin is
left to the official host; the engine is told so by gRPC's `UNIMPLEMENTED`.

Source: Pulumi documentation, "Language runtimes" (`proto/pulumi/language.proto`), and the SDK's
`pulumi.policy`, which starts a pack.
"""

import os
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import grpc
from pulumi.runtime.proto import language_pb2

ANALYZER = "analyzer"
"""The kind of plugin that a policy pack is."""

CHUNK_BYTES = 64 * 1024
END_OF_OUTPUT = 2
"""How many streams say that they have ended: output and errors."""

Interpreter = Callable[[Any, Any], tuple[Path, Path | None]]
"""The Python for a program's options, and its virtual environment: as for the program itself."""


def plugin_command(python: Path, request: Any) -> list[str]:
    """Return the command that starts a policy pack, as the official host has it."""
    return [
        str(python), "-u", "-m", "pulumi.policy", *request.args, request.info.program_directory,
    ]  # fmt: skip


def plugin_environment(request: Any, environment: Path | None) -> dict[str, str]:
    """Return the plugin's environment: ours, with what the engine adds, and its virtual one."""
    given = (pair.partition("=") for pair in request.env)
    variables = {**os.environ, **{key: value for key, _, value in given}}
    variables.pop("PYTHONHOME", None)
    if environment is not None:
        variables["VIRTUAL_ENV"] = str(environment)
    return variables


def run_plugin(request: Any, context: Any, interpreter: Interpreter) -> Iterator[Any]:
    """Run a policy pack; yield its output, its errors and in the end its exit code.

    It is ended when the call is: the engine cancels it once it has no more questions.
    """
    if request.kind != ANALYZER:
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            f"a plugin of kind {request.kind!r} needs the official language host; this one runs"
            " programs and policy packs",
        )
    python, environment = interpreter(request.info, context)
    plugin = subprocess.Popen(
        plugin_command(python, request),
        env=plugin_environment(request, environment),
        cwd=request.pwd or request.info.program_directory or None,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        if not context.add_callback(lambda: _end(plugin)):
            _end(plugin)
        yield from _output(plugin)
        yield language_pb2.RunPluginResponse(exitcode=plugin.wait())
    finally:
        _end(plugin)


def _output(plugin: "subprocess.Popen[bytes]") -> Iterator[Any]:
    """Both streams as they come, until both have ended."""
    found: queue.SimpleQueue[Any] = queue.SimpleQueue()
    streams: dict[str, IO[bytes] | None] = {"stdout": plugin.stdout, "stderr": plugin.stderr}

    def forward(name: str, stream: IO[bytes]) -> None:
        # `os.read` answers with what is there; `stream.read` would wait for more.
        while chunk := os.read(stream.fileno(), CHUNK_BYTES):
            response = language_pb2.RunPluginResponse()
            setattr(response, name, chunk)
            found.put(response)
        stream.close()
        found.put(None)

    for name, stream in streams.items():
        threading.Thread(target=forward, args=(name, stream), daemon=True).start()
    ended = 0
    while ended < END_OF_OUTPUT:
        response = found.get()
        if response is None:
            ended += 1
        else:
            yield response


def _end(plugin: "subprocess.Popen[bytes]") -> None:
    if plugin.poll() is None:
        plugin.kill()
        plugin.wait()
