# pyright: basic
# The generated gRPC stubs of the `pulumi` package carry no types for servicers and contexts.
"""A language host for Python programs, for an engine that came without the official one.

The official `pulumi-language-python` exists only inside the official download. An engine built
from its Go module has everything but that, so this module fills the gap: a gRPC `LanguageRuntime`
server that starts the program through `pulumi-language-python-exec`, the launcher script of the
Pulumi SDK, exactly as the official host does.

It covers what running a program needs (`up`, `preview`, `refresh`, `destroy`) and policy packs
(`sandbox.engine.policy_plugin`). Installing dependencies, code generation and other plugins written
in Python are left to the official host; the engine is told so by gRPC's `UNIMPLEMENTED`.

Source: Pulumi documentation, "Language runtimes" (`proto/pulumi/language.proto`).
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from sandbox.engine.model import WINDOWS
from sandbox.engine.policy_plugin import run_plugin

EXIT_CODE_ERROR_ALREADY_SHOWN = 32
"""The program's exit code for 'the user has seen the error': the engine adds nothing to it."""

ENGINE_CHECK_SECONDS = 10.0
"""How often the host looks whether its engine still lives, in seconds."""

MAXIMUM_MESSAGE_BYTES = 400 * 1024 * 1024
"""The same limit as in the engine and in the SDK."""

_LIST_PACKAGES = (
    "import importlib.metadata, json;"
    "print(json.dumps(sorted((d.metadata['Name'], d.version)"
    " for d in importlib.metadata.distributions() if d.metadata['Name'])))"
)


def interpreter(options: Mapping[str, Any], root: Path) -> tuple[Path, Path | None]:
    """Return the Python to run the program with, and its virtual environment if it has one.

    `options` is `runtime.options` of Pulumi.yaml; a relative `virtualenv` starts at `root`, the
    folder of Pulumi.yaml.

    Raises:
        FileNotFoundError: the virtual environment has no Python in it (one line, with the cure).
    """
    name = options.get("virtualenv")
    if not name:
        return Path(os.environ.get("PULUMI_PYTHON_CMD") or sys.executable), None
    environment = root / str(name)
    python = environment / ("Scripts/python.exe" if WINDOWS else "bin/python")
    if not python.is_file():
        raise FileNotFoundError(
            f"Pulumi.yaml: runtime.options.virtualenv is {str(name)!r}, but {python} does not "
            f"exist; make the environment first (`make up`, or `python3 -m venv {environment}`)"
        )
    return python, environment


def program_arguments(request: Any, engine_address: str) -> list[str]:
    """Return the launcher script's arguments for a `RunRequest`, as the official host gives them.

    A value that the engine left empty is left out.
    """
    options = {
        "monitor": request.monitor_address,
        "engine": engine_address,
        "project": request.project,
        "root_directory": request.info.root_directory,
        "stack": request.stack,
        "pwd": request.pwd or request.info.program_directory,
        "dry_run": "true" if request.dryRun else "false",
        "parallel": str(request.parallel),
        "organization": request.organization,
    }
    arguments = [part for key, value in options.items() if value for part in (f"--{key}", value)]
    return [*arguments, request.info.entry_point or request.program or ".", *request.args]


def program_environment(request: Any, environment: Path | None) -> dict[str, str]:
    """Return the program's environment: ours, its stack configuration, its virtual environment.

    The configuration travels in variables and not in arguments because it can hold secrets.
    """
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONHOME"}
    variables["PULUMI_CONFIG"] = json.dumps(dict(request.config))
    variables["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(list(request.configSecretKeys))
    if environment is not None:
        scripts = environment / ("Scripts" if WINDOWS else "bin")
        variables["VIRTUAL_ENV"] = str(environment)
        variables["PATH"] = os.pathsep.join([str(scripts), variables.get("PATH", "")])
    return variables


def run_outcome(exit_code: int) -> Any:
    """Return the `RunResponse` for a program's exit code (negative: ended by that signal)."""
    if exit_code == 0:
        return language_pb2.RunResponse()
    if exit_code == EXIT_CODE_ERROR_ALREADY_SHOWN:
        return language_pb2.RunResponse(bail=True)
    if exit_code < 0:
        return language_pb2.RunResponse(error=f"Program was ended by signal {-exit_code}")
    return language_pb2.RunResponse(error=f"Program exited with non-zero exit code: {exit_code}")


class PythonLanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs Python programs for one engine process."""

    def __init__(
        self, engine_address: str, program_launcher: Path, program_python: Path | None = None
    ) -> None:
        self._engine_address = engine_address
        self._program_launcher = program_launcher
        self._program_python = program_python
        self._lock = threading.Lock()
        self._programs: set[subprocess.Popen[bytes]] = set()
        self._cancelled = False

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Take note of the engine's address."""
        if request.engine_address:
            self._engine_address = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Name no version: this host is not one of the official releases."""
        return plugin_pb2.PluginInfo()

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Require nothing: see `GetRequiredPackages`."""
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Require nothing: the provider plugins are put in place before the engine starts."""
        return language_pb2.GetRequiredPackagesResponse()

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Ask nothing: Pulumi.yaml holds the options."""
        return language_pb2.RuntimeOptionsResponse()

    def About(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Name the interpreter and its version."""
        python, _ = self._interpreter(request.info, context)
        version = subprocess.run(
            [str(python), "-c", "import platform; print(platform.python_version())"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        return language_pb2.AboutResponse(executable=str(python), version=version)

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:  # noqa: N802
        """List the packages that the program's interpreter sees."""
        python, _ = self._interpreter(request.info, context)
        listing = subprocess.run(
            [str(python), "-c", _LIST_PACKAGES], capture_output=True, text=True, check=True
        ).stdout
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=name, version=version)
                for name, version in json.loads(listing)
            ]
        )

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Run the program to its end; its output goes to the engine through ours."""
        python, environment = self._interpreter(request.info, context)
        command = [str(self._program_python or python), "-u", str(self._program_launcher)]
        with self._lock:
            if self._cancelled:
                return language_pb2.RunResponse(bail=True)
            program = subprocess.Popen(
                [*command, *program_arguments(request, self._engine_address)],
                env=program_environment(request, environment),
                cwd=request.pwd or request.info.program_directory or None,
            )
            self._programs.add(program)
        if not context.add_callback(lambda: self._end(program)):
            self._end(program)
        try:
            return run_outcome(program.wait())
        finally:
            with self._lock:
                self._programs.discard(program)

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        """Run a policy pack until the engine has no more questions."""
        yield from run_plugin(request, context, self._interpreter)

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """End the running programs."""
        self.end_programs()
        return empty_pb2.Empty()

    def end_programs(self) -> None:
        """End every running program and start no other one."""
        with self._lock:
            self._cancelled = True
            programs = list(self._programs)
        for program in programs:
            self._end(program)

    def _end(self, program: "subprocess.Popen[bytes]") -> None:
        if program.poll() is None:
            program.kill()

    def _interpreter(self, info: Any, context: Any) -> tuple[Path, Path | None]:
        options = json_format.MessageToDict(info.options)
        try:
            return interpreter(options, Path(info.root_directory or info.program_directory))
        except FileNotFoundError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
            raise


def wait_for_engine_to_end(
    address: str, stop: threading.Event, check_seconds: float = ENGINE_CHECK_SECONDS
) -> None:
    """Return when `stop` is set, or when nothing listens at the engine's address twice in a row.

    An engine that is killed cannot tell its plugins to stop; without this they would stay behind.
    """
    host, _, port = address.rpartition(":")
    silent = 0
    while silent < 2 and not stop.wait(check_seconds):
        try:
            socket.create_connection((host, int(port)), timeout=check_seconds).close()
            silent = 0
        except OSError:
            silent += 1


def serve(
    engine_address: str, program_launcher: Path, program_python: Path | None = None
) -> tuple[Any, int, PythonLanguageHost]:
    """Start the gRPC server on a free loopback port; return server, port and host.

    `program_python` runs programs in place of the Python that Pulumi.yaml names.
    """
    options = [
        ("grpc.max_receive_message_length", MAXIMUM_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAXIMUM_MESSAGE_BYTES),
    ]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), options=options)
    host = PythonLanguageHost(engine_address, program_launcher, program_python)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port, host


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve one engine until it goes away: `--program-launcher FILE ENGINE_ADDRESS`.

    `--program-python FILE` runs programs by another Python than the one that Pulumi.yaml names.
    """
    parser = argparse.ArgumentParser(prog="pulumi-language-python")
    parser.add_argument("--program-launcher", type=Path, required=True)
    parser.add_argument("--program-python", type=Path)
    parser.add_argument("engine_address")
    # The engine may put flags of its own (logging, tracing) before the address.
    parsed, _ = parser.parse_known_args(arguments)
    stop = threading.Event()
    # The engine ends its plugins by an interrupt: that is the ordinary way out, not an error.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    server, port, host = serve(
        parsed.engine_address, parsed.program_launcher, parsed.program_python
    )
    print(port, flush=True)
    wait_for_engine_to_end(parsed.engine_address, stop)
    host.end_programs()
    server.stop(grace=1).wait()


if __name__ == "__main__":
    main()
