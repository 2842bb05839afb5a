"""What keeps the alarms together: none goes by itself, and each can be switched off by its name."""

from collections.abc import Sequence
from typing import Final

import pulumi

TYPE: Final = "break-glass:index:Alarms"


class Alarms(pulumi.ComponentResource):
    """Says that the alarms stand; protects them, for it depends on each.

    The alarms themselves are not protected: the engine removes or replaces a protected resource
    only in a run after the one that unprotects it, and an alarm that is switched off in the
    settings, or made anew for another workspace, has to go in one run. As long as this one is
    protected and depends on them, nothing can delete them by themselves, `destroy` included.
    """

    def __init__(
        self, name: str, parent: pulumi.Resource, alarms: Sequence[pulumi.Resource]
    ) -> None:
        opts = pulumi.ResourceOptions(parent=parent, depends_on=[*alarms])
        super().__init__(TYPE, name, None, opts)
        self.register_outputs({})
