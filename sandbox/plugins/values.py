"""Property values between the engine's wire form and plain Python.

On the wire (a protobuf struct, here already a Python dict) a secret is an object with a signature,
and a value that is not known yet a reserved string (Pulumi documentation, "Pulumi Protobuf:
property values"). `pulumi.runtime.rpc` turns them into `Output`s, which need an event loop and a
program; a plugin wants values. So: `decode` gives plain values with `Secret` around secrets and
`UNKNOWN` for what is not known; `encode` is the way back; `reveal` drops the secret marks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from sandbox.plugins.errors import PluginError

Properties = dict[str, Any]
"""The properties of a resource: camelCase names to plain values."""

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a wire signature, no secret
OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE_REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWN_STRINGS = frozenset(
    {
        UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


class Unknown:
    """A value that the engine learns only when the resources before this one exist."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


@dataclass(frozen=True, repr=False)
class Secret:
    """A value that must be encrypted in state and hidden on the terminal."""

    value: Any

    def __repr__(self) -> str:
        return "[secret]"


def decode(raw: Any) -> Any:
    """Wire form to plain values; properties that are null are left out.

    Raises:
        PluginError: the value is an asset or an archive, which no type of ours takes.
    """
    if isinstance(raw, str):
        return UNKNOWN if raw in UNKNOWN_STRINGS else raw
    if isinstance(raw, float) and raw.is_integer():
        return int(raw)
    if isinstance(raw, list):
        return [decode(item) for item in cast("list[Any]", raw)]
    if isinstance(raw, dict):
        return _decode_object(cast(Properties, raw))
    return raw


def _decode_object(raw: Properties) -> Any:
    signature = raw.get(SIGNATURE)
    if signature is None:
        return {key: decode(item) for key, item in raw.items() if item is not None}
    if signature == SECRET:
        return Secret(reveal(decode(raw.get("value"))))
    if signature == OUTPUT_VALUE:
        value = decode(raw["value"]) if "value" in raw else UNKNOWN
        return Secret(reveal(value)) if raw.get("secret") else value
    if signature == RESOURCE_REFERENCE:
        return decode(raw.get("id", raw.get("urn")))
    raise PluginError("assets and archives are not taken by any resource type of this plugin")


def encode(value: Any) -> Any:
    """Plain values to wire form."""
    if value is UNKNOWN:
        return UNKNOWN_STRING
    if isinstance(value, Secret):
        return {SIGNATURE: SECRET, "value": encode(value.value)}
    if isinstance(value, dict):
        items = cast(Properties, value).items()
        return {key: encode(item) for key, item in items if item is not None}
    if isinstance(value, list | tuple):
        return [encode(item) for item in cast("list[Any]", value)]
    return value


def reveal(value: Any) -> Any:
    """The same value without secret marks."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, dict):
        return {key: reveal(item) for key, item in cast(Properties, value).items()}
    if isinstance(value, list):
        return [reveal(item) for item in cast("list[Any]", value)]
    return value


def _any(value: Any, wanted: Callable[[Any], bool]) -> bool:
    if wanted(value):
        return True
    if isinstance(value, Secret):
        return _any(value.value, wanted)
    if isinstance(value, dict):
        return any(_any(item, wanted) for item in cast(Properties, value).values())
    if isinstance(value, list):
        return any(_any(item, wanted) for item in cast("list[Any]", value))
    return False


def contains_secret(value: Any) -> bool:
    """Whether a secret is anywhere in the value."""
    return _any(value, lambda item: isinstance(item, Secret))


def contains_unknown(value: Any) -> bool:
    """Whether anything in the value is not known yet."""
    return _any(value, lambda item: item is UNKNOWN)


def secret_keys(properties: Properties) -> frozenset[str]:
    """The top-level properties that are, or contain, a secret."""
    return frozenset(key for key, value in properties.items() if contains_secret(value))


def mark(properties: Properties, keys: frozenset[str]) -> Properties:
    """The properties with those keys marked secret."""
    return {
        key: Secret(reveal(value)) if key in keys else value for key, value in properties.items()
    }
