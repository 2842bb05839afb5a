"""The unit layer is run at every change: it has to take seconds."""

import gc
import sys
from functools import cache
from typing import Any

# A process lives for seconds: what its recorded programs leave is less than a collection is worth.
gc.disable()


def pytest_collection_finish() -> None:
    """What is imported stays: a test that collects has not to go through it."""
    gc.freeze()
    gc.enable()
    testing: Any = sys.modules.get("typer.testing")
    if testing is not None:
        # The command is built from its functions once, as in a run of it, and not for each call.
        testing._get_command = cache(testing._get_command)


def pytest_sessionfinish() -> None:
    """Nor has pytest, which collects at its end."""
    gc.freeze()
