"""The product's own program, but the exclusion from one policy is not registered any more."""

import os
import runpy
from collections.abc import Sequence
from pathlib import Path

from components.ca_exclusion_patch import CaExclusionPatch
from components.exclusion_choice import Choice
from entra.policy import Policy

REPOSITORY = Path(os.environ["BREAK_GLASS_PROGRAM"])
NAME = "_choices"
all_choices = getattr(CaExclusionPatch, NAME)


def all_but_the_first(self: CaExclusionPatch, policies: Sequence[Policy]) -> list[Choice]:
    """What a mistake in the program would leave."""
    return all_choices(self, policies)[1:]


setattr(CaExclusionPatch, NAME, all_but_the_first)
runpy.run_path(str(REPOSITORY), run_name="__main__")
