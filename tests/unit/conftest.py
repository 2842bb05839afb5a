"""The unit layer is run at every change: it has to take seconds."""

import gc

# Thousands of short tests make garbage that is gone before it would be worth looking for.
gc.set_threshold(100_000, 50, 50)


def pytest_collection_finish() -> None:
    """What was imported stays: no collection has to go through it again."""
    gc.freeze()
