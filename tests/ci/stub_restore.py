"""Stands in for what `cli.restore_work` does with a stack: what a plan says, by customer.

`PLAN` names a JSON file `{customer: step}`; a step is `{"back": […], "left": [[name, why, todo]]}`,
`{"error": "…"}`, or `{"wait": "stop"}` (until somebody interrupts it) or `{"wait": "never"}`. The
environment that it was given is written beside the file.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cli import restore_work
from cli.chosen_stack import ChosenStack
from cli.exclusion_restore import Left, Restored, Stopped
from cli.failure import CommandFailed


def restore(
    stack: ChosenStack, *, stopped: Callable[[], bool], on_write: Callable[[Restored], object]
) -> Restored:
    del on_write
    plan = Path(os.environ["PLAN"])
    plan.with_name(f"{stack.name}.environ.json").write_text(json.dumps(dict(os.environ)))
    step = json.loads(plan.read_text()).get(stack.name, {})
    if "error" in step:
        raise CommandFailed(step["error"])
    while "wait" in step:
        plan.with_name("waiting").touch()
        time.sleep(0.02)
        if stopped() and step["wait"] == "stop":
            raise Stopped(Restored(lost=("MFA", "Legacy"), back=("MFA",), written=("MFA",)))
    back: tuple[str, ...] = tuple(step.get("back", ()))
    left = tuple(Left(*one) for one in step.get("left", ()))
    return Restored(lost=(*back, *(one.name for one in left)), back=back, left=left, written=back)


restore_work.restore = restore  # pyright: ignore[reportAttributeAccessIssue]
sys.exit(restore_work.main())
