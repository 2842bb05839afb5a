"""What a stack's state says of its logs and alarms, read as `pulumi stack export` prints it.

Only ids, names and times are read: secrets in it stay encrypted.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from alerting.alarm_names import NAMES
from cli.failure import CommandFailed
from cli.stack_state import COMPONENT_TYPE as EXCLUSION
from cli.stack_state import deployment_of

COMPONENT_TYPE: Final = "break-glass:index:SignInMonitoring"
DIAGNOSTIC_SETTING_TYPE: Final = "azure-native:aadiam:DiagnosticSetting"
WORKSPACE_TYPE: Final = "azure-native:operationalinsights:Workspace"
QUERY_RULE_TYPE: Final = "azure-native:monitor:ScheduledQueryRule"
ACTIVITY_ALERT_TYPE: Final = "azure-native:monitor:ActivityLogAlert"
ACTION_GROUP_TYPE: Final = "azure-native:monitor:ActionGroup"
TABLES: Final[Mapping[str, str]] = {
    "SignInLogs": "SigninLogs",
    "NonInteractiveUserSignInLogs": "AADNonInteractiveUserSignInLogs",
    "AuditLogs": "AuditLogs",
}
"""The tables that the alarms read, by the category that fills them."""
MAKING: Final = timedelta(minutes=1)
"""The engine notes of a new resource that it was changed, too, a moment after it was made."""
LONGEST_WAIT: Final = timedelta(days=3)
"""How long the first rows may take (Microsoft Learn, "Integrate Microsoft Entra logs with Azure
Monitor logs")."""

JSON = Mapping[str, Any]


@dataclass(frozen=True)
class Export:
    """The diagnostic setting that the stack made."""

    name: str
    workspace_id: str
    categories: tuple[str, ...]
    made: datetime | None
    """When a run made it or took it in."""
    changed: datetime | None
    """When a run changed it last; None: never."""


@dataclass(frozen=True)
class Rule:
    """An alert rule that the stack made."""

    name: str
    id: str
    is_query: bool
    """A log search alert rule; else an activity log alert."""
    enabled: bool
    """What the settings say."""
    action_groups: tuple[str, ...]
    """Azure ids of those that it is to tell."""
    scopes: tuple[str, ...]
    """Azure ids of what it reads or watches."""
    tables: tuple[str, ...]
    """Those of `TABLES` that its query reads."""
    since: datetime | None
    """When a run made it."""


@dataclass(frozen=True)
class MonitoringState:
    """The logs and alarms of a stack."""

    export: Export | None
    """None: the settings name an existing one, or no run got that far."""
    workspace_ids: tuple[str, ...]
    """The one that gets the logs first, then those that got them before."""
    rules: tuple[Rule, ...]
    action_groups: tuple[str, ...]
    """Azure ids of those that the stack made."""
    sees_sign_ins: bool
    """Whether sign-ins are looked at; without an Entra ID P1 licence only the audit log is."""
    tenant_id: str
    """The tenant that they are about; empty when no run has got that far."""

    @property
    def needed(self) -> tuple[str, ...]:
        """The categories that have to be sent."""
        if self.export is not None:
            return self.export.categories
        return tuple(TABLES) if self.sees_sign_ins else ("AuditLogs",)

    @property
    def tables(self) -> tuple[str, ...]:
        """Those that the alarms read and that get rows."""
        return tuple(table for category, table in TABLES.items() if category in self.needed)

    @property
    def minds_silence(self) -> bool:
        """Whether an alarm rings when no sign-in arrives for a day."""
        ours = NAMES["silence-alert"]
        return any(one.is_query and one.enabled and one.name.startswith(ours) for one in self.rules)

    def since(self, table: str, moved: datetime | None = None) -> datetime | None:
        """Since when a table's rows are awaited in the workspace that gets the logs, if known.

        Since a rule that was made for this workspace reads the table, but not before there was a
        diagnostic setting, nor before the logs `moved` here. A change of the setting begins nothing
        anew: an export that is dead would be waited for for ever.
        """
        first = self._read_since(table, self.workspace_ids[0])
        if self.export is None:
            return first
        if first is None:
            return moved or self.export.changed or self.export.made
        return max(one for one in (first, self.export.made, moved) if one)

    def moved(self, table: str, left: datetime | None, *, whole: bool) -> datetime | None:
        """When the logs moved to the workspace that gets them; None: they did not, or nobody knows.

        Nothing but the last change of the diagnostic setting tells, and it may have been another
        change. So a change is taken for the move only when rows had arrived shortly before it
        somewhere else. `left`: when the last row arrived in an earlier workspace; `whole`: whether
        all of those could be asked.
        """
        earlier = self.workspace_ids[1:]
        changed = (self.export.changed or self.export.made) if self.export and earlier else None
        if changed is None or not whole:
            return changed
        starts = [self._read_since(table, one) for one in self.workspace_ids]
        before = left or min((one for one in starts if one), default=None)
        return changed if before is None or changed - before <= LONGEST_WAIT else before

    def _read_since(self, table: str, workspace_id: str) -> datetime | None:
        """Since when a rule that was made for a workspace reads a table."""
        reading = [
            one.since
            for one in self.rules
            if [id.casefold() for id in one.scopes] == [workspace_id.casefold()]
            and table in one.tables
        ]
        return min((moment for moment in reading if moment is not None), default=None)


def read_monitoring(exported: str, name: str | None = None) -> MonitoringState:
    """Read what `pulumi stack export` printed. Raises CommandFailed without any monitoring in it.

    `name`: what the user calls the stack, for the message.
    """
    found = _state(_resources(exported))
    if found is None:
        raise CommandFailed(
            f"Stack {name or 'that is selected'} has made no logs and alarms yet: run `pulumi up`"
            " first, or name another stack with --stack (`pulumi stack ls`)."
        )
    return found


def read_each(exported: str, name: str | None = None) -> tuple[MonitoringState, ...]:
    """The same for each `SignInMonitoring` of a program that has several. Raises CommandFailed."""
    resources = _resources(exported)
    ours = [str(one.get("urn")) for one in resources if one.get("type") == COMPONENT_TYPE]
    apart = (
        [one for one in resources if one.get("type") != COMPONENT_TYPE or one.get("urn") == urn]
        for urn in ours
    )
    each = tuple(state for one in apart if (state := _state(one)) is not None)
    return each or (read_monitoring(exported, name),)


def _resources(exported: str) -> Sequence[JSON]:
    return cast("list[JSON]", deployment_of(exported).get("resources") or [])


def _state(resources: Sequence[JSON]) -> MonitoringState | None:
    """Of all components among the resources; None when they have made nothing."""
    ours = {str(one.get("urn")) for one in resources if one.get("type") == COMPONENT_TYPE}
    children = [
        one for one in resources if str(one.get("parent")) in ours and not one.get("delete")
    ]
    components = [_outputs(one) for one in resources if str(one.get("urn")) in ours]
    exports = [_export(one) for one in children if one.get("type") == DIAGNOSTIC_SETTING_TYPE]
    rules = [
        _rule(one) for one in children if one.get("type") in (QUERY_RULE_TYPE, ACTIVITY_ALERT_TYPE)
    ]
    made = [str(one.get("id") or "") for one in children if one.get("type") == WORKSPACE_TYPE]
    workspaces = [
        *(one.workspace_id for one in exports),
        *(str(one.get("workspaceId") or "") for one in components),
        *made,
        *(scope for one in rules if one.is_query for scope in one.scopes),
        *(str(watched) for one in components for watched in one.get("watchedWorkspaces") or ()),
    ]
    if not (workspaces or rules):
        return None
    tenants = [_outputs(one).get("tenantId") for one in resources if one.get("type") == EXCLUSION]
    return MonitoringState(
        export=next(iter(exports), None),
        workspace_ids=_each_once(workspaces),
        rules=tuple(rules),
        action_groups=tuple(
            str(one.get("id") or "") for one in children if one.get("type") == ACTION_GROUP_TYPE
        ),
        sees_sign_ins=any(one.get("alertRuleId") for one in components),
        tenant_id=str(next(filter(None, tenants), "")),
    )


def _export(resource: JSON) -> Export:
    outputs = _outputs(resource)
    logs = cast("Sequence[JSON]", outputs.get("logs") or ())
    return Export(
        name=str(resource.get("id") or "").rpartition("/")[2],
        workspace_id=str(outputs.get("workspaceId") or ""),
        categories=tuple(str(log.get("category")) for log in logs if log.get("enabled")),
        made=_moment(resource.get("created")),
        changed=_changed(resource),
    )


def _changed(resource: JSON) -> datetime | None:
    """When a run changed a resource after it was made."""
    made, changed = (_moment(resource.get(key)) for key in ("created", "modified"))
    return changed if changed and (made is None or changed - made > MAKING) else None


def _rule(resource: JSON) -> Rule:
    inputs = cast("JSON", resource.get("inputs") or {})
    found = str(resource.get("id") or "")
    return Rule(
        name=found.rpartition("/")[2],
        id=found,
        is_query=resource.get("type") == QUERY_RULE_TYPE,
        enabled=inputs.get("enabled") is not False,
        action_groups=told_groups(inputs),
        scopes=tuple(str(one) for one in inputs.get("scopes") or ()),
        tables=tuple(one for one in TABLES.values() if re.search(rf"\b{one}\b", _queries(inputs))),
        since=_moment(resource.get("created")),
    )


def _queries(rule: JSON) -> str:
    conditions = cast("Sequence[JSON]", cast("JSON", rule.get("criteria") or {}).get("allOf") or ())
    return "\n".join(str(one.get("query") or "") for one in conditions)


def told_groups(rule: JSON) -> tuple[str, ...]:
    """Azure ids of the action groups that a rule tells; both kinds of rules write them in their own
    way.
    """
    actions = cast("JSON", rule.get("actions") or {})
    groups = cast("Sequence[str | JSON]", actions.get("actionGroups") or ())
    return tuple(one if isinstance(one, str) else str(one.get("actionGroupId")) for one in groups)


def _outputs(resource: JSON) -> JSON:
    return cast("JSON", resource.get("outputs") or {})


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _each_once(ids: Sequence[str]) -> tuple[str, ...]:
    """In their order; Azure's ids differ in case from place to place."""
    found: dict[str, str] = {}
    for one in ids:
        if one:
            found.setdefault(one.casefold(), one)
    return tuple(found.values())
