"""The silence alert on rows: a day without one sign-in of anybody rings, anything else does not."""

import pytest

from alerting.silence_alert import SILENCE_SCHEDULE, silence_alert_query
from tests.kusto.watch import audit_row, later, rung, watch
from tests.sandbox.watched_tenant import WatchedTenant

DAY = 24 * 60
ANYBODY = {"UserId": "x", "UserPrincipalName": "ada@contoso.example"}


def watched() -> WatchedTenant:
    return watch(silence_alert_query(customer="Fabrikam"), SILENCE_SCHEDULE)


@pytest.mark.parametrize("category", ["SignInLogs", "NonInteractiveUserSignInLogs"])
def test_one_sign_in_a_day_in_either_table_is_enough(category: str) -> None:
    tenant = watched()
    for _half_day in range(8):
        tenant.sign_in(category, **ANYBODY)
        tenant.advance(minutes=DAY / 2)
    assert rung(tenant, minutes=1) == []


def test_a_day_without_a_sign_in_rings_once_a_day_until_the_next_one() -> None:
    tenant = watched()
    tenant.sign_in(**ANYBODY)
    tenant.advance(minutes=DAY)
    before = len(tenant.firings)
    assert len(rung(tenant, minutes=3 * DAY)) == before + 3
    assert tenant.firings[-1]["rows"][0]["SignIns"] == 0
    assert tenant.firings[-1]["rows"][0]["Customer"] == "Fabrikam"
    tenant.sign_in(**ANYBODY)
    assert len(rung(tenant, minutes=DAY)) == before + 3


def test_a_workspace_that_never_had_a_row_rings() -> None:
    assert len(rung(watched(), minutes=DAY + 10)) >= 1


def test_audit_records_are_no_sign_ins() -> None:
    tenant = watched()
    for _half_day in range(4):
        tenant.tenant.logs.emit("AuditLogs", audit_row("Update user"))
        tenant.advance(minutes=DAY / 2)
    assert rung(tenant, minutes=DAY)


def test_rows_that_come_hours_late_still_show_that_the_way_is_open() -> None:
    tenant = watched()
    later(tenant, DAY - 60)
    for _half_day in range(6):
        tenant.sign_in(**ANYBODY)
        tenant.advance(minutes=DAY / 2)
    before = len(tenant.firings)
    assert len(rung(tenant, minutes=DAY / 2)) == before
    assert before <= 2
