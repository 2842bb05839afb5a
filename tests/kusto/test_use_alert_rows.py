"""The use alert by itself: what its row says, and that no name of an account adds another."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.use_alert import (
    RUNBOOK,
    SIGN_IN_TABLES,
    USE_DIMENSIONS,
    WatchedAccount,
    use_alert_query,
)
from tests.kusto.logged import Row, answer, row
from tests.support.findings import findings
from tests.unit.test_alerting_literals import ANY

ACCOUNT = WatchedAccount("0f3e4c1a-0000-4000-8000-00000000000a", "Quiet-Harbor@contoso.example")
OTHER = WatchedAccount("0f3e4c1a-0000-4000-8000-00000000000b", "other@contoso.example")
INTERACTIVE, NON_INTERACTIVE = SIGN_IN_TABLES
FEW = settings(max_examples=4, derandomize=True, deadline=None, database=None)
# A name has an @ of its own, no blank and no control character.
IN_A_NAME = st.one_of(
    st.sampled_from("\\\"'`|;,()[]{}/*-!#^~&%+=$.nrtux"),
    st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="@"),
)
NAMES = st.builds("{}@{}".format, st.text(IN_A_NAME, min_size=1), st.text(IN_A_NAME, min_size=1))
QUERY = use_alert_query(
    [ACCOUNT],
    frequency_minutes=5,
    lookback_minutes=1440,
    customer='Contoso "Ltd"',
    runbook=RUNBOOK,
)


def sign_in(**columns: Any) -> Row:
    known: Row = {
        "UserId": ACCOUNT.object_id,
        "UserPrincipalName": ACCOUNT.user_principal_name,
        "ResultType": "0",
        "Location": "CH",
    }
    return row(**{**known, **columns})


def rung(**tables: list[Row]) -> dict[str, Mapping[str, Any]]:
    """The sign-ins that ring by their CorrelationId."""
    return {one["CorrelationId"]: one for one in findings(answer(QUERY, tables))}


def test_every_attempt_rings_and_says_what_came_of_it() -> None:
    words = {
        "0": "succeeded",
        "50126": "failed: wrong name or password",
        "53003": "the password or key was right; blocked by Conditional Access",
        "1": "failed: 1 Odd",
    }
    rows = [
        sign_in(CorrelationId=code, ResultType=code, ResultDescription="Odd" if code == "1" else "")
        for code in words
    ]
    told = rung(SigninLogs=rows)
    assert {code: one["Result"] for code, one in told.items()} == words


def test_the_place_is_the_city_where_the_table_has_it() -> None:
    bern = {"city": "Bern", "countryOrRegion": "CH"}
    places: dict[str, tuple[str, Any, str]] = {
        "object": (INTERACTIVE, bern, "Bern, CH"),
        "without city": (INTERACTIVE, {"countryOrRegion": "CH"}, "CH"),
        "nothing": (INTERACTIVE, None, "CH"),
        "text": (NON_INTERACTIVE, json.dumps(bern), "Bern, CH"),
        "empty text": (NON_INTERACTIVE, "", "CH"),
        "no JSON": (NON_INTERACTIVE, "not JSON", "CH"),
    }
    rows: dict[str, list[Row]] = {table: [] for table in SIGN_IN_TABLES}
    for name, (table, details, _place) in places.items():
        rows[table].append(sign_in(CorrelationId=name, LocationDetails=details))
    told = {name: one["Place"] for name, one in rung(**rows).items()}
    assert told == {name: place for name, (_table, _details, place) in places.items()}


def test_the_row_says_what_its_reader_needs_at_night_in_text() -> None:
    known = {"AppDisplayName": "Azure Portal", "IPAddress": "203.0.113.9"}
    (told,) = answer(QUERY, {"SigninLogs": [sign_in(**known)]})
    assert {name: told[name] for name in USE_DIMENSIONS} == {
        "Account": ACCOUNT.user_principal_name,
        "Time": "2026-11-23 02:55:00 UTC",
        "IPAddress": "203.0.113.9",
        "Place": "CH",
        "Application": "Azure Portal",
        "Result": "succeeded",
    }
    assert (told["Customer"], told["Runbook"]) == ('Contoso "Ltd"', RUNBOOK)


def test_what_is_not_known_has_a_word_for_it() -> None:
    bare = sign_in(Location="", UserPrincipalName="", ResultType="", ResultDescription="")
    (told,) = answer(QUERY, {"SigninLogs": [bare]})
    assert told["Account"] == ACCOUNT.object_id
    assert [told[name] for name in ("IPAddress", "Place", "Application")] == ["unknown"] * 3
    assert all(told[name].strip() for name in USE_DIMENSIONS)


def attempt(code: str, happened: float, address: str, **columns: Any) -> Row:
    return sign_in(
        ResultType=code, happened=happened, IPAddress=address, CorrelationId=address, **columns
    )


def test_an_attack_is_one_row_for_each_account_and_tells_of_the_latest_attempt() -> None:
    rows = [attempt("50126", 300 - number, f"198.51.100.{number}") for number in range(200)]
    rows[7]["UserId"] = ""
    rows[9]["UserPrincipalName"] = ACCOUNT.user_principal_name.upper()
    tables = {INTERACTIVE: rows[:100], NON_INTERACTIVE: rows[100:]}
    (told,) = answer(QUERY, tables)
    assert told["Result"] == "failed: wrong name or password (200 attempts from 200 addresses)"
    assert (told["IPAddress"], told["Time"]) == ("198.51.100.199", "2026-11-23 01:19:00 UTC")
    assert len(set(told["CorrelationIds"])) == 200
    both = use_alert_query([ACCOUNT, OTHER], frequency_minutes=5, lookback_minutes=1440)
    others = [{**one, "UserId": OTHER.object_id} for one in rows[:50]]
    told = {one["AccountId"]: one for one in answer(both, {INTERACTIVE: [*rows, *others]})}
    assert {name: one["SignIns"] for name, one in told.items()} == {
        ACCOUNT.object_id: 200,
        OTHER.object_id: 50,
    }


def test_a_success_among_failures_is_what_is_told() -> None:
    rows = [
        attempt("0", 30, "192.0.2.1"),
        attempt("0", 20, "192.0.2.2", AppDisplayName="Azure CLI", Location="NO"),
        attempt("53003", 10, "192.0.2.3"),
        attempt("50126", 5, "192.0.2.3"),
    ]
    (told,) = answer(QUERY, {INTERACTIVE: rows})
    assert told["Result"] == "succeeded (2 of 4 attempts from 3 addresses)"
    assert (told["IPAddress"], told["Place"]) == ("192.0.2.2", "NO")
    assert (told["Application"], told["Time"]) == ("Azure CLI", "2026-11-23 02:40:00 UTC")
    (twice,) = answer(QUERY, {INTERACTIVE: rows[1:2], NON_INTERACTIVE: rows[1:2]})
    assert twice["Result"] == "succeeded (2 attempts from 1 address)"


@FEW
@given(st.lists(NAMES, min_size=10, max_size=30, unique_by=str.lower), ANY)
def test_accounts_of_any_names_are_found_and_no_name_adds_another(
    names: list[str], customer: str
) -> None:
    query = use_alert_query(
        [WatchedAccount(ACCOUNT.object_id, name) for name in names],
        frequency_minutes=5,
        lookback_minutes=1440,
        customer=customer,
    )
    rows = [row(UserPrincipalName=found) for found in ("ada@contoso.example", *names)]
    found = findings(answer(query, {"SigninLogs": rows}))
    assert sorted(one["UserPrincipalName"] for one in found) == sorted(names)
    assert {one.get("Customer", "") for one in found} == {customer}
