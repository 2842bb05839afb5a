"""Azure roles: at their scope and below, and what the refusal tells."""

import copy
from typing import Any

import pytest

from sandbox.tenant.azure.roles import ROLES
from tests.sandbox.arm_manager import GROUP, SETTINGS, SUBSCRIPTION, Manager
from tests.support.tenant import arm, object_id, running_tenant, small_document

ASSIGNMENT = (
    "/providers/Microsoft.Authorization/roleAssignments/11111111-2222-4333-8444-555555555555"
)


def with_roles(*roles: tuple[str, str]) -> dict[str, Any]:
    document = copy.deepcopy(small_document())
    document["apps"][0]["azureRoles"] = [{"scope": scope, "role": role} for scope, role in roles]
    return document


@pytest.mark.parametrize(
    ("roles", "allowed", "denied"),
    [
        ([(SUBSCRIPTION, "Contributor")], ("PUT", GROUP), ("GET", SETTINGS)),
        ([("/providers/microsoft.AADIAM", "Contributor")], ("GET", SETTINGS), ("GET", GROUP)),
        ([(SUBSCRIPTION, "Reader")], ("GET", f"{SUBSCRIPTION}/resourcegroups"), ("PUT", GROUP)),
        ([(GROUP, "Owner")], ("PUT", GROUP), ("GET", f"{SUBSCRIPTION}/resourcegroups")),
        ([(GROUP, "Reader")], ("GET", SUBSCRIPTION), ("PUT", GROUP)),
        ([("/", "Reader")], ("GET", SETTINGS), ("PUT", GROUP)),
        ([("/", "Contributor")], ("DELETE", f"{SETTINGS}/x"), ("PUT", ASSIGNMENT)),
        ([(SUBSCRIPTION[:-1], "Owner")], ("GET", "/subscriptions"), ("GET", SUBSCRIPTION)),
        ([], ("GET", "/subscriptions"), ("GET", SUBSCRIPTION)),
    ],
)
def test_a_role_counts_at_its_scope_and_below(
    roles: list[tuple[str, str]], allowed: tuple[str, str], denied: tuple[str, str]
) -> None:
    with running_tenant(with_roles(*roles)) as server, arm(server) as http:
        manager = Manager(http)
        body = {"location": "westeurope"}
        assert manager.ask(*allowed, body).is_success
        assert manager.refused(*denied, body) == (403, "AuthorizationFailed")


@pytest.mark.parametrize(
    ("role", "action", "allowed"),
    [
        ("owner", "Microsoft.Authorization/roleAssignments/write", True),
        ("contributor", "Microsoft.Authorization/roleAssignments/write", False),
        ("contributor", "Microsoft.Insights/actionGroups/write", True),
        ("reader", "Microsoft.Insights/actionGroups/read", True),
        ("reader", "Microsoft.Insights/actionGroups/delete", False),
        ("monitoring contributor", "microsoft.insights/scheduledqueryrules/write", True),
        ("monitoring contributor", "Microsoft.Resources/subscriptions/resourcegroups/write", False),
        ("log analytics contributor", "Microsoft.OperationalInsights/workspaces/delete", True),
        ("log analytics contributor", "Microsoft.Insights/actionGroups/write", False),
        ("log analytics contributor", "Microsoft.Insights/diagnosticSettings/write", True),
        ("log analytics reader", "Microsoft.OperationalInsights/workspaces/search/action", True),
        ("log analytics reader", "Microsoft.OperationalInsights/workspaces/query/read", True),
        ("log analytics reader", "Microsoft.OperationalInsights/workspaces/sharedKeys/read", False),
        ("log analytics reader", "Microsoft.OperationalInsights/workspaces/write", False),
        ("monitoring contributor", "Microsoft.Insights/activityLogAlerts/delete", True),
        ("monitoring contributor", "Microsoft.OperationalInsights/workspaces/delete", False),
        ("monitoring reader", "Microsoft.Insights/actionGroups/write", False),
        ("user access administrator", "Microsoft.Authorization/roleAssignments/write", True),
        ("user access administrator", "Microsoft.Insights/actionGroups/write", False),
        ("contributor", "microsoft.aadiam/diagnosticSettings/write", True),
        ("contributor", "Microsoft.Authorization/roleAssignments/delete", False),
    ],
)
def test_built_in_roles_allow_what_microsoft_documents(
    role: str, action: str, allowed: bool
) -> None:
    assert ROLES[role].allows(action) is allowed


def test_the_refusal_names_caller_action_and_scope() -> None:
    with running_tenant(with_roles((SUBSCRIPTION, "Reader"))) as server, arm(server) as http:
        answer = Manager(http).ask("PUT", GROUP, {"location": "westeurope"})
        message = answer.json()["error"]["message"]
    for part in (object_id("app/object"), "subscriptions/resourcegroups/write", GROUP):
        assert part in message


def test_permissions_are_those_of_the_roles_at_the_scope() -> None:
    permissions = "/providers/Microsoft.Authorization/permissions"
    roles = with_roles((SUBSCRIPTION, "Contributor"), ("/providers/Microsoft.aadiam", "Reader"))
    with running_tenant(roles) as server, arm(server) as http:
        manager = Manager(http)
        (contributor,) = manager.ask("GET", SUBSCRIPTION + permissions).json()["value"]
        assert contributor["actions"] == ["*"]
        assert "Microsoft.Authorization/*/Write" in contributor["notActions"]
        path = f"/providers/microsoft.aadiam{permissions}"
        (reader,) = manager.ask("GET", path).json()["value"]
        assert reader["actions"] == ["*/read"]
