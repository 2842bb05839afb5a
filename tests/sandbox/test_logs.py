"""Which rows reach which workspace, and when."""

import pytest

from sandbox.tenant.monitor.logs import DEFAULT_DELAY_SECONDS
from sandbox.tenant.tenant import World
from tests.sandbox.seed_tenant import StillClock, seed
from tests.sandbox.watched_tenant import (
    CATEGORIES,
    SETTING,
    WORKSPACE,
    WatchedTenant,
    in_group,
    setting_body,
)

OTHER = in_group("Microsoft.OperationalInsights", "workspaces", "log-other")


@pytest.fixture
def watched() -> WatchedTenant:
    return WatchedTenant()


def test_a_row_can_be_read_after_four_minutes_unless_told_otherwise() -> None:
    assert World(StillClock()).add(seed()).logs.delay_seconds == DEFAULT_DELAY_SECONDS == 240


def test_a_row_is_invisible_until_its_delay_has_passed(watched: WatchedTenant) -> None:
    watched.tenant.logs.delay_seconds = 240
    watched.sign_in()
    watched.clock.advance(239)
    assert watched.tenant.logs.rows("SigninLogs") == []
    watched.clock.advance(1)
    assert len(watched.tenant.logs.rows("SigninLogs")) == 1


def test_time_generated_is_the_time_of_the_event(watched: WatchedTenant) -> None:
    watched.sign_in(TimeGenerated="2001-01-01T00:00:00Z")
    watched.clock.advance(240)
    (row,) = watched.tenant.logs.rows("SigninLogs")
    assert row["TimeGenerated"] == "2027-01-15T08:00:00.000000Z"
    assert row["Type"] == "SigninLogs"
    assert "_ingestion_time" not in row


def test_a_row_carries_the_id_of_its_workspace(watched: WatchedTenant) -> None:
    watched.sign_in()
    watched.clock.advance(240)
    (row,) = watched.tenant.logs.rows("SigninLogs", workspace=WORKSPACE.text.upper())
    assert row["TenantId"] == watched.tenant.azure.get(WORKSPACE)["properties"]["customerId"]


def test_only_exported_categories_arrive(watched: WatchedTenant) -> None:
    watched.put(SETTING, setting_body("AuditLogs"), "2017-04-01")
    watched.sign_in()
    watched.tenant.logs.emit("AuditLogs", {"OperationName": "Update user"})
    watched.clock.advance(240)
    assert watched.tenant.logs.rows("SigninLogs") == []
    assert len(watched.tenant.logs.rows("AuditLogs")) == 1


def test_a_category_that_is_switched_off_does_not_arrive(watched: WatchedTenant) -> None:
    body = setting_body("SignInLogs")
    body["properties"]["logs"][0]["enabled"] = False
    watched.put(SETTING, body, "2017-04-01")
    watched.sign_in()
    watched.clock.advance(240)
    assert watched.tenant.logs.rows("SigninLogs") == []


def test_two_settings_fill_two_workspaces(watched: WatchedTenant) -> None:
    watched.put(OTHER, {"location": "westeurope"}, "2023-09-01")
    second = type(SETTING)(SETTING.namespace, SETTING.type, "second")
    watched.put(second, setting_body("SignInLogs", workspace=OTHER.text), "2017-04-01")
    watched.sign_in()
    watched.clock.advance(240)
    for workspace in (WORKSPACE, OTHER):
        assert len(watched.tenant.logs.rows("SigninLogs", workspace=workspace.text)) == 1


def test_a_deleted_workspace_receives_nothing(watched: WatchedTenant) -> None:
    watched.tenant.azure.delete(WORKSPACE)
    watched.sign_in()
    watched.clock.advance(240)
    assert watched.tenant.logs.rows("SigninLogs") == []


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_column_that_the_table_does_not_have_is_refused(
    watched: WatchedTenant, category: str
) -> None:
    with pytest.raises(ValueError, match="has no column UserID"):
        watched.tenant.logs.emit(category, {"UserID": "x"})


def test_an_unknown_category_is_refused_with_those_that_exist(watched: WatchedTenant) -> None:
    with pytest.raises(ValueError, match="'Signins': expected one of SignInLogs"):
        watched.tenant.logs.emit("Signins", {})


def test_rows_survive_a_restart_and_can_still_be_queried(watched: WatchedTenant) -> None:
    watched.sign_in()
    tenant = World(watched.clock).add(watched.tenant.to_document())
    now = watched.clock.now() + 240
    result = tenant.logs.query(WORKSPACE.text, "SigninLogs | count", start=now - 3600, now=now)
    assert result.rows == ({"Count": 1},)
    assert tenant.to_document() == watched.tenant.to_document()
