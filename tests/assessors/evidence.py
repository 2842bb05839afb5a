"""What an auditor reads of a tenant through Microsoft Graph, with a token that can only read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from tests.assessors.audited_tenant import AUDITOR, Audited
from tests.support.tenant import GLOBAL_ADMINISTRATOR, JSON, http

NOT_FOUND = 404
NO_OBJECTS = frozenset({"All", "None", "GuestsOrExternalUsers"})
"""What stands in lists of users and is no id."""
_KINDS = {
    "Users": "users",
    "Groups": "groups",
    "Roles": "roleManagement/directory/roleDefinitions",
}
_ROLES = "roleManagement/directory"
PROPERTIES = (
    *("id", "displayName", "userPrincipalName", "accountEnabled", "userType", "assignedLicenses"),
    *("onPremisesSyncEnabled", "onPremisesImmutableId", "passwordPolicies"),
)
"""What is read of every user."""


@dataclass(frozen=True)
class EmergencyAccess:
    """What the auditor was told: the emergency access accounts and groups, by object id."""

    users: Sequence[str]
    groups: Sequence[str]


@dataclass(frozen=True)
class Evidence:
    """A tenant as it was read.

    `active` and `eligible` are the roles for the whole tenant, as Privileged Identity Management
    lists them. `roles` are the active ones by holder, directly or through a role-assignable group;
    `administrators` hold Global Administrator without an end. `methods`, `licences` and `parents`
    (groups, at any depth) are theirs, by object id; `members` and `owners` those of groups.
    `missing` are the ids that policies name and Graph answers 404 for.
    """

    policies: Sequence[JSON]
    users: Mapping[str, JSON]
    groups: Mapping[str, JSON]
    domains: Sequence[JSON]
    active: Sequence[JSON]
    eligible: Sequence[JSON]
    administrators: frozenset[str]
    methods: Mapping[str, frozenset[str]]
    licences: Mapping[str, Sequence[JSON]]
    parents: Mapping[str, frozenset[str]]
    members: Mapping[str, frozenset[str]]
    owners: Mapping[str, frozenset[str]]
    roles: Mapping[str, frozenset[str]]
    missing: frozenset[str]
    deleted: frozenset[str]


def read_evidence(audited: Audited) -> Evidence:
    """Read a tenant as its auditor."""
    with http(audited.server) as client:
        client.headers["Authorization"] = f"Bearer {_token(client, audited)}"
        policies = list(_all(client, "identity/conditionalAccess/policies"))
        people = list(_all(client, f"users?$select={','.join(PROPERTIES)}"))
        groups = {group["id"]: group for group in _all(client, "groups")}
        active, eligible = (
            [role for role in _all(client, f"{_ROLES}/{kind}") if role["directoryScopeId"] == "/"]
            for kind in ("roleAssignmentScheduleInstances", "roleEligibilityScheduleInstances")
        )
        roles: dict[str, set[str]] = {}
        permanent: set[str] = set()
        for assignment in active:
            role = assignment["roleDefinitionId"]
            holders = _holders(client, assignment["principalId"], groups)
            for holder in holders:
                roles.setdefault(holder, set()).add(role)
            if role == GLOBAL_ADMINISTRATOR and assignment["endDateTime"] is None:
                permanent |= holders
        users = {user["id"]: user for user in people}
        administrators = frozenset(permanent & set(users))
        return Evidence(
            policies,
            users,
            groups,
            list(_all(client, "domains")),
            active,
            eligible,
            administrators,
            {user: _methods(client, user) for user in administrators},
            {user: list(_all(client, f"users/{user}/licenseDetails")) for user in administrators},
            {user: _parents(client, user) for user in administrators},
            {group: _ids(client, f"groups/{group}/members") for group in groups},
            {group: _ids(client, f"groups/{group}/owners") for group in groups},
            {holder: frozenset(held) for holder, held in roles.items()},
            frozenset(_missing(client, policies)),
            frozenset(_deleted(client)),
        )


def named(policy: JSON, kind: str) -> Iterator[str]:
    """The ids that a policy includes or excludes; `kind` is Users, Groups or Roles."""
    for side in ("include", "exclude"):
        yield from (name for name in listed(policy, f"{side}{kind}") if name not in NO_OBJECTS)


def listed(policy: JSON, name: str) -> list[str]:
    """A list of a policy's condition on users, such as `excludeGroups`; empty when it has none."""
    return policy["conditions"]["users"].get(name) or []


def _token(client: httpx.Client, audited: Audited) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": AUDITOR,
        "client_secret": audited.secret,
        "scope": f"{audited.server.url}/.default",
    }
    answer = client.post(f"/{audited.tenant_id}/oauth2/v2.0/token", data=form)
    return str(answer.raise_for_status().json()["access_token"])


def _all(client: httpx.Client, path: str) -> Iterator[JSON]:
    address: str | None = f"/v1.0/{path}"
    while address:
        page: dict[str, Any] = client.get(address).raise_for_status().json()
        yield from page["value"]
        address = page.get("@odata.nextLink")


def _holders(client: httpx.Client, principal: str, groups: Mapping[str, JSON]) -> set[str]:
    """Who holds a role that a principal was given: the principal, or a group's members."""
    if principal not in groups:
        return {principal}
    return set(_ids(client, f"groups/{principal}/transitiveMembers"))


def _ids(client: httpx.Client, path: str) -> frozenset[str]:
    return frozenset(str(item["id"]) for item in _all(client, path))


def _methods(client: httpx.Client, user: str) -> frozenset[str]:
    path = f"users/{user}/authentication/methods"
    return frozenset(method["@odata.type"] for method in _all(client, path))


def _parents(client: httpx.Client, user: str) -> frozenset[str]:
    answer = client.post(f"/v1.0/users/{user}/getMemberGroups", json={"securityEnabledOnly": False})
    return frozenset(answer.raise_for_status().json()["value"])


def _missing(client: httpx.Client, policies: Sequence[JSON]) -> Iterator[str]:
    for kind, path in _KINDS.items():
        for object_id in {name for policy in policies for name in named(policy, kind)}:
            answer = client.get(f"/v1.0/{path}/{object_id}")
            if answer.status_code == NOT_FOUND:
                yield object_id
            else:
                answer.raise_for_status()


def _deleted(client: httpx.Client) -> Iterator[str]:
    for kind in ("user", "group"):
        path = f"directory/deletedItems/microsoft.graph.{kind}"
        yield from (item["id"] for item in _all(client, path))
