"""What the inputs of a resource have become, when only its outputs can be read.

Inputs are mostly a part of the outputs, but the service adds defaults and read-only parts of its
own. So old outputs are compared with new ones, and only what changed there is taken over into the
inputs: everything else stays as the program wrote it, and no default shows as drift.
"""

from typing import Any, cast

from sandbox.plugins.schema import Kind, ListOf, MapOf, Record
from sandbox.plugins.values import Properties


def writable(kind: Kind, value: Any) -> Any:
    """The part of an output that may be an input: properties that the table does not know go."""
    match kind:
        case Record(fields) if isinstance(value, dict):
            return {
                key: writable(fields[key].kind, item)
                for key, item in cast(Properties, value).items()
                if key in fields and item is not None
            }
        case MapOf(item_kind) if isinstance(value, dict):
            items = cast(Properties, value).items()
            return {key: writable(item_kind, item) for key, item in items}
        case ListOf(item_kind) if isinstance(value, list):
            return [writable(item_kind, item) for item in cast("list[Any]", value)]
        case _:
            return value


def drifted(old_input: Any, old_output: Any, new_output: Any) -> Any:
    """An input after its output went from old to new; None when it is gone.

    Args:
        old_input: as in state, None when the program did not set it.
        old_output: as in state, its writable part.
        new_output: as read now, its writable part.
    """
    if old_output == new_output:
        return old_input
    values = (old_input, old_output, new_output)
    if all(isinstance(value, dict) for value in values):
        inputs, before, after = (cast(Properties, value) for value in values)
        merged = {
            key: drifted(inputs.get(key), before.get(key), after.get(key))
            for key in {**inputs, **before, **after}
        }
        return {key: value for key, value in merged.items() if value is not None}
    if all(isinstance(value, list) for value in values):
        entries, earlier, now = (cast("list[Any]", value) for value in values)
        if len(entries) == len(earlier):
            return [
                drifted(entries[index], earlier[index], value) if index < len(entries) else value
                for index, value in enumerate(now)
            ]
    return new_output
