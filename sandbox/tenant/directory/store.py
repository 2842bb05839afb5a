"""The directory of a tenant: who and what is in it, and how things belong together.

It holds objects as Graph shows them, as plain dictionaries; who may change them and how is in
`users`, `groups` and `role_assignments`. Deleted users and groups wait 30 days in the deleted
items: their memberships and roles stay recorded and hidden, so a restored object has them again.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from sandbox.tenant.changes import Changes
from sandbox.tenant.clock import Clock
from sandbox.tenant.directory.applications import Applications
from sandbox.tenant.directory.passwords import matches
from sandbox.tenant.directory.roles import role_id
from sandbox.tenant.errors import DocumentError, ServiceError

JSON = dict[str, Any]
PREMIUM_PLANS = frozenset({"AAD_PREMIUM", "AAD_PREMIUM_P2"})


def not_found(object_id: str) -> ServiceError:
    """Graph's answer for an object that is not there."""
    return ServiceError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{object_id}' does not exist or one of its queried reference-property objects "
        "are not present.",
    )


class Directory:
    """The users, groups, role assignments, domains and licences of one tenant."""

    def __init__(
        self, clock: Clock, applications: Applications, changes: Changes | None = None
    ) -> None:
        self.clock = clock
        self.changes = changes or Changes(clock)
        self.applications = applications
        self.organization: JSON = {}
        self.domains: list[JSON] = []
        self.subscribed_skus: list[JSON] = []
        self.security_defaults: JSON = {"isEnabled": False}
        self.users: dict[str, JSON] = {}
        self.groups: dict[str, JSON] = {}
        self.role_assignments: dict[str, JSON] = {}
        self.deleted_users: dict[str, JSON] = {}
        self.deleted_groups: dict[str, JSON] = {}

    @classmethod
    def from_document(
        cls,
        doc: Mapping[str, Any],
        clock: Clock,
        applications: Applications | None = None,
        changes: Changes | None = None,
    ) -> "Directory":
        """Read the directory's part of a tenant document; raises DocumentError."""
        apps = Applications.from_document(doc) if applications is None else applications
        directory = cls(clock, apps, changes)
        directory.organization = dict(_required(doc, "tenant", ("id", "displayName")))
        directory.domains = list(_indexed(doc, "domains", ()).values())
        directory.subscribed_skus = [dict(sku) for sku in doc.get("subscribedSkus", [])]
        directory.security_defaults = {"isEnabled": False} | dict(doc.get("securityDefaults", {}))
        directory.users = _indexed(doc, "users", ("displayName", "userPrincipalName"))
        directory.groups = _indexed(doc, "groups", ("displayName",))
        directory.role_assignments = _indexed(
            doc, "roleAssignments", ("principalId", "roleDefinitionId")
        )
        directory.deleted_users = _indexed(doc, "deletedUsers", ("userPrincipalName",))
        directory.deleted_groups = _indexed(doc, "deletedGroups", ("displayName",))
        directory._complete()
        return directory

    def to_document(self) -> JSON:
        """The keys that `from_document` reads."""
        return {
            "tenant": self.organization,
            "domains": self.domains,
            "subscribedSkus": self.subscribed_skus,
            "securityDefaults": self.security_defaults,
            "users": list(self.users.values()),
            "groups": list(self.groups.values()),
            "roleAssignments": list(self.role_assignments.values()),
            "deletedUsers": list(self.deleted_users.values()),
            "deletedGroups": list(self.deleted_groups.values()),
        }

    # The tenant

    @property
    def tenant_id(self) -> str:
        """The tenant id, in lower case."""
        return str(self.organization["id"]).lower()

    @property
    def display_name(self) -> str:
        """The organisation's name."""
        return str(self.organization["displayName"])

    @property
    def initial_domain(self) -> str:
        """The tenant's `….onmicrosoft.com` domain."""
        return str(next(domain["id"] for domain in self.domains if domain.get("isInitial")))

    @property
    def has_premium(self) -> bool:
        """Whether the tenant owns an Entra ID P1 or P2 licence."""
        return any(
            plan.get("servicePlanName") in PREMIUM_PLANS
            for sku in self.subscribed_skus
            if sku.get("capabilityStatus", "Enabled") in ("Enabled", "Warning")
            for plan in sku.get("servicePlans", [])
        )

    def has_domain(self, name: str) -> bool:
        """Whether this is a verified domain of the tenant."""
        return any(
            str(domain["id"]).lower() == name.lower() and domain.get("isVerified", True)
            for domain in self.domains
        )

    # Look-ups

    def find_user(self, id_or_upn: str) -> JSON | None:
        """The user with this object id or user principal name, or None."""
        wanted = id_or_upn.lower()
        if "@" not in wanted:
            return self.users.get(wanted)
        return next(
            (u for u in self.users.values() if u["userPrincipalName"].lower() == wanted), None
        )

    def user(self, id_or_upn: str) -> JSON:
        """The user with this object id or user principal name; raises ServiceError 404."""
        if (found := self.find_user(id_or_upn)) is None:
            raise not_found(id_or_upn)
        return found

    def group(self, group_id: str) -> JSON:
        """The group with this object id; raises ServiceError 404."""
        if (found := self.groups.get(group_id.lower())) is None:
            raise not_found(group_id)
        return found

    def find_object(self, object_id: str) -> JSON | None:
        """A user, group or service principal, with its `@odata.type`; None when it isn't there."""
        wanted = object_id.lower()
        if wanted in self.users:
            return {"@odata.type": "#microsoft.graph.user"} | self.users[wanted]
        if wanted in self.groups:
            return {"@odata.type": "#microsoft.graph.group"} | self.groups[wanted]
        if (app := self.applications.by_object_id(wanted)) is not None:
            return {
                "@odata.type": "#microsoft.graph.servicePrincipal",
                "id": app.object_id,
                "appId": app.app_id,
                "displayName": app.display_name,
                "servicePrincipalType": "Application",
                "accountEnabled": True,
                "appOwnerOrganizationId": self.tenant_id,
            }
        return None

    def verify_password(self, user_id: str, password: str) -> bool:
        """Whether this is the user's password."""
        return matches(password, self.user(user_id).get("passwordHash"))

    # Belonging

    def objects(self, ids: list[str]) -> list[JSON]:
        """The objects with these ids that are there now, in this order."""
        return [found for object_id in ids if (found := self.find_object(object_id)) is not None]

    def direct_groups_of(self, object_id: str) -> list[JSON]:
        """The groups that list an object as their member."""
        wanted = object_id.lower()
        return [group for group in self.groups.values() if wanted in group["members"]]

    def groups_of(self, user_id: str) -> set[str]:
        """The ids of all groups that an object is in, through other groups too."""
        found: set[str] = set()
        waiting = [user_id.lower()]
        while waiting:
            for group in self.direct_groups_of(waiting.pop()):
                if group["id"] not in found:
                    found.add(group["id"])
                    waiting.append(group["id"])
        return found

    def members_of(self, group_id: str) -> set[str]:
        """The ids of all members of a group, through other groups too."""
        found: set[str] = set()
        waiting = [group_id.lower()]
        while waiting:
            for member in self.groups.get(waiting.pop(), {}).get("members", []):
                if member not in found and self.find_object(member) is not None:
                    found.add(member)
                    waiting.append(member)
        return found

    def roles_of(self, principal_id: str) -> set[str]:
        """Template ids of the directory roles that an object holds, through groups too."""
        holders = {principal_id.lower()} | {
            group_id
            for group_id in self.groups_of(principal_id)
            if self.groups[group_id].get("isAssignableToRole")
        }
        return {
            assignment["roleDefinitionId"]
            for assignment in self.role_assignments.values()
            if assignment["principalId"] in holders and assignment["directoryScopeId"] == "/"
        }

    def live_role_assignments(self) -> Iterator[JSON]:
        """The role assignments whose principal is there now."""
        for assignment in self.role_assignments.values():
            if self.find_object(assignment["principalId"]) is not None:
                yield assignment

    # Reading a document

    def _complete(self) -> None:
        """Fill in what a seed may leave out, and check that its parts fit together."""
        if sum(bool(domain.get("isInitial")) for domain in self.domains) != 1:
            raise DocumentError("domains: exactly one needs isInitial: true (….onmicrosoft.com)")
        for user in self.users.values():
            user.setdefault("accountEnabled", True)
            user.setdefault("userType", "Member")
            user.setdefault("createdDateTime", self.clock.timestamp())
            if "password" in user or "password" in (user.get("passwordProfile") or {}):
                raise DocumentError(
                    f"users: {user['userPrincipalName']} has a clear password; "
                    "documents hold passwordHash only"
                )
        names = [user["userPrincipalName"].lower() for user in self.users.values()]
        if twice := {name for name in names if names.count(name) > 1}:
            raise DocumentError(f"users: userPrincipalName {min(twice)} is there twice")
        for group in (*self.groups.values(), *self.deleted_groups.values()):
            for key in ("members", "owners"):
                group[key] = [str(object_id).lower() for object_id in group.get(key, [])]
            group.setdefault("securityEnabled", True)
            group.setdefault("mailEnabled", False)
            group.setdefault("groupTypes", [])
            group.setdefault("isAssignableToRole", None)
            group.setdefault("createdDateTime", self.clock.timestamp())
        for assignment in self.role_assignments.values():
            assignment.setdefault("directoryScopeId", "/")
            for key in ("principalId", "roleDefinitionId"):
                assignment[key] = str(assignment[key]).lower()
        for app in self.applications.all():
            for name in app.directory_roles:
                self._give_application_role(app.object_id.lower(), name)

    def _give_application_role(self, object_id: str, name: str) -> None:
        try:
            template_id = role_id(name)
        except ValueError as error:
            raise DocumentError(f"apps: {error}") from None
        assignment_id = str(uuid5(NAMESPACE_OID, f"{object_id}/{template_id}"))
        self.role_assignments[assignment_id] = {
            "id": assignment_id,
            "principalId": object_id,
            "roleDefinitionId": template_id,
            "directoryScopeId": "/",
        }


def _required(doc: Mapping[str, Any], key: str, names: tuple[str, ...]) -> Mapping[str, Any]:
    found: Any = doc.get(key)
    for name in names:
        if not isinstance(found, Mapping) or name not in found:
            raise DocumentError(f"{key}.{name} is missing from the tenant document")
    return found  # pyright: ignore[reportUnknownVariableType]


def _indexed(doc: Mapping[str, Any], key: str, names: tuple[str, ...]) -> dict[str, JSON]:
    """Objects by id, copied, ids in lower case."""
    found: dict[str, JSON] = {}
    for index, item in enumerate(doc.get(key, [])):
        for name in ("id", *names):
            if not isinstance(item.get(name), str) or not item[name]:
                raise DocumentError(f"{key}[{index}].{name}: expected a text that isn't empty")
        object_id = str(item["id"]).lower()
        if object_id in found:
            raise DocumentError(f"{key}[{index}].id: {object_id} is there twice")
        found[object_id] = dict(item) | {"id": object_id}
    return found
