"""The use alert on rows: who, in which table, how late, with which result → rings or not."""

import json
from collections import Counter
from typing import Any

import pytest

from alerting.use_alert import RUNBOOK, use_alert_query, use_alert_schedule
from sandbox.tenant.access.sign_in_results import RESULTS
from tests.kusto.alarm_queries import ACCOUNT, SECOND
from tests.kusto.watch import later, rung, watch
from tests.sandbox.watched_tenant import CATEGORIES, SETTING, WatchedTenant, setting_body

INTERACTIVE, NON_INTERACTIVE = "SignInLogs", "NonInteractiveUserSignInLogs"
both_tables = pytest.mark.parametrize("category", [INTERACTIVE, NON_INTERACTIVE])

OTHER = {
    "UserId": "9d8e4c1a-0000-4000-8000-00000000000c",
    "UserPrincipalName": "ada@contoso.example",
}
RINGS_FOR: dict[str, dict[str, Any]] = {
    "id and name": {},
    "id, after a rename": {"UserPrincipalName": "renamed@contoso.example"},
    "name without id": {"UserId": ""},
    "name in capitals": {"UserId": None, "UserPrincipalName": "QUIET-HARBOR@CONTOSO.EXAMPLE"},
    "id in capitals": {"UserId": ACCOUNT.object_id.upper(), "UserPrincipalName": ""},
    "id of the second": {"UserId": SECOND.object_id.lower(), "UserPrincipalName": "x@contoso.com"},
    "name of the second": {"UserId": "", "UserPrincipalName": "north.o'field@contoso.example"},
    "second as it is written": {"UserId": "", "UserPrincipalName": SECOND.user_principal_name},
}
SILENT_FOR: dict[str, dict[str, Any]] = {
    "somebody else": OTHER,
    "a longer name": OTHER | {"UserPrincipalName": "not-quiet-harbor@contoso.example"},
    "a longer domain": OTHER | {"UserPrincipalName": "quiet-harbor@contoso.example.org"},
    "half a name": OTHER | {"UserPrincipalName": "quiet-harbor"},
    "who is called like it": OTHER | {"UserDisplayName": ACCOUNT.user_principal_name},
    "who typed its name": OTHER | {"AlternateSignInName": ACCOUNT.user_principal_name},
    "somebody without id": OTHER | {"UserId": ""},
    "nobody": {"UserId": None, "UserPrincipalName": None},
}


def watched(*, lookback: int = 1440, frequency: int = 5, **changes: Any) -> WatchedTenant:
    numbers = {"frequency_minutes": frequency, "lookback_minutes": lookback}
    query = use_alert_query([ACCOUNT, SECOND], **numbers, **changes)
    return watch(query, use_alert_schedule(**numbers))


def times_rung(tenant: WatchedTenant, *, minutes: float) -> Counter[str]:
    """How often each row rings, by what stands in its CorrelationId."""
    return Counter(row["CorrelationId"] for row in rung(tenant, minutes=minutes))


@both_tables
def test_it_rings_for_the_accounts_and_for_nobody_else(category: str) -> None:
    tenant = watched()
    for name, who in (RINGS_FOR | SILENT_FOR).items():
        tenant.sign_in(category, CorrelationId=name, **who)
    assert times_rung(tenant, minutes=20) == dict.fromkeys(RINGS_FOR, 1)


@both_tables
def test_every_result_rings_with_its_code_in_words(category: str) -> None:
    tenant = watched()
    for code, description in {**RESULTS, "4711": "Something new."}.items():
        tenant.sign_in(category, ResultType=code, ResultDescription=description)
    told = {row["ResultType"]: row["Result"] for row in rung(tenant)}
    assert set(told) == {*RESULTS, "4711"}
    assert [code for code, result in told.items() if result == "succeeded"] == ["0"]
    assert "blocked by Conditional Access" in told["53003"]
    assert "4711" in told["4711"]
    assert "Something new." in told["4711"]


@pytest.mark.parametrize("lookback", [360, 2880])
def test_a_late_row_rings_within_the_look_back_once_or_twice(lookback: int) -> None:
    tenant = watched(lookback=lookback)
    lates = (0, 59, 5 * 60 + 50, 6 * 60 + 10, 23 * 60 + 50)
    for late in lates:
        later(tenant, late)
        for category in (INTERACTIVE, NON_INTERACTIVE):
            tenant.sign_in(category, CorrelationId=f"{late} {category}")
    counts = times_rung(tenant, minutes=24 * 60 + 10)
    assert set(counts) == {
        f"{late} {category}"
        for late in lates
        for category in (INTERACTIVE, NON_INTERACTIVE)
        if late < lookback
    }
    assert set(counts.values()) <= {1, 2}


def test_a_row_on_the_border_of_two_runs_rings_in_both_rather_than_in_none() -> None:
    shares: dict[int, Counter[str]] = {}
    for overlap in (0, 1):
        tenant = watched(overlap_minutes=overlap)
        for second in range(5, 300, 10):
            later(tenant, second / 60)
            tenant.sign_in(CorrelationId=str(second))
        shares[overlap] = times_rung(tenant, minutes=20)
        assert len(shares[overlap]) == 30
    assert set(shares[0].values()) == {1}
    twice = [name for name, count in shares[1].items() if count == 2]
    assert len(twice) == 30 // 5, "one minute of five"


def test_a_longer_period_rings_again_while_the_row_is_new() -> None:
    tenant = watched(period_minutes=60, overlap_minutes=0)
    tenant.sign_in()
    assert len(rung(tenant, minutes=120)) == 12


@pytest.mark.parametrize("frequency", [15, 1440])
def test_a_rule_that_runs_less_often_misses_nothing(frequency: int) -> None:
    tenant = watched(frequency=frequency, lookback=2880)
    lates = [1, frequency / 2, frequency]
    for late in lates:
        later(tenant, late)
        tenant.sign_in(CorrelationId=str(late))
    assert set(times_rung(tenant, minutes=frequency * 3)) == {str(late) for late in lates}


@both_tables
def test_one_table_is_enough_and_none_is_no_failure(category: str) -> None:
    tenant = watched()
    assert rung(tenant, minutes=60) == []
    tenant.sign_in(category)
    assert len(rung(tenant)) == 1


def test_sign_ins_of_applications_and_audit_records_are_for_other_alarms() -> None:
    tenant = watched()
    tenant.put(SETTING, setting_body(*CATEGORIES, "ServicePrincipalSignInLogs"), "2017-04-01")
    tenant.tenant.logs.emit(
        "ServicePrincipalSignInLogs", {"ServicePrincipalId": ACCOUNT.object_id, "ResultType": "0"}
    )
    by = {"user": {"id": ACCOUNT.object_id, "userPrincipalName": ACCOUNT.user_principal_name}}
    tenant.tenant.logs.emit("AuditLogs", {"OperationName": "Update user", "InitiatedBy": by})
    assert rung(tenant) == []
    assert tenant.tenant.logs.rows("AADServicePrincipalSignInLogs")


@both_tables
def test_the_row_says_who_where_and_what_to_do(category: str) -> None:
    tenant = watched(customer="Fabrikam", runbook=RUNBOOK)
    places = {
        "Berlin, DE": {"city": "Berlin", "state": "Berlin", "countryOrRegion": "DE"},
        "AT": {"city": "", "countryOrRegion": "AT"},
        "FR": {},
        "SE": None,
    }
    for place, details in places.items():
        text = category == NON_INTERACTIVE and details is not None
        tenant.sign_in(
            category,
            Location=place[-2:],
            LocationDetails=json.dumps(details) if text else details,
            ResultType="50074",
            ResultDescription="Strong Authentication is required.",
        )
    rows = rung(tenant)
    assert {row["Place"] for row in rows} == set(places)
    expected = {
        "UserPrincipalName": ACCOUNT.user_principal_name,
        "IPAddress": "203.0.113.9",
        "AppDisplayName": "Azure Portal",
        "Customer": "Fabrikam",
        "Runbook": RUNBOOK,
    }
    for row in rows:
        assert {name: row[name] for name in expected} == expected
        assert "multifactor authentication" in row["Result"]
        assert row["TimeGenerated"]
