import httpx
import pytest

from sandbox.api.server import TenantServer
from tests.support.tenant import JSON, object_id

NEW_GROUP: JSON = {
    "displayName": "Made",
    "mailEnabled": False,
    "mailNickname": "made",
    "securityEnabled": True,
}


def _names(client: httpx.Client) -> list[str]:
    return [group["displayName"] for group in client.get("/v1.0/groups").json()["value"]]


def test_a_fault_before_the_effect_leaves_no_effect(
    graph_client: httpx.Client, control: httpx.Client
) -> None:
    fault = {"method": "POST", "path": "/groups$", "status": 503, "when": "before"}
    assert control.post("/sandbox/faults", json=fault).status_code == 201
    answer = graph_client.post("/v1.0/groups", json=NEW_GROUP)
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "serviceNotAvailable"
    assert "Made" not in _names(graph_client)
    assert graph_client.post("/v1.0/groups", json=NEW_GROUP).status_code == 201


def test_a_fault_after_the_effect_hides_the_effect(
    graph_client: httpx.Client, control: httpx.Client
) -> None:
    fault = {"method": "POST", "path": "/groups$", "status": 504, "when": "after"}
    control.post("/sandbox/faults", json=fault)
    assert graph_client.post("/v1.0/groups", json=NEW_GROUP).status_code == 504
    assert "Made" in _names(graph_client)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_dropped_connection_gives_no_answer(
    graph_client: httpx.Client, control: httpx.Client, when: str
) -> None:
    control.post("/sandbox/faults", json={"path": "/groups$", "drop": True, "when": when})
    with pytest.raises(httpx.TransportError):
        graph_client.post("/v1.0/groups", json=NEW_GROUP)
    assert ("Made" in _names(graph_client)) is (when == "after")
    statuses = [entry["status"] for entry in control.get("/sandbox/requests").json()["value"]]
    assert 0 in statuses


def test_a_truncated_listing_is_short_and_has_no_next_page(
    graph_client: httpx.Client, control: httpx.Client
) -> None:
    fault = {"path": r"conditionalAccess/policies", "truncate": 3}
    control.post("/sandbox/faults", json=fault)
    path = "/v1.0/identity/conditionalAccess/policies"
    short = graph_client.get(path).json()
    assert len(short["value"]) == 3
    assert "@odata.nextLink" not in short
    assert len(graph_client.get(path).json()["value"]) == 4


def test_a_truncated_page_loses_its_next_link(
    graph_client: httpx.Client, control: httpx.Client
) -> None:
    control.post("/sandbox/faults", json={"path": "/users", "truncate": 2})
    short = graph_client.get("/v1.0/users?$top=5").json()
    assert len(short["value"]) == 2
    assert "@odata.nextLink" not in short


def test_nth_and_times_choose_which_matching_requests_fail(
    graph_client: httpx.Client, control: httpx.Client
) -> None:
    fault = {"method": "GET", "path": "/users/", "nth": 2, "times": 2, "status": 404}
    control.post("/sandbox/faults", json=fault)
    statuses: list[int] = []
    for _ in range(5):
        statuses.append(graph_client.get(f"/v1.0/users/{object_id('users/ada')}").status_code)
        graph_client.get("/v1.0/groups")
    assert statuses == [200, 404, 404, 200, 200]
    assert control.get("/sandbox/faults").json()["value"] == []


def test_a_path_is_searched_in_path_and_query(
    graph_client: httpx.Client, control: httpx.Client
) -> None:
    fault = {"path": r"%24top=7$", "status": 429, "retryAfter": 3, "code": "Slow", "message": ""}
    control.post("/sandbox/faults", json=fault)
    assert graph_client.get("/v1.0/users?%24top=6").status_code == 200
    refused = graph_client.get("/v1.0/users?%24top=7")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "3"
    assert refused.json()["error"]["code"] == "Slow"
    assert refused.json()["error"]["message"] == ""


def test_deleting_faults_forgets_them(graph_client: httpx.Client, control: httpx.Client) -> None:
    control.post("/sandbox/faults", json={"path": "/users", "status": 500, "times": 9})
    assert len(control.get("/sandbox/faults").json()["value"]) == 1
    control.delete("/sandbox/faults")
    assert graph_client.get("/v1.0/users").status_code == 200


def test_faults_do_not_hit_the_control_face(
    tenant_server: TenantServer, control: httpx.Client
) -> None:
    control.post("/sandbox/faults", json={"status": 500, "times": 100})
    assert control.get("/sandbox/health").status_code == 200


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"path": "/x"}, "one of status, drop, hang"),
        ({"path": "/x", "status": 500, "drop": True}, "status and drop exclude each other"),
        ({"path": "(", "status": 500}, "path: "),
        ({"path": "/x", "status": 200}, "status: "),
        ({"paths": "/x", "status": 500}, "paths: "),
        ({"path": "/x", "status": 500, "nth": 0}, "nth: "),
    ],
)
def test_a_wrong_fault_is_refused_and_named(
    control: httpx.Client, fault: JSON, message: str
) -> None:
    answer = control.post("/sandbox/faults", json=fault)
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]
    assert control.get("/sandbox/faults").json()["value"] == []
