import httpx
import pytest

from sandbox.api.server import TenantServer
from tests.support.tenant import (
    GLOBAL_ADMINISTRATOR,
    JSON,
    graph,
    object_id,
    running_tenant,
    small_document,
    without_permission,
)

STAFF = object_id("groups/staff")
EVE = object_id("users/eve")
ASSIGNMENTS = "/v1.0/roleManagement/directory/roleAssignments"


def _group(server: TenantServer, **changes: object) -> JSON:
    owner = f"{server.url}/v1.0/directoryObjects/{object_id('app/object')}"
    return {
        "@odata.type": "#microsoft.graph.group",
        "displayName": "BTG Admins",
        "mailEnabled": False,
        "mailNickname": "btg-admins",
        "securityEnabled": True,
        "isAssignableToRole": True,
        "owners@odata.bind": [owner],
        **changes,
    }


def _reference(server: TenantServer, object_id: str) -> JSON:
    return {"@odata.id": f"{server.url}/beta/directoryObjects/{object_id}"}


def test_the_calls_of_the_azuread_provider_for_a_group_and_its_member(
    tenant_server: TenantServer, graph_client: httpx.Client
) -> None:
    taken = {"$filter": "displayName eq 'BTG Admins'"}
    assert graph_client.get("/beta/groups", params=taken).json()["value"] == []
    made = graph_client.post("/beta/groups", json=_group(tenant_server))
    assert made.status_code == 201
    group = f"/beta/groups/{made.json()['id']}"
    for name in ("TERRAFORM_UPDATE_5ff6", "BTG Admins"):
        assert graph_client.patch(group, json={"displayName": name}).status_code == 204
    read = graph_client.get(group).json()
    assert read["displayName"] == "BTG Admins"
    assert read["isAssignableToRole"] is True
    owners = graph_client.get(f"{group}/owners").json()["value"]
    assert [owner["@odata.type"] for owner in owners] == ["#microsoft.graph.servicePrincipal"]
    assert graph_client.get(f"{group}/memberOf").json()["value"] == []

    added = graph_client.post(f"{group}/members/$ref", json=_reference(tenant_server, EVE))
    assert added.status_code == 204
    again = graph_client.post(f"{group}/members/$ref", json=_reference(tenant_server, EVE))
    assert again.status_code == 400
    assert "already exist" in again.json()["error"]["message"]
    filtered = graph_client.get(f"{group}/members", params={"$filter": f"id eq '{EVE}'"})
    assert [member["id"] for member in filtered.json()["value"]] == [EVE]
    assert graph_client.delete(f"{group}/members/{EVE}/$ref").status_code == 204
    assert graph_client.delete(f"{group}/members/{EVE}/$ref").status_code == 404
    assert graph_client.get(f"{group}/members").json()["value"] == []

    assert graph_client.delete(group).status_code == 204
    assert graph_client.get(group).status_code == 404


def test_a_reference_with_an_encoded_dollar_is_understood(
    tenant_server: TenantServer, graph_client: httpx.Client
) -> None:
    path = f"/v1.0/groups/{object_id('groups/it')}/members/%24ref"
    added = graph_client.post(path, json=_reference(tenant_server, EVE))
    assert added.status_code == 204


def test_whether_a_group_can_hold_roles_is_settled_when_it_is_made(
    graph_client: httpx.Client,
) -> None:
    changed = graph_client.patch(f"/v1.0/groups/{STAFF}", json={"isAssignableToRole": True})
    assert changed.status_code == 400
    assert "immutable" in changed.json()["error"]["message"]


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"displayName": None}, 400, "'displayName'"),
        ({"mailNickname": None}, 400, "'mailNickname'"),
        ({"mailNickname": "btg admins"}, 400, "'mailNickname'"),
        ({"mailNickname": "b@g"}, 400, "'mailNickname'"),
        ({"mailNickname": "b" * 65}, 400, "'mailNickname'"),
        ({"mailNickname": 7}, 400, "'mailNickname'"),
        ({"colour": "red"}, 400, "'colour' does not exist"),
        ({"securityEnabled": False}, 400, "security groups"),
        ({"groupTypes": ["DynamicMembership"]}, 400, "assigned membership"),
        ({"owners@odata.bind": ["https://x/v1.0/directoryObjects/nobody"]}, 404, "nobody"),
    ],
)
def test_a_group_that_graph_refuses_is_not_made(
    tenant_server: TenantServer,
    graph_client: httpx.Client,
    changes: JSON,
    status: int,
    message: str,
) -> None:
    answer = graph_client.post("/v1.0/groups", json=_group(tenant_server, **changes))
    assert answer.status_code == status
    assert message in answer.json()["error"]["message"]
    assert len(graph_client.get("/v1.0/groups").json()["value"]) == 2


def test_without_a_p1_licence_no_group_can_hold_roles() -> None:
    document = small_document()
    document["subscribedSkus"] = []
    with running_tenant(document) as server, graph(server) as client:
        refused = client.post("/v1.0/groups", json=_group(server))
        assert refused.status_code == 403
        assert "P1" in refused.json()["error"]["message"]
        ordinary = _group(server, isAssignableToRole=False)
        assert client.post("/v1.0/groups", json=ordinary).status_code == 201


def test_a_role_assignable_group_is_closed_to_those_who_may_not_manage_roles() -> None:
    document = without_permission(small_document(), "RoleManagement.ReadWrite.Directory")
    group = object_id("groups/btg")
    document["groups"].append(
        {"id": group, "displayName": "BTG", "isAssignableToRole": True, "members": [EVE]}
    )
    with running_tenant(document) as server, graph(server) as client:
        path = f"/v1.0/groups/{group}"
        fay = _reference(server, object_id("users/fay"))
        refused = [
            client.post("/v1.0/groups", json=_group(server)),
            client.post(f"{path}/members/$ref", json=fay),
            client.delete(f"{path}/members/{EVE}/$ref"),
            client.patch(path, json={"displayName": "Mine"}),
            client.delete(path),
        ]
        assert [answer.status_code for answer in refused] == [403] * 5
        assert client.post(f"/v1.0/groups/{STAFF}/owners/$ref", json=fay).status_code == 204


def test_membership_counts_through_groups(
    tenant_server: TenantServer, graph_client: httpx.Client
) -> None:
    it = object_id("groups/it")
    added = graph_client.post(
        f"/v1.0/groups/{STAFF}/members/$ref", json=_reference(tenant_server, it)
    )
    assert added.status_code == 204
    directory = tenant_server.world.default.directory
    made = graph_client.post(
        "/v1.0/groups",
        json=_group(
            tenant_server, **{"isAssignableToRole": False, "members@odata.bind": [f"x/{STAFF}"]}
        ),
    ).json()["id"]
    assert directory.groups_of(EVE) == {STAFF, made}
    members = graph_client.get(f"/v1.0/groups/{made}/transitiveMembers?$top=999").json()["value"]
    assert {EVE, it, STAFF} <= {member["id"] for member in members}
    groups = graph_client.get(f"/v1.0/users/{EVE}/transitiveMemberOf").json()["value"]
    assert {group["id"] for group in groups} == {STAFF, made}


def test_a_deleted_group_can_be_restored_with_its_members(graph_client: httpx.Client) -> None:
    graph_client.delete(f"/v1.0/groups/{STAFF}")
    listed = graph_client.get("/v1.0/directory/deletedItems/microsoft.graph.group").json()
    assert [group["id"] for group in listed["value"]] == [STAFF]
    assert graph_client.post(f"/v1.0/directory/deletedItems/{STAFF}/restore").status_code == 200
    assert len(graph_client.get(f"/v1.0/groups/{STAFF}/members").json()["value"]) == 10


def test_a_role_is_given_read_listed_and_taken(graph_client: httpx.Client) -> None:
    body = {
        "directoryScopeId": "/",
        "principalId": EVE,
        "roleDefinitionId": GLOBAL_ADMINISTRATOR,
    }
    made = graph_client.post(ASSIGNMENTS, json=body)
    assert made.status_code == 201
    path = f"{ASSIGNMENTS}/{made.json()['id']}"
    assert graph_client.get(path).json()["principalId"] == EVE
    assert graph_client.post(ASSIGNMENTS, json=body).status_code == 409
    listed = graph_client.get(ASSIGNMENTS, params={"$filter": f"principalId eq '{EVE}'"}).json()
    assert [one["roleDefinitionId"] for one in listed["value"]] == [GLOBAL_ADMINISTRATOR]
    assert graph_client.delete(path).status_code == 204
    assert graph_client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"principalId": "00000000-0000-0000-0000-00000000dead"}, 404),
        ({"principalId": STAFF}, 400),
        ({"roleDefinitionId": "00000000-0000-0000-0000-00000000dead"}, 404),
        ({"directoryScopeId": "/administrativeUnits/1"}, 404),
    ],
)
def test_a_role_assignment_that_graph_refuses_is_not_made(
    graph_client: httpx.Client, change: JSON, status: int
) -> None:
    body = {"directoryScopeId": "/", "principalId": EVE, "roleDefinitionId": GLOBAL_ADMINISTRATOR}
    assert graph_client.post(ASSIGNMENTS, json=body | change).status_code == status


def test_a_deleted_users_role_is_not_listed(graph_client: httpx.Client) -> None:
    before = len(graph_client.get(ASSIGNMENTS).json()["value"])
    graph_client.delete(f"/v1.0/users/{object_id('users/ada')}")
    assert len(graph_client.get(ASSIGNMENTS).json()["value"]) == before - 1


def test_the_applications_own_role_is_an_assignment_like_any_other(
    graph_client: httpx.Client,
) -> None:
    query = {"$filter": f"principalId eq '{object_id('app/object')}'"}
    found = graph_client.get(ASSIGNMENTS, params=query).json()["value"]
    definition = graph_client.get(
        f"/v1.0/roleManagement/directory/roleDefinitions/{found[0]['roleDefinitionId']}"
    ).json()
    assert definition["displayName"] == "Privileged Authentication Administrator"


def test_the_organisation_its_domains_and_licences(graph_client: httpx.Client) -> None:
    organization = graph_client.get("/v1.0/organization").json()["value"][0]
    assert organization["id"] == object_id("tenant")
    verified = {domain["name"]: domain["isInitial"] for domain in organization["verifiedDomains"]}
    assert verified == {"fabrikam.onmicrosoft.com": True, "fabrikam.example": False}
    domains = graph_client.get("/v1.0/domains").json()["value"]
    assert [domain["id"] for domain in domains if not domain["isVerified"]] == [
        "new.fabrikam.example"
    ]
    skus = graph_client.get("/v1.0/subscribedSkus").json()["value"]
    assert skus[0]["servicePlans"][0]["servicePlanName"] == "AAD_PREMIUM"


def test_security_defaults_can_be_read_and_not_switched_on_beside_policies(
    graph_client: httpx.Client,
) -> None:
    path = "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy"
    assert graph_client.patch(path, json={"isEnabled": True}).status_code == 400
    assert graph_client.get(path).json()["isEnabled"] is False


def test_a_service_principal_is_found_three_ways(graph_client: httpx.Client) -> None:
    app, oid = object_id("app"), object_id("app/object")
    by_key = graph_client.get(f"/v1.0/servicePrincipals(appId='{app}')").json()
    by_id = graph_client.get(f"/v1.0/servicePrincipals/{oid}").json()
    by_filter = graph_client.get(
        "/v1.0/servicePrincipals", params={"$filter": f"appId eq '{app}'"}
    ).json()["value"][0]
    assert by_key["id"] == by_id["id"] == by_filter["id"] == oid
