"""How a customer stands, read from resources in the form that `pulumi stack export` gives them.

They are a state's, which tells what the last run left; or those that the steps of this run saw or
made (``fleet.events``), which tell how it is today. Secrets are ciphertext; a value that is one is
passed over. What a run that failed midway left out is not told, and nothing is taken for good news
because nothing is said of it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

from fleet.exclusions import EXCLUSION, UNKNOWN
from fleet.report import AccountLine, AlarmLine, LastKnown, Money, PolicyCounts

STACK: Final = "pulumi:pulumi:Stack"
MONITORING: Final = "break-glass:index:SignInMonitoring"
ACCOUNTS: Final = ("break-glass:index:BreakGlassAccount", "break-glass:index:AdoptedAccount")
GROUP: Final = "break-glass:index:BreakGlassGroup"
MEMBER: Final = "azuread:index/groupMember:GroupMember"
_SECRET: Final = "4dabf18193072939515e22adb298388d"  # noqa: S105  (Pulumi's mark of a secret)

JSON = Mapping[str, Any]

NOT_COUNTED: Final = PolicyCounts()
NOT_LOOKED_AT: Final = AlarmLine()


@dataclass(frozen=True)
class KnownGroup:
    """A group that the policies leave out, as a state knows it."""

    id: str
    name: str
    is_own: bool
    """The stack made it, and takes out who does not belong there."""
    members: frozenset[str]
    """Object ids that the stack put there, in lower case."""


@dataclass(frozen=True)
class Standing:
    """How a customer stands; None for what nobody looked at."""

    accounts: tuple[AccountLine, ...] | None = None
    policies: PolicyCounts = NOT_COUNTED
    alarm: AlarmLine = NOT_LOOKED_AT
    alarm_name: str = ""
    """Of the alarm on use of an account; empty when there is none."""
    monthly_cost: Money | None = None
    groups: tuple[KnownGroup, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether a state could add nothing."""
        counts = (self.policies.excluded, self.policies.skipped)
        told = (self.accounts, *counts, self.alarm.enabled, self.alarm.receivers, self.monthly_cost)
        return None not in told


def read_state(exported: str) -> tuple[Standing, datetime | None]:
    """What a state tells, and when it was last written; what cannot be read of it is left out."""
    try:
        deployment: Any = json.loads(exported)["deployment"]
        found: Any = deployment.get("resources") or []
        standing = standing_of(cast("Sequence[JSON]", found))
    except (ValueError, LookupError, TypeError, AttributeError):
        return Standing(), None
    try:
        written = datetime.fromisoformat(deployment["manifest"]["time"])
    except (ValueError, LookupError, TypeError):
        return standing, None
    # A state that nobody has written yet bears the year 1.
    return standing, written.astimezone(UTC) if written.tzinfo and written.year > 1 else None


def standing_of(resources: Sequence[JSON], unanswered: Sequence[str] = ()) -> Standing:
    """How a customer stands by these resources.

    `unanswered`: what could not be found out about the accounts.
    """
    outputs = _of_type(STACK, resources)
    listed = outputs.get("accounts")
    return Standing(
        tuple(_accounts(outputs, resources, unanswered)) if isinstance(listed, list) else None,
        PolicyCounts(
            excluded=_excluded(outputs, resources),
            skipped=_count(outputs.get("skippedPolicies")),
        ),
        *_alarm(resources),
        _money(outputs.get("estimatedMonthlyCost")),
        tuple(_groups(resources)),
    )


def last_known(standing: Standing, today: Standing, as_of: datetime | None) -> LastKnown | None:
    """What a state adds to what was looked at today; None for nothing, or of no known day."""
    if as_of is None or today.is_complete:
        return None
    known = LastKnown(
        as_of=as_of,
        accounts=standing.accounts if today.accounts is None else None,
        policies=PolicyCounts(
            excluded=standing.policies.excluded if today.policies.excluded is None else None,
            skipped=standing.policies.skipped if today.policies.skipped is None else None,
        ),
        alarm=AlarmLine(
            enabled=standing.alarm.enabled if today.alarm.enabled is None else None,
            receivers=standing.alarm.receivers if today.alarm.receivers is None else None,
        ),
        monthly_cost=standing.monthly_cost if today.monthly_cost is None else None,
    )
    return None if known == LastKnown(as_of=as_of) else known


def _accounts(
    outputs: JSON, resources: Sequence[JSON], unanswered: Sequence[str]
) -> Iterator[AccountLine]:
    """Those that exist. One is ready only when each obstacle is known to be another's."""
    names, planned = _names(resources)
    listed = [one for one in _list(outputs.get("accounts")) if _is_known(one.get("objectId"))]
    told = outputs.get("obstacles")
    hindrances: dict[str, list[str]] = {}
    for one in _list(told):
        words = f"{one.get('problem')}: {one.get('remedy')}"
        hindrances.setdefault(str(one.get("account")), []).append(words)
    placed = {names.get(str(one["objectId"])) for one in listed} | planned
    sure = isinstance(told, list) and hindrances.keys() <= placed and not unanswered
    for account in listed:
        object_id = str(account["objectId"])
        name = names.get(object_id)
        found = hindrances.get(name, []) if name else []
        yield AccountLine(
            user_principal_name=str(account.get("userPrincipalName") or ""),
            object_id=object_id,
            ready=False if found else True if sure and name else None,
            hindrances=(*found, *unanswered),
        )


def _names(resources: Iterable[JSON]) -> tuple[Mapping[str, str], set[str]]:
    """What the program, and so an obstacle, calls an account: by object id, and the planned."""
    names: dict[str, str] = {}
    planned: set[str] = set()
    for one in resources:
        if one.get("type") in ACCOUNTS:
            object_id, name = _outputs(one).get("objectId"), _name(one)
            if _is_known(object_id):
                names[str(object_id)] = name
            else:
                planned.add(name)
    return names, planned


def _groups(resources: Sequence[JSON]) -> Iterator[KnownGroup]:
    members = [_outputs(one) for one in resources if one.get("type") == MEMBER]
    for one in resources:
        outputs = _outputs(one)
        object_id = outputs.get("groupId")
        if one.get("type") == GROUP and _is_known(object_id):
            ours = (it for it in members if it.get("groupObjectId") == object_id)
            yield KnownGroup(
                str(object_id),
                str(outputs.get("name") or object_id),
                not outputs.get("existing"),
                frozenset(str(it.get("memberObjectId")).casefold() for it in ours),
            )


def _is_known(value: Any) -> bool:
    return isinstance(value, str) and value not in ("", UNKNOWN)


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
    enabled = (False if rule.get("gone") else _outputs(rule).get("enabled")) if rule else None
    line = AlarmLine(
        enabled=enabled if isinstance(enabled, bool) else None,
        receivers=_receivers(group) if group else None,
    )
    return line, str(rule.get("id")).rpartition("/")[2] if rule else ""


def _receivers(group: JSON) -> int:
    """Who hears it; a receiver that unsubscribed does not."""
    if group.get("gone"):
        return 0
    inputs = cast("JSON", group.get("inputs") or {})
    shown = {key: value for key, value in _outputs(group).items() if not _is_secret(value)}
    return sum(
        # A list that is a secret holds at least one: of webhooks, whose addresses are secrets.
        1 if _is_secret(value) else sum(one.get("status") != "Disabled" for one in _list(value))
        for key, value in {**inputs, **shown}.items()
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
