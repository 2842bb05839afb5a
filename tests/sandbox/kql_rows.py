"""A few rows of two tables, for queries whose results can be worked out by hand.

Sign-ins of a (11:00), b (11:30) and c (11:59); audit records 1 and 2. Noon is now.
"""

from datetime import UTC, datetime
from typing import Any

from sandbox.tenant.monitor.kql import Database, KqlResult

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()
TABLES = ("AuditLogs", "SigninLogs")


def row(generated: str, arrived: str, table: str = "SigninLogs", **columns: Any) -> dict[str, Any]:
    return {
        "TimeGenerated": f"2026-11-01T{generated}Z",
        "_ingestion_time": f"2026-11-01T{arrived}Z",
        "Type": table,
        **columns,
    }


SIGN_INS = [
    row(
        *("11:00:00", "11:04:00"),
        UserId="a",
        UserPrincipalName="Ada@contoso.example",
        ResultType="0",
        AppDisplayName="Azure Portal",
        IPAddress="203.0.113.9",
        Status={"errorCode": 0, "failureReason": None},
        DurationMs=10,
        IsInteractive=True,
        ResultDescription="",
    ),
    row(
        *("11:30:00", "11:58:00"),
        UserId="b",
        UserPrincipalName="bo@contoso.example",
        ResultType="50126",
        AppDisplayName="azure portal",
        IPAddress="203.0.113.10",
        Status={"errorCode": 50126, "failureReason": "wrong password"},
        DurationMs=20,
        IsInteractive=False,
    ),
    row(
        *("11:59:00", "11:59:30"),
        UserId="c",
        UserPrincipalName="cy@contoso.example",
        ResultType="0",
        AppDisplayName="Office 365 Exchange-Online",
        IPAddress="198.51.100.1",
        ResultDescription="MFA done",
    ),
]
AUDITS = [
    row(
        *("11:10:00", "11:14:00", "AuditLogs"),
        Id="1",
        OperationName="Update conditional access policy",
        InitiatedBy={"user": {"id": "a", "userPrincipalName": "ada@contoso.example"}},
        TargetResources=[
            {
                "id": "p1",
                "modifiedProperties": [
                    {
                        "displayName": "ConditionalAccessPolicy",
                        "oldValue": '{"conditions":{"users":{"excludeGroups":["g1"]}}}',
                        "newValue": '{"conditions":{"users":{"excludeGroups":[]}}}',
                    }
                ],
            }
        ],
    ),
    row(
        *("11:20:00", "11:24:00", "AuditLogs"),
        Id="2",
        OperationName="Add member to role",
        InitiatedBy={"app": {"appId": "app1"}},
        TargetResources=[
            {
                "id": "u1",
                "modifiedProperties": [
                    {"displayName": "Role.DisplayName", "oldValue": None, "newValue": '"Reader"'}
                ],
            },
            {"id": "r1", "modifiedProperties": []},
        ],
    ),
]


def database() -> Database:
    made = Database()
    made.insert("SigninLogs", SIGN_INS)
    made.insert("AuditLogs", AUDITS)
    return made


def ask(text: str, *, start: float = NOON - 86400, now: float = NOON) -> KqlResult:
    """The result over these rows."""
    return database().query(text, tables=TABLES, start=start, now=now)
