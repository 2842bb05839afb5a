# pyright: basic
# The Automation API's events come without types for what they hold.
"""What somebody agreed to: a preview's steps, kept until the run that was agreed to looks again.

Between the question and the run somebody may change the tenant or the settings. So the run of each
customer compares its own preview with the one whose sum was shown, and stops where they differ.
Steps are kept as operation, URN and names of the properties that change: no value, so no secret.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from fleet.first_few import first_few
from fleet.report import Problem
from fleet.report_json import write_text

NO_CHANGE: Final = frozenset(
    {"same", "read", "read-replacement", "refresh", "discard", "discard-replaced"}
)
"""Operations of the engine that write neither to the tenant nor to what the state holds of it."""
_MOST: Final = 3
"""So many steps are named in a line."""


def plan_of(events: Iterable[Any]) -> list[str]:
    """The steps of a preview that would change something, each once."""
    metadata = (one.resource_pre_event.metadata for one in events if one.resource_pre_event)
    found = {_words(step) for step in metadata if _operation(step) not in NO_CHANGE}
    return sorted(found)


def plan_file(report: Path) -> Path:
    """Where a customer's agreed plan lies, beside its report."""
    return report.with_suffix(".plan")


def write_plan(plan: Iterable[str], path: Path) -> None:
    """Keep it for the run. Raises ReportError."""
    write_text(json.dumps(list(plan), indent=1) + "\n", path)


def differs(plan: Iterable[str], path: Path, customer: str) -> Problem | None:
    """What to say when this is not the plan that was agreed to; None when it is."""
    try:
        agreed = set(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return _changed("what was agreed to cannot be read any more", customer)
    now = set(plan)
    if now == agreed:
        return None
    told = [f"new: {_name(one)}" for one in sorted(now - agreed)]
    told += [f"no more: {_name(one)}" for one in sorted(agreed - now)]
    return _changed(first_few(told, _MOST), customer)


def _changed(what: str, customer: str) -> Problem:
    return Problem(
        what=f"changed since you agreed, so nothing was written: {what}",
        todo=f"run again and look: `breakglass fleet up --only {customer}`",
    )


def _operation(step: Any) -> str:
    return str(getattr(step.op, "value", step.op))


def _words(step: Any) -> str:
    # A tab is in none of the three.
    return "\t".join((_operation(step), step.urn, ",".join(sorted(step.diffs or ()))))


def _name(words: str) -> str:
    """Operation and the URN's last part, the resource's own name."""
    operation, urn, _ = words.split("\t")
    return f"{operation} {urn.rpartition('::')[2]}"
