"""A report as Markdown, for one comment on a pull request on GitHub or Azure DevOps.

What a tenant's administrator can name (customers, policies, accounts, whatever an error message
quotes) is text and nothing else: it cannot end a cell, begin a tag or a link, ring for a person
(`@name`) or mention another issue (`#1`, `GH-1`). Sources: GitHub Flavored Markdown Spec, "Entity
and numeric character references", "Tables (extension)", "Autolinks (extension)"; GitHub,
"Autolinked references and URLs", "Basic writing and formatting syntax".
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from fleet.report import CustomerReport, FleetReport
from fleet.report_words import (
    COLUMNS,
    DOINGS,
    moment_text,
    planned_lines,
    points,
    since_text,
    spans,
    summary,
    worst_first,
)

MOST_BYTES: Final = 60_000
"""GitHub refuses a comment of more than 65,536 characters ("body is too long"); counted in bytes,
so that it fits however the characters are counted, with room for what the caller puts around it."""
TABLE_BYTES: Final = 35_000
CELL: Final = 80
SENTENCE: Final = 300
LEAST_BYTES: Final = 2_000
"""With less room than this left, a further list is not begun; only a line says so."""
MISSING_BYTES: Final = 300
"""For such lines."""
SENTENCES: Final = 6
"""Of one customer: nobody's long list pushes out all the others."""

_BREAK: Final = "<!-- -->"
_REFERENCE: Final = re.compile(r"\b(www|gh)(?=[.-])", re.IGNORECASE)
_COLON: Final = re.compile(r":(?=[A-Za-z0-9+/-]*[:/]|[A-Za-z])")
_BEGINS_A_LIST: Final = re.compile(r"[-+=]|[0-9]+[.)]")


def render(report: FleetReport) -> str:
    """The comment: a line of summary, one table, and folded: problems, changes, notes.

    Never too long. The customers that need somebody come first; what does not fit is counted, not
    cut off midway.
    """
    customers = worst_first(report.customers)
    revision = f" at {code(report.revision, CELL)}" if report.revision else ""
    head = f"**{summary(report)}** {DOINGS[report.operation]} on {moment_text(report.made)}"
    head += since_text(report)
    parts = [f"{head}{revision}.\n"]
    if customers:
        row = partial(_row, made=report.made)
        rows = _fitting(customers, row, TABLE_BYTES, "customers are not shown here")
        parts.append("\n" + _header() + rows)
    for chapter in _CHAPTERS:
        told = [one for one in customers if chapter.lines(one)]
        room = MOST_BYTES - MISSING_BYTES - sum(_bytes(part) for part in parts)
        opening = f"\n<details><summary>{chapter.heading}</summary>\n\n"
        closing = "\n</details>\n"
        room -= _bytes(opening + closing)
        if told and room > LEAST_BYTES:
            parts.append(opening + _fitting(told, chapter.block, room, chapter.missing) + closing)
        elif told:
            parts.append(f"\n{len(told):,} {chapter.missing}: the full report has them.\n")
    return "".join(parts)


def text(words: str, most: int) -> str:
    """Words from outside as plain text: cut to `most` characters, all that could be markup escaped.

    A comment stands behind signs that GitHub looks for after Markdown is done, when an entity is a
    character again: without it `&#64;name` would ring for that person.
    """
    return _escaped(_cut(words, most))


def code(words: str, most: int) -> str:
    """Words from outside as code, where GitHub looks for no mention either."""
    return f"<code>{text(words, most)}</code>"


def _sentence(words: str) -> str:
    """Words from outside, with what they have between backticks as code, to begin a line with."""
    shown = "".join(
        f"<code>{_escaped(part)}</code>" if is_code else _escaped(part)
        for part, is_code in spans(_cut(words, SENTENCE))
    )
    return f"&#{ord(shown[0])};{shown[1:]}" if _BEGINS_A_LIST.match(shown) else shown


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"


def _escaped(words: str) -> str:
    escaped = _COLON.sub(f"&#58;{_BREAK}", "".join(_sign(sign) for sign in words))
    return _REFERENCE.sub(rf"\1{_BREAK}", escaped)


def _sign(sign: str) -> str:
    if sign in "@#":
        return f"&#{ord(sign)};{_BREAK}"
    if sign.isalnum() or sign in " :,.;()'\"=/?%+-" or ord(sign) > 127:
        return sign
    return f"&#{ord(sign)};"


def _header() -> str:
    return (
        f"| {' | '.join(column.heading for column in COLUMNS)} |\n"
        f"|{'|'.join(' --- ' for _ in COLUMNS)}|\n"
    )


def _row(customer: CustomerReport, made: datetime) -> str:
    name, *others = (column.shown(customer, made) for column in COLUMNS)
    cells = [code(name, CELL), *(text(words, CELL) for words in others)]
    return f"| {' | '.join(cells)} |\n"


def _problems(customer: CustomerReport) -> list[str]:
    told = points(customer)
    lines = [
        _sentence(point.what) + (f" **To do:** {_sentence(point.todo)}" if point.todo else "")
        for point in told[:SENTENCES]
    ]
    more = len(told) - SENTENCES
    return [*lines, f"and {more} more"] if more > 0 else lines


def _planned(customer: CustomerReport) -> list[str]:
    return [_sentence(line) for line in planned_lines(customer)]


def _notes(customer: CustomerReport) -> list[str]:
    return [_sentence(line) for line in customer.notes[:SENTENCES]]


@dataclass(frozen=True)
class _Chapter:
    """A folded list: each customer of whom there is something to say, and what."""

    heading: str
    lines: Callable[[CustomerReport], list[str]]
    missing: str

    def block(self, customer: CustomerReport) -> str:
        entries = (f"  - {line}" for line in self.lines(customer))
        return "\n".join([f"- {code(customer.customer, CELL)}", *entries]) + "\n"


_CHAPTERS: Final = (
    _Chapter("What to do", _problems, "customers' problems are not shown here"),
    _Chapter("Changes by resource", _planned, "customers' changes are not shown here"),
    _Chapter("Worth knowing", _notes, "customers' notes are not shown here"),
)


def _fitting(
    customers: Sequence[CustomerReport],
    shown: Callable[[CustomerReport], str],
    room: int,
    missing: str,
) -> str:
    """As many customers as fit into so many bytes, each whole; then how many did not."""
    kept: list[str] = []
    room -= 120  # for that last line
    for number, customer in enumerate(customers):
        piece = shown(customer)
        room -= _bytes(piece)
        if room < 0:
            kept.append(f"\n{len(customers) - number:,} {missing}: the full report has them.\n")
            break
        kept.append(piece)
    return "".join(kept)


def _bytes(words: str) -> int:
    return len(words.encode())
