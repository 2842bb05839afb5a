"""Azure Resource Manager: subscriptions, API versions, ids, status codes, polling."""

import pytest

from tests.sandbox.arm_manager import (
    ACTION_GROUP,
    GROUP,
    RULE,
    SETTINGS,
    SUBSCRIPTION,
    WORKSPACE,
    Manager,
    rule,
)
from tests.sandbox.watched_tenant import action_group_body
from tests.support.tenant import object_id


def test_a_subscription_names_its_tenant(manager: Manager) -> None:
    found = manager.ask("GET", SUBSCRIPTION).json()
    assert found["tenantId"] == object_id("tenant")
    assert found["id"] == SUBSCRIPTION
    assert manager.ask("GET", "/subscriptions").json()["value"] == [found]
    (tenant,) = manager.ask("GET", "/tenants").json()["value"]
    assert tenant["tenantId"] == object_id("tenant")


def test_an_unknown_subscription_is_not_found(manager: Manager) -> None:
    path = "/subscriptions/00000000-0000-4000-8000-000000000000"
    assert manager.refused("GET", path) == (404, "SubscriptionNotFound")
    assert manager.refused("GET", f"{path}/resourcegroups") == (404, "SubscriptionNotFound")


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        (GROUP, {"api-version": ""}, "MissingApiVersionParameter"),
        (GROUP, {"api-version": "2024-03-02"}, "InvalidApiVersionParameter"),
        (WORKSPACE, {"api-version": "2024-03-01"}, "NoRegisteredProviderFound"),
        (RULE, {"api-version": "2018-04-16"}, "NoRegisteredProviderFound"),
        (f"{SETTINGS}/x", {"api-version": "2021-05-01-preview"}, "NoRegisteredProviderFound"),
    ],
)
def test_an_api_version_must_be_one_of_the_type(
    manager: Manager, path: str, query: dict[str, str], code: str
) -> None:
    assert manager.refused("GET", path, **query) == (400, code)


def test_ids_are_found_in_any_case_and_keep_the_first_one(estate: Manager) -> None:
    found = estate.ask("GET", WORKSPACE.upper().replace("/SUBSCRIPTIONS", "/subscriptions")).json()
    assert found["id"] == WORKSPACE
    changed = estate.make(WORKSPACE.lower(), {"location": "West Europe", "tags": {"a": "b"}})
    assert (changed["id"], changed["name"], changed["tags"]) == (WORKSPACE, "log-Watch", {"a": "b"})
    assert len(estate.ask("GET", f"{GROUP}/resources").json()["value"]) == 2


def test_creation_is_201_update_200_delete_200_and_again_204(estate: Manager) -> None:
    assert estate.ask("PUT", RULE, rule()).status_code == 201
    assert estate.ask("PUT", RULE, rule()).status_code == 200
    assert estate.ask("DELETE", RULE).status_code == 200
    assert estate.ask("DELETE", RULE).status_code == 204
    assert estate.refused("GET", RULE) == (404, "ResourceNotFound")
    assert estate.refused("DELETE", f"{SUBSCRIPTION}/resourceGroups/x") == (
        404,
        "ResourceGroupNotFound",
    )


@pytest.mark.parametrize(
    "path",
    [GROUP, WORKSPACE, ACTION_GROUP, RULE, f"{SUBSCRIPTION}/providers/Microsoft.Insights"],
)
def test_every_segment_of_a_path_may_be_in_any_case(estate: Manager, path: str) -> None:
    estate.make(RULE, rule())
    first, rest = path.split("/")[1], path[1:].partition("/")[2]
    for spelt in (
        f"/{first}/{rest.upper()}",
        f"/{first}/{rest.lower()}",
        f"/{first.title()}/{rest}",
    ):
        assert estate.ask("GET", spelt).json() == estate.ask("GET", path).json()


def test_what_is_no_api_version_is_told_from_one_that_the_type_lacks(estate: Manager) -> None:
    for version in ("latest", "2024", "2024-13-x"):
        wrong = {"api-version": version}
        assert estate.refused("GET", RULE, **wrong) == (400, "InvalidApiVersionParameter")
    missing = {"api-version": "2019-01-01"}
    answer = estate.ask("GET", RULE, **missing)
    assert answer.json()["error"]["code"] == "NoRegisteredProviderFound"
    assert "2025-01-01-preview" in answer.json()["error"]["message"]


def test_a_patch_keeps_what_it_does_not_name_and_replaces_tags_and_lists(estate: Manager) -> None:
    estate.make(ACTION_GROUP, action_group_body() | {"tags": {"a": "b", "c": "d"}})
    changed = estate.ask("PATCH", ACTION_GROUP, {"tags": {"a": "z"}}).json()
    assert changed["tags"] == {"a": "z"}
    assert len(changed["properties"]["emailReceivers"]) == 2
    body = {"properties": {"enabled": False, "groupShortName": "other"}}
    changed = estate.ask("PATCH", ACTION_GROUP, body).json()
    assert changed["tags"] == {"a": "z"}
    assert changed["properties"]["enabled"] is False
    assert changed["properties"]["groupShortName"] == "BreakGlass"
    estate.make(RULE, rule(severity=0))
    changed = estate.ask("PATCH", RULE, {"properties": {"actions": {"actionGroups": []}}}).json()
    assert changed["properties"]["actions"]["actionGroups"] == []
    assert changed["properties"]["severity"] == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"old"'}, 412),
        ({"If-None-Match": "*"}, 412),
        ({}, 200),
    ],
)
def test_an_etag_that_is_not_the_current_one_stops_a_write(
    estate: Manager, headers: dict[str, str], status: int
) -> None:
    estate.make(RULE, rule())
    etag = estate.ask("GET", RULE).json()["etag"]
    estate.http.headers.update(headers)
    assert estate.ask("PUT", RULE, rule(severity=1)).status_code == status
    assert (estate.ask("GET", RULE).json()["etag"] == etag) is (status == 412)
    estate.http.headers["If-Match"] = etag if status == 412 else '"other"'
    estate.http.headers.pop("If-None-Match", None)
    assert estate.ask("DELETE", RULE).status_code == (200 if status == 412 else 412)
