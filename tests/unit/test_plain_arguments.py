"""Arguments of a component as another language hands them over: a dict of plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pytest

from components.plain_arguments import either, given
from tests.unit.harness import run_program


@dataclass(frozen=True)
class Receiver:
    """Nested arguments."""

    name: str
    address: pulumi.Input[str] | None = None


@dataclass(frozen=True)
class Arguments:
    """One field of every kind that a component has."""

    domain: pulumi.Input[str]
    armed: pulumi.Input[Any] = True
    length: int | None = None
    ratio: float | None = None
    enabled: bool | None = None
    receiver: Receiver | None = None
    receivers: Sequence[Receiver] = ()
    names: Mapping[str, pulumi.Input[str]] | None = None
    later: pulumi.Input[Receiver] | None = None


def test_what_is_given_as_the_class_stays_as_it_is() -> None:
    args = Arguments("contoso.com")
    assert given(Arguments, args) is args


def test_a_dict_becomes_the_class_with_all_that_is_in_it() -> None:
    values = {
        "domain": "contoso.com",
        "length": 64.0,
        "ratio": 1,
        "enabled": False,
        "receiver": {"name": "Desk"},
        "receivers": [{"name": "Night", "address": "night@contoso.com"}, Receiver("Day")],
        "names": {"one": "Ada"},
        "later": {"name": "Later"},
    }
    args = given(Arguments, values)
    assert args == Arguments(
        domain="contoso.com",
        length=64,
        ratio=1,
        enabled=False,
        receiver=Receiver("Desk"),
        receivers=[Receiver("Night", "night@contoso.com"), Receiver("Day")],
        names={"one": "Ada"},
        later=Receiver("Later"),
    )
    assert isinstance(args.length, int)


def test_what_is_left_out_or_empty_has_its_default() -> None:
    values = {"domain": "contoso.com", "length": None, "receivers": None}
    assert given(Arguments, values) == Arguments("contoso.com")


def test_a_value_that_is_known_later_becomes_what_is_asked_for_when_it_comes() -> None:
    def program() -> None:
        values = {
            "domain": pulumi.Output.from_input("contoso.com"),
            "later": pulumi.Output.from_input({"name": "Desk"}),
            "receivers": [{"name": "x", "address": pulumi.Output.from_input("x@contoso.com")}],
        }
        args = given(Arguments, values)
        assert args.later is not None
        assert args.receivers[0].address is not None
        pulumi.export("domain", args.domain)
        later = pulumi.Output.from_input(args.later)
        pulumi.export("later", later.apply(lambda found: type(found).__name__))
        pulumi.export("address", args.receivers[0].address)

    exported = run_program(program).outputs
    assert exported == {"domain": "contoso.com", "later": "Receiver", "address": "x@contoso.com"}


def test_a_gate_is_handed_on_untouched() -> None:
    """`components.ordering.after` looks at the output itself."""

    def program() -> bool:
        gate = pulumi.Output.from_input([1])
        return given(Arguments, {"domain": "contoso.com", "armed": gate}).armed is gate

    assert run_program(program).value is True


WRONG: list[tuple[Any, str]] = [
    ({}, "Arguments.domain is missing"),
    ({"domain": "x", "lenght": 3}, "Arguments has no 'lenght': expected domain, armed, length"),
    ({"domain": 3}, "Arguments.domain is a int: expected a text"),
    ({"domain": "x", "length": "64"}, "Arguments.length is a str: expected a whole number"),
    ({"domain": "x", "length": 64.5}, "Arguments.length is a float: expected a whole number"),
    ({"domain": "x", "length": True}, "Arguments.length is a bool: expected a whole number"),
    ({"domain": "x", "enabled": 1}, "Arguments.enabled is a int: expected true or false"),
    ({"domain": "x", "receiver": "y"}, "Arguments.receiver is a str: expected an object"),
    ({"domain": "x", "receivers": "y"}, "Arguments.receivers is a str: expected a list"),
    ({"domain": "x", "names": ["y"]}, "Arguments.names is a list: expected an object"),
    ({"domain": "x", "receivers": [{}]}, "Arguments.receivers[0].name is missing"),
    ("contoso.com", "args is a str: expected Arguments"),
]


@pytest.mark.parametrize(("values", "told"), WRONG)
def test_what_does_not_fit_is_one_line_that_names_it(values: Any, told: str) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        given(Arguments, values)
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_a_plain_value_cannot_come_later() -> None:
    def program() -> None:
        given(Arguments, {"domain": "x", "length": pulumi.Output.from_input(64)})

    error = run_program(program, expect_error=True).error
    assert "Arguments.length is known only later: expected a plain value" in str(error)


def test_no_message_shows_a_value_that_may_be_a_secret() -> None:
    with pytest.raises(pulumi.RunError) as caught:
        given(Arguments, {"domain": ["hunter2"]})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("value", "result"), [(None, 5), (0, 0), (7, 7)])
def test_only_what_is_left_out_takes_the_default(value: int | None, result: int) -> None:
    assert either(value, 5) == result
