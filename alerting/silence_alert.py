"""The silence alert: not one sign-in of anybody reached the workspace for a day.

Somebody switched the export off, a daily cap stopped it, a licence lapsed: the use alert would stay
silent for the wrong reason. The tenant's diagnostic setting is in no subscription's activity log,
so that this alert is what tells of it.
"""

from collections.abc import Sequence

from alerting.literals import literal
from alerting.query_parts import context, everywhere, fuzzy_union
from alerting.schedules import SILENCE_EVERY_MINUTES, rule_schedule
from alerting.use_alert import SIGN_IN_TABLES

SILENCE_SCHEDULE = rule_schedule(
    frequency_minutes=SILENCE_EVERY_MINUTES, lookback_minutes=2 * SILENCE_EVERY_MINUTES
)
"""Once a day. The look-back is longer than the day: a row that arrived late is a row, too."""

_FINDING = "No sign-in of anybody in the tenant reached Log Analytics for a day"


def silence_alert_query(
    *, earlier_workspaces: Sequence[str] = (), customer: str = "", runbook: str = ""
) -> str:
    """KQL that returns one row when no sign-in arrived for a day, and none otherwise.

    It holds when the tables do not exist, too. Rows are counted by their arrival: what matters is
    whether the way from the directory to the workspace is open.
    """
    arrived = f"where ingestion_time() >= ago({SILENCE_EVERY_MINUTES}m)"
    legs = [
        f"{table}\n    | {arrived}\n    | project TimeGenerated"
        for name in SIGN_IN_TABLES
        for table in everywhere(name, earlier_workspaces)
    ]
    return (
        f"{fuzzy_union('TimeGenerated:datetime', legs)}\n"
        "| summarize SignIns = count()\n"
        "| where SignIns == 0\n"
        f"| project Finding = {literal(_FINDING)}, SignIns"
        f"{context(customer=customer, runbook=runbook)}"
    )
