"""The filter for devices of a Conditional Access policy.

Source: Microsoft Learn, "Conditional Access: Filter for devices", with its table of supported
attributes and its table "Policy behavior with filter for devices". A device that is not registered
has no attribute: positive operators are false for it, negative ones true. Extension attributes are
compared only on devices that are managed by Intune, compliant or hybrid joined; on any other
registered device a comparison with one is false, whichever the operator.
"""

from collections.abc import Mapping

from sandbox.tenant.access import filter_rules
from sandbox.tenant.access.filter_rules import Comparison, RuleError

__all__ = ["LONGEST_RULE", "RuleError", "matches"]

LONGEST_RULE = 3072

_EQUALITY = frozenset({"eq"})
_LISTS = _EQUALITY | {"in"}
_ANY = _LISTS | {"startswith", "endswith", "contains"}
_EXTENSIONS = frozenset(f"extensionattribute{number}" for number in range(1, 16))
# Which operators (and their negations) each attribute takes.
_ATTRIBUTES: dict[str, frozenset[str]] = {
    "deviceid": _LISTS,
    "displayname": _ANY,
    "deviceownership": _EQUALITY,
    "enrollmentprofilename": _ANY,
    "iscompliant": _EQUALITY,
    "manufacturer": _ANY,
    "mdmappid": _LISTS,
    "model": _ANY,
    "operatingsystem": _ANY,
    "operatingsystemversion": _ANY,
    "physicalids": frozenset({"contains"}),
    "profiletype": _EQUALITY,
    "systemlabels": frozenset({"contains"}),
    "trusttype": _EQUALITY,
} | dict.fromkeys(_EXTENSIONS, _ANY)


def matches(rule: str, device: Mapping[str, str | tuple[str, ...]] | None) -> bool:
    """Whether a device (property name in lower case to value; None: unregistered) fits a rule.

    Raises `RuleError` for a rule that cannot be read or that uses an attribute or an operator
    that the page does not list.
    """
    if len(rule) > LONGEST_RULE:
        raise RuleError(f"it is longer than {LONGEST_RULE} characters")
    parsed = filter_rules.parse(rule, "device")
    for name, comparisons in filter_rules.properties(parsed).items():
        if name not in _ATTRIBUTES:
            raise RuleError(f"attribute 'device.{name}'")
        for comparison in comparisons:
            if comparison.operator not in _ATTRIBUTES[name]:
                raise RuleError(f"operator of 'device.{name}'")

    def truth(comparison: Comparison) -> bool:
        if device is None:
            return comparison.negated
        if comparison.name in _EXTENSIONS and not _is_managed(device):
            return False
        return filter_rules.holds(comparison, device.get(comparison.name))

    return filter_rules.evaluate(parsed, truth)


def _is_managed(device: Mapping[str, str | tuple[str, ...]]) -> bool:
    return (
        bool(device.get("mdmappid"))
        or str(device.get("iscompliant")).lower() == "true"
        or device.get("trusttype") == "ServerAD"
    )
