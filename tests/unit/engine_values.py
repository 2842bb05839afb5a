# pyright: basic
# gRPC-facing: reads and fills generated protobuf messages, which carry no types.
"""Property values: plain ones from the engine's form, and back again."""

from collections.abc import Collection
from typing import Any, Final

from pulumi.runtime import rpc

from tests.unit.recording import UNKNOWN

SECRET_SIGNATURE: Final = rpc._special_secret_sig
SIGNATURE_KEY: Final = rpc._special_sig_key


def _plain(value: Any) -> tuple[Any, bool]:
    """Unwraps secrets and unknowns; the second value says whether a secret was in it."""
    match value.WhichOneof("kind"):
        case "string_value":
            text = value.string_value
            return (UNKNOWN if text == rpc.UNKNOWN else text), False
        case "bool_value":
            return value.bool_value, False
        case "number_value":
            number = value.number_value
            return (int(number) if number.is_integer() else number), False
        case "struct_value":
            fields = value.struct_value.fields
            if SIGNATURE_KEY in fields and fields[SIGNATURE_KEY].string_value == SECRET_SIGNATURE:
                return (_plain(fields["value"])[0] if "value" in fields else None), True
            items = {key: _plain(item) for key, item in fields.items()}
            return {key: item[0] for key, item in items.items()}, any(s for _, s in items.values())
        case "list_value":
            parts = [_plain(item) for item in value.list_value.values]
            return [part[0] for part in parts], any(part[1] for part in parts)
        case _:
            return None, False


def plain_properties(struct: Any) -> tuple[dict[str, Any], frozenset[str]]:
    """Values under their keys, and the keys whose value is, or contains, a secret."""
    parts = {key: _plain(item) for key, item in struct.fields.items()}
    values = {key: part[0] for key, part in parts.items()}
    return values, frozenset(key for key, part in parts.items() if part[1])


def on_the_wire(values: dict[str, Any], secrets: Collection[str]) -> dict[str, Any]:
    """The engine's form: unknowns become its marker, the values of `secrets` are wrapped."""
    return {
        key: {SIGNATURE_KEY: SECRET_SIGNATURE, "value": _marked(value)}
        if key in secrets
        else _marked(value)
        for key, value in values.items()
    }


def _marked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _marked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_marked(item) for item in value]
    return rpc.UNKNOWN if value is UNKNOWN else value
