"""Azure Resource Manager: what it refuses and how, roles by scope, the tenant's own settings."""

import copy
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.api.server import TenantServer
from sandbox.tenant.azure_roles import ROLES
from tests.sandbox.watched_tenant import action_group_body, rule_body, setting_body
from tests.support.tenant import arm, object_id, running_tenant, small_document

SUBSCRIPTION = f"/subscriptions/{object_id('subscription')}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-Watch"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-Watch"
ACTION_GROUP = f"{GROUP}/providers/Microsoft.Insights/actionGroups/watchers"
RULE = f"{GROUP}/providers/Microsoft.Insights/scheduledQueryRules/use-alert"
SETTINGS = "/providers/microsoft.aadiam/diagnosticSettings"
VERSIONS = {
    "workspaces": "2023-09-01",
    "actiongroups": "2024-10-01-preview",
    "scheduledqueryrules": "2025-01-01-preview",
    "diagnosticsettings": "2017-04-01",
}


def version_of(path: str) -> str:
    for name, version in VERSIONS.items():
        if f"/{name}" in path.lower():
            return version
    return "2024-03-01"


class Manager:
    """A client that knows the API version of each path."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:
        parameters = {"api-version": version_of(path)} | query
        return self.http.request(method, path, params=parameters, json=body)

    def refused(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, str]:
        answer = self.ask(method, path, body, **query)
        assert answer.is_error, answer.text
        return answer.status_code, answer.json()["error"]["code"]

    def make(self, path: str, body: Any) -> Any:
        return self.ask("PUT", path, body).raise_for_status().json()


@pytest.fixture
def manager(tenant_server: TenantServer) -> Iterator[Manager]:
    with arm(tenant_server) as http:
        yield Manager(http)


@pytest.fixture
def estate(manager: Manager) -> Manager:
    """A manager with a resource group, a workspace and an action group."""
    manager.make(GROUP, {"location": "westeurope"})
    manager.make(WORKSPACE, {"location": "westeurope"})
    manager.make(ACTION_GROUP, action_group_body())
    return manager


def rule(**properties: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"scopes": [WORKSPACE], "actions": {"actionGroups": [ACTION_GROUP]}}
    return rule_body(**(given | properties))


def setting(*categories: str, workspace: str = WORKSPACE) -> dict[str, Any]:
    return setting_body(*categories, workspace=workspace)


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


@pytest.mark.parametrize(
    ("path", "location", "status", "code"),
    [
        (f"{SUBSCRIPTION}/resourceGroups/rg.", "westeurope", 400, "InvalidResourceGroup"),
        (GROUP, None, 400, "LocationRequired"),
        (GROUP, "atlantis", 400, "LocationNotAvailableForResourceGroup"),
        (GROUP, "northeurope", 409, "InvalidResourceGroupLocation"),
        (WORKSPACE, None, 400, "LocationRequired"),
        (WORKSPACE, "global", 400, "LocationNotAvailableForResourceType"),
        (WORKSPACE, "northeurope", 409, "InvalidResourceLocation"),
        (f"{WORKSPACE}_", "westeurope", 400, "InvalidParameter"),
        (WORKSPACE.replace("rg-Watch", "rg-x"), "westeurope", 404, "ResourceGroupNotFound"),
    ],
)
def test_places_and_names_are_checked(
    estate: Manager, path: str, location: str | None, status: int, code: str
) -> None:
    assert estate.refused("PUT", path, {"location": location}) == (status, code)


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"retentionInDays": 29}, "InvalidParameter"),
        ({"retentionInDays": 731}, "InvalidParameter"),
        ({"sku": {"name": "Gold"}}, "InvalidParameter"),
        ({"retentionDays": 31}, "InvalidRequestContent"),
    ],
)
def test_a_workspace_is_checked(estate: Manager, properties: dict[str, Any], code: str) -> None:
    body = {"location": "westeurope", "properties": properties}
    assert estate.refused("PUT", WORKSPACE, body) == (400, code)


@pytest.mark.parametrize(
    "properties",
    [
        {"groupShortName": "ThirteenChars"},
        {"groupShortName": ""},
        {"emailReceivers": [{"name": "a", "emailAddress": "nobody"}]},
        {"emailReceivers": [{"emailAddress": "a@b.example"}]},
        {"emailReceivers": [{"name": "a", "emailAddress": "a@b.example"}] * 2},
        {
            "smsReceivers": [
                {"name": str(number), "countryCode": "49", "phoneNumber": "1"}
                for number in range(11)
            ]
        },
    ],
)
def test_an_action_group_is_checked(estate: Manager, properties: dict[str, Any]) -> None:
    body = action_group_body(**properties)
    assert estate.refused("PUT", ACTION_GROUP, body) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (rule(severity=5), 400, "BadRequest"),
        (rule(evaluationFrequency="PT7M"), 400, "BadRequest"),
        (rule(evaluationFrequency="five"), 400, "BadRequest"),
        (rule(windowSize="P3D"), 400, "BadRequest"),
        (rule(windowSize="PT5M", evaluationFrequency="PT10M"), 400, "BadRequest"),
        (rule(overrideQueryTimeRange="PT1H"), 400, "BadRequest"),
        (rule(evaluationFrequency="PT1M"), 400, "BadRequest"),
        (rule(autoMitigate=True, muteActionsDuration="PT1H"), 400, "BadRequest"),
        (rule(scopes=[]), 400, "BadRequest"),
        (rule(scopes=[WORKSPACE + "2"]), 400, "BadRequest"),
        (rule(actions={"actionGroups": [ACTION_GROUP + "2"]}), 400, "BadRequest"),
        (rule(criteria={"allOf": []}), 400, "BadRequest"),
        (rule(condition={"operator": "More"}), 400, "BadRequest"),
        (rule(condition={"threshold": None}), 400, "BadRequest"),
        (rule(condition={"timeAggregation": "Total"}), 400, "BadRequest"),
        (rule(condition={"failingPeriods": {"minFailingPeriodsToAlert": 2}}), 400, "BadRequest"),
        (rule(actionGroups=[]), 400, "InvalidRequestContent"),
        (rule(condition={"dimensions": [{"name": "UserId"}]}), 501, "NotSimulated"),
    ],
)
def test_a_query_rule_is_checked(
    estate: Manager, body: dict[str, Any], status: int, code: str
) -> None:
    estate.make(RULE, rule())
    assert estate.refused("PUT", RULE, body) == (status, code)


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


def test_a_new_workspace_is_polled_until_it_is_there(manager: Manager) -> None:
    manager.make(GROUP, {"location": "westeurope"})
    answer = manager.ask("PUT", WORKSPACE, {"location": "westeurope"})
    assert answer.status_code == 201
    assert answer.json()["properties"]["provisioningState"] == "Creating"
    assert answer.headers["retry-after-ms"] == "50"
    statuses = [
        manager.http.get(answer.headers["Azure-AsyncOperation"]).json()["status"] for _ in range(2)
    ]
    assert statuses == ["InProgress", "Succeeded"]
    read = manager.ask("GET", WORKSPACE).json()
    assert read["properties"]["provisioningState"] == "Succeeded"


def test_deleting_a_group_is_polled_at_its_location(estate: Manager) -> None:
    answer = estate.ask("DELETE", GROUP)
    assert answer.status_code == 202
    polled = [estate.http.get(answer.headers["Location"]).status_code for _ in range(2)]
    assert polled == [202, 200]
    assert estate.refused("GET", WORKSPACE) == (404, "ResourceGroupNotFound")


def test_a_diagnostic_setting_of_the_tenant_is_made_read_listed_and_deleted(
    estate: Manager,
) -> None:
    path = f"{SETTINGS}/break-glass"
    made = estate.make(path, setting("SignInLogs", "AuditLogs"))
    assert made["id"].lower() == path.lower()
    assert made["properties"]["workspaceId"] == WORKSPACE
    assert [log["category"] for log in made["properties"]["logs"]] == ["SignInLogs", "AuditLogs"]
    assert estate.ask("GET", path.upper().replace("/PROVIDERS", "/providers")).json() == made
    assert estate.ask("GET", SETTINGS).json()["value"] == [made]
    assert estate.ask("DELETE", path).status_code == 200
    assert estate.refused("GET", path) == (404, "ResourceNotFound")


def test_a_category_reaches_a_sink_through_one_setting_only(estate: Manager) -> None:
    estate.make(f"{SETTINGS}/security", setting("SignInLogs"))
    path = f"{SETTINGS}/break-glass"
    answer = estate.ask(
        "PUT", path, setting("AuditLogs", "SignInLogs", workspace=WORKSPACE.upper())
    )
    assert answer.status_code == 409
    message = answer.json()["error"]["message"]
    assert "is already used in diagnostic setting 'security' for category 'SignInLogs'" in message
    assert estate.refused("GET", path) == (404, "ResourceNotFound")
    assert estate.make(path, setting("AuditLogs"))["name"] == "break-glass"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (setting("SigninLogs2"), 400, "BadRequest"),
        (setting(workspace=""), 400, "BadRequest"),
        (setting(workspace=WORKSPACE + "2"), 404, "ResourceNotFound"),
    ],
)
def test_a_diagnostic_setting_is_checked(
    estate: Manager, body: dict[str, Any], status: int, code: str
) -> None:
    assert estate.refused("PUT", f"{SETTINGS}/x", body) == (status, code)


def test_a_tenant_has_five_diagnostic_settings_at_most(estate: Manager) -> None:
    for number in range(5):
        workspace = f"{WORKSPACE}-{number}"
        estate.make(workspace, {"location": "westeurope"})
        estate.make(f"{SETTINGS}/s{number}", setting("AuditLogs", workspace=workspace))
    assert estate.refused("PUT", f"{SETTINGS}/s5", setting("AuditLogs")) == (409, "Conflict")


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


def test_a_rule_made_over_http_rings_over_http(estate: Manager, control: httpx.Client) -> None:
    estate.make(f"{SETTINGS}/export", setting())
    user = f"{object_id('users/ada')}"
    query = f'SigninLogs | where UserId in ("{user}")'
    estate.make(RULE, rule(query=query))
    for name in ("ada@fabrikam.onmicrosoft.com", "eve@fabrikam.onmicrosoft.com"):
        assert control.post("/sandbox/sign-ins", json={"user": name}).is_success
    control.post("/sandbox/clock", json={"advanceSeconds": 900}).raise_for_status()
    alerts = control.get("/sandbox/alerts").json()
    firings = alerts["value"]
    assert {row["UserId"] for firing in firings for row in firing["rows"]} == {user}
    mails = control.get("/sandbox/outbox").json()["value"]
    assert len(mails) == 2 * len(firings) > 0
    assert alerts["failures"] == []


def test_a_rule_that_cannot_run_is_seen_on_the_control_face(
    estate: Manager, control: httpx.Client
) -> None:
    estate.make(RULE, rule(query="SigninLogs | count"))
    control.post("/sandbox/clock", json={"advanceSeconds": 300}).raise_for_status()
    (failure,) = control.get("/sandbox/alerts").json()["failures"]
    assert failure["rule"] == "use-alert"
    assert "SigninLogs" in failure["error"]
