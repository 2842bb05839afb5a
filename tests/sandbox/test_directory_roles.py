"""Directory roles as Graph's older face shows them: those in use, and who holds them."""

from typing import Any

import httpx

from tests.support.tenant import GLOBAL_ADMINISTRATOR, graph, object_id, running_tenant
from tests.support.tenant import small_document as small

ROLES = "/v1.0/directoryRoles"
HELPDESK_ADMINISTRATOR = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
READER = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"


def by_template(client: httpx.Client) -> dict[str, dict[str, Any]]:
    found = client.get(ROLES).raise_for_status().json()["value"]
    return {role["roleTemplateId"]: role for role in found}


def members(client: httpx.Client, role: dict[str, Any]) -> list[str]:
    found = client.get(f"{ROLES}/{role['id']}/members").raise_for_status().json()["value"]
    return [member["id"] for member in found]


def test_roles_in_use_are_listed_with_ids_of_their_own_and_whoever_holds_them(
    graph_client: httpx.Client,
) -> None:
    roles = by_template(graph_client)
    names = {role["displayName"] for role in roles.values()}
    assert names == {
        "Global Administrator",
        "Helpdesk Administrator",
        "Privileged Authentication Administrator",
    }
    administrator = roles[GLOBAL_ADMINISTRATOR]
    assert administrator["id"] != GLOBAL_ADMINISTRATOR
    assert set(members(graph_client, administrator)) == {
        object_id("users/ada"),
        object_id("users/bo"),
    }
    assert members(graph_client, roles[HELPDESK_ADMINISTRATOR]) == [object_id("users/hal")]
    one = graph_client.get(f"{ROLES}/{administrator['id']}").raise_for_status().json()
    assert one["displayName"] == "Global Administrator"


def test_a_role_is_in_use_from_its_first_holder_on(graph_client: httpx.Client) -> None:
    assert READER not in by_template(graph_client)
    given = {
        "principalId": object_id("users/eve"),
        "roleDefinitionId": READER,
        "directoryScopeId": "/",
    }
    path = "/v1.0/roleManagement/directory/roleAssignments"
    graph_client.post(path, json=given).raise_for_status()
    assert members(graph_client, by_template(graph_client)[READER]) == [object_id("users/eve")]


def test_global_administrator_is_there_even_when_nobody_holds_it() -> None:
    document = small()
    document["roleAssignments"] = []
    with running_tenant(document) as server, graph(server) as client:
        assert members(client, by_template(client)[GLOBAL_ADMINISTRATOR]) == []


def test_a_role_of_an_administrative_unit_has_no_members_in_the_tenant() -> None:
    document = small()
    unit = object_id("unit")
    document["administrativeUnits"] = [{"id": unit, "displayName": "Unit", "members": []}]
    for assignment in document["roleAssignments"]:
        if assignment["roleDefinitionId"] == HELPDESK_ADMINISTRATOR:
            assignment["directoryScopeId"] = f"/administrativeUnits/{unit}"
    with running_tenant(document) as server, graph(server) as client:
        assert members(client, by_template(client)[HELPDESK_ADMINISTRATOR]) == []


def test_a_template_id_or_a_role_out_of_use_is_not_found(graph_client: httpx.Client) -> None:
    for unknown in (READER, GLOBAL_ADMINISTRATOR):
        for path in (f"{ROLES}/{unknown}", f"{ROLES}/{unknown}/members"):
            answer = graph_client.get(path)
            assert answer.status_code == 404
            assert answer.json()["error"]["code"] == "Request_ResourceNotFound"
