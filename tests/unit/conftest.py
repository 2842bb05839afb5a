"""The unit layer is run at every change: it has to take seconds."""

import gc
import sys
from functools import cache
from typing import Any

# Thousands of short tests make garbage that is gone before it would be worth looking for.
gc.set_threshold(100_000, 50, 50)
gc.disable()


def pytest_collection_finish() -> None:
    """What was imported stays: no collection has to go through it again."""
    gc.freeze()
    gc.enable()
    testing: Any = sys.modules.get("typer.testing")
    if testing is not None:
        # The command is built from its functions once, as in a run of it, and not for each call.
        testing._get_command = cache(testing._get_command)
