"""For all layers."""

import signal

import pytest

from tests.unit.__main__ import processors

# What a shell starts with `&` ignores Ctrl-C for good, and so would the commands that tests stop
# with it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)  # the unit layer runs without pytest-xdist
def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as processors: whoever waits for an engine leaves one to the others."""
    return processors() + processors() // 2
