"""What there is to pay for when a program of somebody's own watches accounts: read from its state.

Such a program has no `break-glass:monitoring` among its settings. What its last run made says the
same, but for how many sign-ins the tenant has, and for webhooks where the state has them encrypted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from alerting.cost import FREE_RETENTION_DAYS, CostPlan, PlannedRule
from cli.failure import CommandFailed
from cli.monitoring_state import (
    ACTION_GROUP_TYPE,
    ACTIVITY_ALERT_TYPE,
    COMPONENT_TYPE,
    DIAGNOSTIC_SETTING_TYPE,
    QUERY_RULE_TYPE,
    WORKSPACE_TYPE,
    read_monitoring,
)
from cli.stack_state import deployment_of

NOT_COUNTED: Final = "webhooks, which the state keeps as secrets, are not counted"

JSON = Mapping[str, Any]


@dataclass(frozen=True)
class StandingCost:
    """What a run made that costs something."""

    plan: CostPlan
    region: str
    """Azure region of the alarms; empty when the state does not say."""
    remarks: tuple[str, ...] = ()
    """What the plan leaves out."""


def standing_cost(exported: str, name: str | None = None) -> StandingCost:
    """Read what `pulumi stack export` printed. Raises CommandFailed without any monitoring in it.

    `name`: what the user calls the stack, for the message.
    """
    state = read_monitoring(exported, name)
    resources = cast("list[JSON]", deployment_of(exported).get("resources") or [])
    ours = {str(one.get("urn")) for one in resources if one.get("type") == COMPONENT_TYPE}
    made = [one for one in resources if str(one.get("parent")) in ours and not one.get("delete")]
    components = [_part(one, "outputs") for one in resources if str(one.get("urn")) in ours]
    groups = list(_inputs(made, ACTION_GROUP_TYPE))
    workspaces = list(_inputs(made, WORKSPACE_TYPE))
    rules = [rule for one in components for rule in one.get("rules") or ()]
    if not rules:
        raise CommandFailed(
            "the last run did not get as far as the alarms: run `pulumi up`, then ask again"
        )
    queries = list(_inputs(made, QUERY_RULE_TYPE))
    regions = [str(one.get("location") or "") for one in queries]
    split = {str(one.get("displayName")) for one in queries if _is_split(one)}
    plan = CostPlan(
        rules=tuple(
            PlannedRule(
                str(one["name"]), int(one["frequencyMinutes"]), split=str(one["name"]) in split
            )
            for one in rules
        ),
        categories=tuple(
            str(log.get("category"))
            for one in _inputs(made, DIAGNOSTIC_SETTING_TYPE)
            for log in one.get("logs") or ()
            if log.get("enabled")
        ),
        retention_days=max(
            (int(one.get("retentionInDays") or 0) for one in workspaces),
            default=FREE_RETENTION_DAYS,
        ),
        emails=len(_receivers(groups, "emailReceivers")),
        sms=_country_codes(groups, "smsReceivers"),
        voice=_country_codes(groups, "voiceReceivers"),
        push=len(_receivers(groups, "azureAppPushReceivers")),
        webhooks=len(_receivers(groups, "webhookReceivers")),
        activity_alerts=len(list(_inputs(made, ACTIVITY_ALERT_TYPE))),
        existing_workspace=not workspaces,
        existing_action_group=not {
            group.casefold() for rule in state.rules for group in rule.action_groups
        }.issubset(group.casefold() for group in state.action_groups),
    )
    hidden = any(isinstance(one.get("webhookReceivers"), Mapping) for one in groups)
    return StandingCost(plan, next(filter(None, regions), ""), (NOT_COUNTED,) if hidden else ())


def _inputs(made: Sequence[JSON], type_: str) -> Iterator[JSON]:
    for resource in made:
        if resource.get("type") == type_:
            yield _part(resource, "inputs")


def _is_split(rule: JSON) -> bool:
    """Whether a query rule sends a message for each combination of dimensions."""
    conditions = cast("Sequence[JSON]", _part(rule, "criteria").get("allOf") or ())
    return any(one.get("dimensions") for one in conditions)


def _part(resource: JSON, part: str) -> JSON:
    return cast("JSON", resource.get(part) or {})


def _receivers(groups: Sequence[JSON], kind: str) -> list[JSON]:
    """Of all groups; none of a list that is a secret."""
    found: list[JSON] = []
    for group in groups:
        listed: Any = group.get(kind) or ()
        if not isinstance(listed, Mapping):
            found += listed
    return found


def _country_codes(groups: Sequence[JSON], kind: str) -> tuple[str, ...]:
    return tuple(str(one.get("countryCode") or "") for one in _receivers(groups, kind))
