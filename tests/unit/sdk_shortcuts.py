# pyright: basic
# Takes the place of functions inside the SDK, which carry no types.
"""What the SDK does for every resource and no test looks at, left out while a program is recorded.

What a program registers, and what its failure says, is the same with and without.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, Final

import pulumi
from pulumi import _types as pulumi_types
from pulumi import log
from pulumi import output as pulumi_output
from pulumi import resource as pulumi_resource_options
from pulumi.runtime import resource as pulumi_resource
from pulumi.runtime import rpc as pulumi_rpc
from pulumi.runtime.proto import source_pb2
from pulumi.runtime.settings import SETTINGS

_PLAIN: Final = frozenset((str, int, float, bool, type(None)))
_contains_unknowns: Final = pulumi_output.contains_unknowns
_from_input: Final = pulumi.Output.from_input
_serialize_property: Final = pulumi_rpc.serialize_property


def _no_urn(*_alias: object) -> str:
    return ""


async def _no_aliases(*_resource: object) -> list[Any]:
    return []


def _say_nothing(*_message: object, **_options: object) -> None: ...


def _contains_unknowns_quickly(value: object) -> bool:
    return type(value) not in _PLAIN and _contains_unknowns(value)


def _track(output: pulumi.Output[Any]) -> None:
    """Remembers what is not done yet, as the SDK does, without a lock: there is one thread."""
    pending: set[Any] = getattr(SETTINGS, "outputs")  # noqa: B009

    def forget(future):
        if not future.cancelled() and future.exception() is None:
            pending.discard(future)

    pending.add(output._data)
    output._data.add_done_callback(forget)


def _settled(data: "asyncio.Future[Any]") -> pulumi.Output[Any]:
    """An output that nobody has to wait for."""
    output: pulumi.Output[Any] = object.__new__(pulumi.Output)
    output._data = data
    return output


def _from_input_quickly(value: Any) -> pulumi.Output[Any]:
    if type(value) not in _PLAIN:
        return _from_input(value)
    data: asyncio.Future[Any] = asyncio.Future()
    data.set_result(pulumi_output._OutputData(set(), value, is_known=True, is_secret=False))
    return _settled(data)


async def _serialize_quickly(value: Any, *place: Any, **options: Any) -> Any:
    if type(value) in _PLAIN and not options.get("return_protobuf_value"):
        return value
    return await _serialize_property(value, *place, **options)


def _transfer_properties(res, props, custom: bool) -> dict[str, Callable[..., None]]:
    """Gives the resource an output for each property: one future, not four and a task.

    What resolves them is the registration, which is waited for.
    """
    resolvers: dict[str, Callable[..., None]] = {}
    for name in props:
        if name == "urn" or (name == "id" and custom):
            continue
        data = asyncio.Future()
        res.__dict__[name] = _settled(data)
        resolvers[name] = partial(_resolve, res, data)
    return resolvers


def _resolve(res, data, value, is_known: bool, is_secret: bool, deps, failed) -> None:
    if failed is None:
        resources = {res, *(deps or ())}
        data.set_result(pulumi_output._OutputData(resources, value, is_known, is_secret))
    else:
        data.set_exception(failed)


class _NoOutput:
    """Of a name that the SDK would only use if there were no engine."""

    async def future(self) -> str:
        return ""


def _no_output(*_named: object) -> _NoOutput:
    return _NoOutput()


SHORTCUTS: Final = (
    # The type below an `Input[Optional[…]]`, worked out anew for every value.
    (pulumi_types, "unwrap_type", cache(pulumi_types.unwrap_type)),
    (pulumi_types, "unwrap_optional_type", cache(pulumi_types.unwrap_optional_type)),
    # The types of a resource's properties, read from its class anew for every resource.
    (pulumi_types, "resource_types", cache(pulumi_types.resource_types)),
    (pulumi_rpc, "transfer_properties", _transfer_properties),
    (pulumi_rpc, "serialize_property", _serialize_quickly),
    (pulumi_resource, "create_urn", _no_output),
    # Where a resource was written is looked up in the whole stack, and pytest's is deep.
    (pulumi_resource, "_get_stack_trace", source_pb2.StackTrace),
    # Earlier names of the providers' own types, a hundred a resource; ours have none.
    (pulumi_resource_options, "collapse_alias_to_urn", _no_urn),
    (pulumi_resource, "prepare_aliases", _no_aliases),
    # Messages that `RecordingEngine` would throw away.
    (log, "debug", _say_nothing),
    (pulumi_output, "contains_unknowns", _contains_unknowns_quickly),
    (pulumi.Output, "_track", _track),
    (pulumi.Output, "from_input", staticmethod(_from_input_quickly)),
)


@contextmanager
def shortcuts() -> Iterator[None]:
    """The SDK without them for a while."""
    kept = [(owner, name, vars(owner)[name]) for owner, name, _ in SHORTCUTS]
    for owner, name, instead in SHORTCUTS:
        setattr(owner, name, instead)
    try:
        yield
    finally:
        for owner, name, original in kept:
            setattr(owner, name, original)
