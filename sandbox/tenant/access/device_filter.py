"""The filter for devices of a Conditional Access policy.

Source: Microsoft Learn, "Conditional Access: Filter for devices". Evaluated are comparisons with
`-eq` and `-ne`, joined by `-and` alone or by `-or` alone; anything else is reported as not
evaluated. A device that is not registered has none of the properties: `-eq` is false for it and
`-ne` true, whatever the value.
"""

import re
from collections.abc import Mapping

_COMPARISON = re.compile(
    r"\s*device\.(?P<name>\w+)\s+-(?P<operator>eq|ne)\s+(?:\"(?P<text>[^\"]*)\"|(?P<word>\w+))\s*",
    re.IGNORECASE,
)


class UnsupportedRuleError(ValueError):
    """The rule uses syntax that is not evaluated here."""


def matches(rule: str, device: Mapping[str, str] | None) -> bool:
    """Whether a device (property name in lower case to value; None: unregistered) fits a rule.

    Raises `UnsupportedRuleError`.
    """
    joined_by_and = re.split(r"\s-and\s", rule, flags=re.IGNORECASE)
    joined_by_or = re.split(r"\s-or\s", rule, flags=re.IGNORECASE)
    if len(joined_by_and) > 1 and len(joined_by_or) > 1:
        raise UnsupportedRuleError(rule)
    # All parts are read before any decides, so that what is not understood never hides.
    answers = [_compare(part, device) for part in max(joined_by_and, joined_by_or, key=len)]
    return any(answers) if len(joined_by_or) > 1 else all(answers)


def _compare(comparison: str, device: Mapping[str, str] | None) -> bool:
    found = _COMPARISON.fullmatch(comparison)
    if found is None:
        raise UnsupportedRuleError(comparison.strip())
    expected = found["text"] if found["text"] is not None else found["word"]
    actual = None if device is None else device.get(found["name"].lower())
    equal = actual is not None and actual.lower() == expected.lower()
    return equal if found["operator"].lower() == "eq" else not equal
