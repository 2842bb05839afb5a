"""The queries of alarms on break-glass accounts, over audit and sign-in rows as Azure has them."""

import json
from typing import Any

import pytest

from tests.sandbox.watched_tenant import WATCHED, WatchedTenant

GROUP = "b7e0c1de-0000-4000-8000-000000000001"
OTHER = "b7e0c1de-0000-4000-8000-000000000002"

# A policy was made or changed, and its new value lacks the group's exclusion.
EXCLUSION = f"""
AuditLogs
| where ingestion_time() >= ago(6m)
| where OperationName in~ ("Add conditional access policy", "Update conditional access policy")
| where Result =~ "success"
| mv-expand target = TargetResources
| mv-expand property = target.modifiedProperties
| where tostring(property.displayName) =~ "ConditionalAccessPolicy"
| extend policy = parse_json(tostring(property.newValue))
| extend excluded = tostring(policy.conditions.users.excludeGroups)
| where excluded !has "{GROUP}"
| project TimeGenerated, Policy = tostring(target.displayName),
    By = coalesce(tostring(InitiatedBy.user.userPrincipalName),
                  tostring(InitiatedBy.app.displayName)), excluded
"""

# Somebody touched an account, the group, or acted as the account.
TAMPER = f"""
let watched = dynamic(["{WATCHED.object_id}", "{GROUP}"]);
let activities = dynamic(["Reset user password", "Change user password", "Disable account",
    "Delete user", "Add member to role", "Remove member from role", "Add member to group",
    "Remove member from group", "Delete group", "User registered security info"]);
AuditLogs
| where ingestion_time() >= ago(6m)
| extend target = TargetResources[0]
| where (OperationName in~ (activities) and (tostring(target.id) in~ (watched)
        or tostring(TargetResources) has_any (watched)))
    or tostring(InitiatedBy.user.id) =~ "{WATCHED.object_id}"
| summarize count(), activities = make_set(OperationName) by Who = tostring(InitiatedBy.user.id)
"""

# Nothing at all arrived for a day.
SILENCE = """
union isfuzzy=true
    (SigninLogs | project TimeGenerated),
    (AADNonInteractiveUserSignInLogs | project TimeGenerated)
| summarize latest = max(TimeGenerated), rows = count()
| where rows == 0 or latest < ago(1d)
"""


def audit(watched: WatchedTenant, operation: str, target: dict[str, Any], by: str = "ada") -> None:
    row = {
        "OperationName": operation,
        "Result": "success",
        "InitiatedBy": {"user": {"id": by, "userPrincipalName": f"{by}@contoso.example"}},
        "TargetResources": [target],
    }
    watched.tenant.logs.emit("AuditLogs", row)


def policy(*groups: str) -> dict[str, Any]:
    value = {"displayName": "Require MFA", "conditions": {"users": {"excludeGroups": groups}}}
    changed = [
        {"displayName": "Name", "oldValue": None, "newValue": '"Require MFA"'},
        {"displayName": "ConditionalAccessPolicy", "oldValue": None, "newValue": json.dumps(value)},
    ]
    return {"id": "p", "displayName": "Require MFA", "modifiedProperties": changed}


@pytest.mark.parametrize(
    ("groups", "operation", "rings"),
    [
        ((OTHER,), "Update conditional access policy", True),
        ((), "Add conditional access policy", True),
        ((OTHER, GROUP), "Update conditional access policy", False),
        ((), "Delete conditional access policy", False),
    ],
)
def test_a_lost_exclusion_rings(
    watched: WatchedTenant, groups: tuple[str, ...], operation: str, rings: bool
) -> None:
    watched.with_rule(EXCLUSION)
    audit(watched, operation, policy(*groups))
    watched.advance(minutes=10)
    assert watched.tenant.alert_rules.failures() == []
    assert [firing["rows"][0]["Policy"] for firing in watched.firings] == ["Require MFA"] * rings
    assert [firing["rows"][0]["By"] for firing in watched.firings] == [
        "ada@contoso.example"
    ] * rings


@pytest.mark.parametrize(
    ("operation", "target", "by", "rings"),
    [
        ("Reset user password", WATCHED.object_id, "ada", True),
        ("reset user password", WATCHED.object_id.upper(), "ada", True),
        ("Remove member from group", GROUP, "ada", True),
        ("Reset user password", OTHER, "ada", False),
        ("Update user", WATCHED.object_id, "ada", False),
        ("Update user", OTHER, WATCHED.object_id, True),
    ],
)
def test_tampering_rings(
    watched: WatchedTenant, operation: str, target: str, by: str, rings: bool
) -> None:
    watched.with_rule(TAMPER)
    audit(watched, operation, {"id": target, "modifiedProperties": []}, by)
    watched.advance(minutes=10)
    assert watched.tenant.alert_rules.failures() == []
    assert [firing["rows"][0]["Who"] for firing in watched.firings] == [by] * rings
    assert [firing["rows"][0]["activities"] for firing in watched.firings] == [[operation]] * rings


def test_a_day_of_silence_rings_and_a_day_with_rows_does_not(watched: WatchedTenant) -> None:
    hourly = {"evaluationFrequency": "PT1H", "windowSize": "P2D"}
    watched.with_rule(SILENCE, **hourly)
    for _hour in range(6):
        watched.sign_in(UserId="x", UserPrincipalName="ada@contoso.example")
        watched.advance(minutes=60)
    assert watched.firings == []
    watched.advance(minutes=24 * 60 + 30)
    assert watched.firings[0]["rows"][0]["rows"] == 6
    watched.advance(minutes=36 * 60)
    assert watched.firings[-1]["rows"][0]["rows"] == 0
