"""Conditional Access over HTTP: Graph's face with a token, an administrator's without one."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.api.server import TenantServer
from tests.sandbox.seed_tenant import policy_named, seed
from tests.support.tenant import graph, http, running_tenant, without_permission

POLICIES = "/v1.0/identity/conditionalAccess/policies"
GROUP = "11111111-2222-4333-8444-555555555555"
EXCLUDE = {"conditions": {"users": {"excludeGroups": [GROUP]}}}
APPLICATIONS = {"conditions": {"applications": {"includeApplications": ["Office365"]}}}
SEEDED = [policy["id"] for policy in seed()["conditionalAccessPolicies"]]


@pytest.fixture
def server() -> Iterator[TenantServer]:
    with running_tenant(seed()) as running:
        yield running


@pytest.fixture
def client(server: TenantServer) -> Iterator[httpx.Client]:
    with graph(server) as opened:
        yield opened


def pages(client: httpx.Client, address: str) -> Iterator[dict[str, Any]]:
    while address:
        body = client.get(address).raise_for_status().json()
        yield body
        address = body.get("@odata.nextLink", "")


def test_a_page_cut_by_top_has_no_next_link(client: httpx.Client) -> None:
    found = client.get(f"{POLICIES}?$top=8&$select=id,displayName").json()
    assert len(found["value"]) == 8
    assert set(found["value"][0]) == {"id", "displayName"}
    assert "@odata.nextLink" not in found
    whole = client.get(f"{POLICIES}?$top=999").json()["value"]
    assert [policy["id"] for policy in whole] == SEEDED


def test_the_same_listing_is_paged_where_the_service_gives_a_link() -> None:
    with running_tenant(seed(), smallPagesLackNextLink=False) as server, graph(server) as client:
        found = list(pages(client, f"{POLICIES}?$top=8&$select=id"))
        assert [len(page["value"]) for page in found] == [8, 8, 3]
        assert [policy["id"] for page in found for policy in page["value"]] == SEEDED


def test_without_top_more_than_a_hundred_policies_are_paged(client: httpx.Client) -> None:
    document = seed()
    first = document["conditionalAccessPolicies"][0]
    document["conditionalAccessPolicies"] = [
        first | {"id": f"00000000-0000-4000-8000-{number:012}"} for number in range(150)
    ]
    with running_tenant(document) as server, graph(server) as client:
        assert [len(page["value"]) for page in pages(client, POLICIES)] == [100, 50]


@pytest.mark.parametrize(
    ("test", "count"),
    [
        ("state eq 'disabled'", 1),
        ("startswith(displayName,'CA01')", 9),
        (f"displayName eq '{policy_named('CA010')['displayName']}'", 1),
    ],
)
def test_policies_are_filtered_and_counted(client: httpx.Client, test: str, count: int) -> None:
    found = client.get(POLICIES, params={"$filter": test, "$count": "true"}).json()
    assert found["@odata.count"] == len(found["value"]) == count


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_one_policy_is_read_changed_and_deleted(client: httpx.Client, version: str) -> None:
    address = POLICIES.replace("v1.0", version) + "/" + policy_named("CA003")["id"]
    changed = client.patch(address, json=EXCLUDE)
    assert (changed.status_code, changed.content) == (204, b"")
    assert client.get(address).json()["conditions"]["users"]["excludeGroups"] == [GROUP]
    assert client.delete(address).status_code == 204
    gone = client.get(address)
    assert gone.status_code == 404
    assert gone.json()["error"]["code"] == "ResourceNotFound"


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_a_deleted_policy_is_listed_restored_and_deleted_for_good(
    client: httpx.Client, version: str
) -> None:
    policies = POLICIES.replace("v1.0", version)
    deleted = policies.replace("policies", "deletedItems/policies")
    before = client.get(f"{policies}/{SEEDED[2]}").json()
    client.delete(f"{policies}/{SEEDED[2]}").raise_for_status()
    assert [policy["id"] for policy in client.get(deleted).json()["value"]] == [SEEDED[2]]
    assert client.get(f"{deleted}/{SEEDED[2]}").json()["deletedDateTime"].endswith("Z")
    restored = client.post(f"{deleted}/{SEEDED[2]}/restore")
    assert (restored.status_code, restored.json()) == (200, before)
    assert client.get(f"{policies}/{SEEDED[2]}").json() == before
    assert client.get(deleted).json()["value"] == []

    client.delete(f"{policies}/{SEEDED[2]}").raise_for_status()
    assert client.delete(f"{deleted}/{SEEDED[2]}").status_code == 204
    for gone in (
        client.get(f"{deleted}/{SEEDED[2]}"),
        client.delete(f"{deleted}/{SEEDED[2]}"),
        client.post(f"{deleted}/{SEEDED[2]}/restore"),
        client.get(f"{policies}/{SEEDED[2]}"),
    ):
        assert gone.status_code == 404


def test_a_policy_with_a_preview_feature_is_refused_on_v1_and_taken_on_beta(
    server: TenantServer, client: httpx.Client
) -> None:
    policy_id = policy_named("CA003")["id"]
    with http(server) as control:
        preview = {"conditions": {"times": {"includedRanges": ["x"]}}}
        control.patch(f"/sandbox/conditional-access/policies/{policy_id}", json=preview)
    refused = client.patch(f"{POLICIES}/{policy_id}", json=EXCLUDE)
    assert refused.status_code == 400
    assert refused.json()["error"]["message"].startswith("1038: ")
    beta = f"{POLICIES.replace('v1.0', 'beta')}/{policy_id}"
    assert client.patch(beta, json=EXCLUDE).status_code == 204


def test_a_policy_is_created(client: httpx.Client) -> None:
    body: dict[str, Any] = policy_named("CA003") | {"displayName": "Second"}
    del body["conditions"]["applications"]["includeAuthenticationContextClassReferences"]
    made = client.post(POLICIES, json=body)
    assert made.status_code == 201
    assert client.get(f"{POLICIES}/{made.json()['id']}").json()["displayName"] == "Second"


def test_echoing_a_whole_policy_is_refused_in_graphs_envelope(client: httpx.Client) -> None:
    address = f"{POLICIES}/{policy_named('CA003')['id']}"
    refused = client.patch(address, json=client.get(address).json())
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert error["code"] == "BadRequest"
    assert error["message"].startswith("1007: ")
    assert "request-id" in error["innerError"]


def test_named_locations_and_strengths_are_shown(client: httpx.Client) -> None:
    locations = client.get("/v1.0/identity/conditionalAccess/namedLocations").json()["value"]
    assert locations == seed()["namedLocations"]
    one = client.get(f"/v1.0/identity/conditionalAccess/namedLocations/{locations[0]['id']}")
    assert one.json()["ipRanges"] == locations[0]["ipRanges"]
    strengths = client.get("/v1.0/policies/authenticationStrengthPolicies").json()["value"]
    assert [s["policyType"] for s in strengths] == ["builtIn", "builtIn", "builtIn", "custom"]
    path = f"/beta/policies/authenticationStrengthPolicies/{strengths[0]['id']}"
    assert client.get(path).json()["displayName"] == "Multifactor authentication"


def test_the_limit_holds_over_all_calls_and_not_for_an_administrator_in_the_portal() -> None:
    policy_id = policy_named("CA003")["id"]
    with (
        running_tenant(
            seed(),
            conditionalAccessRequestsPerSecond=0.001,
            conditionalAccessUnknownErrorShare=0,
        ) as slow,
        graph(slow) as client,
    ):
        assert client.get(POLICIES).status_code == 200
        for answer in (
            client.get(f"{POLICIES}/{policy_id}"),
            client.patch(f"{POLICIES}/{policy_id}", json=EXCLUDE),
            client.get("/beta/identity/conditionalAccess/namedLocations"),
        ):
            assert answer.status_code == 429
            assert answer.json()["error"]["code"] == "TooManyRequests"
            assert "retry-after" not in answer.headers
        with http(slow) as control:
            address = f"/sandbox/conditional-access/policies/{policy_id}"
            assert control.patch(address, json=EXCLUDE).status_code == 204
            assert control.post("/sandbox/clock", json={"advanceSeconds": 1000}).is_success
        found = client.get(f"{POLICIES}/{policy_id}").json()
        assert found["conditions"]["users"]["excludeGroups"] == [GROUP]


@pytest.mark.parametrize(
    ("missing", "method", "body", "status"),
    [
        ("Policy.Read.All", "GET", None, 403),
        ("Policy.Read.All", "PATCH", EXCLUDE, 403),
        ("Policy.ReadWrite.ConditionalAccess", "PATCH", EXCLUDE, 403),
        ("Policy.ReadWrite.ConditionalAccess", "GET", None, 200),
        ("Application.Read.All", "PATCH", EXCLUDE, 204),
        ("Application.Read.All", "PATCH", APPLICATIONS, 403),
    ],
)
def test_writing_needs_both_permissions_and_applications_a_third(
    missing: str, method: str, body: dict[str, Any] | None, status: int
) -> None:
    with running_tenant(without_permission(seed(), missing)) as server, graph(server) as client:
        answer = client.request(method, f"{POLICIES}/{policy_named('CA003')['id']}", json=body)
        assert answer.status_code == status
        if status == 403:
            error = answer.json()["error"]
            assert error["code"] == "AccessDenied"
            assert "required scopes are missing in the token" in error["message"]


def test_an_administrator_works_on_policies_without_a_token(server: TenantServer) -> None:
    with http(server) as control:
        address = "/sandbox/conditional-access/policies"
        listed = control.get(address).json()["value"]
        assert len(listed) == 19
        body = {
            "displayName": "Block everybody",
            "state": "enabled",
            "conditions": {
                "users": {"includeUsers": ["All"]},
                "applications": {"includeApplications": ["All"]},
            },
            "grantControls": {"operator": "OR", "builtInControls": ["block"]},
        }
        made = control.post(address, json=body)
        assert made.status_code == 201
        assert control.delete(f"{address}/{made.json()['id']}").status_code == 204


def test_a_sign_in_over_the_control_face_explains_itself(server: TenantServer) -> None:
    with http(server) as control:
        body = {"user": "amelia.clarke@contoso.com", "location": "BR"}
        found = control.post("/sandbox/sign-ins", json=body)
        assert found.status_code == 200
        assert found.json()["decision"] == "blocked"

        wrong = control.post("/sandbox/sign-ins", json=body | {"location": "Brazil"})
        assert wrong.status_code == 400
        assert "location" in wrong.json()["error"]["message"]

        secret = "Correct-Horse-7-Battery"
        wrong = control.post("/sandbox/sign-ins", json=body | {"password": [secret]})
        assert wrong.status_code == 400
        assert "password" in wrong.json()["error"]["message"]
        assert secret not in wrong.text
