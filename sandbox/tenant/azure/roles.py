"""What the built-in Azure roles allow at a scope.

Source: Microsoft Learn, "Azure built-in roles" and "Understand Azure role definitions".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from sandbox.tenant.azure.ids import within
from sandbox.tenant.directory.applications import AzureRole
from sandbox.tenant.errors import ServiceError


@dataclass(frozen=True)
class RoleDefinition:
    """A built-in role: its name and id, the actions that it allows (`*` for anything) and not."""

    id: str
    name: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Whether the role allows an action such as `Microsoft.Insights/actionGroups/write`."""
        return _matches(action, self.actions) and not _matches(action, self.not_actions)


_ALERTS = "Microsoft.Insights/alertRules/*"
_DEPLOYMENTS = "Microsoft.Resources/deployments/*"
_SUPPORT = "Microsoft.Support/*"
_WORKSPACES = "Microsoft.OperationalInsights/workspaces"

_DEFINITIONS = (
    RoleDefinition("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ("*",)),
    RoleDefinition(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
            "Microsoft.Purview/consents/write",
            "Microsoft.Purview/consents/delete",
        ),
    ),
    RoleDefinition("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ("*/read",)),
    RoleDefinition(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        ("*/read", "Microsoft.Authorization/*", _SUPPORT),
    ),
    RoleDefinition(
        "749f88d5-cbae-40b8-bcfc-e573ddc772fa",
        "Monitoring Contributor",
        (
            "*/read",
            "Microsoft.AlertsManagement/alerts/*",
            "Microsoft.AlertsManagement/alertsSummary/*",
            "Microsoft.Insights/actiongroups/*",
            "Microsoft.Insights/activityLogAlerts/*",
            "Microsoft.Insights/AlertRules/*",
            "Microsoft.Insights/components/*",
            "Microsoft.Insights/createNotifications/*",
            "Microsoft.Insights/dataCollectionEndpoints/*",
            "Microsoft.Insights/dataCollectionRules/*",
            "Microsoft.Insights/dataCollectionRuleAssociations/*",
            "Microsoft.Insights/DiagnosticSettings/*",
            "Microsoft.Insights/eventtypes/*",
            "Microsoft.Insights/LogDefinitions/*",
            "Microsoft.Insights/metricalerts/*",
            "Microsoft.Insights/MetricDefinitions/*",
            "Microsoft.Insights/Metrics/*",
            "Microsoft.Insights/notificationStatus/*",
            "Microsoft.Insights/Register/Action",
            "Microsoft.Insights/scheduledqueryrules/*",
            "Microsoft.Insights/webtests/*",
            "Microsoft.Insights/workbooks/*",
            "Microsoft.Insights/workbooktemplates/*",
            "Microsoft.Insights/privateLinkScopes/*",
            "Microsoft.Insights/privateLinkScopeOperationStatuses/*",
            f"{_WORKSPACES}/write",
            f"{_WORKSPACES}/intelligencepacks/*",
            f"{_WORKSPACES}/savedSearches/*",
            f"{_WORKSPACES}/search/action",
            f"{_WORKSPACES}/sharedKeys/action",
            f"{_WORKSPACES}/storageinsightconfigs/*",
            _SUPPORT,
            "Microsoft.WorkloadMonitor/monitors/*",
            "Microsoft.AlertsManagement/smartDetectorAlertRules/*",
            "Microsoft.AlertsManagement/actionRules/*",
            "Microsoft.AlertsManagement/smartGroups/*",
        ),
    ),
    RoleDefinition(
        "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
        "Monitoring Reader",
        ("*/read", f"{_WORKSPACES}/search/action", _SUPPORT),
    ),
    RoleDefinition(
        "92aaf0da-9dab-42b6-94a3-d43ce8d16293",
        "Log Analytics Contributor",
        (
            "*/read",
            _ALERTS,
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.OperationalInsights/*",
            "Microsoft.OperationsManagement/*",
            _DEPLOYMENTS,
            "Microsoft.Resources/subscriptions/resourcegroups/deployments/*",
            _SUPPORT,
        ),
    ),
    RoleDefinition(
        "73c42c96-874c-492b-b04d-ab87d138a893",
        "Log Analytics Reader",
        (
            "*/read",
            f"{_WORKSPACES}/analytics/query/action",
            f"{_WORKSPACES}/search/action",
            _SUPPORT,
        ),
        (f"{_WORKSPACES}/sharedKeys/read",),
    ),
)

ROLES = {role.name.lower(): role for role in _DEFINITIONS}


def definitions_at(roles: Iterable[AzureRole], scope: str) -> list[RoleDefinition]:
    """The roles that count at a scope: assigned there or above. An unknown role allows nothing."""
    return [
        ROLES[role.role.lower()]
        for role in roles
        if role.role.lower() in ROLES and within(role.scope, scope)
    ]


def authorize(roles: Iterable[AzureRole], action: str, scope: str, object_id: str) -> None:
    """Raise ServiceError 403 unless one of a service principal's roles allows the action."""
    if any(role.allows(action) for role in definitions_at(roles, scope)):
        return
    raise ServiceError(
        403,
        "AuthorizationFailed",
        f"The client '{object_id}' with object id '{object_id}' does not have authorization to "
        f"perform action '{action}' over scope '{scope}' or the scope is invalid. If access was "
        "recently granted, please refresh your credentials.",
    )


def authorize_linked(
    roles: Iterable[AzureRole],
    allowed: tuple[str, str],
    needed: str,
    linked_scope: str,
    object_id: str,
) -> None:
    """Raise ServiceError 403 unless the roles allow an action on a resource that another names.

    `allowed` is the action and the scope that the caller was allowed already.
    """
    if any(role.allows(needed) for role in definitions_at(roles, linked_scope)):
        return
    raise ServiceError(
        403,
        "LinkedAuthorizationFailed",
        f"The client '{object_id}' with object id '{object_id}' has permission to perform action "
        f"'{allowed[0]}' on scope '{allowed[1]}'; however, it does not have permission to perform "
        f"action '{needed}' on the linked scope(s) '{linked_scope}' or the linked scope(s) are "
        "invalid.",
    )


def _matches(action: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
