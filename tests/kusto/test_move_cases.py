"""Every alarm on rows that go to another workspace than its rule's: the logs have moved."""

from collections.abc import Callable
from typing import Any

import pytest

from alerting.exclusion_alert import EXCLUSION_SCHEDULE, ExcludedObjects, exclusion_alert_query
from alerting.schedules import RuleSchedule
from alerting.silence_alert import SILENCE_SCHEDULE, silence_alert_query
from alerting.tamper_alert import TAMPER_SCHEDULE, TamperTargets, tamper_alert_query
from alerting.use_alert import use_alert_query, use_alert_schedule
from tests.kusto.alarm_queries import ACCOUNT, GROUP, POLICY
from tests.kusto.watch import audit_row, rung, target, watch
from tests.sandbox.watched_tenant import SETTING, WatchedTenant, in_group, setting_body

ELSEWHERE = in_group("Microsoft.OperationalInsights", "workspaces", "log-elsewhere")
SAVED = {"displayName": "ConditionalAccessPolicy", "oldValue": None, "newValue": "{}"}
Query = Callable[..., str]


def use(**changes: Any) -> str:
    return use_alert_query([ACCOUNT], frequency_minutes=5, lookback_minutes=1440, **changes)


def exclusion(**changes: Any) -> str:
    return exclusion_alert_query(ExcludedObjects([GROUP], []), **changes)


def tamper(**changes: Any) -> str:
    return tamper_alert_query(TamperTargets([ACCOUNT.object_id], [GROUP]), **changes)


def sign_in(tenant: WatchedTenant) -> None:
    tenant.sign_in()
    tenant.sign_in("NonInteractiveUserSignInLogs")


def save_policy(tenant: WatchedTenant) -> None:
    row = audit_row("Update conditional access policy", target(POLICY, "Require MFA", SAVED))
    tenant.tenant.logs.emit("AuditLogs", row)


def disable_account(tenant: WatchedTenant) -> None:
    row = audit_row("Disable account", target(ACCOUNT.object_id))
    tenant.tenant.logs.emit("AuditLogs", row)


def moved(query: str, schedule: RuleSchedule, *, exists: bool = True) -> WatchedTenant:
    tenant = watch(query, schedule)
    if exists:
        tenant.put(ELSEWHERE, {"location": "westeurope"}, "2023-09-01")
        tenant.put(SETTING, setting_body(workspace=ELSEWHERE.text), "2017-04-01")
    return tenant


@pytest.mark.parametrize(
    ("query", "schedule", "happen", "rows"),
    [
        (use, use_alert_schedule(frequency_minutes=5, lookback_minutes=1440), sign_in, 2),
        (exclusion, EXCLUSION_SCHEDULE, save_policy, 1),
        (tamper, TAMPER_SCHEDULE, disable_account, 1),
    ],
)
def test_it_rings_for_rows_of_a_workspace_that_its_query_names(
    query: Query, schedule: RuleSchedule, happen: Callable[[WatchedTenant], None], rows: int
) -> None:
    tenant = moved(query(earlier_workspaces=[ELSEWHERE.text]), schedule)
    happen(tenant)
    assert len(rung(tenant)) == rows
    blind = moved(query(), schedule)
    happen(blind)
    assert rung(blind) == []


def test_rows_of_both_workspaces_ring_and_one_that_does_not_exist_is_no_failure() -> None:
    schedule = use_alert_schedule(frequency_minutes=5, lookback_minutes=1440)
    tenant = moved(use(earlier_workspaces=[ELSEWHERE.text]), schedule, exists=False)
    tenant.sign_in(CorrelationId="here")
    assert [row["CorrelationId"] for row in rung(tenant)] == ["here"]
    tenant.put(ELSEWHERE, {"location": "westeurope"}, "2023-09-01")
    tenant.sign_in(CorrelationId="on its way")
    tenant.put(SETTING, setting_body(workspace=ELSEWHERE.text), "2017-04-01")
    tenant.sign_in(CorrelationId="there")
    assert [row["CorrelationId"] for row in rung(tenant)][1:] in (
        ["on its way", "there"],
        ["there", "on its way"],
    )


def test_silence_is_silence_in_all_of_them() -> None:
    tenant = moved(silence_alert_query(earlier_workspaces=[ELSEWHERE.text]), SILENCE_SCHEDULE)
    for _half_day in range(6):
        tenant.sign_in(UserId="x", UserPrincipalName="ada@contoso.example")
        tenant.advance(minutes=720)
    assert rung(tenant, minutes=1) == []
    assert len(rung(tenant, minutes=2 * 1440)) >= 1
