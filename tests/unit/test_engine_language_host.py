# pyright: basic
# The generated gRPC stubs carry no types.
"""Our language host, driven over gRPC as the engine drives it."""

import contextlib
import json
import re
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from sandbox.engine import language_host
from sandbox.engine.language_host import (
    interpreter,
    program_arguments,
    program_environment,
    run_outcome,
    serve,
    wait_for_engine_to_end,
)

ENGINE = "127.0.0.1:1"


def options(**values: str) -> struct_pb2.Struct:
    return json_format.ParseDict(values, struct_pb2.Struct())


def request(folder: Path, **changes: Any) -> language_pb2.RunRequest:
    info = language_pb2.ProgramInfo(
        root_directory=str(folder), program_directory=str(folder), entry_point="."
    )
    values: dict[str, Any] = {
        "monitor_address": "127.0.0.1:2",
        "pwd": str(folder),
        "project": "notes",
        "stack": "dev",
        "organization": "organization",
        "parallel": 4,
        "dryRun": True,
        "config": {"notes:password": "hunter2"},
        "configSecretKeys": ["notes:password"],
        "info": info,
    }
    return language_pb2.RunRequest(**{**values, **changes})


class Client:
    """A running host with the given launcher script, and its gRPC client."""

    def __init__(self, folder: Path, program_python: Path | None = None) -> None:
        self.folder = folder
        self.launcher = folder / "launcher.py"
        self.server, port, self.host = serve(ENGINE, self.launcher, program_python)
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub = language_pb2_grpc.LanguageRuntimeStub(self.channel)

    def run(self, source: str, **changes: Any) -> language_pb2.RunResponse:
        self.launcher.write_text(source)
        return self.stub.Run(request(self.folder, **changes), timeout=30)

    def close(self) -> None:
        self.host.end_programs()
        self.channel.close()
        self.server.stop(None).wait()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    running = Client(tmp_path)
    yield running
    running.close()


WAIT_FOREVER = "import pathlib, time\npathlib.Path('started').touch()\nwhile True: time.sleep(60)\n"


def started(folder: Path) -> None:
    waiting = threading.Event()
    while not (folder / "started").exists():
        waiting.wait(0.01)


def test_the_program_gets_its_arguments_and_its_settings_but_no_secret_in_argv(
    client: Client,
) -> None:
    answer = client.run(
        "import json, os, sys\n"
        "kept = {k: os.environ[k] for k in ('PULUMI_CONFIG', 'PULUMI_CONFIG_SECRET_KEYS')}\n"
        "json.dump([sys.argv[1:], kept, os.getcwd()], open('seen.json', 'w'))\n"
    )
    assert (answer.error, answer.bail) == ("", False)
    arguments, variables, folder = json.loads((client.folder / "seen.json").read_text())
    assert arguments == [
        *("--monitor", "127.0.0.1:2", "--engine", ENGINE, "--project", "notes"),
        *("--root_directory", str(client.folder), "--stack", "dev", "--pwd", str(client.folder)),
        *("--dry_run", "true", "--parallel", "4", "--organization", "organization", "."),
    ]
    assert "hunter2" not in str(arguments)
    assert json.loads(variables["PULUMI_CONFIG"]) == {"notes:password": "hunter2"}
    assert json.loads(variables["PULUMI_CONFIG_SECRET_KEYS"]) == ["notes:password"]
    assert folder == str(client.folder)


def test_another_python_can_run_the_program(tmp_path: Path) -> None:
    missing = tmp_path / "another" / "python"
    client = Client(tmp_path, missing)
    with contextlib.closing(client), pytest.raises(grpc.RpcError, match=re.escape(str(missing))):
        client.run("")


def test_exit_codes_become_the_answers_that_the_engine_knows(client: Client) -> None:
    assert client.run("raise SystemExit(32)").bail
    assert client.run("raise SystemExit(1)").error == "Program exited with non-zero exit code: 1"
    assert run_outcome(-9).error == "Program was ended by signal 9"


def test_cancel_ends_the_running_program_and_starts_no_other(client: Client) -> None:
    client.launcher.write_text(WAIT_FOREVER)
    call = client.stub.Run.future(request(client.folder), timeout=30)
    started(client.folder)
    client.stub.Cancel(empty_pb2.Empty(), timeout=30)
    assert call.result().error == "Program was ended by signal 9"
    assert client.run("open('second', 'w')").bail
    assert not (client.folder / "second").exists()


def test_an_engine_that_hangs_up_ends_the_program(client: Client) -> None:
    client.launcher.write_text(WAIT_FOREVER)
    call = client.stub.Run.future(request(client.folder), timeout=30)
    started(client.folder)
    (program,) = client.host._programs
    call.cancel()
    assert program.wait(30) == -9


def test_the_handshake_and_the_plugin_questions_are_answered(client: Client) -> None:
    address = "127.0.0.1:77"
    client.stub.Handshake(language_pb2.LanguageHandshakeRequest(engine_address=address))
    client.run("import sys; open('seen', 'w').write(' '.join(sys.argv))")
    assert f"--engine {address}" in (client.folder / "seen").read_text()
    assert client.stub.GetPluginInfo(empty_pb2.Empty()).version == ""
    packages = client.stub.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest())
    assert list(packages.packages) == []
    plugins = client.stub.GetRequiredPlugins(language_pb2.GetRequiredPluginsRequest())
    assert list(plugins.plugins) == []
    prompts = client.stub.RuntimeOptionsPrompts(language_pb2.RuntimeOptionsRequest())
    assert list(prompts.prompts) == []


def test_about_and_dependencies_describe_the_programs_interpreter(client: Client) -> None:
    info = language_pb2.ProgramInfo(
        root_directory=str(client.folder), options=options(virtualenv=sys.prefix)
    )
    about = client.stub.About(language_pb2.AboutRequest(info=info))
    assert about.version == ".".join(map(str, sys.version_info[:3]))
    listing = client.stub.GetProgramDependencies(
        language_pb2.GetProgramDependenciesRequest(info=info)
    )
    assert {"pulumi", "grpcio"} <= {item.name for item in listing.dependencies}


def test_what_the_host_leaves_to_the_official_one_is_unimplemented(client: Client) -> None:
    with pytest.raises(grpc.RpcError) as error:
        list(client.stub.InstallDependencies(language_pb2.InstallDependenciesRequest()))
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_missing_virtual_environment_is_a_one_line_error(client: Client) -> None:
    info = language_pb2.ProgramInfo(
        root_directory=str(client.folder), options=options(virtualenv=".venv")
    )
    with pytest.raises(grpc.RpcError) as error:
        client.run("", info=info)
    details = str(error.value.details())
    assert "virtualenv is '.venv'" in details
    assert str(client.folder / ".venv") in details
    assert "\n" not in details


def test_a_virtual_environment_is_found_from_the_folder_of_pulumi_yaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for windows, python in ((False, "bin/python"), (True, "Scripts/python.exe")):
        monkeypatch.setattr(language_host, "WINDOWS", windows)
        file = tmp_path / ".venv" / python
        file.parent.mkdir(parents=True)
        file.touch()
        expected = (file, tmp_path / ".venv")
        assert interpreter({"virtualenv": ".venv"}, tmp_path) == expected
        assert interpreter({"virtualenv": str(tmp_path / ".venv")}, Path("/x")) == expected
        variables = program_environment(request(tmp_path), tmp_path / ".venv")
        assert variables["VIRTUAL_ENV"] == str(tmp_path / ".venv")
        assert variables["PATH"].startswith(str(file.parent))


def test_without_a_virtual_environment_the_named_interpreter_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_PYTHON_CMD", "/opt/python")
    assert interpreter({}, tmp_path) == (Path("/opt/python"), None)
    monkeypatch.delenv("PULUMI_PYTHON_CMD")
    assert interpreter({}, tmp_path) == (Path(sys.executable), None)


def test_an_empty_value_is_left_out_of_the_arguments(tmp_path: Path) -> None:
    arguments = program_arguments(request(tmp_path, organization="", args=["more"]), ENGINE)
    assert "--organization" not in arguments
    assert arguments[-2:] == [".", "more"]


def test_the_host_ends_when_its_engine_is_gone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as engine:
        address = f"127.0.0.1:{engine.getsockname()[1]}"
        stop = threading.Event()
        waiting = threading.Thread(target=wait_for_engine_to_end, args=(address, stop, 0.01))
        waiting.start()
        connection, _ = engine.accept()
        connection.close()
        assert waiting.is_alive()
    waiting.join(30)
    ended = not waiting.is_alive()
    stop.set()
    assert ended


def test_the_host_ends_when_it_is_told_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as engine:
        address = f"127.0.0.1:{engine.getsockname()[1]}"
        stop = threading.Event()
        stop.set()
        wait_for_engine_to_end(address, stop, 60)
