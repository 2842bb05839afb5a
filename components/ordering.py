"""Make one resource wait for others without making its values unknown."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

import pulumi

T = TypeVar("T")


def after(value: pulumi.Input[T], gate: pulumi.Input[Any]) -> pulumi.Output[T]:
    """`value`, not before `gate` has come, and depending on every resource behind `gate`.

    Unlike `Output.all(value, gate)` the result stays known while `gate` is unknown. That matters in
    a preview: most inputs of a role assignment force a replacement, and one that is only unknown
    because some policy is being updated would be planned as the replacement of a protected
    resource, which ends the run.

    What `gate` raises, the result raises: nothing is made behind a gate that failed.
    """
    output = pulumi.Output.from_input(value)
    waiting = pulumi.Output.from_input(gate)

    async def resources() -> set[pulumi.Resource]:
        return await output.resources() | await waiting.resources()

    async def opened(result: Awaitable[T | None]) -> T:
        await waiting.future(with_unknowns=True)
        return await result  # type: ignore[return-value]

    return pulumi.Output(
        asyncio.ensure_future(resources()),
        asyncio.ensure_future(opened(output.future(with_unknowns=True))),
        asyncio.ensure_future(output.is_known()),
        asyncio.ensure_future(output.is_secret()),
    )
