"""Acts of an administrator in a small tenant, and the audit records that they leave."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.tenant.changes import ADMINISTRATOR
from sandbox.tenant.directory import groups, role_assignments, users
from sandbox.tenant.directory.administrative_units import create_unit
from sandbox.tenant.tenant import Tenant, World
from tests.sandbox.seed_tenant import StillClock
from tests.support.tenant import AT_ONCE, object_id, small_document

JSON = dict[str, Any]
ADA, EVE, HAL = (object_id(f"users/{name}") for name in ("ada", "eve", "hal"))
IT, APP = object_id("groups/it"), object_id("app/object")
PASSWORD = "Correct-Horse-4711!"
NEW_USER = {
    "accountEnabled": True,
    "displayName": "New",
    "mailNickname": "new",
    "userPrincipalName": "new@fabrikam.example",
    "passwordProfile": {"password": PASSWORD},
}
NEW_GROUP = {
    "displayName": "Wardens",
    "mailEnabled": False,
    "mailNickname": "wardens",
    "securityEnabled": True,
}
POLICY = {
    "displayName": "Block",
    "state": "disabled",
    "conditions": {
        "applications": {"includeApplications": ["All"]},
        "users": {"includeUsers": ["All"]},
    },
    "grantControls": {"operator": "OR", "builtInControls": ["block"]},
}
MFA = object_id("policies/mfa")
READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"


def made_tenant(**knobs: object) -> Tenant:
    at_once = {**AT_ONCE, "directoryLogDelaySeconds": 0, **knobs}
    return World(StillClock(), at_once).add(small_document())


def deleted(tenant: Tenant) -> Tenant:
    users.delete_user(tenant.directory, EVE, None)
    groups.delete_group(tenant.directory, IT, None)
    return tenant


def in_unit(tenant: Tenant) -> str:
    unit = create_unit(tenant.directory, {"displayName": "Cell"})
    return unit["id"]


def records_of(act: Callable[[Tenant], object], tenant: Tenant | None = None) -> list[JSON]:
    """The records that an act of an administrator leaves, oldest first."""
    tenant = tenant or made_tenant()
    before = {record["id"] for record in tenant.directory_log.audits()}
    with tenant.changes.by(ADMINISTRATOR):
        act(tenant)
    made = [record for record in tenant.directory_log.audits() if record["id"] not in before]
    return made[::-1]


def update(values: Mapping[str, Any]) -> Callable[[Tenant], object]:
    return lambda tenant: users.update_user(tenant.directory, EVE, values, None)


def give_role(tenant: Tenant) -> JSON:
    body = {"principalId": EVE, "roleDefinitionId": READER, "directoryScopeId": "/"}
    return role_assignments.create_role_assignment(tenant.directory, body)
