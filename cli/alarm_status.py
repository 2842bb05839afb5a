"""`breakglass status`: is every alarm on, does it work, and does somebody hear it?

Sources: Microsoft Learn, "Disable a log search alert rule" (Azure switches off a rule whose query
fails for a week), "Action groups" (a receiver can unsubscribe); Azure REST API, "Action Groups -
Get" (`status` of a receiver).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from cli.findings import Azure, Finding, Mark, last_name
from cli.monitoring_state import MonitoringState, Rule, told_groups
from entra.errors import IdentityError

QUERY_RULE_API: Final = "2023-12-01"
ACTIVITY_ALERT_API: Final = "2020-10-01"
ACTION_GROUP_API: Final = "2023-01-01"
WORKSPACE_API: Final = "2023-09-01"
PORTAL: Final = "Azure portal → Monitor → Alerts → Action groups"

JSON = Mapping[str, Any]
Judgement = tuple[Mark, str]


def alarms(state: MonitoringState, azure: Azure) -> Iterator[Finding]:
    """A line for each alarm, then one for each action group that they are to tell."""
    groups: dict[str, str] = {}
    for rule in state.rules:
        try:
            judgement = _alarm(rule, azure)
        except IdentityError as error:
            judgement = Mark.UNKNOWN, str(error)
        yield Finding(judgement[0], f"alert {rule.name}", judgement[1])
        for group in rule.action_groups:
            groups.setdefault(group.casefold(), group)
    made = {one.casefold() for one in state.action_groups}
    for key, group in groups.items():
        try:
            judgement = _action_group(group, azure, ours=key in made)
        except IdentityError as error:
            judgement = Mark.UNKNOWN, str(error)
        yield Finding(judgement[0], f"action group {last_name(group)}", judgement[1])


def _alarm(rule: Rule, azure: Azure) -> Judgement:
    version = QUERY_RULE_API if rule.is_query else ACTIVITY_ALERT_API
    found = azure.find(rule.id, api_version=version)
    if found is None:
        return Mark.WRONG, "is gone: `pulumi up` makes it anew"
    properties = cast("JSON", found.get("properties") or {})
    if properties.get("enabled") is False:
        if not rule.enabled:
            return Mark.WAITING, "off, as the settings say"
        words = "off: find out who did it (a failing query, too), then `pulumi up` switches it on"
        return Mark.WRONG, words
    if rule.is_query:
        for scope in cast("Sequence[str]", properties.get("scopes") or ()):
            if azure.find(scope, api_version=WORKSPACE_API) is None:
                words = (
                    f"on, and does not work: workspace {last_name(scope)}, which it reads, is gone:"
                    " find out who did it, then `pulumi up` makes anew what is the stack's own, or"
                    " says which workspaces there are"
                )
                return Mark.WRONG, words
    told = told_groups(properties)
    tells = {group.casefold() for group in told}
    if not tells or [one for one in rule.action_groups if one.casefold() not in tells]:
        whom = " and ".join(last_name(one) for one in told) or "nobody"
        should = " and ".join(last_name(one) for one in rule.action_groups) or "an action group"
        words = f"on, and tells {whom} instead of {should}: find out who did it, then `pulumi up`"
        return Mark.WRONG, words
    return Mark.RIGHT, "on"


def _action_group(group_id: str, azure: Azure, *, ours: bool) -> Judgement:
    found = azure.find(group_id, api_version=ACTION_GROUP_API)
    if found is None:
        cure = "`pulumi up` makes it anew" if ours else "`pulumi up` says which ones there are"
        return Mark.WRONG, f"is gone, and nobody hears its alarms: {cure}"
    properties = cast("JSON", found.get("properties") or {})
    if properties.get("enabled") is False:
        cure = "`pulumi up` switches it on" if ours else f"switch it on ({PORTAL})"
        return Mark.WRONG, f"is off, and nobody hears its alarms: find out who did it, then {cure}"
    receivers = [
        cast("JSON", receiver)
        for kind, receivers in properties.items()
        if kind.endswith("Receivers")
        for receiver in receivers or ()
    ]
    if not receivers:
        cure = "`pulumi up` puts them back" if ours else f"add some ({PORTAL})"
        return Mark.WRONG, f"has no receiver, and nobody hears its alarms: {cure}"
    deaf = [str(one.get("name")) for one in receivers if one.get("status") == "Disabled"]
    if deaf:
        who = "nobody" if len(deaf) == len(receivers) else f"not {' and '.join(deaf)}"
        return Mark.WRONG, f"tells {who}: unsubscribed; {_again(group_id, deaf)}"
    return Mark.RIGHT, f"tells {len(receivers)} receiver{'' if len(receivers) == 1 else 's'}"


def _again(group_id: str, names: Sequence[str]) -> str:
    _, _, subscription, _, resource_group, *_, group = group_id.split("/")
    return "; ".join(
        f'az monitor action-group enable-receiver --name "{name}" --action-group "{group}"'
        f" --resource-group {resource_group} --subscription {subscription}"
        for name in names
    )
