# pyright: basic
# The generated gRPC stubs carry no types.
"""How the sandbox's language host runs a policy pack, driven over gRPC as the engine drives it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from sandbox.engine.language_host import serve


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Any]:
    server, port, _ = serve("127.0.0.1:1", tmp_path / "unused")
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield language_pb2_grpc.LanguageRuntimeStub(channel)
    server.stop(None).wait()


def request(pack: Path, source: str, **changes: Any) -> language_pb2.RunPluginRequest:
    """The engine's request to run a pack with this program."""
    (pack / "__main__.py").write_text(source)
    folder = str(pack)
    info = language_pb2.ProgramInfo(root_directory=folder, program_directory=folder)
    values = {"kind": "analyzer", "args": ["127.0.0.1:2"], "pwd": folder, "info": info}
    return language_pb2.RunPluginRequest(**{**values, **changes})


def test_output_errors_and_exit_code_come_back(host: Any, tmp_path: Path) -> None:
    source = (
        "import os, sys\n"
        "print(4711)\n"
        "print(os.getcwd() == sys.argv[-1], sys.argv[1], os.environ['SAID'], file=sys.stderr)\n"
        "os._exit(3)\n"
    )
    answers = [*host.RunPlugin(request(tmp_path, source, env=["SAID=a=b"]), timeout=60)]
    assert b"".join(one.stdout for one in answers).splitlines() == [b"4711"]
    told = b"".join(one.stderr for one in answers).decode()
    assert told.split() == ["True", "127.0.0.1:2", "a=b"]
    assert answers[-1].exitcode == 3


def test_a_pack_ends_when_the_engine_cancels(host: Any, tmp_path: Path) -> None:
    source = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n"
    call = host.RunPlugin(request(tmp_path, source), timeout=60)
    pack = psutil.Process(int(next(call).stdout))
    assert pack.ppid() == os.getpid()
    call.cancel()
    pack.wait(timeout=30)


def test_other_plugins_are_left_to_the_official_host(host: Any, tmp_path: Path) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        list(host.RunPlugin(request(tmp_path, "", kind="resource"), timeout=60))
    assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED
    told = str(refused.value.details())
    assert told.startswith("a plugin of kind 'resource' needs the official language host")
