import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import rpc

from sandbox.plugins import values
from sandbox.plugins.azure_native.drift import drifted, writable
from sandbox.plugins.differences import Difference, differences
from sandbox.plugins.errors import PluginError
from sandbox.plugins.schema import (
    FLAG,
    TEXT,
    Field,
    ListOf,
    MapOf,
    Number,
    Record,
    Text,
    complete,
)
from sandbox.plugins.values import (
    UNKNOWN,
    Properties,
    Secret,
    contains_secret,
    decode,
    encode,
    mark,
    reveal,
)

PLAIN = st.recursive(
    st.text() | st.booleans() | st.integers(-(2**40), 2**40) | st.just(UNKNOWN),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        | st.builds(Secret, st.text())
    ),
    max_leaves=8,
)
RECORD = Record(
    {
        "name": Field(Text(), required=True, replaces=True),
        "kind": Field(Text(one_of=("a", "b"))),
        "enabled": Field(FLAG.kind, default=True),
        "size": Field(Number(whole=True)),
        "tags": Field(MapOf(Text())),
        "receivers": Field(
            ListOf(Record({"address": Field(Text(), required=True), "common": FLAG}))
        ),
    }
)


def problems(**inputs: Any) -> list[str]:
    return [problem.reason for problem in complete(RECORD, inputs, plugin="azuread")[1]]


def test_the_wire_signatures_are_those_of_the_sdk() -> None:
    sdk = vars(rpc)
    assert sdk["_special_sig_key"] == values.SIGNATURE
    assert sdk["_special_secret_sig"] == values.SECRET
    assert sdk["_special_output_value_sig"] == values.OUTPUT_VALUE
    assert sdk["_special_resource_sig"] == values.RESOURCE_REFERENCE
    assert sdk["UNKNOWN"] == values.UNKNOWN_STRING


@given(st.dictionaries(st.text(max_size=5), PLAIN, max_size=4))
def test_what_is_encoded_comes_back_the_same(properties: Properties) -> None:
    assert decode(json.loads(json.dumps(encode(properties)))) == properties


@given(st.dictionaries(st.text(max_size=5), PLAIN, max_size=4))
def test_nothing_is_secret_after_revealing(properties: Properties) -> None:
    assert not contains_secret(reveal(properties))
    assert contains_secret(properties) == ("Secret" in repr_of_types(properties))


def repr_of_types(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(repr_of_types(item) for item in value.values())  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return "".join(repr_of_types(item) for item in value)  # pyright: ignore[reportUnknownVariableType]
    return type(value).__name__


def test_a_secret_never_prints_its_value() -> None:
    assert "hunter" not in f"{Secret('hunter2')} {Secret('hunter2')!r} {[Secret('hunter2')]}"


def test_an_output_that_is_secret_and_not_known_is_both() -> None:
    wire: Properties = {values.SIGNATURE: values.OUTPUT_VALUE, "secret": True, "dependencies": []}
    assert decode(wire) == Secret(UNKNOWN)


def test_an_asset_is_refused() -> None:
    with pytest.raises(PluginError, match="assets"):
        decode({values.SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "x"})


def test_marking_keeps_the_other_properties_plain() -> None:
    assert mark({"a": 1, "b": 2}, frozenset({"b"})) == {"a": 1, "b": Secret(2)}


def test_defaults_are_filled_in_and_secrets_stay_marked() -> None:
    inputs, found = complete(RECORD, {"name": Secret("x"), "__defaults": []}, plugin="azuread")
    assert inputs == {"name": Secret("x"), "enabled": True}
    assert found == []


def test_an_unknown_property_is_refused_by_name_wherever_it_is() -> None:
    (reason,) = problems(name="x", receivers=[{"address": "a", "comon": True}])
    assert 'unknown property "receivers[0].comon"' in reason
    assert "address, common" in reason


WRONG: list[tuple[Properties, str]] = [
    ({}, 'missing property "name": give a string'),
    ({"name": 5}, 'property "name" is a number, expected a string'),
    ({"name": "x", "size": True}, 'property "size" is true or false, expected a whole number'),
    ({"name": "x", "size": 1.5}, 'property "size" is a number, expected a whole number'),
    ({"name": "x", "kind": "c"}, 'property "kind" is "c", expected one of a, b'),
    ({"name": "x", "tags": {"t": 1}}, 'property "tags["t"]" is a number, expected a string'),
    ({"name": "x", "receivers": [{}]}, 'missing property "receivers[0].address": give a'),
]


@pytest.mark.parametrize(("inputs", "expected"), WRONG)
def test_a_wrong_input_is_said_in_one_line(inputs: Properties, expected: str) -> None:
    (reason,) = problems(**inputs)
    assert reason.startswith(expected)


def test_what_is_not_known_yet_is_passed_over() -> None:
    assert problems(name=UNKNOWN, receivers=[{"address": Secret(UNKNOWN)}], tags=UNKNOWN) == []


def test_differences_name_the_property_and_whether_it_replaces() -> None:
    old = {"name": "x", "size": 1, "tags": {"a": "1", "b.c": "2"}, "receivers": [{"address": "m"}]}
    new: Properties = {
        "name": "y",
        "enabled": True,
        "tags": {"a": "1", "b.c": "3"},
        "receivers": [],
    }
    assert differences(RECORD, old, new) == [
        Difference("enabled", "add", replaces=False),
        Difference("name", "update", replaces=True),
        Difference("receivers[0]", "delete", replaces=False),
        Difference("size", "delete", replaces=False),
        Difference('tags["b.c"]', "update", replaces=False),
    ]


def test_what_is_not_known_yet_differs() -> None:
    found = differences(RECORD, {"name": "x"}, {"name": UNKNOWN})
    assert found == [Difference("name", "update", replaces=True)]


def test_equal_inputs_have_no_differences() -> None:
    inputs = {"name": "x", "tags": {"a": "1"}, "receivers": [{"address": "m"}]}
    assert differences(RECORD, inputs, json.loads(json.dumps(inputs))) == []


def test_a_default_that_the_service_added_is_no_drift() -> None:
    old = {"name": "x", "receivers": [{"address": "m", "common": True}], "size": 5}
    assert drifted({"name": "x", "receivers": [{"address": "m"}]}, old, old) == {
        "name": "x",
        "receivers": [{"address": "m"}],
    }


def test_drift_of_one_element_leaves_the_rest_as_the_program_wrote_it() -> None:
    before = [{"address": "m", "common": True}, {"address": "n", "common": True}]
    after = [{"address": "m", "common": True}, {"address": "other", "common": True}]
    assert drifted([{"address": "m"}, {"address": "n"}], before, after) == [
        {"address": "m"},
        {"address": "other"},
    ]


def test_something_added_or_removed_at_the_service_is_drift() -> None:
    assert drifted({"a": 1}, {"a": 1}, {"a": 1, "tags": {"x": "y"}}) == {
        "a": 1,
        "tags": {"x": "y"},
    }
    assert drifted({"a": 1, "b": 2}, {"a": 1, "b": 2}, {"b": 2}) == {"b": 2}
    assert drifted(["a"], ["a"], ["a", "b"]) == ["a", "b"]


def test_only_what_the_table_knows_can_become_an_input() -> None:
    record = Record({"name": TEXT, "list": Field(ListOf(Record({"a": TEXT})))})
    output = {"name": "x", "etag": "1", "list": [{"a": "1", "status": "Enabled"}], "none": None}
    assert writable(record, output) == {"name": "x", "list": [{"a": "1"}]}
