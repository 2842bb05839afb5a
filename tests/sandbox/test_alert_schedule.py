"""When an alert rule runs: its frequency, switched off and on, after a restart or a standstill."""

from sandbox.tenant.clock import iso
from sandbox.tenant.tenant import World
from tests.sandbox.watched_tenant import RULE, WatchedTenant


def test_the_rule_runs_on_its_schedule_after_the_row_has_arrived(watched: WatchedTenant) -> None:
    watched.with_rule()
    made = watched.clock.now()
    watched.advance(minutes=3)
    watched.sign_in()
    watched.advance(minutes=3)
    assert watched.firings == []
    watched.advance(minutes=24)
    assert [firing["time"] for firing in watched.firings] == [iso(made + 600)]
    assert {mail["time"] for mail in watched.mails} == {iso(made + 600)}


def test_a_disabled_rule_does_not_run(watched: WatchedTenant) -> None:
    watched.with_rule(enabled=False)
    watched.sign_in()
    watched.advance(minutes=60)
    assert watched.firings == []
    assert watched.tenant.alert_rules.next_due() is None


def test_a_rule_that_is_switched_on_again_waits_one_frequency(watched: WatchedTenant) -> None:
    watched.with_rule(enabled=False)
    watched.advance(minutes=62)
    watched.with_rule()
    assert watched.tenant.alert_rules.next_due() == watched.clock.now() + 300


def test_a_deleted_rule_and_its_muting_are_forgotten(watched: WatchedTenant) -> None:
    watched.with_rule(muteActionsDuration="P1D")
    watched.sign_in()
    watched.advance(minutes=10)
    watched.tenant.azure.delete(RULE)
    watched.with_rule()
    watched.clock.advance(1)
    watched.sign_in()
    watched.advance(minutes=15)
    assert len(watched.mails) > 2
    assert not any(firing["muted"] for firing in watched.firings)


def test_state_survives_a_restart_and_nothing_rings_twice(watched: WatchedTenant) -> None:
    watched.with_rule()
    watched.sign_in()
    watched.advance(minutes=10)
    document = watched.tenant.to_document()
    tenant = World(watched.clock).add(document)
    assert tenant.to_document() == document
    watched.clock.advance(3600)
    tenant.tick()
    assert tenant.alert_rules.firings() == watched.firings
    assert tenant.outbox.messages() == watched.mails


def test_what_was_missed_during_a_standstill_rings_with_its_own_time(
    watched: WatchedTenant,
) -> None:
    watched.with_rule()
    made = watched.clock.now()
    watched.sign_in()
    watched.clock.advance(3600)
    watched.tenant.tick()
    assert [firing["time"] for firing in watched.firings] == [iso(made + 300)]


def test_of_a_long_standstill_only_the_last_day_is_made_up_for(watched: WatchedTenant) -> None:
    watched.sign_in()
    watched.clock.advance(2 * 86400)
    watched.with_rule(condition={"operator": "LessThan", "threshold": 1})
    watched.clock.advance(3 * 86400)
    watched.tenant.tick()
    assert len(watched.firings) == 289
    assert watched.firings[0]["time"] == iso(watched.clock.now() - 86400)


def test_a_month_of_evaluations_takes_seconds(watched: WatchedTenant) -> None:
    watched.with_rule()
    watched.sign_in()
    watched.advance(minutes=31 * 1440)
    assert len(watched.firings) == 1
