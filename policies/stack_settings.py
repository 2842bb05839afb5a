"""The settings of the stack, as the engine tells a policy pack of them.

The SDK (`pulumi-policy` 1.21, `_PolicyAnalyzerServicer.ConfigureStack`) keeps the stack's tags of
what it is told, and drops its settings. `keep_settings` puts itself before that step. Values may be
secrets: they have no place in a message.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import pulumi_policy.policy as sdk

from policies.seen import listing, mapping

NAMESPACE: Final = "break-glass"
SERVICE: Final = "_PolicyAnalyzerServicer"
STEP: Final = "ConfigureStack"


class StackSettings:
    """Settings by key. One process of a pack serves one run; where none were told all are unset."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def keep(self, texts: Mapping[str, str]) -> None:
        """What the engine says, in place of what it said before."""
        self._texts = dict(texts)

    def text(self, name: str, namespace: str = NAMESPACE) -> str:
        """A single setting, of ours or of another program's; empty when it is not set."""
        return self._texts.get(f"{namespace}:{name}", "")

    def read(self, name: str, namespace: str = NAMESPACE) -> Any:
        """What a group of settings holds; None when it is not set."""
        try:
            return json.loads(self.text(name, namespace) or "null")
        except ValueError:
            return None

    def value(self, name: str, *path: str) -> Any:
        """What a group of ours holds at a path of keys; None when it is not set."""
        found = self.read(name)
        for key in path:
            found = mapping(found).get(key)
        return found

    def is_off(self, name: str, *path: str) -> bool:
        """Whether somebody set it to false."""
        found = self.value(name, *path)
        return found is False or (isinstance(found, str) and found.casefold() == "false")

    def listed(self, name: str, *path: str) -> list[Any]:
        """A list at a path of keys; empty when it is not set."""
        return listing(self.value(name, *path))


SETTINGS: Final = StackSettings()


def keep_settings() -> None:
    """Let the rules of this process see the settings.

    Raises AttributeError when the SDK has no such step any more; a test asks for it, too.
    """
    service = getattr(sdk, SERVICE)
    original: Callable[[Any, Any, Any], Any] = getattr(service, STEP)
    if not hasattr(original, "before"):
        setattr(service, STEP, _step(original))


def _step(original: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    def configure(service: Any, request: Any, context: Any) -> Any:
        SETTINGS.keep(cast("Mapping[str, str]", request.config))
        return original(service, request, context)

    configure.before = original  # type: ignore[attr-defined]
    return configure
