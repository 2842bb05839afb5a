# pyright: basic
# gRPC-facing: speaks to the provider through the generated stubs, which carry no types.
"""The dynamic provider's real server, as the engine starts it, driven over gRPC."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
from google.protobuf import json_format
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from components.policy_exclusion import PolicyExclusionProvider

Properties = dict[str, Any]
KEY = "__provider"


@dataclass(frozen=True)
class Read:
    """Answer of a read; an empty id means gone."""

    id: str
    outputs: Properties
    inputs: Properties


class ProviderError(Exception):
    """What the engine would print."""


class DynamicServer:
    """Calls as the engine makes them, on plain properties."""

    def __init__(self, channel: grpc.Channel, process: subprocess.Popen[str], told: Path) -> None:
        self._stub = provider_pb2_grpc.ResourceProviderStub(channel)
        self._process = process
        self._told = told
        self.pickled = serialize_provider(PolicyExclusionProvider())

    def kill(self) -> None:
        """End the process at once, as the machine or an impatient user would."""
        self._process.kill()

    def warnings(self) -> list[str]:
        """What the process told on its standard error, which the engine shows to the user."""
        lines = self._told.read_text(encoding="utf-8").splitlines()
        return [line.removeprefix("warning: ") for line in lines if line.startswith("warning: ")]

    def check(self, olds: Properties, news: Properties) -> Properties:
        request = provider_pb2.CheckRequest(olds=self._wire(olds), news=self._wire(news))
        return self._plain(self._call("Check", request).inputs)

    def diff(self, id_: str, olds: Properties, news: Properties) -> tuple[bool, list[str]]:
        request = provider_pb2.DiffRequest(id=id_, olds=self._wire(olds), news=self._wire(news))
        answer = self._call("Diff", request)
        return answer.changes == provider_pb2.DiffResponse.DIFF_SOME, list(answer.replaces)

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        answer = self._call("Create", provider_pb2.CreateRequest(properties=self._wire(inputs)))
        return answer.id, self._plain(answer.properties)

    def read(self, id_: str, outputs: Properties) -> Read:
        request = provider_pb2.ReadRequest(id=id_, properties=self._wire(outputs))
        answer = self._call("Read", request)
        return Read(answer.id, self._plain(answer.properties), self._plain(answer.inputs))

    def update(self, id_: str, olds: Properties, news: Properties) -> Properties:
        request = provider_pb2.UpdateRequest(id=id_, olds=self._wire(olds), news=self._wire(news))
        return self._plain(self._call("Update", request).properties)

    def delete(self, id_: str, outputs: Properties) -> None:
        request = provider_pb2.DeleteRequest(id=id_, properties=self._wire(outputs))
        self._call("Delete", request)

    def _call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self._stub, method)(request, timeout=60)
        except grpc.RpcError as error:
            raise ProviderError(error.details()) from None  # type: ignore[attr-defined]

    def _wire(self, properties: Properties) -> Any:
        return asyncio.run(rpc.serialize_properties({**properties, KEY: self.pickled}, {}))

    @staticmethod
    def _plain(struct: Any) -> Properties:
        return {k: v for k, v in json_format.MessageToDict(struct).items() if k != KEY}


@contextmanager
def dynamic_server(environment: Mapping[str, str]) -> Iterator[DynamicServer]:
    """A provider process of its own, ended when the block ends."""
    command = [sys.executable, "-u", "-m", "pulumi.dynamic"]
    with TemporaryDirectory() as folder, (Path(folder) / "stderr").open("w+b") as told:
        process = subprocess.Popen(
            command,
            env={**environment},
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
            cwd="/",
        )
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield DynamicServer(channel, process, Path(folder) / "stderr")
        finally:
            process.terminate()
            process.wait(timeout=10)
            if process.stdout is not None:
                process.stdout.close()
