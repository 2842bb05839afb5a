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


def test_a_listing_is_paged_by_its_next_links(client: httpx.Client) -> None:
    found = list(pages(client, f"{POLICIES}?$top=8&$select=id,displayName"))
    assert [len(page["value"]) for page in found] == [8, 8, 3]
    listed = [policy["id"] for page in found for policy in page["value"]]
    assert listed == [policy["id"] for policy in seed()["conditionalAccessPolicies"]]
    assert set(found[0]["value"][0]) == {"id", "displayName"}


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
        running_tenant(seed(), conditionalAccessRequestsPerSecond=0.001) as slow,
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
    ("missing", "method", "status"),
    [
        ("Policy.Read.All", "GET", 403),
        ("Policy.Read.All", "PATCH", 403),
        ("Policy.ReadWrite.ConditionalAccess", "PATCH", 403),
        ("Policy.ReadWrite.ConditionalAccess", "GET", 200),
    ],
)
def test_writing_needs_both_permissions_and_reading_one(
    missing: str, method: str, status: int
) -> None:
    with running_tenant(without_permission(seed(), missing)) as server, graph(server) as client:
        address = f"{POLICIES}/{policy_named('CA003')['id']}"
        body = EXCLUDE if method == "PATCH" else None
        answer = client.request(method, address, json=body)
        assert answer.status_code == status
        if status == 403:
            assert answer.json()["error"]["code"] == "Authorization_RequestDenied"


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
