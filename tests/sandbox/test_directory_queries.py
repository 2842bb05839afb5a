"""Queries of directory objects: what Graph documents, and what it refuses."""

import httpx
import pytest

from tests.support.tenant import JSON, graph, object_id, running_tenant, small_document

ADA, EVE = object_id("users/ada"), object_id("users/eve")
IT, STAFF = object_id("groups/it"), object_id("groups/staff")
APP = object_id("app/object")
EVENTUAL = {"ConsistencyLevel": "eventual"}
TEN = ["Ada", "Bo", "Eve", "Fay", "Gus", "Hal", "Ida", "Jon", "Kim", "Old"]


def _names(answer: httpx.Response) -> list[str]:
    return [item["displayName"] for item in answer.raise_for_status().json()["value"]]


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


UNSUPPORTED = (400, "Request_UnsupportedQuery")


def test_users_are_sorted_by_name_without_advanced_parameters(graph_client: httpx.Client) -> None:
    assert _names(graph_client.get("/v1.0/users?$orderby=displayName")) == TEN
    for word in ("desc", "DESC"):
        down = graph_client.get(f"/v1.0/users?$orderby=displayName {word}")
        assert _names(down) == TEN[::-1]
    assert _names(graph_client.get("/v1.0/groups?$orderby=displayName")) == ["IT", "Staff"]


def test_sorting_goes_over_pages(graph_client: httpx.Client) -> None:
    first = graph_client.get("/v1.0/users?$orderby=displayName&$top=6")
    second = graph_client.get(first.json()["@odata.nextLink"])
    assert _names(first) + _names(second) == TEN


@pytest.mark.parametrize(
    "query",
    [
        "$orderby=createdDateTime",
        "$orderby=displayName sideways",
        "$orderby=displayName&$filter=accountEnabled eq true",
        "$filter=accountEnabled ne true",
        "$filter=not startswith(displayName,'A')",
        "$filter=endsWith(userPrincipalName,'fabrikam.onmicrosoft.com')",
        '$search="displayName:Ada"',
        "$apply=groupby((city))",
    ],
)
def test_an_advanced_query_without_its_parameters_is_refused(
    graph_client: httpx.Client, query: str
) -> None:
    assert _refusal(graph_client.get(f"/v1.0/users?{query}")) == UNSUPPORTED


@pytest.mark.parametrize("incomplete", [{"headers": EVENTUAL}, {"params": {"$count": "true"}}])
def test_an_advanced_query_needs_header_and_count(
    graph_client: httpx.Client, incomplete: JSON
) -> None:
    query = {"$filter": "accountEnabled ne true", **incomplete.get("params", {})}
    answer = graph_client.get("/v1.0/users", params=query, headers=incomplete.get("headers"))
    assert _refusal(answer) == UNSUPPORTED


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("$filter=accountEnabled ne true", ["Old"]),
        ("$filter=not startswith(displayName,'A') and accountEnabled eq false", ["Old"]),
        ("$filter=endsWith(userPrincipalName,'@FABRIKAM.onmicrosoft.com')&$top=2", ["Ada", "Bo"]),
        ("$filter=accountEnabled eq true&$orderby=displayName desc&$top=2", ["Kim", "Jon"]),
        ("$orderby=createdDateTime,displayName&$top=1", ["Ada"]),
    ],
)
def test_an_advanced_query_is_answered_and_counted(
    graph_client: httpx.Client, query: str, expected: list[str]
) -> None:
    answer = graph_client.get(f"/v1.0/users?{query}&$count=true", headers=EVENTUAL)
    assert _names(answer) == expected
    assert answer.json()["@odata.count"] >= len(expected)


def test_the_count_parameter_alone_is_ignored(graph_client: httpx.Client) -> None:
    assert "@odata.count" not in graph_client.get("/v1.0/users?$count=true").json()
    counted = graph_client.get("/v1.0/users?$count=true&$top=1", headers=EVENTUAL).json()
    assert (counted["@odata.count"], len(counted["value"])) == (10, 1)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1.0/users/$count", "10"),
        ("/v1.0/users/%24count?$filter=accountEnabled eq false", "1"),
        ("/v1.0/groups/$count", "2"),
        (f"/v1.0/groups/{IT}/members/$count", "2"),
        (f"/v1.0/groups/{IT}/transitiveMembers/$count", "2"),
        (f"/v1.0/groups/{IT}/owners/$count", "0"),
        (f"/v1.0/users/{EVE}/memberOf/$count", "1"),
        (f"/v1.0/users/{EVE}/transitiveMemberOf/$count", "1"),
        (f"/v1.0/groups/{IT}/memberOf/$count", "0"),
        ("/v1.0/directory/deletedItems/microsoft.graph.user/$count", "0"),
    ],
)
def test_a_count_is_plain_text_and_an_advanced_query(
    graph_client: httpx.Client, path: str, expected: str
) -> None:
    answer = graph_client.get(path, headers=EVENTUAL)
    assert (answer.status_code, answer.text) == (200, expected)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert _refusal(graph_client.get(path)) == UNSUPPORTED


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ('"displayName:one video"', {"OneVideo Team", "one-video", "Video One"}),
        ('"displayName:OneVideo"', {"OneVideo Team", "one-video", "Video One"}),
        ('"displayName:onevideo"', {"one-video"}),
        ('"displayName:vide"', set[str]()),
        ('"description:payroll"', {"Finance"}),
        ('"mailNickname:fin"', {"Finance"}),
        ('"displayName:Finance" OR "displayName:team"', {"Finance", "OneVideo Team"}),
        ('"displayName:one" AND "displayName:team"', {"OneVideo Team"}),
        ('("displayName:Finance" OR "displayName:one") "displayName:team"', {"OneVideo Team"}),
    ],
)
def test_a_search_finds_whole_words_of_names_and_beginnings_elsewhere(
    search: str, found: set[str]
) -> None:
    document = small_document()
    names = {"OneVideo Team": "a", "one-video": "b", "Video One": "c", "Finance": "finance"}
    document["groups"] = [
        {"id": object_id(f"groups/{nickname}"), "displayName": name, "mailNickname": nickname}
        for name, nickname in names.items()
    ]
    document["groups"][3]["description"] = "Pay and Payroll"
    with running_tenant(document) as server, graph(server) as client:
        answer = client.get("/v1.0/groups", params={"$search": search}, headers=EVENTUAL)
    assert set(_names(answer)) == found


@pytest.mark.parametrize("search", ["Ada", '"Ada"', '"displayName:Ada" AND', '("displayName:A"'])
def test_what_is_no_search_is_refused(graph_client: httpx.Client, search: str) -> None:
    answer = graph_client.get("/v1.0/users", params={"$search": search}, headers=EVENTUAL)
    assert answer.status_code == 400


def test_one_relationship_is_expanded(graph_client: httpx.Client) -> None:
    group = graph_client.get(f"/v1.0/groups/{IT}?$expand=members&$select=displayName").json()
    assert {member["displayName"] for member in group["members"]} == {"Bo", "Hal"}
    assert all(member["@odata.type"] == "#microsoft.graph.user" for member in group["members"])
    assert "passwordHash" not in group["members"][0]
    narrow = graph_client.get(f"/v1.0/groups/{IT}?$expand=members($select=id)").json()
    assert all(set(member) == {"@odata.type", "id"} for member in narrow["members"])
    users = graph_client.get("/v1.0/users?$expand=memberOf&$select=id").json()["value"]
    assert [[g["id"] for g in user["memberOf"]] for user in users if user["id"] == EVE] == [[STAFF]]


def test_at_most_twenty_objects_are_expanded() -> None:
    document = small_document()
    first = document["users"][0]
    more = [
        {**first, "id": object_id(f"users/{n}"), "userPrincipalName": f"u{n}@fabrikam.example"}
        for n in range(30)
    ]
    document["users"] += more
    document["groups"][0]["members"] = [user["id"] for user in document["users"]]
    with running_tenant(document) as server, graph(server) as client:
        group = client.get(f"/v1.0/groups/{STAFF}?$expand=members").json()
        assert len(client.get(f"/v1.0/groups/{STAFF}/members").json()["value"]) == 40
    assert len(group["members"]) == 20
    assert "members@odata.nextLink" not in group


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1.0/users?$expand=directReports", {}),
        ("/v1.0/users?$expand=manager,memberOf", {}),
        ("/v1.0/groups?$expand=members($filter=id eq '1')", {}),
        ("/v1.0/groups?$expand=members&$count=true", EVENTUAL),
    ],
)
def test_an_expansion_that_graph_does_not_have_is_refused(
    graph_client: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    assert _refusal(graph_client.get(path, headers=headers)) == UNSUPPORTED


def test_other_collections_take_no_advanced_options(graph_client: httpx.Client) -> None:
    path = "/v1.0/identity/conditionalAccess/policies?$orderby=displayName"
    assert graph_client.get(path).status_code == 400


def test_objects_are_found_by_their_ids_whatever_they_are(graph_client: httpx.Client) -> None:
    unknown = "00000000-0000-0000-0000-00000000dead"
    path, ids = "/v1.0/directoryObjects/getByIds", [EVE.upper(), IT, APP, unknown]
    every = graph_client.post(path, json={"ids": ids}).json()["value"]
    assert [item["id"] for item in every] == [EVE, IT, APP]
    assert "passwordHash" not in every[0]
    groups = graph_client.post(path, json={"ids": ids, "types": ["group"]}).json()["value"]
    assert [item["@odata.type"] for item in groups] == ["#microsoft.graph.group"]
    assert graph_client.post(path, json={"ids": []}).status_code == 400
    assert graph_client.post(path, json={"ids": ["x"] * 1001}).status_code == 400


@pytest.mark.parametrize("kind", ["users", "directoryObjects"])
def test_what_an_object_belongs_to_can_be_asked_and_checked(
    graph_client: httpx.Client, kind: str
) -> None:
    hal = object_id("users/hal")
    path = f"/v1.0/{kind}/{hal}"
    groups = graph_client.post(f"{path}/getMemberGroups", json={"securityEnabledOnly": True})
    assert set(groups.json()["value"]) == {IT, STAFF}
    checked = graph_client.post(f"{path}/checkMemberGroups", json={"groupIds": [IT, EVE]})
    assert checked.json()["value"] == [IT]
    helpdesk = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
    every = graph_client.post(f"{path}/getMemberObjects", json={"securityEnabledOnly": False})
    assert set(every.json()["value"]) == {IT, STAFF, helpdesk}
    one = graph_client.post(f"{path}/microsoft.graph.checkMemberObjects", json={"ids": [helpdesk]})
    assert one.json()["value"] == [helpdesk]
    most = graph_client.post(f"{path}/checkMemberGroups", json={"groupIds": [IT] * 21})
    assert most.status_code == 400


def test_belongings_of_what_is_not_there_are_not_found(graph_client: httpx.Client) -> None:
    unknown = "00000000-0000-0000-0000-00000000dead"
    answer = graph_client.post(f"/v1.0/users/{unknown}/getMemberGroups", json={})
    assert _refusal(answer) == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize(
    ("path", "context"),
    [
        ("/v1.0/Users", "/v1.0/$metadata#users"),
        ("/V1.0/USERS?$top=2", "/v1.0/$metadata#users"),
        (f"/Beta/Groups/{IT.upper()}/Members", "/beta/$metadata#directoryObjects"),
        (
            "/BETA/Identity/ConditionalAccess/Policies",
            "/beta/$metadata#identity/conditionalAccess/policies",
        ),
        ("/v1.0/Directory/deleteditems/Microsoft.Graph.Group", "/v1.0/$metadata#groups"),
    ],
)
def test_a_path_is_understood_in_any_case(
    graph_client: httpx.Client, path: str, context: str
) -> None:
    answer = graph_client.get(path)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["@odata.context"].endswith(context)
    assert "/v1.0/users?" in body.get("@odata.nextLink", "/v1.0/users?")


def test_the_version_in_a_path_decides_whatever_its_case(graph_client: httpx.Client) -> None:
    narrow = graph_client.get(f"/V1.0/users/{ADA}").json()
    assert "accountEnabled" not in narrow
    assert "accountEnabled" in graph_client.get(f"/BETA/users/{ADA}").json()


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (f"id eq '{ADA}' or id eq '{EVE}'", ["Ada", "Eve"]),
        (f"id eq '{ADA}' or startswith(displayName,'K')", ["Ada", "Kim"]),
        (f"id eq '{ADA}' and displayName eq 'Eve'", []),
        (f"not (id eq '{ADA}') and startswith(displayName,'A')", []),
        (f"not (id eq '{ADA}')", TEN[1:]),
    ],
)
def test_an_id_that_is_one_of_several_conditions_does_not_decide_alone(
    graph_client: httpx.Client, wanted: str, names: list[str]
) -> None:
    query = {"$filter": wanted, "$count": "true", "$orderby": "displayName"}
    assert _names(graph_client.get("/v1.0/users", params=query, headers=EVENTUAL)) == names
