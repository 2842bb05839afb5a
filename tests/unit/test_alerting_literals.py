"""Texts in queries: no text leaves its literal, and every text comes out as it went in."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.literals import QueryError, literal, literals
from alerting.use_alert import WatchedAccount, use_alert_query
from tests.unit.logged import answer, row

OBJECT_ID = "0f3e4c1a-0000-4000-8000-00000000000a"
MANY = settings(max_examples=200, derandomize=True, deadline=None, database=None)
FEW = settings(max_examples=4, derandomize=True, deadline=None, database=None)
ODD = st.sampled_from("\\\"'`\n\r\t|;,()[]{}@/*-\x00\x85\u2028\u2029nrtux")
ANY = st.text(st.one_of(ODD, st.characters(exclude_categories=["Cs"])))
# A name has an @ of its own, no blank and no control character.
IN_A_NAME = st.one_of(
    st.sampled_from("\\\"'`|;,()[]{}/*-!#^~&%+=$.nrtux"),
    st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="@"),
)
NAMES = st.builds("{}@{}".format, st.text(IN_A_NAME, min_size=1), st.text(IN_A_NAME, min_size=1))
# How Microsoft describes a string in double quotes: one line, a backslash before what is meant.
WHOLE = re.compile(r'"(?:[^"\\\n\r]|\\["\\nrt])*"')
MEANT = {"\\\\": "\\", '\\"': '"', "\\n": "\n", "\\r": "\r", "\\t": "\t"}


@MANY
@given(ANY)
def test_a_literal_is_one_string_on_one_line_and_means_the_text(text: str) -> None:
    written = literal(text)
    assert WHOLE.fullmatch(written)
    assert re.sub(r"\\.", lambda found: MEANT[found[0]], written[1:-1]) == text


@FEW
@given(st.lists(NAMES, min_size=10, max_size=30, unique_by=str.lower), ANY)
def test_accounts_of_any_names_are_found_and_no_name_adds_another(
    names: list[str], customer: str
) -> None:
    query = use_alert_query(
        [WatchedAccount(OBJECT_ID, name) for name in names],
        frequency_minutes=5,
        lookback_minutes=1440,
        customer=customer,
    )
    rows = [row(UserPrincipalName=found) for found in ("ada@contoso.example", *names)]
    found = answer(query, {"SigninLogs": rows})
    assert sorted(one["UserPrincipalName"] for one in found) == sorted(names)
    assert {one.get("Customer", "") for one in found} == {customer}


def test_half_a_character_is_refused_before_a_request_is() -> None:
    with pytest.raises(QueryError, match="half a character"):
        literal("a\ud800")


def test_a_list_names_each_text_once_with_a_blank_after_the_comma() -> None:
    assert literals(["b", "a", "b"]) == '"b", "a"'
