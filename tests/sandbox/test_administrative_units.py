"""Administrative units over Graph: properties, members, roles at their scope."""

from collections.abc import Iterator

import httpx
import pytest

from sandbox.api.server import TenantServer
from sandbox.tenant.directory.roles import role_id
from tests.support.directory_tenant import UNIT_PERMISSION, directory_document
from tests.support.tenant import graph, object_id, running_tenant

UNITS = "/v1.0/directory/administrativeUnits"
EVE, STAFF = object_id("users/eve"), object_id("groups/staff")
USER_ADMINISTRATOR = role_id("User Administrator")


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with running_tenant(directory_document(UNIT_PERMISSION)) as server, graph(server) as opened:
        yield opened


def _unit(client: httpx.Client, **properties: object) -> str:
    body = {"displayName": "Emergency access", **properties}
    return client.post(UNITS, json=body).raise_for_status().json()["id"]


def _join(client: httpx.Client, unit: str, member: str) -> httpx.Response:
    body = {"@odata.id": f"{client.base_url}/v1.0/directoryObjects/{member}"}
    return client.post(f"{UNITS}/{unit}/members/$ref", json=body)


def _ids(client: httpx.Client, path: str) -> list[str]:
    return [item["id"] for item in client.get(path).raise_for_status().json()["value"]]


def test_a_unit_is_made_changed_and_deleted_at_all_of_its_addresses(client: httpx.Client) -> None:
    unit = _unit(client, description="Break glass")
    for base in (UNITS, "/beta/directory/administrativeUnits", "/beta/administrativeUnits"):
        found = client.get(f"{base}/{unit}").json()
        assert (found["displayName"], found["description"]) == ("Emergency access", "Break glass")
        assert "members" not in found
        assert _ids(client, base) == [unit]
    assert client.patch(f"{UNITS}/{unit}", json={"displayName": "Safe"}).status_code == 204
    assert client.get(f"{UNITS}/{unit}").json()["displayName"] == "Safe"
    assert client.delete(f"/beta/administrativeUnits/{unit}").status_code == 204
    assert client.get(f"{UNITS}/{unit}").status_code == 404


def test_users_and_groups_join_and_leave_a_unit(client: httpx.Client) -> None:
    unit = _unit(client)
    for member in (EVE, STAFF):
        assert _join(client, unit, member).status_code == 204
    assert _ids(client, f"{UNITS}/{unit}/members") == [EVE, STAFF]
    kinds = [item["@odata.type"] for item in client.get(f"{UNITS}/{unit}/members").json()["value"]]
    assert kinds == ["#microsoft.graph.user", "#microsoft.graph.group"]
    assert client.get(f"{UNITS}/{unit}/members/{EVE}").json()["id"] == EVE
    assert _join(client, unit, EVE).status_code == 400
    assert client.delete(f"{UNITS}/{unit}/members/{EVE}/$ref").status_code == 204
    assert client.delete(f"{UNITS}/{unit}/members/{EVE}/$ref").status_code == 404
    assert client.get(f"{UNITS}/{unit}/members/{EVE}").status_code == 404


def test_only_users_and_groups_can_be_members(client: httpx.Client) -> None:
    unit = _unit(client)
    assert _join(client, unit, object_id("app/object")).status_code == 400
    assert _join(client, unit, object_id("users/nobody")).status_code == 404


def test_a_group_can_be_made_inside_a_unit(client: httpx.Client) -> None:
    unit = _unit(client)
    group = {
        "@odata.type": "#microsoft.graph.group",
        "displayName": "Inside",
        "mailEnabled": False,
        "mailNickname": "inside",
        "securityEnabled": True,
    }
    made = client.post(f"{UNITS}/{unit}/members", json=group)
    assert made.status_code == 201
    assert _ids(client, f"{UNITS}/{unit}/members") == [made.json()["id"]]


def test_member_of_shows_the_unit_with_its_type(client: httpx.Client) -> None:
    unit = _unit(client)
    for member in (EVE, STAFF):
        _join(client, unit, member)
    for path in (f"/v1.0/users/{EVE}/memberOf", f"/v1.0/groups/{STAFF}/memberOf"):
        units = [
            item["id"]
            for item in client.get(path).json()["value"]
            if item["@odata.type"] == "#microsoft.graph.administrativeUnit"
        ]
        assert units == [unit]


def test_a_deleted_user_is_a_member_again_when_restored(client: httpx.Client) -> None:
    unit = _unit(client)
    _join(client, unit, EVE)
    client.delete(f"/v1.0/users/{EVE}").raise_for_status()
    assert _ids(client, f"{UNITS}/{unit}/members") == []
    client.post(f"/v1.0/directory/deletedItems/{EVE}/restore").raise_for_status()
    assert _ids(client, f"{UNITS}/{unit}/members") == [EVE]


def test_a_purged_user_is_no_member_any_more(client: httpx.Client) -> None:
    unit = _unit(client)
    _join(client, unit, EVE)
    client.delete(f"/v1.0/users/{EVE}").raise_for_status()
    client.delete(f"/v1.0/directory/deletedItems/{EVE}").raise_for_status()
    assert client.get(f"{UNITS}/{unit}/members/$ref").json()["value"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"displayName": ""},
        {"displayName": 7},
        {"displayName": "x", "visibility": "Secret"},
        {"displayName": "x", "isMemberManagementRestricted": "yes"},
        {"displayName": "x", "membershipType": "Dynamic"},
        {"displayName": "x", "colour": "red"},
    ],
)
def test_a_unit_that_makes_no_sense_is_refused(
    client: httpx.Client, body: dict[str, object]
) -> None:
    assert client.post(UNITS, json=body).status_code == 400


def test_whether_management_is_restricted_is_settled_for_good(client: httpx.Client) -> None:
    for restricted in (True, False):
        unit = _unit(client, isMemberManagementRestricted=restricted)
        for wanted, status in ((restricted, 204), (not restricted, 400)):
            body = {"isMemberManagementRestricted": wanted}
            assert client.patch(f"{UNITS}/{unit}", json=body).status_code == status


def test_hidden_members_are_shown_only_with_the_permission_for_them() -> None:
    for permissions, status in (((), 403), (("Member.Read.Hidden",), 200)):
        document = directory_document(UNIT_PERMISSION, *permissions)
        with running_tenant(document) as server, graph(server) as client:
            unit = _unit(client, visibility="HiddenMembership")
            _join(client, unit, EVE)
            assert client.get(f"{UNITS}/{unit}").status_code == 200
            assert client.get(f"{UNITS}/{unit}/members").status_code == status
            assert (unit in _ids(client, f"/v1.0/users/{EVE}/memberOf")) == (status == 200)


def test_units_need_their_permission(tenant_server: TenantServer) -> None:
    with graph(tenant_server) as client:
        assert client.get(UNITS).status_code == 200
        assert client.post(UNITS, json={"displayName": "x"}).status_code == 403


def test_a_role_is_given_at_the_scope_of_a_unit_and_goes_with_it(client: httpx.Client) -> None:
    unit = _unit(client)
    body = {"roleId": USER_ADMINISTRATOR, "roleMemberInfo": {"id": EVE}}
    made = client.post(f"{UNITS}/{unit}/scopedRoleMembers", json=body)
    assert made.status_code == 201
    assert made.json()["roleMemberInfo"]["userPrincipalName"].startswith("eve@")
    assignments = "/v1.0/roleManagement/directory/roleAssignments"
    scoped = client.get(f"{assignments}/{made.json()['id']}").json()
    assert scoped["directoryScopeId"] == f"/administrativeUnits/{unit}"
    assert client.post(f"{UNITS}/{unit}/scopedRoleMembers", json=body).status_code == 409
    assert _ids(client, f"{UNITS}/{unit}/scopedRoleMembers") == [made.json()["id"]]
    client.delete(f"{UNITS}/{unit}").raise_for_status()
    assert client.get(f"{assignments}/{made.json()['id']}").status_code == 404


@pytest.mark.parametrize(
    ("role", "scope", "status"),
    [
        ("User Administrator", "/administrativeUnits/{unit}", 201),
        ("Global Administrator", "/administrativeUnits/{unit}", 400),
        ("User Administrator", "/administrativeUnits/00000000-0000-4000-8000-000000000001", 404),
        ("User Administrator", "/00000000-0000-4000-8000-000000000001", 400),
    ],
)
def test_a_role_assignment_names_a_unit_that_is_there_and_a_role_that_fits(
    client: httpx.Client, role: str, scope: str, status: int
) -> None:
    body = {
        "principalId": EVE,
        "roleDefinitionId": role_id(role),
        "directoryScopeId": scope.format(unit=_unit(client)),
    }
    made = client.post("/v1.0/roleManagement/directory/roleAssignments", json=body)
    assert made.status_code == status


@pytest.mark.parametrize(("tenant_wide", "status"), [(False, 204), (True, 403)])
def test_a_role_at_the_scope_of_a_unit_makes_no_administrator_of_the_tenant(
    tenant_wide: bool, status: int
) -> None:
    document = directory_document(UNIT_PERMISSION)
    document["apps"][0]["directoryRoles"] = []
    with running_tenant(document) as server, graph(server) as client:
        scope = "/" if tenant_wide else f"/administrativeUnits/{_unit(client)}"
        body = {
            "principalId": EVE,
            "roleDefinitionId": USER_ADMINISTRATOR,
            "directoryScopeId": scope,
        }
        client.post("/v1.0/roleManagement/directory/roleAssignments", json=body).raise_for_status()
        renamed = {"userPrincipalName": "eve2@fabrikam.onmicrosoft.com"}
        assert client.patch(f"/v1.0/users/{EVE}", json=renamed).status_code == status


def test_a_unit_survives_in_the_tenants_document() -> None:
    with running_tenant(directory_document(UNIT_PERMISSION)) as server:
        with graph(server) as client:
            unit = _unit(client)
            _join(client, unit, EVE)
        saved = server.world.default.to_document()
    with running_tenant(saved) as server, graph(server) as client:
        assert _ids(client, f"{UNITS}/{unit}/members") == [EVE]
