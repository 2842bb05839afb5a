"""Which texts the stack keeps as secrets.

The engine hands a policy pack every secret marked as one. The SDK (`pulumi-policy` 1.21, its
`deserialize_properties`) takes the mark away before a rule sees the value, so no rule could tell a
secret from a plain text. `keep_marks` puts itself before that step: every text inside a secret then
arrives as a `SecretText`. Numbers and truth values lose their mark as before.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import pulumi_policy.policy as sdk

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
_READER: Final = "deserialize_properties"


class SecretText(str):
    """A text that the stack keeps as a secret. It has no place in a message."""

    __slots__ = ()


def keep_marks() -> None:
    """Let the rules of this process see what is a secret.

    Raises AttributeError when the SDK has no such step any more; a test asks for it, too.
    """
    original: Callable[..., dict[str, Any]] = getattr(sdk, _READER)
    if not hasattr(original, "before"):
        setattr(sdk, _READER, _reader(original))


def marked(value: Any, *, secret: bool = False) -> Any:
    """A value as the engine sends it, its secrets unwrapped and every text in them marked."""
    if isinstance(value, list):
        return [marked(one, secret=secret) for one in cast("list[Any]", value)]
    if isinstance(value, Mapping):
        known = cast("Mapping[str, Any]", value)
        if known.get(SIGNATURE) == SECRET:
            return marked(known.get("value"), secret=True)
        return {key: marked(one, secret=secret) for key, one in known.items()}
    return SecretText(value) if secret and isinstance(value, str) else value


def _reader(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def read(props: dict[str, Any], proxy_secrets: bool = False) -> dict[str, Any]:
        # A remediation gets its marks from the SDK.
        return original(props if proxy_secrets else marked(props), proxy_secrets)

    read.before = original  # type: ignore[attr-defined]
    return read
