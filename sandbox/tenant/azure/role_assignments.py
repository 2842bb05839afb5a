"""Azure role assignments: who has which built-in role at which scope.

Source: Azure REST API, "Role Assignments"; Microsoft Learn, "Assign Azure roles using the REST API"
and "Troubleshoot Azure RBAC". An application's assignments are the key `azureRoles` of its entry in
the document; those of users and groups are kept and listed, and nobody signs in with them. An
assignment counts at once; in the real service it may take minutes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sandbox.tenant.azure.ids import within
from sandbox.tenant.azure.roles import ROLES, RoleDefinition
from sandbox.tenant.azure.types import bad_request
from sandbox.tenant.directory.applications import Applications, AzureRole
from sandbox.tenant.directory.store import Directory
from sandbox.tenant.errors import ServiceError

_FIXED = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."


@dataclass(frozen=True)
class RoleAssignment:
    """One assignment; `name` is a GUID, `role` the name of a built-in role."""

    name: str
    scope: str
    role: str
    principal_id: str
    principal_type: str

    def is_same_right(self, other: "RoleAssignment") -> bool:
        """Whether both give one principal one role at one scope."""
        return _right(self) == _right(other)


class RoleAssignments:
    """The assignments of one tenant; those of applications count in `authorize`."""

    def __init__(self, directory: Directory, apps: Applications) -> None:
        self._directory = directory
        self._apps = apps
        self._made: dict[str, RoleAssignment] = {}

    @classmethod
    def from_document(
        cls, doc: Mapping[str, Any], directory: Directory, apps: Applications
    ) -> "RoleAssignments":
        """Read the key `azureRoleAssignments`."""
        assignments = cls(directory, apps)
        for item in doc.get("azureRoleAssignments", []):
            assignments._made[item["name"].lower()] = RoleAssignment(**item)
        return assignments

    def to_document(self) -> dict[str, Any]:
        """The key `azureRoleAssignments`: what was assigned through Azure Resource Manager."""
        return {"azureRoleAssignments": [asdict(item) for item in self._made.values()]}

    def all(self) -> list[RoleAssignment]:
        """Every assignment."""
        found = list(self._made.values())
        for app in self._apps.all():
            for role in app.azure_roles:
                name = str(
                    uuid5(NAMESPACE_URL, f"{role.scope}/{role.role}/{app.object_id}".lower())
                )
                given = RoleAssignment(
                    name, role.scope, role.role, app.object_id, "ServicePrincipal"
                )
                if not any(given.is_same_right(other) for other in self._made.values()):
                    found.append(given)
        return found

    def around(self, scope: str, *, only_above: bool) -> list[RoleAssignment]:
        """The assignments that count at a scope, and unless `only_above` those below it."""
        return [
            item
            for item in self.all()
            if within(item.scope, scope) or (not only_above and within(scope, item.scope))
        ]

    def find(self, scope: str, name: str) -> RoleAssignment:
        """The assignment of this name at this scope; raises ServiceError 404."""
        for item in self.all():
            if item.name.lower() == name.lower() and _same_scope(item.scope, scope):
                return item
        raise ServiceError(
            404, "RoleAssignmentNotFound", f"The role assignment '{name}' is not found."
        )

    def put(self, wanted: RoleAssignment) -> bool:
        """Assign a role; False when it was assigned under this name already.

        Raises ServiceError 400 for a principal that does not exist, 409 for a name or a right that
        is taken.
        """
        if self._type_of(wanted.principal_id) is None:
            raise bad_request(
                "PrincipalNotFound",
                f"Principal {wanted.principal_id.replace('-', '')} does not exist in the directory "
                f"{self._directory.tenant_id}. Check that you have the correct principal ID. If "
                "you are creating this principal and then immediately assigning a role, this error "
                "might be related to a replication delay. In this case, set the role assignment "
                "principalType property to a value, such as ServicePrincipal, User, or Group.",
            )
        for item in self.all():
            if item.name.lower() == wanted.name.lower():
                if item.is_same_right(wanted):
                    return False
                raise ServiceError(409, "RoleAssignmentUpdateNotPermitted", _FIXED)
            if item.is_same_right(wanted):
                raise ServiceError(
                    409,
                    "RoleAssignmentExists",
                    "The role assignment already exists. The ID of the existing role assignment is "
                    f"{item.name.replace('-', '')}.",
                )
        self._made[wanted.name.lower()] = wanted
        if app := self._apps.by_object_id(wanted.principal_id):
            app.azure_roles.append(AzureRole(scope=wanted.scope, role=wanted.role))
        return True

    def delete(self, scope: str, name: str) -> RoleAssignment | None:
        """Take a role away; None when there was no such assignment."""
        try:
            gone = self.find(scope, name)
        except ServiceError:
            return None
        self._made.pop(gone.name.lower(), None)
        if app := self._apps.by_object_id(gone.principal_id):
            app.azure_roles[:] = [
                role
                for role in app.azure_roles
                if (role.role.lower(), role.scope.lower().rstrip("/"))
                != (gone.role.lower(), gone.scope.lower().rstrip("/"))
            ]
        return gone

    def made(self, scope: str, name: str, properties: Mapping[str, Any]) -> RoleAssignment:
        """The assignment that a body asks for; raises ServiceError 400."""
        principal = str(properties.get("principalId", ""))
        role = definition_of(str(properties.get("roleDefinitionId", "")))
        kind = self._type_of(principal) or str(properties.get("principalType", "Unknown"))
        return RoleAssignment(name, scope, role.name, principal, kind)

    def _type_of(self, principal_id: str) -> str | None:
        if self._apps.by_object_id(principal_id):
            return "ServicePrincipal"
        if principal_id.lower() in self._directory.users:
            return "User"
        return "Group" if principal_id.lower() in self._directory.groups else None


def definition_of(role_definition_id: str) -> RoleDefinition:
    """The built-in role of a definition's id; raises ServiceError 400."""
    wanted = role_definition_id.rstrip("/").rpartition("/")[2].lower()
    for role in ROLES.values():
        if role.id == wanted:
            return role
    raise bad_request(
        "RoleDefinitionDoesNotExist",
        f"The specified role definition with ID '{wanted.replace('-', '')}' does not exist.",
    )


def _right(item: RoleAssignment) -> tuple[str, str, str]:
    return item.scope.lower().rstrip("/"), item.role.lower(), item.principal_id.lower()


def _same_scope(one: str, other: str) -> bool:
    return one.lower().rstrip("/") == other.lower().rstrip("/")
