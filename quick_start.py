"""What lets a run begin sooner; imported before everything else."""

import gc
import sys

# What is imported stays: to look through it for garbage, again and again, would cost 0.2 s a run.
gc.set_threshold(1_000_000)
# The command line of httpx, whose libraries take as long to import as the rest of it: not there.
sys.modules["httpx._main"] = None  # pyright: ignore[reportArgumentType]
