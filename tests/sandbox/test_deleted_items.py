"""The deleted items: what is restored, what stands in the way, what is gone for good and when."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from sandbox.api.server import TenantServer
from tests.support.tenant import (
    GLOBAL_ADMINISTRATOR,
    JSON,
    graph,
    http,
    object_id,
    running_tenant,
    small_document,
    without_permission,
)

DOMAIN = "fabrikam.onmicrosoft.com"
ADA, EVE, HAL = object_id("users/ada"), object_id("users/eve"), object_id("users/hal")
IT, STAFF = object_id("groups/it"), object_id("groups/staff")
ITEMS = "/v1.0/directory/deletedItems"
DAY = 86_400
DIRECTORY = ("users", "deletedUsers", "groups", "deletedGroups", "roleAssignments")


@dataclass
class Setting:
    """A tenant with a client of Graph and one of the control face."""

    server: TenantServer
    graph: httpx.Client
    control: httpx.Client

    def wait(self, days: float) -> None:
        step = {"advanceSeconds": days * DAY}
        self.control.post("/sandbox/clock", json=step).raise_for_status()

    def named(self, object_id: str) -> list[str]:
        """The parts of the directory's document in which an id stands."""
        document = self.control.get("/sandbox/tenant").json()
        return [key for key in DIRECTORY if object_id in json.dumps(document[key])]


@pytest.fixture
def setting() -> Iterator[Setting]:
    with running_tenant() as server, graph(server) as client, http(server) as control:
        yield Setting(server, client, control)


def _user(name: str) -> JSON:
    return {
        "accountEnabled": True,
        "displayName": name.title(),
        "mailNickname": name,
        "userPrincipalName": f"{name}@{DOMAIN}",
        "passwordProfile": {"password": "Correct-horse-7"},
    }


def _deleted(setting: Setting) -> set[str]:
    """The ids of the deleted items, asked with a token of now."""
    with graph(setting.server) as client:
        listings = [client.get(f"{ITEMS}/microsoft.graph.{kind}") for kind in ("user", "group")]
    return {item["id"] for listing in listings for item in listing.json()["value"]}


@pytest.mark.parametrize("days", [None, 3])
def test_deleted_users_and_groups_are_gone_for_good_when_their_days_are_up(
    setting: Setting, days: int | None
) -> None:
    if days is not None:
        knob = {"deletedItemsDays": days}
        setting.control.patch("/sandbox/behaviour", json=knob).raise_for_status()
    for path in (f"/v1.0/users/{ADA}", f"/v1.0/groups/{IT}"):
        assert setting.graph.delete(path).status_code == 204
    setting.wait((days or 30) - 0.1)
    assert {"deletedUsers", "groups", "roleAssignments"} <= set(setting.named(ADA))
    assert _deleted(setting) == {ADA, IT}
    setting.wait(0.2)
    assert setting.named(ADA) == []
    assert setting.named(IT) == []
    assert _deleted(setting) == set()
    with graph(setting.server) as client:
        answer = client.post(f"{ITEMS}/{ADA}/restore")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


def test_a_restored_user_has_id_memberships_and_roles_again(setting: Setting) -> None:
    setting.graph.delete(f"/v1.0/users/{HAL}")
    assert setting.graph.post(f"{ITEMS}/{HAL}/restore").json()["id"] == HAL
    groups = setting.graph.get(f"/v1.0/users/{HAL}/memberOf").json()["value"]
    assert {group["id"] for group in groups} == {IT, STAFF}
    roles = setting.graph.get(
        "/v1.0/roleManagement/directory/roleAssignments",
        params={"$filter": f"principalId eq '{HAL}'"},
    )
    assert len(roles.json()["value"]) == 1


def test_a_restored_group_has_its_members_again(setting: Setting) -> None:
    setting.graph.delete(f"/v1.0/groups/{IT}")
    assert setting.graph.get(f"/v1.0/users/{HAL}/memberOf").json()["value"][0]["id"] == STAFF
    restored = setting.graph.post(f"{ITEMS}/{IT}/restore").json()
    assert (restored["id"], "members" in restored) == (IT, False)
    members = setting.graph.get(f"/v1.0/groups/{IT}/members").json()["value"]
    assert {member["id"] for member in members} == {HAL, object_id("users/bo")}


@pytest.mark.parametrize("path", [f"/v1.0/groups/{IT}", f"/beta/users/{EVE}"])
def test_what_is_deleted_and_restored_looks_as_before(setting: Setting, path: str) -> None:
    alive = set(setting.graph.get(path).json()) - {"@odata.context"}
    wanted = path.rpartition("/")[2]
    setting.graph.delete(path)
    deleted = setting.graph.get(f"{ITEMS}/{wanted}").json()
    restored = setting.graph.post(f"{ITEMS}/{wanted}/restore").json()
    for found in (deleted, restored):
        assert set(found) - {"@odata.context", "@odata.type", "deletedDateTime"} == alive
        assert found["@odata.type"] == f"#microsoft.graph.{path.split('/')[2][:-1]}"
    assert (bool(deleted["deletedDateTime"]), restored["deletedDateTime"]) == (True, None)


def test_a_user_whose_name_was_taken_is_restored_under_another(setting: Setting) -> None:
    setting.graph.delete(f"/v1.0/users/{EVE}")
    setting.graph.post("/v1.0/users", json=_user("eve")).raise_for_status()
    refused = setting.graph.post(f"{ITEMS}/{EVE}/restore")
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (400, "Request_BadRequest")
    assert error["details"] == [{"target": "userPrincipalName", "code": "ObjectConflict"}]
    wrong = setting.graph.post(f"{ITEMS}/{EVE}/restore", json={"newUserPrincipalName": 1})
    assert wrong.status_code == 400
    new = {"newUserPrincipalName": f"eve2@{DOMAIN}", "autoReconcileProxyConflict": True}
    assert setting.graph.post(f"{ITEMS}/{EVE}/restore", json=new).status_code == 200
    found = setting.graph.get(f"/v1.0/users/eve2@{DOMAIN}").json()
    assert found["id"] == EVE


def test_a_group_can_be_deleted_for_good(setting: Setting) -> None:
    setting.graph.delete(f"/v1.0/groups/{IT}")
    assert setting.graph.delete(f"{ITEMS}/{IT}").status_code == 204
    assert setting.named(IT) == []
    assert setting.graph.delete(f"{ITEMS}/{IT}").status_code == 404


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_an_ordinary_application_neither_restores_nor_purges_an_administrator(method: str) -> None:
    document = small_document()
    document["apps"][0]["directoryRoles"] = []
    suffix = "/restore" if method == "POST" else ""
    with running_tenant(document) as server, graph(server) as client, http(server) as control:
        control.delete(f"/sandbox/users/{ADA}").raise_for_status()
        client.delete(f"/v1.0/users/{EVE}").raise_for_status()
        refused = client.request(method, f"{ITEMS}/{ADA}{suffix}")
        allowed = client.request(method, f"{ITEMS}/{EVE}{suffix}")
    assert refused.json()["error"]["code"] == "Authorization_RequestDenied"
    assert refused.status_code == 403
    assert allowed.is_success


def test_a_group_needs_a_permission_for_groups() -> None:
    document = without_permission(small_document(), "Group.ReadWrite.All")
    with running_tenant(document) as server, graph(server) as client:
        tenant = server.world.default
        with tenant.lock:
            tenant.directory.deleted_groups[IT] = {
                **tenant.directory.groups.pop(IT),
                "deletedDateTime": tenant.clock.timestamp(),
            }
        assert client.post(f"{ITEMS}/{IT}/restore").status_code == 403
        assert client.delete(f"{ITEMS}/{IT}").status_code == 403
        assert client.get(f"{ITEMS}/{IT}").status_code == 200


def test_a_role_assignable_group_is_restored_by_who_may_manage_roles_only() -> None:
    document = without_permission(small_document(), "RoleManagement.ReadWrite.Directory")
    group = document["groups"].pop(1)
    document["deletedGroups"] = [group | {"isAssignableToRole": True}]
    with running_tenant(document) as server, graph(server) as client:
        assert client.post(f"{ITEMS}/{IT}/restore").status_code == 403
        assert client.delete(f"{ITEMS}/{IT}").status_code == 403


def test_an_account_gone_for_good_holds_no_role_any_more(setting: Setting) -> None:
    setting.graph.delete(f"/v1.0/users/{ADA}")
    setting.graph.delete(f"{ITEMS}/{ADA}")
    listing = setting.graph.get("/v1.0/roleManagement/directory/roleAssignments").json()["value"]
    holders = {a["principalId"] for a in listing if a["roleDefinitionId"] == GLOBAL_ADMINISTRATOR}
    assert holders == {object_id("users/bo")}
