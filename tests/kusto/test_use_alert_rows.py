"""The use alert by itself: what its row says, and that no name of an account adds another."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.use_alert import RUNBOOK, SIGN_IN_TABLES, WatchedAccount, use_alert_query
from tests.kusto.logged import Row, answer, row
from tests.unit.test_alerting_literals import ANY

ACCOUNT = WatchedAccount("0f3e4c1a-0000-4000-8000-00000000000a", "Quiet-Harbor@contoso.example")
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
    """The rows that ring by their CorrelationId."""
    return {one["CorrelationId"]: one for one in answer(QUERY, tables)}


def test_every_attempt_rings_and_says_what_came_of_it() -> None:
    words = {
        "0": "signed in",
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


def test_the_reader_of_a_row_gets_all_that_is_needed_at_night() -> None:
    known = {"AppDisplayName": "Azure Portal", "IPAddress": "203.0.113.9"}
    (told,) = answer(QUERY, {"SigninLogs": [sign_in(**known)]})
    assert list(told)[:6] == [
        "TimeGenerated",
        "UserPrincipalName",
        "Result",
        "IPAddress",
        "Place",
        "AppDisplayName",
    ]
    assert known.items() <= told.items()
    assert (told["Customer"], told["Runbook"]) == ('Contoso "Ltd"', RUNBOOK)


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
    found = answer(query, {"SigninLogs": rows})
    assert sorted(one["UserPrincipalName"] for one in found) == sorted(names)
    assert {one.get("Customer", "") for one in found} == {customer}
