"""What `breakglass verify` and `breakglass status` find out about a customer's stack.

Both look at the tenant itself and change nothing, and so does a third look, at the group. They run
as the commands that they are, with the customer's environment, so that a fleet's word and theirs
are the same.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from fleet.answer import answer_of
from fleet.outsiders import find_outsiders
from fleet.report import AlarmLine, PolicyCounts, Problem
from fleet.standing import NOT_COUNTED, NOT_LOOKED_AT, Standing

BREAKGLASS: Final = (sys.executable, "-m", "cli.main")
_ARRIVAL: Final = "SigninLogs"

JSON = Mapping[str, Any]


@dataclass(frozen=True)
class Looks:
    """What two commands found."""

    verified: bool
    """The policies were looked at, and every one is right."""
    policies: PolicyCounts
    alarm: AlarmLine
    problems: tuple[Problem, ...]


def look(customer: str, folder: Path, standing: Standing, log: Callable[[str], None]) -> Looks:
    """Run both commands for a customer, in this process's environment.

    `standing`: what the state tells, for the alarm's name and who belongs into the group; nothing
    of it is a finding.
    `log`: takes each line that they write beside their answer. Lines and problems hold whatever the
    commands say: it is for the caller to take secrets out.
    """
    proof, verify_told = _run("verify", customer, folder, log)
    problems: list[Problem] = []
    policies = NOT_COUNTED
    right = False
    if isinstance(proof, Mapping):
        found = cast("JSON", proof)
        right = found.get("right") is True
        policies = _policies(found)
        problems += _wrong_policies(found, customer)
    else:
        problems.append(_unlooked("verify", verify_told, customer))
    rows, status_told = _run("status", customer, folder, log)
    alarm = NOT_LOOKED_AT
    if isinstance(rows, list):
        lines = [cast("JSON", one) for one in cast("list[Any]", rows)]
        alarm = _alarm(lines, standing)
        problems += [
            Problem(what=f"{one['subject']}: {one['words']}", todo=_see("status", customer))
            for one in lines
            if one.get("mark") in ("wrong", "unknown")
        ]
    else:
        problems.append(_unlooked("status", status_told, customer))
    problems += find_outsiders(standing.groups, customer)
    return Looks(right, policies, alarm, tuple(problems))


def _run(command: str, customer: str, folder: Path, log: Callable[[str], None]) -> tuple[Any, str]:
    """What it printed as JSON, None for none, and its last words."""
    done = answer_of([*BREAKGLASS, command, "--stack", customer, "--json"], folder)
    for line in done.stderr.splitlines():
        log(line)
    last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    try:
        return json.loads(done.stdout), last
    except ValueError:
        return None, last


def _policies(found: JSON) -> PolicyCounts:
    results = [
        str(one.get("result")) for one in cast("Sequence[JSON]", found.get("policies") or ())
    ]
    return PolicyCounts(
        excluded=results.count("excluded"),
        skipped=sum(results.count(one) for one in ("skipped", "refused")),
        drifted=sum(results.count(one) for one in ("lacks", "new")),
    )


def _wrong_policies(found: JSON, customer: str) -> list[Problem]:
    if found.get("right") is True:
        return []
    listed = cast("Sequence[JSON]", found.get("policies") or ())
    wrong = [str(one.get("name")) for one in listed if one.get("result") not in _RIGHT]
    todo = " ".join(map(str, cast("Sequence[Any]", found.get("toDo") or ())))
    what = f"not as the stack wants: {', '.join(wrong)}" if wrong else "the exclusion is not right"
    return [Problem(what=what, todo=todo or _see("verify", customer))]


_RIGHT: Final = ("excluded", "skipped", "gone")


def _alarm(rows: Sequence[JSON], standing: Standing) -> AlarmLine:
    enabled = None
    for one in rows:
        is_it = standing.alarm_name and one.get("subject") == f"alert {standing.alarm_name}"
        if is_it and one.get("mark") != "unknown":
            enabled = str(one.get("words")).startswith("on")
    arrivals = (str(one["words"]) for one in rows if str(one["subject"]).endswith(_ARRIVAL))
    return AlarmLine(enabled=enabled, first_row=next(arrivals, ""))


def _unlooked(command: str, told: str, customer: str) -> Problem:
    return Problem(
        what=f"nothing could be looked at: {told.removeprefix('breakglass: ')}",
        todo=_see(command, customer),
    )


def _see(command: str, customer: str) -> str:
    return f"`breakglass {command} --stack {customer}` says more"
