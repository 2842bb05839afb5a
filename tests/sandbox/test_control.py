import httpx

from sandbox.api.server import TenantServer
from tests.support.tenant import graph, http, object_id, small_document

POLICY = {
    "displayName": "Block everybody",
    "state": "enabled",
    "conditions": {
        "clientAppTypes": ["all"],
        "applications": {"includeApplications": ["All"]},
        "users": {"includeUsers": ["All"]},
    },
    "grantControls": {"operator": "OR", "builtInControls": ["block"]},
}


def test_health_names_version_and_tenants(control: httpx.Client) -> None:
    health = control.get("/sandbox/health").json()
    assert health["ready"] is True
    assert health["service"] == "break-glass sandbox"
    assert health["tenants"] == [
        {
            "id": object_id("tenant"),
            "displayName": "Fabrikam",
            "initialDomain": "fabrikam.onmicrosoft.com",
        }
    ]


def test_the_state_makes_the_same_tenant_again(
    control: httpx.Client, graph_client: httpx.Client
) -> None:
    graph_client.delete(f"/v1.0/users/{object_id('users/eve')}")
    state = control.get("/sandbox/tenant").json()
    assert control.put("/sandbox/tenant", json=state).status_code == 204
    assert control.get("/sandbox/tenant").json() == state


def test_a_replaced_tenant_keeps_the_client_secret(
    tenant_server: TenantServer, control: httpx.Client
) -> None:
    document = small_document()
    document["users"] = document["users"][:3]
    assert control.put("/sandbox/tenant", json=document).status_code == 204
    with graph(tenant_server) as client:
        assert len(client.get("/v1.0/users").json()["value"]) == 3


def test_a_document_that_is_no_tenant_changes_nothing(control: httpx.Client) -> None:
    before = control.get("/sandbox/tenant").json()
    broken = small_document()
    del broken["users"][0]["displayName"]
    answer = control.put("/sandbox/tenant", json=broken)
    assert answer.status_code == 400
    assert "users[0].displayName" in answer.json()["error"]["message"]
    stranger = small_document("Northwind", "northwind.onmicrosoft.com")
    assert control.put("/sandbox/tenant", json=stranger).status_code == 400
    assert control.get("/sandbox/tenant").json() == before


def test_an_administrator_is_not_throttled_and_is_marked_in_the_log() -> None:
    with (
        TenantServer(
            [small_document()], knobs={"conditionalAccessRequestsPerSecond": 0.01}
        ) as server,
        http(server) as control,
    ):
        made = control.post("/sandbox/conditional-access/policies", json=POLICY)
        assert made.status_code == 201
        path = f"/sandbox/conditional-access/policies/{made.json()['id']}"
        assert control.patch(path, json={"state": "disabled"}).status_code == 204
        assert control.delete(path).status_code == 204
        user = f"/sandbox/users/{object_id('users/ada')}"
        assert control.patch(user, json={"accountEnabled": False}).status_code == 204
        assert control.delete(user).status_code == 204
        entries = control.get("/sandbox/requests").json()["value"]
    assert [entry["actor"] for entry in entries] == ["administrator"] * 5
    assert [entry["method"] for entry in entries] == ["POST", "PATCH", "DELETE", "PATCH", "DELETE"]


def test_an_administrators_policy_is_seen_through_graph(
    control: httpx.Client, graph_client: httpx.Client
) -> None:
    made = control.post("/sandbox/conditional-access/policies", json=POLICY).json()["id"]
    answer = graph_client.get(f"/v1.0/identity/conditionalAccess/policies/{made}")
    assert answer.json()["displayName"] == "Block everybody"


def test_other_control_calls_are_not_in_the_request_log(control: httpx.Client) -> None:
    control.get("/sandbox/health")
    control.post("/sandbox/clock", json={"advanceSeconds": 1})
    assert control.get("/sandbox/requests").json()["value"] == []


def test_the_clock_moves_forward_only(control: httpx.Client) -> None:
    before = control.get("/sandbox/health").json()["now"]
    after = control.post("/sandbox/clock", json={"advanceSeconds": 3600}).json()["now"]
    assert after > before
    for seconds in (-1, "60", None, 10**9):
        answer = control.post("/sandbox/clock", json={"advanceSeconds": seconds})
        assert answer.status_code == 400


def test_a_sign_in_is_answered_with_its_decision(control: httpx.Client) -> None:
    body = {
        "user": "eve@fabrikam.onmicrosoft.com",
        "app": "Office 365 Exchange Online",
        "clientApp": "other",
    }
    answer = control.post("/sandbox/sign-ins", json=body).json()
    assert answer["decision"] == "blocked"
    assert "Block legacy authentication" in str(answer["policiesApplied"])
    wrong = control.post("/sandbox/sign-ins", json={"usr": "eve"})
    assert wrong.status_code == 400


def test_a_tenant_is_chosen_by_its_id() -> None:
    domain = "northwind.onmicrosoft.com"
    documents = [small_document(), small_document("Northwind", domain)]
    with TenantServer(documents) as server, http(server) as control:
        assert control.get("/sandbox/tenant").json()["tenant"]["displayName"] == "Fabrikam"
        query = {"tenant": object_id("tenant", domain)}
        chosen = control.get("/sandbox/tenant", params=query).json()
        assert chosen["tenant"]["displayName"] == "Northwind"
        assert control.get("/sandbox/tenant?tenant=nobody").status_code == 404


def test_alerts_outbox_and_log_rows_start_empty(control: httpx.Client) -> None:
    for path in ("alerts", "outbox", "logs/SigninLogs"):
        assert control.get(f"/sandbox/{path}").json()["value"] == []
