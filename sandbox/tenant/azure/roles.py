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
    """Actions that a role allows, with `*` for anything, less those that it does not."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Whether the role allows an action such as `Microsoft.Insights/actionGroups/write`."""
        return _matches(action, self.actions) and not _matches(action, self.not_actions)


ROLES = {
    "owner": RoleDefinition(("*",)),
    "contributor": RoleDefinition(
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ),
    ),
    "reader": RoleDefinition(("*/read",)),
    "monitoring contributor": RoleDefinition(
        (
            "*/read",
            "Microsoft.Insights/*",
            "Microsoft.OperationalInsights/workspaces/write",
            "Microsoft.Resources/deployments/*",
        )
    ),
    "monitoring reader": RoleDefinition(("*/read",)),
    "log analytics contributor": RoleDefinition(
        (
            "*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.OperationalInsights/*",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourcegroups/deployments/*",
        )
    ),
}


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


def _matches(action: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
