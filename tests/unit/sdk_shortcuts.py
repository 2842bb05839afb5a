# pyright: basic
# Takes the place of functions inside the SDK, which carry no types.
"""What the SDK does for every resource and no test looks at, left out while a program is recorded.

What a program registers, and what its failure says, is the same with and without.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import pulumi
from pulumi import _types as pulumi_types
from pulumi import log
from pulumi import output as pulumi_output
from pulumi import resource as pulumi_resource_options
from pulumi.runtime import resource as pulumi_resource
from pulumi.runtime.proto import source_pb2
from pulumi.runtime.settings import SETTINGS

_PLAIN: Final = frozenset((str, int, float, bool, type(None)))
_contains_unknowns: Final = pulumi_output.contains_unknowns


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


SHORTCUTS: Final = (
    # The type below an `Input[Optional[…]]`, worked out anew for every value.
    (pulumi_types, "unwrap_type", cache(pulumi_types.unwrap_type)),
    (pulumi_types, "unwrap_optional_type", cache(pulumi_types.unwrap_optional_type)),
    # Where a resource was written is looked up in the whole stack, and pytest's is deep.
    (pulumi_resource, "_get_stack_trace", source_pb2.StackTrace),
    # Earlier names of the providers' own types, a hundred a resource; ours have none.
    (pulumi_resource_options, "collapse_alias_to_urn", _no_urn),
    (pulumi_resource, "prepare_aliases", _no_aliases),
    # Messages that `RecordingEngine` would throw away.
    (log, "debug", _say_nothing),
    (pulumi_output, "contains_unknowns", _contains_unknowns_quickly),
    (pulumi.Output, "_track", _track),
)


@contextmanager
def shortcuts() -> Iterator[None]:
    """The SDK without them for a while."""
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in SHORTCUTS]
    for owner, name, instead in SHORTCUTS:
        setattr(owner, name, instead)
    try:
        yield
    finally:
        for owner, name, original in kept:
            setattr(owner, name, original)
