"""What the stack's state knew before this run: the outputs of its resources.

A look-up that comes back short must not take anything away. The program can only notice that it is
short by comparing it with what the stack already manages.
"""

import functools
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

import pulumi

READ_OUTPUTS = "pulumi:pulumi:readStackResourceOutputs"

# A file backend rewrites the description beside a state (`.attrs`) while an update runs, and not in
# one stroke: whoever reads at that moment finds it cut short. The next moment it is whole.
HALF_WRITTEN = "failed to load checkpoint"
TRIES = 50
PAUSE_SECONDS = 0.1

Outputs = Mapping[str, Any]
StackMemory = Callable[[str], Mapping[str, Outputs]]
"""Resource type → URN → outputs, as they were last saved."""


def earlier_outputs(*, sleep: Callable[[float], None] = time.sleep) -> StackMemory:
    """The memory of a component that stands alone: read at its first question, and once.

    A later reading could hold what this very run has changed by then, and a password that was just
    set would pass for one that had been set before. Raises as `read_memory` does.
    """

    @functools.cache
    def read() -> StackMemory:
        return read_memory(sleep=sleep)

    return lambda resource_type: read()(resource_type)


def read_memory(*, sleep: Callable[[float], None] = time.sleep) -> StackMemory:
    """One reading of the state, which can be large and far away, for all questions of a run.

    Asks the engine, which reads the state's backend. Raises what the engine raises when the state
    cannot be read: going on without it could take exclusions away. The answer holds secrets in
    clear; only the outputs of a type that is asked for leave it.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = _read(stack, sleep)
    value = cast("Mapping[str, Any]", answer.value or {})
    resources = cast("Mapping[str, Mapping[str, Any]]", value.get("outputs") or {})

    def of_type(resource_type: str) -> Mapping[str, Outputs]:
        return {
            urn: cast("Outputs", resource.get("outputs") or {})
            for urn, resource in resources.items()
            if resource.get("type") == resource_type
        }

    return of_type


def may_have(memory: StackMemory, resource_type: str, **properties: str) -> bool:
    """Whether the state has a resource of that type with these properties, upper or lower case.

    One that does not say what a property of it is counts as one that has it.
    """
    return any(
        all(
            str(outputs.get(key) or value).casefold() == value.casefold()
            for key, value in properties.items()
        )
        for outputs in memory(resource_type).values()
    )


def _read(stack: str, sleep: Callable[[float], None]) -> Any:
    for _ in range(TRIES - 1):
        try:
            return cast("Any", pulumi.runtime.invoke(READ_OUTPUTS, {"stackName": stack}))
        except Exception as error:  # the SDK has no type of its own for an engine's refusal
            if HALF_WRITTEN not in str(error):
                raise
        sleep(PAUSE_SECONDS)
    return cast("Any", pulumi.runtime.invoke(READ_OUTPUTS, {"stackName": stack}))
