"""Users and groups take the types and the values that Graph documents, on create and on change."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.tenant.directory.entity_types import GROUP, USER
from sandbox.tenant.directory.object_schemas import GROUP_PROPERTIES, USER_PROPERTIES
from tests.support.tenant import JSON, object_id

DOMAIN = "fabrikam.onmicrosoft.com"
EDM: dict[str, type] = {"Edm.String": str, "Edm.DateTimeOffset": str, "Edm.Boolean": bool}
JUNK: tuple[Any, ...] = ("x", 5, True, {}, [], [5], [{}], {"a": 1})


def wrong(properties: frozenset[str], types: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """Each property with each value that is not of its type."""
    for name in sorted(properties):
        kind = types[name]
        for value in JUNK:
            if kind.startswith("Collection("):
                fits = value == []
            elif kind.startswith("graph."):
                fits = value == {}
            else:
                fits = type(value) is EDM[kind]
            if not fits:
                yield name, value


def group(**changes: Any) -> JSON:
    return {
        "displayName": "Types",
        "mailEnabled": False,
        "mailNickname": "types",
        "securityEnabled": True,
    } | changes


def user(**changes: Any) -> JSON:
    return {
        "accountEnabled": True,
        "displayName": "Types",
        "mailNickname": "types",
        "userPrincipalName": f"types@{DOMAIN}",
        "passwordProfile": {"password": "Correct-horse-7"},
    } | changes


def refused(answer: httpx.Response, name: str) -> None:
    assert answer.status_code == 400, (name, answer.text)
    error = answer.json()["error"]
    assert error["code"] == "Request_BadRequest"
    assert f"'{name}'" in error["message"]


def test_a_group_takes_no_value_of_another_type(graph_client: httpx.Client) -> None:
    it = f"/v1.0/groups/{object_id('groups/it')}"
    before = graph_client.get(it).json()
    for name, value in wrong(GROUP_PROPERTIES, dict(GROUP.properties)):
        refused(graph_client.post("/v1.0/groups", json=group(**{name: value})), name)
        refused(graph_client.patch(it, json={name: value}), name)
    assert graph_client.get(it).json() == before
    assert len(graph_client.get("/v1.0/groups").json()["value"]) == 2


def test_a_user_takes_no_value_of_another_type(graph_client: httpx.Client) -> None:
    ada = f"/beta/users/{object_id('users/eve')}"
    before = graph_client.get(ada).json()
    for name, value in wrong(USER_PROPERTIES, dict(USER.properties)):
        refused(graph_client.post("/v1.0/users", json=user(**{name: value})), name)
        refused(graph_client.patch(ada, json={name: value}), name)
    assert graph_client.get(ada).json() == before
    assert len(graph_client.get("/v1.0/users").json()["value"]) == 10


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("groupTypes", ["Secret"]),
        ("groupTypes", None),
        ("visibility", "Hidden"),
        ("membershipRuleProcessingState", "Off"),
        ("theme", "Black"),
    ],
)
def test_a_group_takes_the_documented_values_only(
    graph_client: httpx.Client, name: str, value: object
) -> None:
    refused(graph_client.post("/v1.0/groups", json=group(**{name: value})), name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("passwordProfile", {"password": 5}),
        ("passwordProfile", {"forceChangePasswordNextSignIn": "x"}),
        ("passwordProfile", {"secret": "x"}),
        ("employeeOrgData", {"division": 5}),
        ("otherMails", None),
    ],
)
def test_the_parts_of_a_user_have_types_too(
    graph_client: httpx.Client, name: str, value: object
) -> None:
    refused(graph_client.patch(f"/v1.0/users/{object_id('users/eve')}", json={name: value}), name)


def test_a_group_with_every_documented_value_is_made(graph_client: httpx.Client) -> None:
    whole = group(
        description="x",
        groupTypes=[],
        visibility="Public",
        theme="Teal",
        membershipRule=None,
        isAssignableToRole=None,
        writebackConfiguration={"isEnabled": False},
    )
    made = graph_client.post("/v1.0/groups", json=whole)
    assert made.status_code == 201, made.text
    assert made.json()["visibility"] == "Public"
