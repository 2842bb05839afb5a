import string
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.plugins.random.characters import OPTIONS, SPECIAL, generate, problems_of
from sandbox.plugins.random.password import RandomPassword
from sandbox.plugins.random.string import RandomString
from sandbox.plugins.resource import Naming
from sandbox.plugins.schema import complete
from sandbox.plugins.values import UNKNOWN, Properties


def options(**given_options: Any) -> Properties:
    inputs, problems = complete(OPTIONS, given_options, plugin="random")
    assert problems == []
    settled, problems = RandomPassword().settle(inputs, {}, Naming("it"))
    assert problems == []
    return settled


@st.composite
def _options(draw: st.DrawFn) -> Properties:
    least = {
        name: draw(st.integers(0, 4))
        for name in ("minLower", "minUpper", "minNumeric", "minSpecial")
    }
    classes = {name: draw(st.booleans()) for name in ("lower", "upper", "numeric", "special")}
    if not any(classes.values()):
        classes["lower"] = True
    classes["number"] = classes["numeric"]
    length = draw(st.integers(max(1, sum(least.values())), 40))
    return options(
        length=length, overrideSpecial=draw(st.sampled_from(["", "_-"])), **least, **classes
    )


@given(_options())
def test_every_option_is_honoured(chosen: Properties) -> None:
    result = generate(chosen)
    special = chosen["overrideSpecial"] or SPECIAL
    alphabets = {
        "Lower": string.ascii_lowercase,
        "Upper": string.ascii_uppercase,
        "Numeric": string.digits,
        "Special": special,
    }
    assert len(result) == chosen["length"]
    assert set(result) <= set("".join(alphabets.values()))
    for name, letters in alphabets.items():
        count = sum(letter in letters for letter in result)
        assert count >= chosen[f"min{name}"]
        if not chosen[name.lower()]:
            assert count == chosen[f"min{name}"]


def test_every_character_of_the_alphabet_comes_equally_often() -> None:
    length = 200_000
    counts = Counter(generate(options(length=length)))
    alphabet = string.ascii_letters + string.digits + SPECIAL
    assert set(counts) == set(alphabet)
    expected = length / len(alphabet)
    chi_squared = sum((count - expected) ** 2 / expected for count in counts.values())
    assert chi_squared < 170  # 82 degrees of freedom: less than one run in ten million


def test_the_demanded_characters_stand_anywhere() -> None:
    chosen = options(length=4, minNumeric=1, numeric=False, number=False, special=False)
    places = {next(i for i, c in enumerate(generate(chosen)) if c.isdigit()) for _ in range(400)}
    assert places == {0, 1, 2, 3}


def test_two_values_are_never_the_same() -> None:
    assert len({generate(options(length=64)) for _ in range(100)}) == 100


@pytest.mark.parametrize("old_name", ["number", "numeric"])
def test_the_older_name_of_numeric_counts_too(old_name: str) -> None:
    chosen = options(length=200, **{old_name: False})
    assert not any(letter.isdigit() for letter in generate(chosen))


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"length": 0}, 'property "length" is 0, expected at least 1'),
        ({"length": 3, "minUpper": 4}, 'property "length" is 3, expected at least 4'),
        ({"length": 3, "minUpper": -1}, 'property "minUpper" is -1, expected 0 or more'),
        (
            {"length": 3, "lower": False, "upper": False, "numeric": False, "special": False},
            "lower, upper, numeric and special are all false",
        ),
    ],
)
def test_options_that_contradict_each_other_are_refused(chosen: Properties, expected: str) -> None:
    found = problems_of(complete(OPTIONS, chosen, plugin="random")[0])
    assert found[0].reason.startswith(expected)


def test_a_length_that_is_not_known_yet_is_no_problem() -> None:
    assert problems_of(complete(OPTIONS, {"length": UNKNOWN}, plugin="random")[0]) == []


def test_the_id_of_a_password_says_nothing_about_it() -> None:
    state = RandomPassword().create(options(length=32))
    assert state.id == "none"
    assert len(state.outputs["result"]) == 32


def test_the_id_of_a_string_is_its_value() -> None:
    state = RandomString().create(options(length=32))
    assert state.id == state.outputs["result"]


def test_every_change_makes_a_new_value() -> None:
    assert all(field.replaces for field in RandomPassword.inputs.fields.values())


def test_a_value_can_be_imported() -> None:
    state = RandomPassword().read("Tr0ub4dor&3", {}, {})
    assert state is not None
    assert state.id == "none"
    assert state.outputs["result"] == "Tr0ub4dor&3"
    assert state.inputs["length"] == 11


def test_refresh_leaves_a_value_as_it_is() -> None:
    outputs, inputs = {"result": "x", "length": 1}, {"length": 1}
    state = RandomPassword().read("none", inputs, outputs)
    assert state is not None
    assert (state.outputs, state.inputs) == (outputs, inputs)
