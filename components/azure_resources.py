"""What the look-ups before a run ask of Azure, and how ids are compared."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, cast

from components.stack_memory import Outputs, StackMemory
from entra.errors import EntraError

MONITORING_TYPE: Final = "break-glass:index:SignInMonitoring"
GROUP_TYPE: Final = "azure-native:resources:ResourceGroup"
WORKSPACE_TYPE: Final = "azure-native:operationalinsights:Workspace"
DIAGNOSTICS_TYPE: Final = "azure-native:aadiam:DiagnosticSetting"
ACTION_GROUP_TYPE: Final = "azure-native:monitor:ActionGroup"
QUERY_RULE_TYPE: Final = "azure-native:monitor:ScheduledQueryRule"
ACTIVITY_ALERT_TYPE: Final = "azure-native:monitor:ActivityLogAlert"
API_VERSIONS: Final = {
    GROUP_TYPE: "2024-03-01",
    WORKSPACE_TYPE: "2023-09-01",
    ACTION_GROUP_TYPE: "2023-01-01",
    QUERY_RULE_TYPE: "2023-12-01",
    ACTIVITY_ALERT_TYPE: "2020-10-01",
}
"""With which version of its interface each type is asked for."""
SEGMENTS: Final = {
    WORKSPACE_TYPE: "Microsoft.OperationalInsights/workspaces",
    ACTION_GROUP_TYPE: "Microsoft.Insights/actionGroups",
    QUERY_RULE_TYPE: "Microsoft.Insights/scheduledQueryRules",
    ACTIVITY_ALERT_TYPE: "Microsoft.Insights/activityLogAlerts",
}
"""How each type is written in an Azure resource id."""
DOUBT_SECONDS: Final = (1.0, 2.0)
"""How long a 404 for a resource that ought to be there is doubted."""


class AzureReader(Protocol):
    """What the look-ups need of `entra.resource_manager.ResourceManager`."""

    def find(self, resource_id: str, *, api_version: str) -> Mapping[str, Any] | None:
        """A resource as Azure keeps it; None when there is none."""
        ...

    def listing(self, path: str, *, api_version: str) -> Iterator[Mapping[str, Any]]:
        """Every object of a listing."""
        ...


def find_surely(
    azure: AzureReader,
    resource_id: str,
    type_: str,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Mapping[str, Any] | None:
    """A resource that ought to be there; None only when 404 was said again and again: Azure may not
    know yet what was made just now.
    """
    for pause in (*DOUBT_SECONDS, None):
        found = azure.find(resource_id, api_version=API_VERSIONS[type_])
        if found is not None or pause is None:
            return found
        sleep(pause)
    return None


def those_that_exist(azure: AzureReader, resource_id: str, type_: str) -> str:
    """The resources of that type in the subscription of an id, in words for a refusal."""
    subscription = resource_id.split("/")[2]
    path = f"/subscriptions/{subscription}/providers/{SEGMENTS[type_]}"
    try:
        listed = azure.listing(path, api_version=API_VERSIONS[type_])
        found = [str(one["id"]) for one in listed]
    except EntraError:
        return f"which ones subscription {subscription} has cannot be listed"
    return f"subscription {subscription} has {several(found)}"


def several(names: Sequence[str]) -> str:
    """Names in one line: at most twenty of them."""
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return (", ".join(sorted(names, key=str.casefold)[:20]) + more) or "none"


def group_path(subscription_id: str, resource_group: str) -> str:
    """The Azure resource id of a resource group."""
    return f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}"


def path_of(type_: str, group: str, name: str) -> str:
    """The Azure resource id of a resource in the resource group with the id `group`."""
    return f"{group}/providers/{SEGMENTS[type_]}/{name}"


def place(location: object) -> str:
    """A region as settings name it: Azure also says "West Europe" of `westeurope`."""
    return str(location or "").replace(" ", "").lower()


def same_id(one: str | None, other: str | None) -> bool:
    """Whether two Azure resource ids are of one resource: their case says nothing."""
    return bool(one and other) and str(one).casefold() == str(other).casefold()


def known_monitoring(memory: StackMemory) -> Outputs:
    """What the stack's state knows of its monitoring; empty for a new stack."""
    for known in memory(MONITORING_TYPE).values():
        return known
    return {}


def known_child(memory: StackMemory, suffix: str, type_: str) -> Outputs | None:
    """Outputs of the state's child of any `SignInMonitoring` that has this end of its name."""
    components = [urn.rpartition("::")[2] for urn in memory(MONITORING_TYPE)]
    names = {f"{component}-{suffix}" for component in components}
    found = memory(type_).items()
    return next((outputs for urn, outputs in found if urn.rpartition("::")[2] in names), None)


def is_in_state(memory: StackMemory, type_: str, resource_id: str) -> bool:
    """Whether the state has this very resource; Azure ids differ in capitals that say nothing.

    The state tells no resource's id, but other resources in it do. Where none does, one of that
    name is the one.
    """
    name = resource_id.rpartition("/")[2].casefold()
    if name not in names_in_state(memory, type_):
        return False
    called_so = [one.casefold() for one in told_ids(memory, type_, name)]
    return not called_so or resource_id.casefold() in called_so


def told_ids(memory: StackMemory, type_: str, name: str) -> tuple[str, ...]:
    """Azure resource ids of that type and name, in whatever capitals, that the state's alarms and
    their component tell, with Azure's capitals."""
    end = f"/providers/{SEGMENTS[type_]}/{name}".casefold() if type_ in SEGMENTS else None
    found = dict.fromkeys(_ids(memory))
    return tuple(one for one in found if end is not None and one.casefold().endswith(end))


def _ids(memory: StackMemory) -> Iterator[str]:
    for known in memory(MONITORING_TYPE).values():
        one_by_one = (known.get(key) for key in ("alertRuleId", "actionGroupId", "workspaceId"))
        yield from (str(one) for one in one_by_one if one)
        yield from map(str, known.get("watchedWorkspaces") or ())
    for type_ in (QUERY_RULE_TYPE, ACTIVITY_ALERT_TYPE):
        for rule in memory(type_).values():
            yield from map(str, rule.get("scopes") or ())
            actions = cast("Mapping[str, Any]", rule.get("actions") or {})
            groups = cast("Sequence[str | Mapping[str, Any]]", actions.get("actionGroups") or ())
            for one in groups:
                yield one if isinstance(one, str) else str(one["actionGroupId"])


def names_in_state(memory: StackMemory, type_: str) -> frozenset[str]:
    """The Azure names, in lower case, of the state's resources of a type."""
    return frozenset(str(known.get("name", "")).casefold() for known in memory(type_).values())
