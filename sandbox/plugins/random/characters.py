"""Random strings from the operating system's cryptographic source.

Every character is drawn evenly from its alphabet (`secrets.choice`), the demanded minimum of each
class first, the rest from all allowed classes together, and then the whole is shuffled, so that no
place tells its class. Options and defaults: Pulumi registry, "random.RandomPassword".
"""

import secrets
import string
from typing import Any

from sandbox.plugins.resource import Naming, ResourceType, State
from sandbox.plugins.schema import TEXT, Field, Flag, MapOf, Number, Problem, Record
from sandbox.plugins.values import UNKNOWN, Properties

SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
CLASSES = {
    "lower": ("minLower", string.ascii_lowercase),
    "upper": ("minUpper", string.ascii_uppercase),
    "numeric": ("minNumeric", string.digits),
    "special": ("minSpecial", SPECIAL),
}


def _option(kind: Any, **more: Any) -> Field:
    return Field(kind, replaces=True, **more)


OPTIONS = Record(
    {
        "length": _option(Number(whole=True), required=True),
        "lower": _option(Flag(), default=True),
        "upper": _option(Flag(), default=True),
        "numeric": _option(Flag(), default=True),
        "number": _option(Flag(), default=True),
        "special": _option(Flag(), default=True),
        "minLower": _option(Number(whole=True), default=0),
        "minUpper": _option(Number(whole=True), default=0),
        "minNumeric": _option(Number(whole=True), default=0),
        "minSpecial": _option(Number(whole=True), default=0),
        "overrideSpecial": _option(TEXT.kind),
        "keepers": _option(MapOf(TEXT.kind)),
    }
)


def alphabets(options: Properties) -> dict[str, tuple[int, str]]:
    """Per class: how many characters at least, and the characters.

    A class that is switched off still gives its minimum, as with the real provider.
    """
    special = options.get("overrideSpecial") or SPECIAL
    return {
        name: (int(options[least]), special if name == "special" else characters)
        for name, (least, characters) in CLASSES.items()
    }


def generate(options: Properties) -> str:
    """A random string of the demanded length; `options` are complete and checked."""
    classes = alphabets(options)
    drawn = [secrets.choice(letters) for least, letters in classes.values() for _ in range(least)]
    everything = "".join(letters for name, (_, letters) in classes.items() if options[name])
    drawn += [secrets.choice(everything) for _ in range(int(options["length"]) - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)


def problems_of(options: Properties) -> list[Problem]:
    """Rules between the options, as far as they are known yet."""
    found: list[Problem] = []
    if all(options[name] is False for name in CLASSES):
        found.append(
            Problem("special", "lower, upper, numeric and special are all false: set one to true")
        )
    numbers = {"length", *(least for least, _ in CLASSES.values())}
    if any(options[name] is UNKNOWN for name in numbers):
        return found
    negative = [name for name in sorted(numbers) if options[name] < 0]
    found += [
        Problem(name, f'property "{name}" is {options[name]}, expected 0 or more')
        for name in negative
    ]
    least = sum(options[name] for name, _ in CLASSES.values())
    if options["length"] < max(least, 1):
        found.append(
            Problem(
                "length",
                f'property "length" is {options["length"]}, expected at least {max(least, 1)}: the '
                "minimums of the character classes together",
            )
        )
    return found


class RandomCharacters(ResourceType):
    """What random passwords and strings share: they are made once, and any change remakes them."""

    inputs = OPTIONS
    computed = ("result",)

    def settle(
        self, inputs: Properties, old_inputs: Properties, naming: Naming
    ) -> tuple[Properties, list[Problem]]:
        """`number` is the older name of `numeric`: whichever is false counts."""
        del old_inputs, naming
        digits = (inputs["numeric"], inputs["number"])
        if UNKNOWN not in digits:
            inputs = {**inputs, "numeric": all(digits), "number": all(digits)}
        return inputs, problems_of(inputs)

    def read(self, id: str, old_inputs: Properties, old_outputs: Properties) -> State | None:
        """Nobody else holds it: as in state. On import the id is the value itself."""
        if old_outputs:
            return State(id, old_outputs, old_inputs)
        defaults = {name: field.default for name, field in OPTIONS.fields.items()}
        inputs = {name: value for name, value in defaults.items() if value is not None}
        inputs["length"] = len(id)
        return self.state_of(id, inputs)

    def create(self, inputs: Properties) -> State:
        """A new value."""
        return self.state_of(generate(inputs), inputs)

    def state_of(self, result: str, inputs: Properties) -> State:
        """The state of a value."""
        return State(result, {**inputs, "result": result}, inputs)

    def update(
        self, id: str, old_outputs: Properties, old_inputs: Properties, inputs: Properties
    ) -> Properties:
        """Never needed, since every change replaces; keeps the value."""
        del id, old_inputs
        return {**inputs, "result": old_outputs["result"]}

    def delete(self, id: str, outputs: Properties) -> None:
        """Nothing is kept anywhere but in state."""
