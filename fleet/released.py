"""Whom policies no longer exclude, in words: what a reviewer cannot see from the ids of resources.

An exclusion that ends may stop an emergency account, wherever it was decided: by the settings, by
an account that leaves, or by the program. So it stands before whatever else is worth knowing.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from fleet.exclusions import UNKNOWN
from fleet.first_few import first_few

_LISTS: Final = ("groups", "users")
_SHOWN: Final = 5
JSON = Mapping[str, Any]


def released(steps: Iterable[tuple[str, JSON, JSON]]) -> list[str]:
    """A line for all policies that lose the same. Of each step: operation, old and new state."""
    found: dict[tuple[str, ...], dict[str, None]] = {}
    for operation, old, new in steps:
        before = cast("JSON", old["outputs"] or old["inputs"])
        whom = tuple(_lost(operation, before, cast("JSON", new["inputs"])))
        if whom:
            found.setdefault(whom, {})[str(before.get("policyName") or "a policy")] = None
    return [_line(whom, list(policies)) for whom, policies in found.items()]


def _lost(operation: str, before: JSON, now: JSON) -> Iterable[str]:
    """What to call the entries that leave a policy; not where a list is known after the run."""
    labels, still = _mapping(before.get("labels")), now.get("wanted")
    for kind in _LISTS:
        if operation == "delete":
            kept: Any = ()
        else:
            kept = (_mapping(still).get(kind) or ()) if isinstance(still, Mapping) else UNKNOWN
        if kept == UNKNOWN or UNKNOWN in kept:
            continue
        remaining = {str(one).casefold() for one in kept}
        for one in _mapping(before.get("wanted")).get(kind) or ():
            if str(one).casefold() not in remaining:
                yield str(labels.get(one) or f"{kind.removesuffix('s')} {one}")


def _line(whom: tuple[str, ...], policies: list[str]) -> str:
    number = "1 policy" if len(policies) == 1 else f"{len(policies)} policies"
    verb = "excludes" if len(policies) == 1 else "exclude"
    names = first_few([f"'{one}'" for one in policies], _SHOWN)
    return f"{number} no longer {verb} {first_few(whom, _SHOWN)}: {names}"


def _mapping(value: Any) -> JSON:
    return cast("JSON", value) if isinstance(value, Mapping) else {}
