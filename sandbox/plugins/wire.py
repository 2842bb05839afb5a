# pyright: basic
# The gRPC stubs and the protobuf structs carry no usable types.
"""Protobuf structs to property values and back, and errors as the engine reads them."""

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from sandbox.plugins.values import Properties, decode, encode


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """The properties of a request."""
    return decode(json_format.MessageToDict(struct))


def to_struct(properties: Properties) -> struct_pb2.Struct:
    """The properties of an answer."""
    struct = struct_pb2.Struct()
    struct.update(encode(properties))
    return struct


class Refusal(grpc.Status):
    """An answer that is an error, with what the engine must keep in state, if anything."""

    def __init__(self, message: str, kept: provider_pb2.ErrorResourceInitFailed | None = None):
        self.code = grpc.StatusCode.UNKNOWN
        self.details = message
        self.trailing_metadata = ()
        if kept is not None:
            status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
            status.details.add().Pack(kept)
            self.trailing_metadata = (("grpc-status-details-bin", status.SerializeToString()),)
