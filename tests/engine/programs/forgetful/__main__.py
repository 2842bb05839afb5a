"""The product's own program, but an exclusion and an alert are not registered any more.

And another exclusion says that it is to exclude nobody.
"""

import os
import runpy
from collections.abc import Iterator, Sequence
from pathlib import Path

from components import sign_in_monitoring
from components.ca_exclusion_patch import CaExclusionPatch
from components.exclusion_choice import Choice
from components.monitoring_arguments import SignInMonitoringArgs
from entra.exclusion import Entries
from entra.policy import Policy

REPOSITORY = Path(os.environ["BREAK_GLASS_PROGRAM"])
NAME = "_choices"
all_choices = getattr(CaExclusionPatch, NAME)


def all_but_two(self: CaExclusionPatch, policies: Sequence[Policy]) -> list[Choice]:
    """What a mistake in the program would leave."""
    _, second, *others = all_choices(self, policies)
    return [Choice(second.policy, "paused", Entries()), *others]


all_rules = sign_in_monitoring.wanted_rules


def all_but_the_use_alert(args: SignInMonitoringArgs) -> Iterator[tuple[str, str]]:
    """Another one."""
    return (one for one in all_rules(args) if one[0] != "use-alert")


setattr(CaExclusionPatch, NAME, all_but_two)
sign_in_monitoring.wanted_rules = all_but_the_use_alert
runpy.run_path(str(REPOSITORY), run_name="__main__")
