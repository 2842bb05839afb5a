"""A query that names what a type does not have, or compares it with another type, is refused."""

import httpx
import pytest

POLICIES = "/v1.0/identity/conditionalAccess/policies"
LOCATIONS = "/v1.0/identity/conditionalAccess/namedLocations"
STRENGTHS = "/v1.0/policies/authenticationStrengthPolicies"
ASSIGNMENTS = "/v1.0/roleManagement/directory/roleAssignments"
DEFINITIONS = "/v1.0/roleManagement/directory/roleDefinitions"

OPEN = [
    ("/v1.0/users", "user"),
    ("/v1.0/groups", "group"),
    ("/v1.0/servicePrincipals", "servicePrincipal"),
    ("/v1.0/organization", "organization"),
    ("/beta/directory/administrativeUnits", "administrativeUnit"),
    ("/v1.0/directory/deletedItems/microsoft.graph.user", "user"),
    ("/v1.0/directory/deletedItems/microsoft.graph.group", "group"),
]
CLOSED = [
    (POLICIES, "conditionalAccessPolicy"),
    (LOCATIONS, "namedLocation"),
    (STRENGTHS, "authenticationStrengthPolicy"),
    (ASSIGNMENTS, "unifiedRoleAssignment"),
    (DEFINITIONS, "unifiedRoleDefinition"),
    ("/v1.0/domains", "domain"),
    ("/v1.0/subscribedSkus", "subscribedSku"),
]


def refused(answer: httpx.Response, code: str = "BadRequest") -> str:
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code), answer.text
    return answer.json()["error"]["message"]


@pytest.mark.parametrize(("path", "kind"), OPEN)
def test_the_directory_does_not_filter_by_a_property_that_it_does_not_know(
    graph_client: httpx.Client, path: str, kind: str
) -> None:
    answer = graph_client.get(f"{path}?$filter=displaynam eq 'Ada'")
    assert refused(answer, "Request_UnsupportedQuery") == (
        "Unsupported or invalid query filter clause specified for property 'displaynam' of "
        f"resource '{kind[0].upper()}{kind[1:]}'."
    )


@pytest.mark.parametrize(("path", "kind"), CLOSED)
@pytest.mark.parametrize(
    "query", ["foo eq 1", "foo/bar eq 1", "foo in ('a')", "startsWith(foo,'a')", "not foo eq null"]
)
def test_a_filter_cannot_name_what_a_type_does_not_have(
    graph_client: httpx.Client, path: str, kind: str, query: str
) -> None:
    assert refused(graph_client.get(f"{path}?$filter={query}")) == (
        f"Invalid filter clause: Could not find a property named 'foo' on type "
        f"'microsoft.graph.{kind}'."
    )


@pytest.mark.parametrize(("path", "kind"), [*OPEN, *CLOSED])
def test_what_is_selected_must_be_a_property(
    graph_client: httpx.Client, path: str, kind: str
) -> None:
    assert refused(graph_client.get(f"{path}?$select=id,nope")) == (
        "Parsing OData Select and Expand failed: Could not find a property named 'nope' on type "
        f"'microsoft.graph.{kind}'."
    )
    (first, *_) = graph_client.get(f"{path}?$select=ID").json()["value"] or [{"id": ""}]
    assert set(first) - {"@odata.type"} == {"id"}


def test_a_property_of_a_derived_type_is_none_of_the_collections_type(
    graph_client: httpx.Client,
) -> None:
    message = refused(graph_client.get(f"{LOCATIONS}?$select=ipRanges"))
    assert "'ipRanges' on type 'microsoft.graph.namedLocation'" in message


@pytest.mark.parametrize("path", ["/v1.0/users", "/v1.0/groups", "/beta/users"])
def test_what_is_expanded_must_be_a_relationship(graph_client: httpx.Client, path: str) -> None:
    message = refused(graph_client.get(f"{path}?$expand=colleagues"))
    assert message.startswith(
        "Parsing OData Select and Expand failed: Could not find a property named 'colleagues' on "
    )
    nested = refused(graph_client.get("/v1.0/groups?$expand=members($select=nope)"))
    assert "'nope' on type 'microsoft.graph.directoryObject'" in nested


@pytest.mark.parametrize(
    ("path", "query", "types"),
    [
        ("/v1.0/users", "accountEnabled eq 'x'", "'Edm.Boolean' and 'Edm.String'"),
        ("/v1.0/users", "AccountEnabled eq 'true'", "'Edm.Boolean' and 'Edm.String'"),
        ("/v1.0/users", "displayName eq 5", "'Edm.String' and 'Edm.Int32'"),
        ("/v1.0/users", "displayName eq true", "'Edm.String' and 'Edm.Boolean'"),
        ("/v1.0/users", "createdDateTime eq '2026-01-01'", "'Edm.DateTimeOffset' and 'Edm.String'"),
        ("/v1.0/users", "id in (5)", "'Edm.String' and 'Edm.Int32'"),
        ("/v1.0/groups", "groupTypes eq 'Unified'", "'Collection(Edm.String)' and 'Edm.String'"),
        ("/v1.0/subscribedSkus", "skuId eq 'x'", "'Edm.Guid' and 'Edm.String'"),
        ("/v1.0/subscribedSkus", "consumedUnits eq '1'", "'Edm.Int32' and 'Edm.String'"),
        (POLICIES, "state eq 1", "'Edm.String' and 'Edm.Int32'"),
    ],
)
def test_a_property_is_compared_with_its_own_type_only(
    graph_client: httpx.Client, path: str, query: str, types: str
) -> None:
    assert refused(graph_client.get(f"{path}?$filter={query}")) == (
        "Invalid filter clause: A binary operator with incompatible types was detected. Found "
        f"operand types {types} for operator kind 'Equal'."
    )


def test_a_word_without_quotes_is_taken_for_a_property(graph_client: httpx.Client) -> None:
    message = refused(graph_client.get("/v1.0/users?$filter=displayName eq Ada"))
    assert message == (
        "Invalid filter clause: Could not find a property named 'Ada' on type "
        "'microsoft.graph.user'."
    )


def test_only_texts_start_with_something(graph_client: httpx.Client) -> None:
    message = refused(graph_client.get("/v1.0/users?$filter=startswith(accountEnabled,'t')"))
    assert message == (
        "Invalid filter clause: No function signature for the function with name 'startsWith' "
        "matches the specified arguments. The function signatures considered are: "
        "startsWith(Edm.String Nullable=true, Edm.String Nullable=true)."
    )


@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        ("/v1.0/users", "DisplayName eq 'ada'", 1),
        ("/v1.0/users", "accountEnabled eq FALSE", 1),
        ("/v1.0/users", "jobTitle eq null", 10),
        ("/v1.0/users", "employeeOrgData/division eq 'x'", 0),
        ("/v1.0/users", "extension_0123456789abcdef_badge eq 'x'", 0),
        ("/v1.0/subscribedSkus", "consumedUnits eq 10", 1),
        ("/v1.0/subscribedSkus", "consumedUnits eq 9", 0),
        ("/v1.0/users", "createdDateTime eq 2026-01-01T00:00:00Z", 0),
    ],
)
def test_names_are_known_in_any_case_and_values_by_their_type(
    graph_client: httpx.Client, path: str, query: str, found: int
) -> None:
    answer = graph_client.get(f"{path}?$filter={query}")
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["value"]) == found


@pytest.mark.parametrize("path", ["/v1.0/users", POLICIES, "/v1.0/users/$count"])
def test_count_is_true_or_false(graph_client: httpx.Client, path: str) -> None:
    eventual = {"ConsistencyLevel": "eventual"}
    assert refused(graph_client.get(f"{path}?$count=maybe", headers=eventual)) == (
        "Invalid value 'maybe' for $count query option found. Valid values are 'true, false'."
    )
    assert graph_client.get(f"{path}?$count=False", headers=eventual).status_code == 200


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("$filter=" + "not " * 1200 + "id eq 'x'", "Recursion depth exceeded allowed limit."),
        ("$filter=" + "(" * 500 + "id eq 'x'" + ")" * 500, "Recursion depth exceeded"),
        ("$search=" + "(" * 3000, "Syntax error in $search"),
    ],
)
def test_a_query_nested_too_deeply_is_refused(
    graph_client: httpx.Client, query: str, words: str
) -> None:
    answer = graph_client.get(f"/v1.0/users?{query}", headers={"ConsistencyLevel": "eventual"})
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["error"]["message"]


def test_a_filter_may_be_nested_a_hundred_deep(graph_client: httpx.Client) -> None:
    nested = "(" * 100 + "displayName eq 'Ada'" + ")" * 100
    answer = graph_client.get(f"/v1.0/users?$filter={nested}")
    assert [user["displayName"] for user in answer.json()["value"]] == ["Ada"]
