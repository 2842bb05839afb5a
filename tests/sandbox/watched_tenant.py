"""A tenant with the alarm set up, without HTTP, in time that stands still until it is moved."""

from typing import Any

from alerting.use_alert import WatchedAccount, use_alert_query, use_alert_schedule
from sandbox.tenant.azure.ids import ResourceId
from sandbox.tenant.tenant import Tenant, World
from tests.sandbox.seed_tenant import StillClock, seed
from tests.support.tenant import AT_ONCE

SUBSCRIPTION = str(seed()["subscriptions"][0]["subscriptionId"])
WATCHED = WatchedAccount("0f3e4c1a-0000-4000-8000-00000000000a", "quiet-harbor@contoso.example")
QUERY = use_alert_query([WATCHED], frequency_minutes=5, lookback_minutes=1440)
QUERY_OF_ONE_TABLE = (
    f'SigninLogs | where UserId == "{WATCHED.object_id}" and ingestion_time() >= ago(6m)'
)
ACTOR = "00000000-0000-4000-8000-0000000000ac"
CATEGORIES = ("SignInLogs", "NonInteractiveUserSignInLogs", "AuditLogs")

Json = dict[str, Any]


def in_group(namespace: str, kind: str, name: str) -> ResourceId:
    return ResourceId(namespace, kind, name, SUBSCRIPTION, "rg-watch")


WORKSPACE = in_group("Microsoft.OperationalInsights", "workspaces", "log-watch")
ACTION_GROUP = in_group("Microsoft.Insights", "actionGroups", "watchers")
RULE = in_group("Microsoft.Insights", "scheduledQueryRules", "use-alert")
SETTING = ResourceId("microsoft.aadiam", "diagnosticSettings", "export")


def setting_body(*categories: str, workspace: str = WORKSPACE.text) -> Json:
    logs = [{"category": category, "enabled": True} for category in categories or CATEGORIES]
    return {"properties": {"workspaceId": workspace, "logs": logs}}


def action_group_body(**properties: Any) -> Json:
    receivers = [
        {"name": "duty", "emailAddress": "duty@contoso.example"},
        {"name": "outside", "emailAddress": "partner@fabrikam.example"},
    ]
    given = {"groupShortName": "BreakGlass", "enabled": True, "emailReceivers": receivers}
    return {"location": "Global", "properties": given | properties}


def rule_body(query: str = QUERY, *, condition: Json | None = None, **properties: Any) -> Json:
    schedule = use_alert_schedule(frequency_minutes=5, lookback_minutes=1440)
    criterion: Json = {
        "query": query,
        "timeAggregation": "Count",
        "operator": "GreaterThan",
        "threshold": 0,
    }
    given: Json = {
        "severity": 0,
        "enabled": True,
        "scopes": [WORKSPACE.text],
        "evaluationFrequency": schedule.evaluation_frequency,
        "windowSize": schedule.window_size,
        "criteria": {"allOf": [criterion | (condition or {})]},
        "autoMitigate": False,
        "skipQueryValidation": True,
        "actions": {"actionGroups": [ACTION_GROUP.text]},
    }
    return {"location": "westeurope", "properties": given | properties}


class WatchedTenant:
    """The seed tenant with workspace, diagnostic setting, action group and use alert."""

    def __init__(self, clock: StillClock | None = None) -> None:
        self.clock = clock or StillClock()
        self.world = World(self.clock)
        self.tenant: Tenant = self.world.add(seed())
        # A row of a sign-in at the time of a run arrives outside the minute that two runs share.
        self.tenant.behaviour.turn({**AT_ONCE, "logDelaySeconds": 200})
        self.tenant.azure.put_group(SUBSCRIPTION, "rg-watch", {"location": "westeurope"})
        self.put(WORKSPACE, {"location": "westeurope"}, "2023-09-01")
        self.put(SETTING, setting_body(), "2017-04-01")
        self.put(ACTION_GROUP, action_group_body(), "2024-10-01-preview")

    def put(self, identity: ResourceId, body: Json, version: str = "2025-01-01-preview") -> Json:
        return self.tenant.azure.put(identity, body, version, ACTOR).resource

    def with_rule(self, query: str = QUERY, **changes: Any) -> "WatchedTenant":
        self.put(RULE, rule_body(query, **changes))
        return self

    def sign_in(self, category: str = "SignInLogs", **columns: Any) -> None:
        row = {
            "UserId": WATCHED.object_id,
            "UserPrincipalName": WATCHED.user_principal_name,
            "AppDisplayName": "Azure Portal",
            "IPAddress": "203.0.113.9",
            "ResultType": "0",
        }
        self.tenant.logs.emit(category, row | columns)

    def advance(self, *, minutes: float) -> None:
        self.world.advance(minutes * 60)

    @property
    def firings(self) -> list[Json]:
        return self.tenant.alert_rules.firings()

    @property
    def mails(self) -> list[Json]:
        return self.tenant.outbox.messages()
