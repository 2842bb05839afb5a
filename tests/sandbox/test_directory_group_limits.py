"""Groups: whose mail alias is whose, and how many can hold roles."""

import httpx

from tests.support.tenant import JSON, graph, object_id, running_tenant, small_document

STAFF = object_id("groups/staff")


def _body(name: str, nickname: str, *, mail: bool, role: bool = False) -> JSON:
    body: JSON = {
        "displayName": name,
        "mailNickname": nickname,
        "mailEnabled": mail,
        "securityEnabled": not mail,
        "groupTypes": ["Unified"] if mail else [],
    }
    return body | ({"isAssignableToRole": True} if role else {})


def test_security_groups_may_share_names_and_nicknames(graph_client: httpx.Client) -> None:
    made = graph_client.post("/v1.0/groups", json=_body("Staff", "staff", mail=False))
    assert made.status_code == 201


def test_mail_enabled_groups_have_an_alias_each(graph_client: httpx.Client) -> None:
    first = graph_client.post("/v1.0/groups", json=_body("News", "news", mail=True))
    assert first.status_code == 201
    second = graph_client.post("/v1.0/groups", json=_body("Other news", "NEWS", mail=True))
    assert second.status_code == 400
    assert second.json()["error"]["details"] == [
        {"target": "mailNickname", "code": "ObjectConflict"}
    ]
    other = graph_client.post("/v1.0/groups", json=_body("Other news", "other", mail=True)).json()
    taken = graph_client.patch(f"/v1.0/groups/{other['id']}", json={"mailNickname": "news"})
    assert taken.status_code == 400
    same = graph_client.patch(f"/v1.0/groups/{other['id']}", json={"mailNickname": "other"})
    assert same.status_code == 204


def test_an_alias_taken_meanwhile_stops_a_restore(graph_client: httpx.Client) -> None:
    first = graph_client.post("/v1.0/groups", json=_body("News", "news", mail=True)).json()["id"]
    graph_client.delete(f"/v1.0/groups/{first}").raise_for_status()
    graph_client.post("/v1.0/groups", json=_body("News", "news", mail=True)).raise_for_status()
    restored = graph_client.post(f"/v1.0/directory/deletedItems/{first}/restore")
    assert restored.status_code == 400


def test_five_hundred_groups_can_hold_roles() -> None:
    document = small_document()
    document["groups"] += [
        {"id": object_id(f"groups/{n}"), "displayName": str(n), "isAssignableToRole": True}
        for n in range(499)
    ]
    with running_tenant(document) as server, graph(server) as client:
        last = client.post("/v1.0/groups", json=_body("Last", "last", mail=False, role=True))
        more = client.post("/v1.0/groups", json=_body("More", "more", mail=False, role=True))
        plain = client.post("/v1.0/groups", json=_body("Plain", "plain", mail=False))
    assert (last.status_code, more.status_code, plain.status_code) == (201, 400, 201)
    assert "500" in more.json()["error"]["message"]
