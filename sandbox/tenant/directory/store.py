"""The directory of a tenant: who and what is in it, and how things belong together.

It holds objects as Graph shows them, as plain dictionaries; who may change them and how is in
`users`, `groups` and `role_assignments`. Deleted users and groups wait 30 days in the deleted
items: their memberships and roles stay recorded and hidden, so a restored object has them again.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Self

from sandbox.tenant.changes import Changes
from sandbox.tenant.clock import Clock
from sandbox.tenant.directory.applications import Applications
from sandbox.tenant.directory.document import (
    application_roles,
    check_domains,
    complete_assignments,
    complete_deleted,
    complete_groups,
    complete_methods,
    complete_units,
    complete_users,
    indexed,
    required,
)
from sandbox.tenant.directory.index import DirectoryIndex, Index, SeenIndex
from sandbox.tenant.directory.passwords import matches
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.replicas import Unseen

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
        self.index: Index = DirectoryIndex((), (), ())
        self.users: dict[str, JSON] = {}
        self.groups: dict[str, JSON] = {}
        self.role_assignments: dict[str, JSON] = {}
        self.role_eligibilities: dict[str, JSON] = {}
        self.deleted_users: dict[str, JSON] = {}
        self.deleted_groups: dict[str, JSON] = {}
        self.administrative_units: dict[str, JSON] = {}
        self.authentication_methods: dict[str, JSON] = {}
        self.authentication_methods_policy: dict[str, JSON] = {}

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
        directory.organization = dict(required(doc, "tenant", ("id", "displayName")))
        directory.domains = list(indexed(doc, "domains", ()).values())
        directory.subscribed_skus = [dict(sku) for sku in doc.get("subscribedSkus", [])]
        directory.security_defaults = {"isEnabled": False} | dict(doc.get("securityDefaults", {}))
        directory.users = indexed(doc, "users", ("displayName", "userPrincipalName"))
        directory.groups = indexed(doc, "groups", ("displayName",))
        directory.role_assignments = indexed(
            doc, "roleAssignments", ("principalId", "roleDefinitionId")
        )
        directory.role_eligibilities = indexed(
            doc, "roleEligibilitySchedules", ("principalId", "roleDefinitionId")
        )
        directory.deleted_users = indexed(doc, "deletedUsers", ("userPrincipalName",))
        directory.deleted_groups = indexed(doc, "deletedGroups", ("displayName",))
        directory.administrative_units = indexed(doc, "administrativeUnits", ("displayName",))
        directory.authentication_methods = indexed(
            doc, "authenticationMethods", ("userId", "@odata.type")
        )
        directory.authentication_methods_policy = dict(doc.get("authenticationMethodsPolicy", {}))
        now = clock.timestamp()
        check_domains(directory.domains)
        complete_users(directory.users.values(), now)
        complete_groups(directory.groups.values(), now)
        complete_groups(directory.deleted_groups.values(), now)
        complete_deleted(directory.deleted_users.values(), now)
        complete_deleted(directory.deleted_groups.values(), now)
        complete_units(directory.administrative_units.values())
        complete_methods(directory.authentication_methods.values())
        complete_assignments(directory.role_assignments.values())
        complete_assignments(directory.role_eligibilities.values())
        directory.role_assignments |= application_roles(apps.all())
        directory.index = DirectoryIndex(
            directory.users.values(),
            directory.groups.values(),
            directory.role_assignments.values(),
        )
        directory.changes.follow(directory.index.follow)
        return directory

    def as_seen(self, unseen: Unseen) -> Self:
        """The directory as a replica knows it, to be read only."""
        view = copy.copy(self)
        view.users = unseen.store("user", self.users)
        view.deleted_users = unseen.store("deletedUser", self.deleted_users)
        view.groups = unseen.store("group", self.groups)
        view.deleted_groups = unseen.store("deletedGroup", self.deleted_groups)
        view.role_assignments = unseen.store("roleAssignment", self.role_assignments)
        view.role_eligibilities = unseen.store("roleEligibility", self.role_eligibilities)
        view.administrative_units = unseen.store("administrativeUnit", self.administrative_units)
        view.authentication_methods = unseen.store(
            "authenticationMethod", self.authentication_methods
        )
        view.authentication_methods_policy = unseen.store(
            "authenticationMethodsPolicy", self.authentication_methods_policy
        )
        view.index = SeenIndex(self.index, unseen)
        return view

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
            "roleEligibilitySchedules": list(self.role_eligibilities.values()),
            "deletedUsers": list(self.deleted_users.values()),
            "deletedGroups": list(self.deleted_groups.values()),
            "administrativeUnits": list(self.administrative_units.values()),
            "authenticationMethods": list(self.authentication_methods.values()),
            "authenticationMethodsPolicy": self.authentication_methods_policy,
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
        user_id = self.index.user_called(wanted) if "@" in wanted else wanted
        return None if user_id is None else self.users.get(user_id)

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
        found = (self.groups.get(group) for group in self.index.groups_with(object_id.lower()))
        return [group for group in found if group is not None]

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

    def roles_of(self, principal_id: str, scope: str = "/") -> set[str]:
        """Template ids of the roles that an object holds at a scope, through groups too."""
        holders = {principal_id.lower()} | {
            group_id
            for group_id in self.groups_of(principal_id)
            if self.groups[group_id].get("isAssignableToRole")
        }
        return {
            assignment["roleDefinitionId"]
            for holder in holders
            for assignment in self.role_assignments_to(holder)
            if assignment["directoryScopeId"] == scope
        }

    def role_assignments_to(self, principal_id: str) -> list[JSON]:
        """The role assignments that name this user, group or service principal itself."""
        found = map(self.role_assignments.get, self.index.assignments_to(principal_id.lower()))
        return [assignment for assignment in found if assignment is not None]

    def units_of(self, object_id: str) -> list[JSON]:
        """The administrative units that list an object as their member."""
        wanted = object_id.lower()
        return [unit for unit in self.administrative_units.values() if wanted in unit["members"]]

    def live_role_assignments(self) -> Iterator[JSON]:
        """The role assignments whose principal is there now."""
        for assignment in self.role_assignments.values():
            if self.find_object(assignment["principalId"]) is not None:
                yield assignment

    def live_role_assignments_to(self, principal_id: str) -> list[JSON]:
        """The role assignments that name this principal, none when it is not there now."""
        there = self.find_object(principal_id) is not None
        return self.role_assignments_to(principal_id) if there else []
