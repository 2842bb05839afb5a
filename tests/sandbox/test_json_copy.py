"""A copy of JSON is the same and shares nothing that can be changed."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.tenant.json_copy import copied

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def emptied(value: Any) -> None:
    """Change every list and object within a value."""
    parts: list[Any] = list(getattr(value, "values", value.copy)())
    for part in parts:
        if isinstance(part, dict | list):
            emptied(part)
    value.clear()


@settings(max_examples=50)
@given(st.lists(JSON, max_size=4) | st.dictionaries(st.text(), JSON, max_size=4))
def test_what_is_done_to_a_copy_is_not_done_to_the_original(value: Any) -> None:
    before, made = copy.deepcopy(value), copied(value)
    assert made == before
    emptied(made)
    assert value == before


@pytest.mark.parametrize("value", [{1, 2}, datetime(2026, 1, 1, tzinfo=UTC), ([],)])
def test_what_json_cannot_hold_is_copied_too(value: Any) -> None:
    assert copied({"key": [value]}) == {"key": [value]}


def test_a_list_that_stands_in_two_places_becomes_two() -> None:
    shared: list[int] = []
    made = copied([shared, shared])
    made[0].append(1)
    assert (made[1], shared) == ([], [])
