"""Security defaults: they and enabled Conditional Access policies exclude each other."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.tenant.access import security_defaults
from sandbox.tenant.changes import Change
from sandbox.tenant.clock import Clock
from sandbox.tenant.tenant import Tenant
from tests.sandbox.seed_tenant import StillClock
from tests.support.tenant import graph, object_id, running_tenant, small_document

DEFAULTS = "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy"
POLICIES = "/v1.0/identity/conditionalAccess/policies"
REFUSED = (
    "Security Defaults is enabled in the tenant. You must disable Security defaults before "
    "enabling a Conditional Access policy."
)


def policy(state: str) -> dict[str, Any]:
    return {
        "displayName": "Block everybody",
        "state": state,
        "conditions": {
            "users": {"includeUsers": ["All"]},
            "applications": {"includeApplications": ["All"]},
        },
        "grantControls": {"operator": "OR", "builtInControls": ["block"]},
    }


def document(*, enabled: bool) -> dict[str, Any]:
    """A tenant with security defaults on or off, whose policies do not enforce anything."""
    found = small_document()
    for kept in found["conditionalAccessPolicies"]:
        kept["state"] = "disabled"
    return found | {"securityDefaults": {"isEnabled": enabled}}


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with running_tenant(document(enabled=True)) as server, graph(server) as opened:
        yield opened


def test_an_enabled_policy_is_refused_while_they_are_on(client: httpx.Client) -> None:
    refused = client.post(POLICIES, json=policy("enabled"))
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert (error["code"], error["message"]) == ("BadRequest", REFUSED)
    mfa = f"{POLICIES}/{object_id('policies/mfa')}"
    assert client.patch(mfa, json={"state": "enabled"}).json()["error"]["message"] == REFUSED
    assert client.get(mfa).json()["state"] == "disabled"


@pytest.mark.parametrize("state", ["disabled", "enabledForReportingButNotEnforced"])
def test_a_policy_that_enforces_nothing_is_taken_beside_them(
    client: httpx.Client, state: str
) -> None:
    assert client.post(POLICIES, json=policy(state)).status_code == 201
    mfa = f"{POLICIES}/{object_id('policies/mfa')}"
    assert client.patch(mfa, json={"state": state}).status_code == 204


def test_once_they_are_off_policies_can_be_enabled_and_they_cannot_come_back(
    client: httpx.Client,
) -> None:
    assert client.get(DEFAULTS).json()["isEnabled"] is True
    assert client.patch(DEFAULTS, json={"isEnabled": False}).status_code == 204
    made = client.post(POLICIES, json=policy("enabled"))
    assert made.status_code == 201
    refused = client.patch(DEFAULTS, json={"isEnabled": True})
    assert refused.status_code == 400
    assert "Conditional Access policies are enabled" in refused.json()["error"]["message"]
    assert client.get(DEFAULTS).json()["isEnabled"] is False
    client.delete(f"{POLICIES}/{made.json()['id']}").raise_for_status()
    assert client.patch(DEFAULTS, json={"isEnabled": True}).status_code == 204
    assert client.get(DEFAULTS).json()["isEnabled"] is True
    deleted = f"/v1.0/identity/conditionalAccess/deletedItems/policies/{made.json()['id']}"
    assert client.post(f"{deleted}/restore").json()["error"]["message"] == REFUSED
    assert client.get(deleted).status_code == 200


@pytest.mark.parametrize("body", [{}, {"isEnabled": "yes"}, {"isEnabled": False, "colour": "red"}])
def test_a_body_that_graph_does_not_take_changes_nothing(
    client: httpx.Client, body: dict[str, Any]
) -> None:
    assert client.patch(DEFAULTS, json=body).status_code == 400
    assert client.get(DEFAULTS).json()["isEnabled"] is True


def test_switching_them_is_recorded() -> None:
    clock: Clock = StillClock()
    tenant = Tenant.from_document(document(enabled=False), clock)
    heard: list[Change] = []
    tenant.changes.listen(lambda request: heard.extend(request.changes))
    security_defaults.update(tenant.directory, {"isEnabled": True}, [])
    security_defaults.update(tenant.directory, {"isEnabled": True}, [])
    (change,) = heard
    assert change.kind == "securityDefaults"
    assert (change.before, change.after) == ({"isEnabled": False}, {"isEnabled": True})
