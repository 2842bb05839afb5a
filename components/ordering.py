"""Make one resource wait for others: without unknown values, and without waiting for ever."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import pulumi

T = TypeVar("T")

Gate = tuple[pulumi.Output[Any], Callable[[pulumi.Output[Any]], None]]


@contextmanager
def gate() -> Generator[Gate]:
    """An output to wait for now, and the function that says later what it is.

    `pulumi.deferred_output()`, for a program that may fail in between: an error inside the block
    is handed to whoever waits, because Pulumi ends a failed program only when every resource that
    was begun has come to its end, and a gate that nobody opens would hold it for ever.
    """
    deferred: Gate = pulumi.deferred_output()
    output, resolve = deferred
    try:
        yield output, resolve
    except Exception as error:
        resolve(_failed(error))
        raise


def after(value: pulumi.Input[T], gate: pulumi.Input[Any]) -> pulumi.Output[T]:
    """`value`, not before `gate` has come, and depending on every resource behind `gate`.

    Unlike `Output.all(value, gate)` the result stays known while `gate` is unknown. That matters in
    a preview: most inputs of a role assignment force a replacement, and one that is only unknown
    because some policy is being updated would be planned as the replacement of a protected
    resource, which ends the run.

    What `gate` raises, the result raises: nothing is made behind a gate that failed.
    """
    waiting = pulumi.Output.from_input(gate)
    output = not_before(value, waiting)

    async def resources() -> set[pulumi.Resource]:
        return await output.resources() | await waiting.resources()

    return pulumi.Output(
        asyncio.ensure_future(resources()),
        asyncio.ensure_future(_whole(output)),
        asyncio.ensure_future(output.is_known()),
        asyncio.ensure_future(output.is_secret()),
    )


def not_before(value: pulumi.Input[T], gate: pulumi.Input[Any]) -> pulumi.Output[T]:
    """As `after`, but depending on nothing that `value` does not depend on itself.

    For an input whose change replaces its resource, which has `behind(gate)` among its `depends_on`
    instead. When something behind `gate` is deleted before it is made anew, the engine deletes, and
    before it, what depends on it by such an input, and leaves alone what merely depends on it
    (Pulumi 3.258, `calculateDependentReplacements`; observed).
    """
    output = pulumi.Output.from_input(value)
    waiting = pulumi.Output.from_input(gate)

    async def opened() -> T:
        await waiting.future(with_unknowns=True)
        return await _whole(output)

    return pulumi.Output(
        asyncio.ensure_future(output.resources()),
        asyncio.ensure_future(opened()),
        asyncio.ensure_future(output.is_known()),
        asyncio.ensure_future(output.is_secret()),
    )


def behind(gate: pulumi.Input[Any]) -> pulumi.Output[list[pulumi.Resource]]:
    """Nothing by itself, but depending on every resource behind `gate`: for `depends_on`."""
    return pulumi.Output.from_input(gate).apply(lambda _: list[pulumi.Resource]())


async def _whole(output: pulumi.Output[T]) -> T:
    return cast("T", await output.future(with_unknowns=True))


def _failed(error: Exception) -> pulumi.Output[Any]:
    async def fail() -> None:
        raise error

    return pulumi.Output.from_input(asyncio.ensure_future(fail()))
