"""What a person is shown and asked before many customers are changed, and what follows from it."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from fleet.job import Job, not_started
from fleet.report import CHANGES, CustomerReport, Problem, changed

_PAST: Final = {
    "create": "created",
    "import": "imported",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
}


@dataclass(frozen=True)
class Answer:
    """Whom to go on with, and the reports of those for whom it is over."""

    go_on: frozenset[str]
    over: list[CustomerReport]


def asked(
    previews: Sequence[CustomerReport], first: AbstractSet[str], say: Callable[[str], None]
) -> Answer:
    """Show the sum of what an `up` would change, and ask once.

    Nobody is asked when nothing would change, or when somebody has stopped the previews. Nothing
    goes on when a customer that was to go first has failed its preview: the next one would go first
    in its place. Whom nothing is to be changed for is done with the preview: it has looked at all
    that the report tells, and an `up` would look at the same.
    """
    good = [one for one in previews if one.outcome == "done"]
    bad = [_of_up(one) for one in previews if one.outcome != "done"]
    if not good or any(one.outcome in ("cancelled", "not started") for one in bad):
        return Answer(frozenset(), [*bad, *(_left(one, "") for one in good)])
    fallen = [one for one in bad if one.customer in first]
    if fallen:
        say(f"Nobody is started: {_names(fallen)} was to go first, and the preview failed.")
        return Answer(frozenset(), [*bad, *(_left(one, "") for one in good)])
    say(sum_of(good))
    if bad:
        say(f"Left out, because their preview failed: {_names(bad)}.")
    due = [one for one in good if changed(one)]
    unchanged = [one for one in good if not changed(one)]
    over = [*bad, *(_of_up(one) for one in unchanged)]
    if not due:
        say("There is nothing to agree to.")
        return Answer(frozenset(), over)
    if first and not any(one.customer in first for one in due):
        idle = [one for one in unchanged if one.customer in first]
        say(f"Nobody goes first: nothing is to be changed at {_names(idle)}.")
    if _typed("Go on? Only 'yes' does: ") != "yes":
        say("nothing was changed: you did not say yes")
        no = "nothing was changed: whoever was asked did not say yes"
        return Answer(frozenset(), [*over, *(_left(one, no) for one in due)])
    return Answer(frozenset(one.customer for one in due), over)


def overtaken(
    previews: Sequence[CustomerReport], answer: Answer, say: Callable[[str], None]
) -> Answer:
    """After a yes to what is not here any more: settings or code are others by now."""
    why = "settings or code changed since the preview, so nothing was written"
    say(why)
    left = [
        _left(one, why, "run again and look") for one in previews if one.customer in answer.go_on
    ]
    return Answer(frozenset(), [*answer.over, *left])


def ask_for_each_name(jobs: Sequence[Job]) -> list[CustomerReport]:
    """Have each customer's name typed; the reports of all when one was not, else none."""
    for job in jobs:
        typed = _typed(f"Destroy everything of {job.customer}? Type its name: ")
        if typed != job.customer:
            no = f"nothing was destroyed: {typed!r} is not {job.customer}"
            return [_left(not_started(one), no) for one in jobs]
    return []


def sum_of(reports: Sequence[CustomerReport]) -> str:
    """What an `up` would change at all of them, in words."""
    return f"{_sum(reports, lambda kind: f'to {kind}')}."


def sum_done(reports: Sequence[CustomerReport]) -> str:
    """What an `up` has changed, in words; empty when it began with nobody.

    Of one that died nobody knows what it had changed by then, and that is not nothing.
    """
    told = [one for one in reports if one.outcome == "done" or one.changes]
    begun = [one for one in reports if one.outcome in ("failed", "cancelled")]
    untold = [one for one in begun if not one.changes]
    lines = [f"{_sum(told, lambda kind: _PAST.get(kind, kind))}."] if told else []
    if untold:
        it = "it" if len(untold) == 1 else "each"
        lines.append(f"Not counted, since {it} failed or was stopped: {_names(untold)}.")
    return " ".join(lines)


def _sum(reports: Sequence[CustomerReport], worded: Callable[[str], str]) -> str:
    total: Counter[str] = Counter()
    for one in reports:
        total.update(changed(one))
    touched = sum(bool(changed(one)) for one in reports)
    kinds = [*CHANGES, *sorted(total.keys() - {*CHANGES})]
    counted = ", ".join(f"{total[kind]} {worded(kind)}" for kind in kinds if total[kind])
    whom = f"{len(reports)} customer{'' if len(reports) == 1 else 's'}"
    return (
        f"{whom}, {touched} of them with changes: {counted}" if counted else f"{whom}: no changes"
    )


def is_interactive() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty()


def _typed(question: str) -> str:
    """Ctrl-C, Ctrl-D and a terminal that is gone are no answer."""
    try:
        return input(question).strip()
    except (EOFError, KeyboardInterrupt, OSError):
        return ""


def _of_up(report: CustomerReport) -> CustomerReport:
    """Of a preview with which an `up` has ended: it failed, or there was nothing to do."""
    problems = tuple(
        one.model_copy(update={"todo": one.todo.replace("fleet preview --res", "fleet up --res")})
        for one in report.problems
    )
    return report.model_copy(update={"operation": "up", "problems": problems})


def _left(
    report: CustomerReport, why: str, todo: str = "run again when it is agreed to"
) -> CustomerReport:
    """Not begun. What was planned is no change that was made."""
    problems = (Problem(what=why, todo=todo),) if why else ()
    return report.model_copy(
        update={
            "operation": report.operation if report.operation == "destroy" else "up",
            "outcome": "not started",
            "changes": {},
            "problems": problems,
        }
    )


def _names(reports: Sequence[CustomerReport]) -> str:
    return ", ".join(one.customer for one in reports)
