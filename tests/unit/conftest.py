"""The unit layer is run at every change: it has to take seconds."""

import gc
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.unit.__main__ import RESULT

# Taken away at once: what a test starts is not the share that its file speaks for.
_RESULT: Final = os.environ.pop(RESULT, "")

# A share lives for seconds: to look for garbage costs a twentieth of them, to keep it 100 MB.
gc.disable()


def pytest_sessionstart() -> None:
    """From here on pytest answers a Ctrl-C by itself."""
    _tell("")


def pytest_collection_finish() -> None:
    """The command is built from its functions once, as in a run of it, and not for each call."""
    testing: Any = sys.modules.get("typer.testing")
    if testing is not None:
        testing._get_command = cache(testing._get_command)


def pytest_sessionfinish(exitstatus: int | pytest.ExitCode) -> None:
    """The exit code tells only together with this that every test has had its turn."""
    _tell(str(int(exitstatus)))
    gc.freeze()  # pytest looks for garbage at its end


def _tell(status: str) -> None:
    if _RESULT:
        Path(_RESULT).write_text(status, encoding="ascii")
