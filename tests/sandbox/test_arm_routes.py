"""Every route of Azure Resource Manager asks for a right, and the least role that has it opens it.

The table is checked against the routes themselves, so that none can be left out.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.api.faces import ARM_ROUTERS
from sandbox.tenant.azure.roles import ROLES
from sandbox.tenant.directory.applications import AzureRole
from tests.sandbox.arm_manager import (
    ACTION_GROUP,
    ALERT,
    GROUP,
    RULE,
    SETTINGS,
    SUBSCRIPTION,
    WORKSPACE,
    Manager,
    rule,
    setting,
)
from tests.sandbox.watched_tenant import action_group_body
from tests.support.tenant import arm, object_id, running_tenant

PLACE = {"location": "westeurope"}
RECEIVERS = {
    "alertType": "logalertv2",
    "emailReceivers": [{"name": "a", "emailAddress": "a@contoso.example"}],
}
ALERT_BODY: dict[str, Any] = {
    "location": "global",
    "properties": {
        "scopes": [SUBSCRIPTION],
        "condition": {"allOf": [{"field": "category", "equals": "Policy"}]},
        "actions": {"actionGroups": [{"actionGroupId": ACTION_GROUP}]},
    },
}
EXPORT = f"{SUBSCRIPTION}/providers/Microsoft.Insights/diagnosticSettings/export"
EXPORT_BODY = setting("Administrative")
EXISTING = (
    (GROUP, PLACE),
    (WORKSPACE, PLACE),
    (ACTION_GROUP, action_group_body()),
    (RULE, rule()),
    (ALERT, ALERT_BODY),
    (f"{SETTINGS}/x", setting()),
    (EXPORT, EXPORT_BODY),
)
MONITORING, ANALYTICS = "Monitoring Contributor", "Log Analytics Contributor"
AADIAM = "/providers/microsoft.aadiam"
TAGS = "/providers/Microsoft.Resources/tags/default"
TAGGED = {"operation": "Merge", "properties": {"tags": {"a": "b"}}}
INSIGHTS = f"{SUBSCRIPTION}/providers/Microsoft.Insights"
ANALYTICS_PROVIDER = "/providers/Microsoft.OperationalInsights"


@dataclass(frozen=True)
class Case:
    """A request, the least of the built-in roles that allows it, and the scope of that role."""

    method: str
    path: str
    role: str
    scope: str = GROUP
    body: Any = None
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        return f"{self.method} {self.path.replace(SUBSCRIPTION, '')}"


def reads(*paths: str, scope: str = GROUP) -> list[Case]:
    return [Case("GET", path, "Reader", scope) for path in paths]


def resource(path: str, role: str, body: Any) -> list[Case]:
    """The five requests on one resource."""
    return [
        Case("PUT", path, role, body=body),
        *(Case(method, path, "Reader") for method in ("GET", "HEAD")),
        Case("PATCH", path, role, body={"tags": {}}),
        Case("DELETE", path, role),
    ]


AUTHORIZATION = "/providers/Microsoft.Authorization"
GUID = "11111111-2222-4333-8444-555555555555"
ROLE = ROLES["reader"].id
ASSIGNED = {"properties": {"roleDefinitionId": f"/x/{ROLE}", "principalId": object_id("users/ada")}}


def authorization(place: str) -> list[Case]:
    """Role assignments and definitions at a scope."""
    assignments = f"{place}{AUTHORIZATION}/roleAssignments"
    definitions = f"{place}{AUTHORIZATION}/roleDefinitions"
    scope, keeper = place or "/", "User Access Administrator"
    listed = (assignments, f"{assignments}/{GUID}", definitions, f"{definitions}/{ROLE}")
    return [
        *reads(*listed, scope=scope),
        Case("PUT", f"{assignments}/{GUID}", keeper, scope, ASSIGNED),
        Case("DELETE", f"{assignments}/{GUID}", keeper, scope),
    ]


CASES = [
    *(
        case
        for place in ("", AADIAM, SUBSCRIPTION, GROUP, WORKSPACE)
        for case in authorization(place)
    ),
    *reads(SUBSCRIPTION, f"{SUBSCRIPTION}/providers", INSIGHTS),
    *reads(f"{SUBSCRIPTION}/resourcegroups", f"{SUBSCRIPTION}/resources", scope=SUBSCRIPTION),
    *(
        Case("POST", f"{INSIGHTS}/{verb}", "Contributor", SUBSCRIPTION)
        for verb in ("register", "unregister")
    ),
    Case("PUT", GROUP, "Contributor", body=PLACE),
    Case("GET", GROUP, "Reader"),
    Case("HEAD", GROUP, "Reader"),
    Case("PATCH", GROUP, "Contributor", body={"tags": {}}),
    Case("DELETE", GROUP, "Contributor"),
    *reads(f"{GROUP}/resources", f"{GROUP}{ANALYTICS_PROVIDER}/deletedWorkspaces"),
    *reads(f"{SUBSCRIPTION}{ANALYTICS_PROVIDER}/deletedWorkspaces", scope=SUBSCRIPTION),
    *resource(WORKSPACE, ANALYTICS, PLACE),
    *reads(f"{WORKSPACE}/tables", f"{WORKSPACE}/tables/SigninLogs"),
    *resource(ACTION_GROUP, MONITORING, action_group_body()),
    *resource(RULE, MONITORING, rule()),
    *resource(ALERT, MONITORING, ALERT_BODY),
    *(
        Case("GET", path.rpartition("/")[0], "Reader")
        for path in (WORKSPACE, ACTION_GROUP, RULE, ALERT)
    ),
    *reads(
        f"{SUBSCRIPTION}{ANALYTICS_PROVIDER}/workspaces",
        *(f"{INSIGHTS}/{kind}" for kind in ("actionGroups", "scheduledQueryRules")),
        f"{INSIGHTS}/activityLogAlerts",
        scope=SUBSCRIPTION,
    ),
    *reads(SETTINGS, f"{AADIAM}/diagnosticSettingsCategories", scope=AADIAM),
    Case("PUT", f"{SETTINGS}/x", "Contributor", AADIAM, setting(), ((WORKSPACE, ANALYTICS),)),
    Case("GET", f"{SETTINGS}/x", "Reader", AADIAM),
    Case("HEAD", f"{SETTINGS}/x", "Reader", AADIAM),
    Case("DELETE", f"{SETTINGS}/x", "Contributor", AADIAM),
    *reads(EXPORT.rpartition("/")[0], EXPORT, scope=SUBSCRIPTION),
    Case("PUT", EXPORT, MONITORING, SUBSCRIPTION, EXPORT_BODY),
    Case("DELETE", EXPORT, MONITORING, SUBSCRIPTION),
    *(
        Case(method, f"{place}{TAGS}", role, body=TAGGED)
        for place in (GROUP, WORKSPACE)
        for method, role in (
            ("GET", "Reader"),
            ("PUT", "Contributor"),
            ("PATCH", "Contributor"),
            ("DELETE", "Contributor"),
        )
    ),
    Case("POST", f"{ACTION_GROUP}/createNotifications", MONITORING, body=RECEIVERS),
    Case("GET", f"{ACTION_GROUP}/notificationStatus/x", "Reader"),
]
OPEN = {
    ("GET", "/tenants"),
    ("GET", "/subscriptions"),
    ("GET", "/providers/{namespace}/providers/Microsoft.Authorization/permissions"),
    ("GET", "/subscriptions/{subscription}/providers/Microsoft.Authorization/permissions"),
    (
        "GET",
        "/subscriptions/{subscription}/resourcegroups/{group}/providers/Microsoft.Authorization"
        "/permissions",
    ),
}
"""What any application of the tenant may ask: these answer with what it may see, which is nothing
without a role.
"""
ELSEWHERE = ("operationresults", "operationStatuses", "operationResults", "eventtypes")
"""Polling, in test_arm_operations.py; the activity log, in test_activity_face.py."""


Ask = Callable[..., tuple[int, str]]


@contextmanager
def prepared() -> Generator[Ask]:
    """A tenant where everything exists; asks as an application with certain roles only."""
    with running_tenant() as server, arm(server) as http:
        manager, app = Manager(http), server.world.default.apps.all()[0]
        app.azure_roles = [AzureRole(scope="/", role="Owner")]
        for path, body in EXISTING:
            manager.make(path, body)

        def ask(case: Case, *roles: tuple[str, str]) -> tuple[int, str]:
            app.azure_roles = [AzureRole(scope=scope, role=role) for scope, role in roles]
            answer = manager.ask(case.method, case.path, case.body)
            refused = answer.is_error and answer.content
            return answer.status_code, answer.json()["error"]["code"] if refused else ""

        yield ask


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_request_is_refused_without_a_role_and_goes_through_with_the_least_one(
    case: Case,
) -> None:
    with prepared() as ask:
        assert ask(case) in {(403, "AuthorizationFailed"), (403, "")}
        if case.role != "Reader":
            assert ask(case, ("/", "Reader"))[0] == 403
        status, code = ask(case, (case.scope, case.role), *case.extra)
        assert status in {200, 201, 202, 204} or code.endswith("NotFound"), code


def test_the_table_has_every_route() -> None:
    missing: list[str] = []
    for router in ARM_ROUTERS:
        for route in router.routes:
            if (route.method, route.template) in OPEN:
                continue
            asked = (c for c in CASES if c.method == route.method)
            if not any(route.pattern.fullmatch(case.path) for case in asked) and not any(
                word in route.template for word in ELSEWHERE
            ):
                missing.append(f"{route.method} {route.template}")
    assert missing == []


def test_the_tenants_logs_go_to_a_workspace_only_by_who_may_have_its_keys() -> None:
    case = Case("PUT", f"{SETTINGS}/x", "Contributor", AADIAM, setting())
    with prepared() as ask:
        writer = (AADIAM, "Contributor")
        assert ask(case, writer, (WORKSPACE, "Reader")) == (403, "LinkedAuthorizationFailed")
        assert ask(case, writer, (WORKSPACE, ANALYTICS)) == (200, "")
