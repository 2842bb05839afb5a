"""Who may change the members of a unit with restricted management: nobody from outside of it."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from sandbox.api.server import TenantServer
from sandbox.tenant.directory.roles import role_id
from tests.support.directory_tenant import METHOD_PERMISSION, UNIT_PERMISSION, directory_document
from tests.support.tenant import graph, http, object_id, running_tenant

UNITS = "/v1.0/directory/administrativeUnits"
EVE, ADA, STAFF = object_id("users/eve"), object_id("users/ada"), object_id("groups/staff")
CALLER = object_id("app/object")
GLOBAL_ADMINISTRATOR = ("Global Administrator",)
PASSWORD = {"passwordProfile": {"password": "Correct-Horse-1"}}

Attempt = Callable[[httpx.Client], httpx.Response]


@pytest.fixture
def server() -> Iterator[TenantServer]:
    document = directory_document(UNIT_PERMISSION, METHOD_PERMISSION, roles=GLOBAL_ADMINISTRATOR)
    with running_tenant(document) as running:
        yield running


@pytest.fixture
def client(server: TenantServer) -> Iterator[httpx.Client]:
    with graph(server) as opened:
        yield opened


def _restricted(client: httpx.Client, *members: str) -> str:
    body = {"displayName": "Tier 0", "isMemberManagementRestricted": True}
    unit = client.post(UNITS, json=body).raise_for_status().json()["id"]
    for member in members:
        body = {"@odata.id": f"{client.base_url}/v1.0/directoryObjects/{member}"}
        client.post(f"{UNITS}/{unit}/members/$ref", json=body).raise_for_status()
    return unit


def _give(client: httpx.Client, unit: str, role: str) -> None:
    body = {"roleId": role_id(role), "roleMemberInfo": {"id": CALLER}}
    client.post(f"{UNITS}/{unit}/scopedRoleMembers", json=body).raise_for_status()


def _reference(client: httpx.Client, member: str) -> dict[str, str]:
    return {"@odata.id": f"{client.base_url}/v1.0/directoryObjects/{member}"}


BLOCKED: dict[str, Attempt] = {
    "rename a user": lambda c: c.patch(f"/v1.0/users/{EVE}", json={"displayName": "Eva"}),
    "reset a password": lambda c: c.patch(f"/v1.0/users/{EVE}", json=PASSWORD),
    "disable a user": lambda c: c.patch(f"/v1.0/users/{EVE}", json={"accountEnabled": False}),
    "delete a user": lambda c: c.delete(f"/v1.0/users/{EVE}"),
    "rename a group": lambda c: c.patch(f"/v1.0/groups/{STAFF}", json={"displayName": "All"}),
    "delete a group": lambda c: c.delete(f"/v1.0/groups/{STAFF}"),
    "add a member": lambda c: c.post(
        f"/v1.0/groups/{STAFF}/members/$ref", json=_reference(c, CALLER)
    ),
    "remove a member": lambda c: c.delete(f"/v1.0/groups/{STAFF}/members/{EVE}/$ref"),
    "add an owner": lambda c: c.post(f"/v1.0/groups/{STAFF}/owners/$ref", json=_reference(c, EVE)),
    "give a pass": lambda c: c.post(
        f"/v1.0/users/{EVE}/authentication/temporaryAccessPassMethods", json={}
    ),
}


@pytest.mark.parametrize("attempt", BLOCKED.values(), ids=BLOCKED.keys())
def test_neither_permission_nor_global_administrator_changes_a_member(
    client: httpx.Client, attempt: Attempt
) -> None:
    unit = _restricted(client, EVE, STAFF)
    refused = attempt(client)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "Authorization_RequestDenied"
    assert "restricted management administrative unit" in refused.json()["error"]["message"]
    for member in (EVE, STAFF):
        client.delete(f"{UNITS}/{unit}/members/{member}/$ref").raise_for_status()
    assert attempt(client).is_success


ALLOWED: dict[str, Attempt] = {
    "read a user": lambda c: c.get(f"/v1.0/users/{EVE}"),
    "add the user to a group": lambda c: c.post(
        f"/v1.0/groups/{object_id('groups/it')}/members/$ref", json=_reference(c, EVE)
    ),
    "give the user a role": lambda c: c.post(
        "/v1.0/roleManagement/directory/roleAssignments",
        json={
            "principalId": EVE,
            "roleDefinitionId": role_id("Global Reader"),
            "directoryScopeId": "/",
        },
    ),
    "exclude the user from a policy": lambda c: c.patch(
        f"/v1.0/identity/conditionalAccess/policies/{object_id('policies/mfa')}",
        json={"conditions": {"users": {"excludeUsers": [EVE]}}},
    ),
}


@pytest.mark.parametrize("attempt", ALLOWED.values(), ids=ALLOWED.keys())
def test_what_does_not_change_the_member_itself_stays_possible(
    client: httpx.Client, attempt: Attempt
) -> None:
    _restricted(client, EVE)
    assert attempt(client).is_success


@pytest.mark.parametrize(
    ("role", "attempt", "allowed"),
    [
        ("User Administrator", "rename a user", True),
        ("Groups Administrator", "rename a user", False),
        ("Helpdesk Administrator", "rename a user", False),
        ("Helpdesk Administrator", "reset a password", True),
        ("User Administrator", "delete a user", True),
        ("Groups Administrator", "remove a member", True),
        ("Helpdesk Administrator", "remove a member", False),
        ("Authentication Administrator", "give a pass", True),
        ("User Administrator", "give a pass", False),
    ],
)
def test_a_role_at_the_scope_of_the_unit_changes_what_is_its_business(
    client: httpx.Client, role: str, attempt: str, allowed: bool
) -> None:
    unit = _restricted(client, EVE, STAFF)
    _give(client, unit, role)
    assert BLOCKED[attempt](client).is_success == allowed


def test_a_role_at_the_scope_of_an_ordinary_unit_does_not_help(client: httpx.Client) -> None:
    _restricted(client, EVE)
    other = client.post(UNITS, json={"displayName": "Ordinary"}).json()["id"]
    client.post(f"{UNITS}/{other}/members/$ref", json=_reference(client, EVE)).raise_for_status()
    _give(client, other, "User Administrator")
    assert BLOCKED["rename a user"](client).status_code == 403


def test_a_role_at_the_scope_of_one_of_two_restricted_units_is_enough(
    client: httpx.Client,
) -> None:
    _restricted(client, EVE)
    _give(client, _restricted(client, EVE), "User Administrator")
    assert BLOCKED["rename a user"](client).is_success


def test_an_administrator_in_a_portal_is_stopped_as_well(
    client: httpx.Client, server: TenantServer
) -> None:
    _restricted(client, EVE)
    with http(server) as portal:
        refused = portal.patch(f"/sandbox/users/{EVE}", json={"displayName": "Eva"})
    assert refused.status_code == 403


def test_the_password_of_a_global_administrator_can_be_reset_by_nobody(
    client: httpx.Client,
) -> None:
    unit = _restricted(client, ADA)
    _give(client, unit, "Privileged Authentication Administrator")
    assert client.patch(f"/v1.0/users/{ADA}", json=PASSWORD).status_code == 403
    client.delete(f"{UNITS}/{unit}/members/{ADA}/$ref").raise_for_status()
    assert client.patch(f"/v1.0/users/{ADA}", json=PASSWORD).status_code == 204


def test_the_members_of_a_role_assignable_group_cannot_be_changed_at_all(
    client: httpx.Client,
) -> None:
    body = {
        "displayName": "BTG Admins",
        "isAssignableToRole": True,
        "mailEnabled": False,
        "mailNickname": "btg",
        "securityEnabled": True,
    }
    group = client.post("/v1.0/groups", json=body).raise_for_status().json()["id"]
    unit = _restricted(client, group)
    _give(client, unit, "Groups Administrator")
    members = f"/v1.0/groups/{group}/members/$ref"
    assert client.post(members, json=_reference(client, EVE)).status_code == 403
    assert client.patch(f"/v1.0/groups/{group}", json={"description": "x"}).status_code == 204
    client.delete(f"{UNITS}/{unit}").raise_for_status()
    assert client.post(members, json=_reference(client, EVE)).status_code == 204


@pytest.mark.parametrize("group", [{"mailEnabled": True}, {"groupTypes": ["Unified"]}])
def test_groups_with_mail_do_not_go_into_a_restricted_unit(group: dict[str, object]) -> None:
    document = directory_document(UNIT_PERMISSION)
    document["groups"].append({"id": CALLER[::-1], "displayName": "Mail", **group})
    with running_tenant(document) as server, graph(server) as client:
        unit = _restricted(client)
        refused = client.post(f"{UNITS}/{unit}/members/$ref", json=_reference(client, CALLER[::-1]))
        assert refused.status_code == 400


def test_there_are_a_hundred_restricted_units_at_most(client: httpx.Client) -> None:
    for _ in range(100):
        _restricted(client)
    body = {"displayName": "One more", "isMemberManagementRestricted": True}
    assert client.post(UNITS, json=body).status_code == 400
    assert client.post(UNITS, json={"displayName": "Ordinary"}).status_code == 201
