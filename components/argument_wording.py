"""How a message about a component calls its arguments, and says how to change one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Wording:
    """The arguments as whoever runs the program knows them: as settings, or as the class in code.

    A way out that names a setting which the program does not read would lead nowhere.
    """

    setting: str | None = None
    """Key of the stack's configuration that holds the arguments; None: they stand in the code."""
    arguments: str = "BreakGlassGroupArgs"
    """The class in code."""
    in_code: Mapping[str, str] = field(default_factory=dict[str, str])
    """Arguments that are called otherwise in code than in the settings."""

    def named(self, argument: str) -> str:
        """What an argument is called."""
        if self.setting is None:
            return f"{self._called(argument)} of {self.arguments}"
        return f"{self.setting}.{argument}"

    def to_set(self, argument: str, value: str) -> str:
        """How one gets a value."""
        if self.setting is None:
            return f"set {self._called(argument)} of {self.arguments} to {value}"
        return f'pulumi config set --path "{self.setting}.{argument}" {value}'

    def to_add(self, argument: str, value: str, there: int) -> str:
        """How one that is a list of `there` entries gets one more."""
        if self.setting is None:
            return f"add {value} to {self._called(argument)} of {self.arguments}"
        return self.to_set(f"{argument}[{there}]", value)

    def to_leave_out(self, argument: str) -> str:
        """How one goes back to its default."""
        if self.setting is None:
            return f"leave {self._called(argument)} of {self.arguments} out"
        return f'pulumi config rm --path "{self.setting}.{argument}"'

    def _called(self, argument: str) -> str:
        return self.in_code.get(argument, argument)


MONITORING_SETTINGS: Final = Wording("break-glass:monitoring")
"""Logs and alarm in the settings of the whole stack."""
MONITORING_ARGUMENTS: Final = Wording(
    arguments="SignInMonitoringArgs",
    in_code={
        "diagnosticSetting.name": "diagnostics.name",
        "diagnosticSetting.existing": "diagnostics.existing",
        "resourceGroup.name": "resource_group.name",
        "resourceGroup.existing": "resource_group.existing",
        "notify.resourceGroup": "notify.resource_group_name",
        "watch.notify.resourceGroup": "watch.notify.resource_group_name",
    },
)
"""Logs and alarm in somebody's own program."""
