"""Which uses of a watched account ring, however late their rows arrive."""

from typing import Any

import pytest

from tests.sandbox.watched_tenant import SETTING, WATCHED, WatchedTenant, setting_body
from tests.support.findings import rung


def test_a_sign_in_rings_once_and_mails_every_receiver(watched: WatchedTenant) -> None:
    watched.with_rule()
    watched.sign_in()
    watched.advance(minutes=30)
    (firing,) = watched.firings
    assert (firing["rule"], firing["severity"], firing["condition"]) == ("use-alert", 0, "Fired")
    assert firing["rows"][0]["Account"] == WATCHED.user_principal_name
    recipients = [(mail["channel"], mail["recipient"]) for mail in watched.mails]
    assert recipients == [("email", "duty@contoso.example"), ("email", "partner@fabrikam.example")]


def test_an_ordinary_user_rings_nothing(watched: WatchedTenant) -> None:
    watched.with_rule()
    watched.sign_in(UserId="someone-else", UserPrincipalName="ada@contoso.example")
    watched.advance(minutes=60)
    assert watched.firings == []
    assert watched.mails == []
    assert watched.tenant.alert_rules.failures() == []


@pytest.mark.parametrize("delay_minutes", [0, 1, 4.99, 5, 5.5, 6, 12, 61, 600, 1400])
def test_a_row_rings_at_least_once_however_late_it_arrives(
    watched: WatchedTenant, delay_minutes: float
) -> None:
    watched.with_rule()
    watched.tenant.behaviour.log_delay_seconds = delay_minutes * 60
    watched.advance(minutes=2.5)
    watched.sign_in()
    watched.advance(minutes=delay_minutes + 15)
    assert len(watched.firings) in (1, 2)


@pytest.mark.parametrize("offset_seconds", range(0, 300, 20))
def test_no_moment_between_two_runs_is_missed(watched: WatchedTenant, offset_seconds: int) -> None:
    watched.with_rule()
    watched.sign_in(UserId="x", UserPrincipalName="ada@contoso.example")
    watched.advance(minutes=10 + offset_seconds / 60)
    watched.sign_in()
    watched.advance(minutes=15)
    assert len(watched.firings) in (1, 2)


@pytest.mark.parametrize("category", ["SignInLogs", "NonInteractiveUserSignInLogs"])
def test_either_table_alone_is_enough(watched: WatchedTenant, category: str) -> None:
    watched.with_rule()
    watched.sign_in(category)
    watched.advance(minutes=10)
    tables = {
        "SignInLogs": "SigninLogs",
        "NonInteractiveUserSignInLogs": "AADNonInteractiveUserSignInLogs",
    }
    assert [one["Table"] for one in rung(watched.firings)] == [tables[category]]


@pytest.mark.parametrize(
    "columns",
    [
        {"UserId": "changed"},
        {"UserId": "changed", "UserPrincipalName": WATCHED.user_principal_name.upper()},
        {"UserPrincipalName": "renamed@contoso.example"},
        {"ResultType": "50126"},
        {"ResultType": "53003"},
    ],
)
def test_either_name_in_any_case_and_any_result_rings(
    watched: WatchedTenant, columns: dict[str, Any]
) -> None:
    watched.with_rule()
    watched.sign_in(**columns)
    watched.advance(minutes=10)
    assert len(watched.firings) == 1


def test_without_export_of_the_category_nothing_rings(watched: WatchedTenant) -> None:
    watched.put(SETTING, setting_body("AuditLogs"), "2017-04-01")
    watched.with_rule()
    watched.sign_in()
    watched.advance(minutes=30)
    assert watched.firings == []
