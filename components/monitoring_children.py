"""What the children of a `SignInMonitoring` have in common: names, options, the stack's tag."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi

from components.stack_memory import Outputs, StackMemory, earlier_outputs

TYPE: Final = "break-glass:index:SignInMonitoring"


@dataclass(frozen=True)
class MonitoringTools:
    """What was found out before."""

    kept: Mapping[str, str] | None = None
    """What an earlier life of the stack left in Azure, to be taken in instead of made: Azure
    resource id by the name of the child without the component's, as in `resource-group`. None: the
    component looks it up by itself (`monitoring_standing`)."""
    memory: StackMemory = field(default_factory=earlier_outputs, repr=False)
    """What the stack's state knew before this run."""


@dataclass(frozen=True)
class Children:
    """Makes names and options of the children."""

    name: str
    """Of the component."""
    parent: pulumi.Resource
    tools: MonitoringTools

    def called(self, suffix: str) -> str:
        """Logical name of a child."""
        return f"{self.name}-{suffix}"

    def options(
        self,
        suffix: str,
        *,
        depends_on: Sequence[pulumi.Resource] = (),
        as_it_stands: Sequence[str],
        sealed: bool = False,
    ) -> pulumi.ResourceOptions:
        """Of a child that shares the component's protection, or is `sealed` (see `alarm_seal`).

        `as_it_stands`: properties that what is taken in again may have otherwise than the program
        says. The engine imports nothing that differs; the next run brings it to what is said.
        """
        kept_id = (self.tools.kept or {}).get(suffix)
        return pulumi.ResourceOptions(
            parent=self.parent,
            import_=kept_id,
            ignore_changes=[*as_it_stands] if kept_id else None,
            depends_on=[*depends_on],
            protect=False if sealed else None,
            # The provider would delete first, and with it all that depends on what is replaced.
            delete_before_replace=False if sealed else None,
        )

    def remembered(self, suffix: str, type_: str) -> Outputs | None:
        """The child's outputs as the state has them; None for one that is new."""
        name = self.called(suffix)
        for urn, outputs in self.tools.memory(type_).items():
            if urn.rpartition("::")[2] == name:
                return outputs
        return None
