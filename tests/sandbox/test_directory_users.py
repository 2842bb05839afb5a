import json

import httpx
import pytest

from tests.support.tenant import (
    GLOBAL_ADMINISTRATOR,
    JSON,
    graph,
    object_id,
    running_tenant,
    small_document,
)

DOMAIN = "fabrikam.onmicrosoft.com"
PASSWORD = "Correct-horse-7"
ADA = object_id("users/ada")
EVE = object_id("users/eve")


def _user(name: str = "sky", **changes: object) -> JSON:
    return {
        "accountEnabled": True,
        "displayName": name.title(),
        "mailNickname": name,
        "userPrincipalName": f"{name}@{DOMAIN}",
        "passwordPolicies": "DisablePasswordExpiration",
        "passwordProfile": {"password": PASSWORD, "forceChangePasswordNextSignIn": False},
        "@odata.type": "#microsoft.graph.user",
        **changes,
    }


def _message(answer: httpx.Response) -> str:
    return answer.json()["error"]["message"]


def _make_app_ordinary(document: JSON) -> JSON:
    app = document["apps"][0]
    app["directoryRoles"] = []
    app["graphPermissions"].append("User-PasswordProfile.ReadWrite.All")
    return document


def test_a_user_is_created_read_changed_and_deleted(graph_client: httpx.Client) -> None:
    made = graph_client.post("/v1.0/users", json=_user())
    assert made.status_code == 201
    user_id = made.json()["id"]
    select = "id,accountEnabled,passwordPolicies,showInAddressList,employeeId"
    read = graph_client.get(f"/v1.0/users/{user_id}?$select={select}").json()
    assert read["accountEnabled"] is True
    assert read["passwordPolicies"] == "DisablePasswordExpiration"
    assert read["employeeId"] is None
    hidden = graph_client.patch(f"/beta/users/{user_id}", json={"showInAddressList": False})
    assert hidden.status_code == 204
    beta = graph_client.get(f"/beta/users/{user_id}?$select=showInAddressList").json()
    assert beta["showInAddressList"] is False
    assert graph_client.get(f"/v1.0/users/{user_id}/manager").status_code == 404
    assert graph_client.delete(f"/v1.0/users/{user_id}").status_code == 204
    gone = graph_client.get(f"/v1.0/users/{user_id}")
    assert gone.status_code == 404
    assert gone.json()["error"]["code"] == "Request_ResourceNotFound"


def test_v1_answers_few_properties_and_beta_all(graph_client: httpx.Client) -> None:
    assert "accountEnabled" not in graph_client.get(f"/v1.0/users/{EVE}").json()
    assert graph_client.get(f"/beta/users/{EVE}").json()["accountEnabled"] is True


def test_a_user_is_found_by_name_in_any_case(graph_client: httpx.Client) -> None:
    assert graph_client.get(f"/v1.0/users/ADA@{DOMAIN.upper()}").json()["id"] == ADA


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"userPrincipalName": f"ADA@{DOMAIN}"}, "userPrincipalName already exists"),
        ({"userPrincipalName": "sky@stranger.example"}, "verified domain names"),
        ({"userPrincipalName": "sky@new.fabrikam.example"}, "verified domain names"),
        ({"userPrincipalName": f"s k y@{DOMAIN}"}, "property 'userPrincipalName'"),
        ({"passwordProfile": {"password": "short1!"}}, "complexity"),
        ({"passwordProfile": {"password": "alllowercase"}}, "complexity"),
        ({"passwordProfile": {"password": "Aa1!" * 65}}, "complexity"),
        ({"passwordProfile": {}}, "complexity"),
        ({"mailNickname": None}, "'mailNickname'"),
        ({"city": ""}, "property 'city'"),
        ({"passwordPolicies": "Never"}, "property 'passwordPolicies'"),
        ({"favouriteColour": "red"}, "'favouriteColour' does not exist"),
    ],
)
def test_a_user_that_graph_refuses_is_not_made(
    graph_client: httpx.Client, changes: JSON, message: str
) -> None:
    before = graph_client.get("/v1.0/users").json()["value"]
    answer = graph_client.post("/v1.0/users", json=_user(**changes))
    assert answer.status_code == 400
    assert message in _message(answer)
    assert graph_client.get("/v1.0/users").json()["value"] == before


def test_a_user_may_not_be_renamed_to_a_taken_name(graph_client: httpx.Client) -> None:
    answer = graph_client.patch(f"/v1.0/users/{EVE}", json={"userPrincipalName": f"ada@{DOMAIN}"})
    assert answer.status_code == 400
    same = graph_client.patch(f"/v1.0/users/{EVE}", json={"userPrincipalName": f"eve@{DOMAIN}"})
    assert same.status_code == 204


def test_no_answer_and_no_state_ever_holds_a_password(
    graph_client: httpx.Client, control: httpx.Client
) -> None:
    made = graph_client.post("/v1.0/users", json=_user())
    user_id = made.json()["id"]
    answers = [
        made.text,
        graph_client.get(f"/beta/users/{user_id}").text,
        graph_client.get(f"/v1.0/users/{user_id}?$select=passwordProfile,passwordHash").text,
        graph_client.get("/beta/users").text,
        control.get("/sandbox/tenant").text,
        control.get(f"/sandbox/users/{user_id}").text,
    ]
    for text in answers:
        assert PASSWORD not in text
    for text in (*answers[:4], answers[5]):
        assert "scrypt$" not in text
        assert "sha256$" not in text
    assert "scrypt$" in answers[4]
    assert "sha256$" in answers[4]


def test_the_password_is_the_one_set_last(
    graph_client: httpx.Client, control: httpx.Client
) -> None:
    graph_client.post("/v1.0/users", json=_user())
    changed = graph_client.patch(
        f"/v1.0/users/sky@{DOMAIN}", json={"passwordProfile": {"password": "Battery-staple-8"}}
    )
    assert changed.status_code == 204

    def result(password: str) -> str:
        body = {"user": f"sky@{DOMAIN}", "app": "Office 365 Exchange Online", "password": password}
        return control.post("/sandbox/sign-ins", json=body).json()["resultType"]

    assert result(PASSWORD) == "50126"
    assert result("Battery-staple-8") != "50126"


def test_a_listing_is_paged_and_complete(graph_client: httpx.Client) -> None:
    found: list[str] = []
    address = "/v1.0/users?$top=4&$select=id&$filter=startswith(userPrincipalName,'')"
    pages = 0
    while address:
        page = graph_client.get(address).json()
        found += [user["id"] for user in page["value"]]
        address = page.get("@odata.nextLink")
        pages += 1
    assert pages == 3
    assert len(found) == len(set(found)) == 10


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        (f"userPrincipalName eq 'ada@{DOMAIN}'", ["Ada"]),
        ("displayName eq 'Bo'", ["Bo"]),
        ("startsWith(displayName,'k')", ["Kim"]),
        ("accountEnabled eq false", ["Old"]),
        ("displayName eq 'Ada' or (startswith(displayName,'B') and accountEnabled eq true)", None),
        ("displayName in ('Ada', 'Bo')", None),
        (f"id eq '{ADA}'", ["Ada"]),
        ("displayName eq 'O''Neil'", []),
    ],
)
def test_users_can_be_filtered(
    graph_client: httpx.Client, expression: str, names: list[str] | None
) -> None:
    answer = graph_client.get("/v1.0/users", params={"$filter": expression})
    assert [user["displayName"] for user in answer.json()["value"]] == (names or ["Ada", "Bo"])[
        : None if names is None else len(names)
    ]


@pytest.mark.parametrize(
    "query", ["$filter=displayName like 'x'", "$top=0", "$orderby=jobTitle", "$skiptoken=!"]
)
def test_a_query_that_is_not_understood_is_refused(graph_client: httpx.Client, query: str) -> None:
    assert graph_client.get(f"/v1.0/users?{query}").status_code == 400


def test_a_deleted_user_can_be_restored_with_its_groups_roles_and_password(
    graph_client: httpx.Client, control: httpx.Client
) -> None:
    hal = object_id("users/hal")
    groups = f"/v1.0/users/{hal}/memberOf?$select=displayName"
    before = graph_client.get(groups).json()["value"]
    assert graph_client.delete(f"/v1.0/users/{hal}").status_code == 204
    staff = graph_client.get(f"/v1.0/groups/{object_id('groups/staff')}/members").json()["value"]
    assert hal not in [member["id"] for member in staff]
    deleted = graph_client.get("/v1.0/directory/deletedItems/microsoft.graph.user").json()["value"]
    assert [user["id"] for user in deleted] == [hal]
    assert deleted[0]["userPrincipalName"] == f"{hal.replace('-', '')}hal@{DOMAIN}"
    assert deleted[0]["deletedDateTime"]
    restored = graph_client.post(f"/v1.0/directory/deletedItems/{hal}/restore")
    assert restored.status_code == 200
    assert restored.json()["userPrincipalName"] == f"hal@{DOMAIN}"
    assert graph_client.get(groups).json()["value"] == before
    roles = graph_client.get(
        "/v1.0/roleManagement/directory/roleAssignments",
        params={"$filter": f"principalId eq '{hal}'"},
    ).json()["value"]
    assert len(roles) == 1
    assert control.get("/sandbox/tenant").json()["deletedUsers"] == []


def test_a_deleted_users_name_is_free_and_then_blocks_its_restoring(
    graph_client: httpx.Client,
) -> None:
    graph_client.delete(f"/v1.0/users/{EVE}")
    assert graph_client.post("/v1.0/users", json=_user("eve")).status_code == 201
    restored = graph_client.post(f"/v1.0/directory/deletedItems/{EVE}/restore")
    assert restored.status_code == 400
    assert "already exists" in _message(restored)


def test_a_purged_user_leaves_no_reference(
    graph_client: httpx.Client, control: httpx.Client
) -> None:
    graph_client.delete(f"/v1.0/users/{ADA}")
    assert graph_client.delete(f"/v1.0/directory/deletedItems/{ADA}").status_code == 204
    document = control.get("/sandbox/tenant").json()
    directory = ("users", "deletedUsers", "groups", "roleAssignments")
    assert not [key for key in directory if ADA in json.dumps(document[key])]
    assert graph_client.post(f"/v1.0/directory/deletedItems/{ADA}/restore").status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"accountEnabled": False},
        {"passwordProfile": {"password": PASSWORD}},
        {"userPrincipalName": f"new@{DOMAIN}"},
    ],
)
def test_an_ordinary_application_may_not_touch_a_global_administrator(change: JSON) -> None:
    with running_tenant(_make_app_ordinary(small_document())) as server, graph(server) as client:
        answer = client.patch(f"/v1.0/users/{ADA}", json=change)
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "Authorization_RequestDenied"
        assert client.delete(f"/v1.0/users/{ADA}").status_code == 403
        assert client.patch(f"/v1.0/users/{ADA}", json={"city": "Kiel"}).status_code == 204
        assert client.patch(f"/v1.0/users/{EVE}", json=change).status_code == 204
        assert client.delete(f"/v1.0/users/{EVE}").status_code == 204


def test_an_ordinary_application_may_not_touch_a_member_of_a_role_assignable_group() -> None:
    document = _make_app_ordinary(small_document())
    document["groups"].append(
        {
            "id": object_id("groups/btg"),
            "displayName": "BTG Admins",
            "isAssignableToRole": True,
            "members": [EVE],
        }
    )
    with running_tenant(document) as server, graph(server) as client:
        assert client.delete(f"/v1.0/users/{EVE}").status_code == 403
        fay = object_id("users/fay")
        assert client.delete(f"/v1.0/users/{fay}").status_code == 204


def test_a_privileged_authentication_administrator_may(graph_client: httpx.Client) -> None:
    change = {"accountEnabled": False, "passwordProfile": {"password": PASSWORD}}
    assert graph_client.patch(f"/v1.0/users/{ADA}", json=change).status_code == 204
    assert graph_client.delete(f"/v1.0/users/{ADA}").status_code == 204


def test_a_role_through_a_group_counts_too() -> None:
    document = _make_app_ordinary(small_document())
    group = object_id("groups/admins")
    document["groups"].append(
        {"id": group, "displayName": "Admins", "isAssignableToRole": True, "members": []}
    )
    document["roleAssignments"].append(
        {
            "id": object_id("roles/admins"),
            "principalId": group,
            "roleDefinitionId": GLOBAL_ADMINISTRATOR,
        }
    )
    with running_tenant(document) as server, graph(server) as client:
        reference = {"@odata.id": f"{server.url}/v1.0/directoryObjects/{EVE}"}
        added = client.post(f"/v1.0/groups/{group}/members/$ref", json=reference)
        assert added.status_code == 204
        assert server.world.default.directory.roles_of(EVE) == {GLOBAL_ADMINISTRATOR}
        assert client.delete(f"/v1.0/users/{EVE}").status_code == 403
