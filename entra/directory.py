"""What the directory knows: organization, domains, licences, security defaults, users, groups,
roles.

Source: Microsoft Graph documentation of the resource types named in each function. Errors:
``GraphError`` (see ``entra.errors``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from entra.built_in_roles import GLOBAL_ADMINISTRATOR, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR
from entra.client import GraphClient
from entra.errors import GraphError, NotFound
from entra.graph_text import moment, quoted

# Service plans that contain Entra ID P1: Microsoft, "Product names and service plan identifiers".
PREMIUM_PLANS = frozenset({"AAD_PREMIUM", "AAD_PREMIUM_P2"})
MAY_CHANGE_ADMINISTRATORS: Final = frozenset(
    {GLOBAL_ADMINISTRATOR, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR}
)
"""Roles whose holder may change every administrator, by template id: "Who can perform sensitive
actions" in Microsoft Graph's "Working with users"."""
WHOLE_TENANT: Final = "/"
"""The scope of a role that is held everywhere in the tenant."""
# A subscription in its grace period still works.
_WORKING = frozenset({"Enabled", "Warning"})
_USER_FIELDS = (
    "id,userPrincipalName,displayName,accountEnabled,userType,onPremisesSyncEnabled,"
    "assignedLicenses,lastPasswordChangeDateTime"
)
# What a deleted user still answers without doubt.
_DELETED_USER_FIELDS = "id,userPrincipalName,displayName,accountEnabled"
_GROUP_FIELDS = (
    "id,displayName,securityEnabled,mailEnabled,isAssignableToRole,groupTypes,onPremisesSyncEnabled"
)
# v1.0 leaves service principals out of a group's members and owners: "List group members" and
# "List group owners" ("staged rollout of service principals").
_GROUPS_WITH_APPLICATIONS = "/beta/groups"
_ROLES = "/v1.0/roleManagement/directory/roleAssignments"
_ROLES_IN_TIME = "/v1.0/roleManagement/directory/roleAssignmentScheduleInstances"


@dataclass(frozen=True)
class Organization:
    """The tenant itself (``organization``)."""

    id: str
    display_name: str


@dataclass(frozen=True)
class Domain:
    """A domain of the tenant (``domain``); ``managed`` means not federated."""

    name: str
    is_initial: bool
    is_default: bool
    is_verified: bool
    managed: bool


@dataclass(frozen=True)
class User:
    """An account, live or deleted (``user``); a deleted one tells only the first four.

    ``synced``: it comes from an on-premises directory. ``password_changed``: when its password was
    last set, by whomever.
    """

    id: str
    user_principal_name: str
    display_name: str
    enabled: bool
    synced: bool = False
    guest: bool = False
    licensed: bool = False
    password_changed: datetime | None = None


@dataclass(frozen=True)
class Group:
    """A group, live or deleted (``group``)."""

    id: str
    display_name: str
    security_enabled: bool = True
    mail_enabled: bool = False
    assignable_to_role: bool = False
    dynamic: bool = False
    synced: bool = False


@dataclass(frozen=True)
class Member:
    """A member or owner of a group. ``name`` is what an administrator knows it by: the user
    principal name, else the display name, else the id. ``kind``: ``user``, ``group``,
    ``servicePrincipal``, ``device`` …"""

    id: str
    name: str
    kind: str


@dataclass(frozen=True)
class RoleAssignment:
    """A directory role that is active now (``unifiedRoleAssignment``).

    ``role_id`` is the template id of a built-in role; ``scope`` is ``/`` for the whole tenant.
    """

    id: str
    role_id: str
    scope: str


class Directory:
    """Read-only questions to the directory."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def organization(self) -> Organization:
        """The tenant that the token belongs to."""
        found = next(self._graph.pages("/v1.0/organization"))
        return Organization(id=str(found["id"]), display_name=str(found.get("displayName") or ""))

    def domains(self) -> tuple[Domain, ...]:
        """Every domain of the tenant, verified or not."""
        return tuple(
            Domain(
                name=str(found["id"]),
                is_initial=bool(found.get("isInitial")),
                is_default=bool(found.get("isDefault")),
                is_verified=bool(found.get("isVerified")),
                managed=found.get("authenticationType") != "Federated",
            )
            for found in self._graph.pages("/v1.0/domains")
        )

    def has_premium_licence(self) -> bool:
        """Whether a working subscription contains Entra ID P1 or P2 (``subscribedSku``)."""
        return any(
            str(plan.get("servicePlanName")) in PREMIUM_PLANS
            for sku in self._graph.pages("/v1.0/subscribedSkus")
            if sku.get("capabilityStatus") in _WORKING
            for plan in sku.get("servicePlans") or ()
        )

    def security_defaults(self) -> bool:
        """Whether security defaults are on: then Conditional Access policies do not apply."""
        path = "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy"
        return bool(self._graph.get(path).get("isEnabled"))

    def user(self, object_id: str) -> User:
        """One live user by object id or user principal name. Raises NotFound."""
        path = f"/v1.0/users/{quote(object_id, safe='')}"
        return _user(self._graph.get(path, {"$select": _USER_FIELDS}))

    def find_user(self, user_principal_name: str) -> User | None:
        """A live user by its name, None when there is none."""
        try:
            return self.user(user_principal_name)
        except NotFound:
            return None

    def deleted_users(self, name_or_id: str) -> tuple[User, ...]:
        """Users of this name or object id among those deleted within 30 days (``deletedItems``).

        The service puts the object id, without hyphens, before a deleted user's principal name.
        """
        sought = name_or_id.casefold()
        listing = self._graph.pages(
            "/v1.0/directory/deletedItems/microsoft.graph.user", {"$select": _DELETED_USER_FIELDS}
        )
        users = (_user(found) for found in listing)
        return tuple(user for user in users if sought in {user.id.casefold(), former_name(user)})

    def group(self, object_id: str) -> Group:
        """One live group by object id. Raises NotFound."""
        path = f"/v1.0/groups/{quote(object_id, safe='')}"
        return _group(self._graph.get(path, {"$select": _GROUP_FIELDS}))

    def groups_named(self, display_name: str) -> tuple[Group, ...]:
        """Live groups of this display name; upper and lower case are the same to the service."""
        query = {"$filter": f"displayName eq {quoted(display_name)}", "$select": _GROUP_FIELDS}
        return tuple(_group(found) for found in self._graph.pages("/v1.0/groups", query))

    def deleted_groups(self, name_or_id: str) -> tuple[Group, ...]:
        """Groups of this display name or object id among those deleted within 30 days."""
        sought = name_or_id.casefold()
        listing = self._graph.pages(
            "/v1.0/directory/deletedItems/microsoft.graph.group", {"$select": _GROUP_FIELDS}
        )
        groups = (_group(found) for found in listing)
        return tuple(
            group
            for group in groups
            if sought in {group.id.casefold(), group.display_name.casefold()}
        )

    def members(self, group_id: str) -> tuple[Member, ...]:
        """The direct members of a group, applications too. Raises NotFound."""
        return self._linked(group_id, "members")

    def owners(self, group_id: str) -> tuple[Member, ...]:
        """The owners of a group, applications too. Raises NotFound."""
        return self._linked(group_id, "owners")

    def role_assignments(self, principal_id: str) -> tuple[RoleAssignment, ...]:
        """The directory roles that are active for a principal itself, not through a group.

        A role that the principal is only eligible for is not among them. The service answers none,
        and no error, for a principal that it does not know.
        """
        query = {"$filter": f"principalId eq {quoted(principal_id)}"}
        return tuple(
            RoleAssignment(
                id=str(found["id"]),
                role_id=str(found["roleDefinitionId"]).casefold(),
                scope=str(found.get("directoryScopeId") or ""),
            )
            for found in self._graph.pages(_ROLES, query)
        )

    def role_ends(self, principal_id: str) -> Mapping[str, datetime]:
        """When active roles of a principal end, by template id; a permanent one is not in it.

        Privileged Identity Management ends them, which needs Entra ID P2: without that licence no
        role ends (``unifiedRoleAssignmentScheduleInstance``; that the refusal is a 400 whose code
        tells of the licence is from public reports).
        """
        query = {"$filter": f"principalId eq {quoted(principal_id)}"}
        try:
            found = [
                (str(one["roleDefinitionId"]).casefold(), moment(one.get("endDateTime")))
                for one in self._graph.pages(_ROLES_IN_TIME, query)
            ]
        except GraphError as error:
            if "license" in f"{error.code} {error.message}".casefold():
                return {}
            raise
        return {role_id: end for role_id, end in found if end is not None}

    def group_ids(self, user_id: str) -> frozenset[str]:
        """The ids, in lower case, of the groups that a user is in, also through others."""
        path = f"/v1.0/users/{quote(user_id, safe='')}/transitiveMemberOf"
        return frozenset(
            str(found["id"]).casefold() for found in self._graph.pages(path, {"$select": "id"})
        )

    def may_change_administrators(self, own_object_id: str) -> bool | None:
        """Whether this application may change the password, name or state of an administrator.

        For that it has to hold one of ``MAY_CHANGE_ADMINISTRATORS`` in the whole tenant, itself or
        through a role-assignable group. None: it cannot be told, because a look-up was refused or
        failed. ``own_object_id``: of the service principal (the token's ``oid``).
        """
        try:
            return self._is_mighty(own_object_id) or any(
                self._is_mighty(group_id) for group_id in self._groups_of(own_object_id)
            )
        except GraphError:
            return None

    def _is_mighty(self, principal_id: str) -> bool:
        return any(
            assignment.role_id in MAY_CHANGE_ADMINISTRATORS and assignment.scope == WHOLE_TENANT
            for assignment in self.role_assignments(principal_id)
        )

    def _groups_of(self, service_principal_id: str) -> Iterator[str]:
        """The groups of a service principal that can hold a role.

        Without a permission to read groups the service says nothing about them but their ids.
        """
        path = f"/v1.0/servicePrincipals/{quote(service_principal_id, safe='')}/transitiveMemberOf"
        for found in self._graph.pages(path):
            is_group = found.get("@odata.type") == "#microsoft.graph.group"
            if is_group and found.get("isAssignableToRole") is not False:
                yield str(found["id"])

    def _linked(self, group_id: str, relation: str) -> tuple[Member, ...]:
        path = f"{_GROUPS_WITH_APPLICATIONS}/{quote(group_id, safe='')}/{relation}"
        return tuple(_member(found) for found in self._graph.pages(path))


def former_name(user: User) -> str:
    """The principal name that a deleted user had, in lower case."""
    name = user.user_principal_name.casefold()
    return name.removeprefix(user.id.replace("-", "").casefold())


def _user(found: dict[str, Any]) -> User:
    return User(
        id=str(found["id"]),
        user_principal_name=str(found.get("userPrincipalName") or ""),
        display_name=str(found.get("displayName") or ""),
        enabled=bool(found.get("accountEnabled", True)),
        synced=bool(found.get("onPremisesSyncEnabled")),
        guest=found.get("userType") == "Guest",
        licensed=bool(found.get("assignedLicenses")),
        password_changed=moment(found.get("lastPasswordChangeDateTime")),
    )


def _group(found: dict[str, Any]) -> Group:
    return Group(
        id=str(found["id"]),
        display_name=str(found.get("displayName") or ""),
        security_enabled=bool(found.get("securityEnabled")),
        mail_enabled=bool(found.get("mailEnabled")),
        assignable_to_role=bool(found.get("isAssignableToRole")),
        dynamic="DynamicMembership" in (found.get("groupTypes") or ()),
        synced=bool(found.get("onPremisesSyncEnabled")),
    )


def _member(found: dict[str, Any]) -> Member:
    object_id = str(found["id"])
    return Member(
        id=object_id,
        name=str(found.get("userPrincipalName") or found.get("displayName") or object_id),
        kind=str(found.get("@odata.type") or "").rpartition(".")[2] or "object",
    )
