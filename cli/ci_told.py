"""What a pipeline tells beside a report, as Markdown: its commit, what is not known, what heals.

Source: GitHub, "Default environment variables", "Webhook events and payloads" (pull_request);
Microsoft, "Use predefined variables".
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from fleet.left_behind import without_settings
from fleet.report import CustomerReport, FleetReport
from fleet.report_json import ReportError, read_json
from fleet.report_markdown import SENTENCE, code, text

MOST_BYTES: Final = 4_500
"""What a host takes at most, less what ``fleet.report_markdown`` may take."""
MOST_PROBLEMS: Final = 4
SKEW: Final = timedelta(minutes=15)
"""So far may the clocks of two machines be apart."""


def without_report(environ: Mapping[str, str] = os.environ) -> str:
    """What to tell when a look ended before its report: an earlier one is not true."""
    return (
        "**Nothing was looked at.** This run ended before it had a report, so nothing is known of"
        f" any customer. Why stands in [its log]({_run(environ)}).\n"
    )


def commit_not_looked_at(environ: Mapping[str, str] = os.environ) -> str:
    """What to tell a pull request when its newest commit has no report of a real tenant."""
    commit = commit_of(environ)
    which = f"Commit {code(commit, 40)} was not looked at." if commit else "Nothing was looked at."
    return (
        f"**{which}** A check failed, nobody approved, or the run broke off before it had a report:"
        f" what an earlier commit would do says nothing of this one. Why stands in [its log]"
        f"({_run(environ)}).\n"
    )


def of_commit(report: str, environ: Mapping[str, str] = os.environ) -> str:
    """A report with the commit of the pull request: what ran is the commit that would merge it."""
    commit = commit_of(environ)
    return f"{report.rstrip()}\n\nOf commit {code(commit, 40)}.\n" if commit else report


def commit_of(environ: Mapping[str, str]) -> str:
    """The newest commit of this run's pull request; empty when that is not told."""
    if environ.get("TF_BUILD", "").casefold() == "true":
        return environ.get("SYSTEM_PULLREQUEST_SOURCECOMMITID", "")
    try:
        event = Path(environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8")
        return str(json.loads(event)["pull_request"]["head"]["sha"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def _run(environ: Mapping[str, str]) -> str:
    if environ.get("GITHUB_ACTIONS") == "true":
        server, repository = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_REPOSITORY")
        return f"{server}/{repository}/actions/runs/{environ.get('GITHUB_RUN_ID')}"
    base, project = environ.get("SYSTEM_COLLECTIONURI"), environ.get("SYSTEM_TEAMPROJECTID")
    return f"{base}{project}/_build/results?buildId={environ.get('BUILD_BUILDID')}"


@dataclass(frozen=True)
class Healing:
    """What `ci restore` did after a look."""

    text: str
    """Markdown; empty when there was no healing."""
    well: bool
    """Nothing is left of it to be looked after."""


def healing(folder: Path, look: FleetReport) -> Healing:
    """What the reports `healed-*.json` below a folder tell, those of this look alone.

    A report that an earlier run left on the machine is older than the look, and what an earlier
    attempt did to a customer was begun before this look at it; of two that name a customer, the
    later one counts. A customer whom no report names is told, too: its machine may
    have died in the midst of it. A stack without a settings file is no customer that any would
    have looked after.
    """
    reports: list[FleetReport] = []
    unreadable: list[str] = []
    for path in sorted(folder.rglob("healed-*.json")):
        try:
            reports.append(read_json(path))
        except ReportError:
            unreadable.append(path.name)
    looked = {one.customer: one.started for one in look.customers}
    found = {
        one.customer: one
        for report in sorted(reports, key=lambda one: one.made)
        if report.made >= look.made - SKEW
        for one in report.customers
        if not _is_before(one.started, looked.get(one.customer))
    }
    if not found and not unreadable:
        return Healing("", well=True)
    unknown = [
        one.customer
        for one in look.customers
        if one.customer not in found and one != without_settings(one.customer, one.operation)
    ]
    lines = [_customer(one) for one in found.values() if _is_worth_a_line(one)]
    quiet = len(found) - len(lines)
    rest = [f"Nothing had to be put back for {_counted(quiet, 'customer')}."] if quiet else []
    if unknown:
        rest.append(f"Not known, no machine reported: {_named(unknown)}.")
    if unreadable:
        rest.append(f"Not readable: {_named(unreadable)}.")
    told = "\n".join(_fitting(lines, MOST_BYTES - len("".join(rest).encode())))
    parts = ["**Put back after this look**", *([told] if told else []), *rest]
    well = not unknown and not unreadable and all(one.outcome == "done" for one in found.values())
    return Healing("\n\n" + "\n\n".join(parts) + "\n", well)


def _is_before(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and one < other


def _is_worth_a_line(one: CustomerReport) -> bool:
    return one.outcome != "done" or bool(one.problems or one.notes or one.changes.get("update"))


def _customer(one: CustomerReport) -> str:
    back = one.changes.get("update", 0)
    words = [f"{_counted(back, 'exclusion')} put back"] if back else []
    if one.outcome != "done":
        words.append(f"**{one.outcome}**")
    lines = [f"- {code(one.customer, 80)}: {', '.join(words) or 'nothing put back'}"]
    for problem in one.problems[:MOST_PROBLEMS]:
        todo = f" **To do:** {text(problem.todo, SENTENCE)}" if problem.todo else ""
        lines.append(f"  - {text(problem.what, SENTENCE)}{todo}")
    lines += [f"  - {text(note, SENTENCE)}" for note in one.notes[:MOST_PROBLEMS]]
    told = min(len(one.problems), MOST_PROBLEMS) + min(len(one.notes), MOST_PROBLEMS)
    if (more := len(one.problems) + len(one.notes) - told) > 0:
        lines.append(f"  - and {more} more")
    return "\n".join(lines)


def _fitting(pieces: Sequence[str], room: int) -> list[str]:
    """As many as fit, each whole; then how many did not."""
    kept: list[str] = []
    for number, piece in enumerate(pieces):
        room -= len(piece.encode()) + 1
        if room < 0:
            more = _counted(len(pieces) - number, "more customer")
            return [*kept, f"- and {more}: the reports of the healing have them"]
        kept.append(piece)
    return kept


def _named(names: Iterable[str], most: int = 5) -> str:
    shown = list(names)
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(code(name, 80) for name in shown[:most]) + more


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
