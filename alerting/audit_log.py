"""Pieces of the queries over AuditLogs. Columns: Azure Monitor Logs reference, "AuditLogs"."""

from collections.abc import Sequence

from alerting.query_parts import everywhere, fuzzy_union
from alerting.schedules import arrived, check_frequency

LOOKBACK_MINUTES = 1440
"""How late an audit row may be; it counts once when it arrives."""

_EMPTY = (
    "TimeGenerated:datetime, Id:string, OperationName:string, Result:string, ResultReason:string, "
    "InitiatedBy:dynamic, TargetResources:dynamic"
)


def audit_rows(
    condition: str,
    *,
    frequency_minutes: int,
    overlap_minutes: int,
    earlier_workspaces: Sequence[str],
) -> str:
    """The rows that arrived since the run before and meet a condition, with who did it.

    Columns: those of the table that matter, `By` (user, else application) and `IPAddress`.
    Raises QueryError.
    """
    check_frequency(frequency_minutes)
    arrival = arrived(period_minutes=frequency_minutes, overlap_minutes=overlap_minutes)
    legs = [
        f"{table}\n"
        f"    | where {arrival}\n"
        f"    | where TimeGenerated >= ago({LOOKBACK_MINUTES}m)\n"
        f"    | where {condition}\n"
        "    | project TimeGenerated, Id, OperationName, Result, ResultReason, InitiatedBy,"
        " TargetResources"
        for table in everywhere("AuditLogs", earlier_workspaces)
    ]
    return (
        f"{fuzzy_union(_EMPTY, legs)}\n"
        "| extend User = tostring(InitiatedBy.user.userPrincipalName),"
        " Application = tostring(InitiatedBy.app.displayName),"
        " IPAddress = tostring(InitiatedBy.user.ipAddress)\n"
        "| extend By = iff(isempty(User), Application, User)"
    )
