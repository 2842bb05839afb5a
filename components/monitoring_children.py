"""What the children of a `SignInMonitoring` have in common: names, options, the stack's tag."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import pulumi

from components.azure_resources import API_VERSIONS, DIAGNOSTICS_TYPE
from components.dropped_monitoring import StandsInAzure, is_gone
from components.stack_memory import Outputs, StackMemory, earlier_outputs

TYPES: Final = (*API_VERSIONS, DIAGNOSTICS_TYPE)
"""Of the children."""


@dataclass(frozen=True)
class MonitoringTools:
    """What was found out before."""

    kept: Mapping[str, str] | None = None
    """What an earlier life of the stack left in Azure, to be taken in instead of made: Azure
    resource id by the name of the child without the component's, as in `resource-group`. None: the
    component looks it up by itself (`monitoring_standing`)."""
    memory: StackMemory = field(default_factory=earlier_outputs, repr=False)
    """What the stack's state knew before this run."""
    stands: StandsInAzure | None = None
    """Whether Azure has a child now that is about to be made although the state knew it; None: it
    cannot be told."""
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    """Waits so many seconds for what Azure ought to have."""
    rules: Mapping[str, Outputs] = field(default_factory=dict[str, Outputs])
    """Of the query rules in `kept`, what the state would know: see `kept_monitoring.Kept`."""


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
        sealed: bool = False,
    ) -> pulumi.ResourceOptions:
        """Of a child that shares the component's protection, or is `sealed` (see `alarm_seal`).

        What is taken in again is brought to what the program says in the same run.
        """
        kept_id = (self.tools.kept or {}).get(suffix)
        return pulumi.ResourceOptions(
            parent=self.parent,
            import_=kept_id,
            depends_on=[*depends_on],
            hooks=self._hooks(suffix),
            protect=False if sealed else None,
            # The provider would delete first, and with it all that depends on what is replaced.
            delete_before_replace=False if sealed else None,
        )

    def _hooks(self, suffix: str) -> pulumi.ResourceHookBinding | None:
        if self._is_gone is None or not any(self.remembered(suffix, one) for one in TYPES):
            return None
        return pulumi.ResourceHookBinding(before_create=[self._is_gone])

    @cached_property
    def _is_gone(self) -> pulumi.ResourceHook | None:
        stands = self.tools.stands
        return None if stands is None else is_gone(self.name, stands)

    def remembered(self, suffix: str, type_: str) -> Outputs | None:
        """The child's outputs as the state has them; None for one that is new."""
        name = self.called(suffix)
        for urn, outputs in self.tools.memory(type_).items():
            if urn.rpartition("::")[2] == name:
                return outputs
        return None
