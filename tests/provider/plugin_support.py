# pyright: basic
# The gRPC stubs and the protobuf structs carry no usable types.
"""A stand-in plugin in this process, driven over gRPC as the engine drives it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.plugins.resource import Package
from sandbox.plugins.server import serve
from sandbox.plugins.values import Properties
from sandbox.plugins.wire import from_struct, to_struct


class Refused(Exception):  # noqa: N818
    """The plugin answered with an error; `kept` is what the engine would put into state."""

    def __init__(self, error: Any) -> None:
        super().__init__(error.details())
        self.message: str = error.details()
        self.kept: provider_pb2.ErrorResourceInitFailed | None = None
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                self.kept = provider_pb2.ErrorResourceInitFailed()
                assert status_pb2.Status.FromString(value).details[0].Unpack(self.kept)


class Plugin:
    """What the engine would do; properties come and go as plain values (`Secret`, `UNKNOWN`)."""

    def __init__(self, stub: provider_pb2_grpc.ResourceProviderStub) -> None:
        self.stub = stub

    def call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self.stub, method)(request)
        except grpc.RpcError as error:
            raise Refused(error) from None

    def configure(self, **config: str) -> Any:
        return self.call(
            "Configure",
            provider_pb2.ConfigureRequest(
                args=to_struct(config), acceptSecrets=True, sends_old_inputs=True
            ),
        )

    def check(self, urn: str, news: Properties, olds: Properties | None = None, **more: Any) -> Any:
        request = provider_pb2.CheckRequest(
            urn=urn, name=urn.rpartition("::")[2], news=to_struct(news), **more
        )
        if olds is not None:
            request.olds.CopyFrom(to_struct(olds))
        answer = self.call("Check", request)
        return from_struct(answer.inputs), [failure.reason for failure in answer.failures]

    def inputs(self, urn: str, news: Properties, olds: Properties | None = None) -> Properties:
        inputs, failures = self.check(urn, news, olds)
        assert failures == []
        return inputs

    def create(self, urn: str, inputs: Properties, *, preview: bool = False) -> Any:
        request = provider_pb2.CreateRequest(urn=urn, properties=to_struct(inputs), preview=preview)
        answer = self.call("Create", request)
        return answer.id, from_struct(answer.properties)

    def read(
        self, urn: str, id: str, inputs: Properties | None = None, state: Properties | None = None
    ) -> Any:
        request = provider_pb2.ReadRequest(
            urn=urn, id=id, properties=to_struct(state or {}), inputs=to_struct(inputs or {})
        )
        answer = self.call("Read", request)
        return answer.id, from_struct(answer.properties), from_struct(answer.inputs)

    def diff(self, urn: str, old_inputs: Properties, news: Properties) -> Any:
        request = provider_pb2.DiffRequest(
            urn=urn, old_inputs=to_struct(old_inputs), news=to_struct(news)
        )
        return self.call("Diff", request)

    def update(
        self,
        urn: str,
        id: str,
        old: tuple[Properties, Properties],
        news: Properties,
        *,
        preview: bool = False,
    ) -> Properties:
        request = provider_pb2.UpdateRequest(
            urn=urn,
            id=id,
            old_inputs=to_struct(old[0]),
            olds=to_struct(old[1]),
            news=to_struct(news),
            preview=preview,
        )
        return from_struct(self.call("Update", request).properties)

    def delete(self, urn: str, id: str, state: Properties) -> None:
        self.call("Delete", provider_pb2.DeleteRequest(urn=urn, id=id, properties=to_struct(state)))


class Waits(list[float]):
    """A pause that does not wait: it writes down what it was asked for."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@contextmanager
def running(package: Package, environ: Mapping[str, str], pause: Any = None) -> Iterator[Plugin]:
    """The plugin on a free port, not configured yet."""
    server, port = serve(package, environ, Waits() if pause is None else pause)
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Plugin(provider_pb2_grpc.ResourceProviderStub(channel))
    finally:
        server.stop(0).wait()


def urn_of(token: str, name: str = "it") -> str:
    """A URN as the engine writes it, inside a component."""
    return f"urn:pulumi:dev::break-glass::break-glass:index:Account${token}::{name}"
