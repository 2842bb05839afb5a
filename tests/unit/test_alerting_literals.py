"""Texts in queries: no text leaves its literal, and every text comes out as it went in."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.literals import QueryError, literal, literals

MANY = settings(max_examples=200, derandomize=True, deadline=None, database=None)
ODD = st.sampled_from("\\\"'`\n\r\t|;,()[]{}@/*-\x00\x85\u2028\u2029nrtux")
ANY = st.text(st.one_of(ODD, st.characters(exclude_categories=["Cs"])))
# How Microsoft describes a string in double quotes: one line, a backslash before what is meant.
WHOLE = re.compile(r'"(?:[^"\\\n\r]|\\["\\nrt])*"')
MEANT = {"\\\\": "\\", '\\"': '"', "\\n": "\n", "\\r": "\r", "\\t": "\t"}


@MANY
@given(ANY)
def test_a_literal_is_one_string_on_one_line_and_means_the_text(text: str) -> None:
    written = literal(text)
    assert WHOLE.fullmatch(written)
    assert re.sub(r"\\.", lambda found: MEANT[found[0]], written[1:-1]) == text


def test_half_a_character_is_refused_before_a_request_is() -> None:
    with pytest.raises(QueryError, match="half a character"):
        literal("a\ud800")


def test_a_list_names_each_text_once_with_a_blank_after_the_comma() -> None:
    assert literals(["b", "a", "b"]) == '"b", "a"'
