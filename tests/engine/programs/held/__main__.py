"""A stack that is worked on for as long as somebody wants."""

import pulumi
from held import Held

Held("one", pulumi.get_stack())
