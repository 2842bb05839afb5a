"""Whether a query hands on every sign-in of an account, as far as that can be read from its text.

Nothing is run. The query has to be put together as that of `alerting.use_alert`: both tables in one
union, conditions on time and on the accounts first, then only operators that lose no row. Whatever
else is in it (`take`, `join`, another `where`) cannot be proven to be harmless and is told. This is
written beside `alerting.use_alert` and not with it: a change there has to pass here.

Source: Microsoft Learn, "union operator", "where operator" and "datatable operator" of Kusto Query
Language.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from alerting.use_alert import SIGN_IN_TABLES
from policies.kql import after_the_first_statement, inside, operators, split, texts

OBJECT_ID: Final = "UserId"
USER_NAME: Final = "UserPrincipalName"
COLUMNS: Final = {"TimeGenerated": "datetime", OBJECT_ID: "string", USER_NAME: "string"}
"""What the conditions read: type by column."""
KEEP_ROWS: Final = ("extend", "project", "project-away", "project-rename", "order", "sort")
"""Operators that hand on as many rows as they get; `summarize … by` at least one of any."""
MINUTES: Final = {"m": 1, "h": 60, "d": 1440}

_UNION: Final = re.compile(r"union\s+isfuzzy\s*=\s*true\s+(.+)", re.DOTALL)
_NO_ROW: Final = re.compile(r"datatable\s*\((.*)\)\s*\[\s*\]", re.DOTALL)
_TABLE: Final = re.compile(r"(?:workspace\((.+)\)\.)?(\w+)")
_SINCE: Final = re.compile(
    r"where\s+(ingestion_time\(\)|TimeGenerated)\s*>=\s*ago\((\d+)([mhd])\)", re.DOTALL
)
_TERM: Final = re.compile(
    r"(?:tolower\(\s*(\w+)\s*\)|(\w+))(?:\s+in(~)?\s*(\(.+\))|\s*(?:==|(=~))\s*(.+))", re.DOTALL
)
_LONGEST: Final = 60


@dataclass(frozen=True)
class Term:
    """One of the conditions of which a row has to meet any."""

    column: str
    values: Sequence[str]
    lowered: bool
    """Whether the column is compared in lower case."""
    any_case: bool

    def meets(self, value: str) -> bool:
        """Whether a row with this value in the column meets it, in whatever case it has it."""
        if self.any_case:
            return value.casefold() in {one.casefold() for one in self.values}
        return self.lowered and value.lower() in self.values


@dataclass
class SignInQuery:
    """What was found in a query."""

    unproven: list[str] = field(default_factory=list[str])
    """Parts that may lose a row, or of which that cannot be told, shortened."""
    tables: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Table and workspace that it is read from: Azure resource id in lower case; empty: scope."""
    filters: list[Sequence[Term]] = field(default_factory=list[Sequence[Term]])
    """Of each condition on accounts, what a row may meet."""
    arrived: list[int] = field(default_factory=list[int])
    """Minutes since when a row may have arrived at most, wherever it says so."""
    looks_back: list[int] = field(default_factory=list[int])
    """Minutes since when a sign-in may have been at most, wherever it says so."""

    def rings_for(self, column: str, value: str) -> bool:
        """Whether a sign-in with this value in the column passes all conditions."""
        return bool(self.filters) and all(
            any(term.column == column and term.meets(value) for term in terms)
            for terms in self.filters
        )


def read(query: str) -> SignInQuery:
    """Take a query apart."""
    found = SignInQuery()
    source, *rest = operators(query)
    union = _UNION.fullmatch(source)
    if union is None:
        found.unproven.append(_short(source))
    else:
        for leg in split(union[1], ","):
            _read_leg(found, leg)
    filters_end = next(
        (place for place, one in enumerate(rest) if not one.startswith("where")), len(rest)
    )
    for one in rest[:filters_end]:
        terms = _terms(one)
        if terms is not None:
            found.filters.append(terms)
        elif not _read_since(found, one):
            found.unproven.append(_short(one))
    found.unproven += [_short(one) for one in rest[filters_end:] if not _keeps_rows(one)]
    # What a query of several statements answers is that of the last one.
    if more := after_the_first_statement(query):
        found.unproven.append(_short(more))
    return found


def _read_leg(found: SignInQuery, leg: str) -> None:
    source, *rest = operators(inside(leg) or leg)
    if empty := _NO_ROW.fullmatch(source):
        if rest or not _fits(empty[1]):
            found.unproven.append(_short(leg))
        return
    table = _TABLE.fullmatch(source)
    workspace = texts(table[1]) if table and table[1] else [""]
    if not (table and table[2] in SIGN_IN_TABLES and workspace):
        found.unproven.append(_short(source))
        return
    found.tables.add((table[2], workspace[0].lower()))
    for one in rest:
        if not (_read_since(found, one) or _keeps_columns(one)):
            found.unproven.append(_short(one))


def _fits(columns: str) -> bool:
    """Whether a leg without rows gives the columns no other type, and hence another name."""
    declared = [[part.strip() for part in one.split(":")] for one in split(columns, ",")]
    return all(one[-1] == COLUMNS.get(one[0], one[-1]) for one in declared)


def _read_since(found: SignInQuery, operator: str) -> bool:
    since = _SINCE.fullmatch(operator)
    if since is None:
        return False
    kept = found.looks_back if since[1] == "TimeGenerated" else found.arrived
    kept.append(int(since[2]) * MINUTES[since[3]])
    return True


def _keeps_columns(operator: str) -> bool:
    """Whether it is a `project` that hands on, as they are, what the conditions read."""
    word, _, columns = operator.partition(" ")
    if word != "project":
        return False
    names = [one.partition("=")[0].strip() for one in split(columns, ",")]
    as_it_is = [one for one in split(columns, ",") if one in COLUMNS]
    return {OBJECT_ID, USER_NAME} <= {*as_it_is} and [
        name for name in names if name in COLUMNS
    ] == as_it_is


def _keeps_rows(operator: str) -> bool:
    word = operator.split()[0] if operator.split() else ""
    return word in KEEP_ROWS or (word == "summarize" and len(split(operator, " by ")) == 2)


def _terms(operator: str) -> Sequence[Term] | None:
    """What a row may meet; None for anything but a list of accounts."""
    terms = [*_each_term(operator.removeprefix("where").strip())]
    return None if None in terms else [one for one in terms if one]


def _each_term(condition: str) -> Iterator[Term | None]:
    for text in split(condition, " or "):
        term = _TERM.fullmatch(text)
        column = (term[1] or term[2]) if term else ""
        listed = term and (inside(term[4]) if term[4] else term[6])
        values = texts(listed) if listed else None
        if term is None or column not in (OBJECT_ID, USER_NAME) or not values:
            yield None
        else:
            yield Term(column, values, bool(term[1]), bool(term[3] or term[5]))


def _short(part: str) -> str:
    line = " ".join(part.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
