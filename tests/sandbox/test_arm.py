"""Azure Resource Manager: subscriptions, API versions, ids, status codes, polling."""

import pytest

from tests.sandbox.arm_manager import GROUP, RULE, SETTINGS, SUBSCRIPTION, WORKSPACE, Manager, rule
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
