"""The schema of the components, by which other languages use them."""

import inspect
from dataclasses import dataclass
from typing import Any

import pulumi
import pytest

from components.ca_exclusion_patch import COMPONENT_TYPE
from components.stack_memory import StackMemory
from tests.unit.published_components import (
    COMPONENTS,
    FILE,
    PACKAGE,
    documented,
    inferred,
    references,
    text,
)

ANYTHING = "pulumi.json#/Any"


def undocumented(*components: type[pulumi.ComponentResource]) -> list[str]:
    return [name for name, said in documented(inferred(*components)) if not said.strip()]


def foreign(*components: type[pulumi.ComponentResource]) -> list[str]:
    """Properties whose type is none that the package describes, but for gates (`armed`)."""
    schema = inferred(*components)
    own = {f"#/types/{token}" for token in schema["types"]}
    return [
        f"{where}: {type_}"
        for where, type_ in references(schema)
        if type_ not in own and not (type_ == ANYTHING and where.endswith(".armed"))
    ]


def without_data(*components: type[pulumi.ComponentResource]) -> list[str]:
    """Types that hold nothing: what the inference makes of a function, a client or a protocol."""
    types = inferred(*components)["types"].items()
    return [token for token, described in types if not described.get("properties")]


def test_the_schema_is_the_one_that_was_published() -> None:
    """A change that is meant: `python -m tests.unit.published_components`."""
    assert text(inferred()) == FILE.read_text(encoding="utf-8")


def test_everything_in_the_schema_says_what_it_is() -> None:
    assert undocumented() == []


def test_arguments_are_data_alone() -> None:
    assert foreign() == []
    assert without_data() == []


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda found: found.__name__)
def test_whom_a_component_asks_is_handed_over_beside_its_arguments(
    component: type[pulumi.ComponentResource],
) -> None:
    parameters = inspect.signature(component).parameters
    assert list(parameters) == ["name", "args", "opts", "tools"]
    assert parameters["opts"].default is None
    assert parameters["tools"].default is None
    assert parameters["tools"].kind is inspect.Parameter.KEYWORD_ONLY


def test_a_component_is_called_in_the_schema_as_in_a_stacks_state() -> None:
    schema = inferred()
    assert set(schema["resources"]) == {f"{PACKAGE}:index:{c.__name__}" for c in COMPONENTS}
    assert COMPONENT_TYPE in schema["resources"]


@pytest.mark.parametrize(
    ("component", "required"),
    [
        ("BreakGlassAccount", ["domain"]),
        ("AdoptedAccount", ["account"]),
        ("BreakGlassGroup", ["memberIds"]),
        ("CaExclusionPatch", ["groupIds"]),
        ("SignInMonitoring", ["accounts", "location", "notify"]),
    ],
)
def test_few_arguments_are_required(component: str, required: list[str]) -> None:
    found = inferred()["resources"][f"{PACKAGE}:index:{component}"]
    assert found["isComponent"] is True
    assert found["requiredInputs"] == required


class Client:
    """Somebody to ask."""


@dataclass(frozen=True)
class LeakyArgs:
    """Arguments with whom to ask among them."""

    client: Client
    """Somebody."""
    memory: StackMemory
    """A function."""
    extra: Any
    """Whatever."""
    name: str


class Leaky(pulumi.ComponentResource):
    """A component as ours must not be."""

    result: pulumi.Output[str]

    def __init__(
        self, name: str, args: LeakyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("break-glass:index:Leaky", name, None, opts)


def test_these_tests_see_a_missing_word_and_whom_a_component_asks() -> None:
    assert undocumented(Leaky) == [
        "Leaky.name (inputProperties)",
        "Leaky.result (properties)",
        "Callable",
    ]
    assert without_data(Leaky) == ["break-glass:index:Client", "break-glass:index:Callable"]
    assert foreign(Leaky) == [f"Leaky.extra: {ANYTHING}"]
