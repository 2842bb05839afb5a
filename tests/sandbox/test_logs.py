"""Which rows reach which workspace, and when."""

import pytest

from sandbox.tenant.monitor import log_store
from sandbox.tenant.monitor.log_tables import INGESTION_COLUMN
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


def arrivals(watched: WatchedTenant, table: str = "SigninLogs") -> list[str]:
    (tables,) = watched.tenant.logs.to_document()["logRows"].values()
    return [row[INGESTION_COLUMN] for row in tables[table]]


def test_a_row_can_be_read_three_to_five_minutes_later_unless_told_otherwise() -> None:
    behaviour = World(StillClock()).add(seed()).behaviour
    assert (behaviour.log_delay_seconds, behaviour.log_delay_spread_seconds) == (240, 60)


def test_a_row_is_invisible_until_its_delay_has_passed(watched: WatchedTenant) -> None:
    watched.tenant.behaviour.log_delay_seconds = 240
    watched.sign_in()
    watched.clock.advance(239)
    assert watched.tenant.logs.rows("SigninLogs") == []
    watched.clock.advance(1)
    assert len(watched.tenant.logs.rows("SigninLogs")) == 1


def test_rows_arrive_within_the_spread_and_out_of_order(watched: WatchedTenant) -> None:
    watched.tenant.behaviour.turn({"logDelaySeconds": 240, "logDelaySpreadSeconds": 60})
    for _ in range(50):
        watched.sign_in()
    found = arrivals(watched)
    assert found != sorted(found)
    assert "2027-01-15T08:03:00" <= min(found) < "2027-01-15T08:03:15"
    assert "2027-01-15T08:04:45" < max(found) <= "2027-01-15T08:05:00"


def test_a_new_table_keeps_its_first_rows_waiting(watched: WatchedTenant) -> None:
    watched.tenant.behaviour.turn({"logDelaySeconds": 60, "firstRowsDelaySeconds": 600})
    for _ in range(3):
        watched.sign_in()
        watched.clock.advance(400)
    times = ("2027-01-15T08:10:00", "2027-01-15T08:10:00", "2027-01-15T08:14:20")
    assert arrivals(watched) == [f"{time}.000000Z" for time in times]


def test_what_happened_before_a_setting_existed_never_arrives(watched: WatchedTenant) -> None:
    watched.tenant.azure.delete(SETTING)
    watched.sign_in()
    watched.put(SETTING, setting_body(), "2017-04-01")
    watched.clock.advance(86_400)
    assert watched.tenant.logs.rows("SigninLogs") == []


def test_sign_ins_of_a_tenant_without_a_licence_are_not_exported(watched: WatchedTenant) -> None:
    watched.tenant.directory.subscribed_skus.clear()
    for category in CATEGORIES:
        watched.tenant.logs.emit(category, {"OperationName": "x"})
    watched.clock.advance(240)
    tables = ("SigninLogs", "AADNonInteractiveUserSignInLogs", "AuditLogs")
    assert [len(watched.tenant.logs.rows(table)) for table in tables] == [0, 0, 1]


def test_rows_are_kept_as_long_as_the_workspace_retains_them(watched: WatchedTenant) -> None:
    watched.sign_in(CorrelationId="first")
    for passed, kept in ((29, ["first", "next"]), (2, ["next", "next"])):
        watched.clock.advance(passed * 86_400)
        watched.sign_in(CorrelationId="next")
        now = watched.clock.now() + 240
        rows = watched.tenant.logs.rows("SigninLogs", now=now)
        assert [row["CorrelationId"] for row in rows] == kept
        result = watched.tenant.logs.query(WORKSPACE.text, "SigninLogs | count", start=0, now=now)
        assert result.rows == ({"Count": 2},)


def test_a_table_does_not_grow_without_end(
    watched: WatchedTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_store, "MOST_ROWS", 20)
    for number in range(100):
        watched.sign_in(CorrelationId=str(number))
    rows = watched.tenant.logs.rows("SigninLogs", now=watched.clock.now() + 240)
    assert len(rows) <= 20
    assert rows[-1]["CorrelationId"] == "99"


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
