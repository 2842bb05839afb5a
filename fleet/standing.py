"""What a stack's state tells of a customer, read as `pulumi stack export` prints it.

Secrets in it are ciphertext; a value that is one is passed over. What a run that failed midway left
out is simply not told.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from fleet.report import AccountLine, AlarmLine, Money, PolicyCounts

STACK: Final = "pulumi:pulumi:Stack"
EXCLUSION: Final = "pulumi-python:dynamic/break-glass:PolicyExclusion"
MONITORING: Final = "break-glass:index:SignInMonitoring"
ACCOUNTS: Final = ("break-glass:index:BreakGlassAccount", "break-glass:index:AdoptedAccount")
_SECRET: Final = "4dabf18193072939515e22adb298388d"  # noqa: S105  (Pulumi's mark of a secret)

JSON = Mapping[str, Any]

NOT_COUNTED: Final = PolicyCounts()
NOT_LOOKED_AT: Final = AlarmLine()


@dataclass(frozen=True)
class Standing:
    """What the last whole run left."""

    accounts: tuple[AccountLine, ...] = ()
    policies: PolicyCounts = NOT_COUNTED
    alarm: AlarmLine = NOT_LOOKED_AT
    alarm_name: str = ""
    """Of the alarm on use of an account; empty when there is none."""
    monthly_cost: Money | None = None


def read_standing(exported: str) -> Standing:
    """Read a state; what cannot be read of it is left out."""
    try:
        document: Any = json.loads(exported)
        found: Any = document["deployment"].get("resources") or []
    except (ValueError, LookupError, TypeError, AttributeError):
        return Standing()
    resources = cast("Sequence[JSON]", found)
    outputs = _of_type(STACK, resources)
    return Standing(
        tuple(_accounts(outputs, resources)),
        PolicyCounts(
            excluded=_excluded(outputs, resources),
            skipped=_count(outputs.get("skippedPolicies")),
        ),
        *_alarm(resources),
        _money(outputs.get("estimatedMonthlyCost")),
    )


def _accounts(outputs: JSON, resources: Sequence[JSON]) -> Iterator[AccountLine]:
    # Obstacles name an account as the program does; the outputs list them in the same order.
    names = [_name(one) for one in resources if one.get("type") in ACCOUNTS]
    listed = _list(outputs.get("accounts"))
    hindrances: dict[str, list[str]] = {}
    for one in _list(outputs.get("obstacles")):
        words = f"{one.get('problem')}: {one.get('remedy')}"
        hindrances.setdefault(str(one.get("account")), []).append(words)
    for number, account in enumerate(listed):
        upn = str(account.get("userPrincipalName") or "")
        object_id = str(account.get("objectId") or "")
        name = names[number] if len(names) == len(listed) else ""
        found = [words for key in (name, upn, object_id) for words in hindrances.get(key, ())]
        yield AccountLine(
            user_principal_name=upn,
            object_id=object_id,
            ready=not found,
            hindrances=tuple(found),
        )


def _excluded(outputs: JSON, resources: Sequence[JSON]) -> int | None:
    """Policies that were written, one resource each; None where no run got as far as to tell."""
    # The output says what the program wanted, also of a policy that the run did not reach.
    known = [one for one in resources if one.get("type") == EXCLUSION and not one.get("delete")]
    if not known and _count(outputs.get("excludedPolicies")) is None:
        return None
    values = [{**cast("JSON", one.get("inputs") or {}), **_outputs(one)} for one in known]
    return sum(not (one.get("reason") or one.get("refused")) for one in values)


def _alarm(resources: Sequence[JSON]) -> tuple[AlarmLine, str]:
    outputs = _of_type(MONITORING, resources)
    by_id = {str(one.get("id") or "").casefold(): one for one in resources if one.get("id")}
    rule = by_id.get(str(outputs.get("alertRuleId") or "-").casefold())
    group = by_id.get(str(outputs.get("actionGroupId") or "-").casefold())
    enabled = _outputs(rule).get("enabled") if rule else None
    line = AlarmLine(
        enabled=enabled if isinstance(enabled, bool) else None,
        receivers=_receivers(group) if group else None,
    )
    return line, str(rule.get("id")).rpartition("/")[2] if rule else ""


def _receivers(group: JSON) -> int:
    inputs = cast("JSON", group.get("inputs") or {})
    return sum(
        # A list that is a secret holds at least one: of webhooks, whose addresses are secrets.
        1 if _is_secret(value) else len(_list(value))
        for key, value in inputs.items()
        if key.endswith("Receivers")
    )


def _money(value: Any) -> Money | None:
    if not isinstance(value, Mapping):
        return None
    cost = cast("JSON", value)
    total, currency = cost.get("total"), cost.get("currency")
    if not isinstance(total, int | float) or not isinstance(currency, str):
        return None
    return Money(amount=float(total), currency=currency)


def _count(value: Any) -> int | None:
    return len(cast("list[Any]", value)) if isinstance(value, list) else None


def _list(value: Any) -> list[JSON]:
    if not isinstance(value, list):
        return []
    entries = cast("list[Any]", value)
    return [cast("JSON", one) for one in entries if isinstance(one, Mapping)]


def _of_type(type_: str, resources: Sequence[JSON]) -> JSON:
    """The outputs of the first of a type."""
    return next((_outputs(one) for one in resources if one.get("type") == type_), cast("JSON", {}))


def _outputs(resource: JSON) -> JSON:
    return cast("JSON", resource.get("outputs") or {})


def _name(resource: JSON) -> str:
    return str(resource.get("urn")).rpartition("::")[2]


def _is_secret(value: Any) -> bool:
    return isinstance(value, Mapping) and _SECRET in value
