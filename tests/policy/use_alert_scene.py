"""The standing stack with a use alert, for the rule that reads its query."""

from collections.abc import Iterable
from typing import Any, Final

from alerting.use_alert import WatchedAccount, use_alert_query
from policies.resource_types import DIAGNOSTIC_SETTING, MONITORING, QUERY_RULE
from policies.rules import alarm_sees_every_use
from tests.policy.pack_scene import IDS, LATER, Thing, stack_verdict, standing_stack

OWNER: Final = Thing(MONITORING, "monitoring")
WORKSPACES: Final = (
    "/subscriptions/9a1d2c3b-4e5f-4a6b-8c7d-0e1f2a3b4c5d/resourceGroups/rg-logs"
    "/providers/Microsoft.OperationalInsights/workspaces"
)
LOGS, EARLIER = f"{WORKSPACES}/log-break-glass", f"{WORKSPACES}/log-earlier"


def query(*numbers: int, **settings: Any) -> str:
    """The product's own query for these accounts."""
    accounts = [WatchedAccount(IDS[one], f"k{one}@contoso.onmicrosoft.com") for one in numbers]
    usual: dict[str, Any] = {"frequency_minutes": 5, "lookback_minutes": 1440}
    return use_alert_query(accounts, **{**usual, **settings})


QUERY = query(1, 2)


def watched(text: Any = QUERY, **props: Any) -> list[Thing]:
    """The standing stack with a use alert of this query, and other properties of the rule."""
    criteria = text if text == LATER else {"allOf": [{"query": text}]}
    usual = {"evaluationFrequency": "PT5M", "windowSize": "P1D", "scopes": [LOGS]}
    alert = Thing(QUERY_RULE, "monitoring-use-alert", {"criteria": criteria, **usual}, OWNER)
    return [*standing_stack().values(), export("SignInLogs"), alert.having(**props)]


def export(*categories: str, **props: Any) -> Thing:
    """What is sent to the workspace."""
    logs = [{"category": one, "enabled": True} for one in categories]
    whole = {"logs": logs, "workspaceId": LOGS, **props}
    return Thing(DIAGNOSTIC_SETTING, "monitoring-diagnostic-setting", whole, OWNER)


def said(stack: Iterable[Thing]) -> list[str] | str:
    """The lines of the rule."""
    return stack_verdict(alarm_sees_every_use.RULE, stack)
