"""How a message about the group calls its arguments, and says how to change one."""

from dataclasses import dataclass
from typing import Final

ARGUMENTS: Final = "BreakGlassGroupArgs"


@dataclass(frozen=True)
class Wording:
    """The arguments as whoever runs the program knows them: as settings, or as the class in code.

    A way out that names a setting which the program does not read would lead nowhere.
    """

    setting: str | None = None
    """Key of the stack's configuration that holds the arguments; None: they stand in the code."""

    def named(self, argument: str) -> str:
        """What an argument is called."""
        return f"{self.setting}.{argument}" if self.setting else f"{argument} of {ARGUMENTS}"

    def to_set(self, argument: str, value: str) -> str:
        """How one gets a value."""
        if self.setting is None:
            return f"set {argument} of {ARGUMENTS} to {value}"
        return f'pulumi config set --path "{self.setting}.{argument}" {value}'

    def to_add(self, argument: str, value: str, there: int) -> str:
        """How one that is a list of `there` entries gets one more."""
        if self.setting is None:
            return f"add {value} to {argument} of {ARGUMENTS}"
        return self.to_set(f"{argument}[{there}]", value)

    def to_leave_out(self, argument: str) -> str:
        """How one goes back to its default."""
        if self.setting is None:
            return f"leave {argument} of {ARGUMENTS} out"
        return f'pulumi config rm --path "{self.setting}.{argument}"'
