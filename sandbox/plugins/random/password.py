"""random.RandomPassword: a random string whose value is a secret.

The real provider also offers `bcryptHash`. It is left out: no kept bcrypt library is among our
dependencies, the stack does not read it, and a wrong hash would be worse than none.
"""

from sandbox.plugins.random.characters import RandomCharacters
from sandbox.plugins.resource import State
from sandbox.plugins.values import Properties


class RandomPassword(RandomCharacters):
    """A password; its id says nothing about it."""

    token = "random:index/randomPassword:RandomPassword"  # noqa: S105 - a type's name
    secrets = frozenset({"result"})

    def state_of(self, result: str, inputs: Properties) -> State:
        """Like any random string, but the id, which is never encrypted, is the word `none`."""
        return State("none", {**inputs, "result": result}, inputs)
