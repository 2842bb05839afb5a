"""Decides, before a query runs, what its SQL would ask about the types of columns.

duckdb-kql does not know the types of columns, so its SQL asks `typeof(…)` wherever it matters and
holds an answer for every type. DuckDB reads and binds all of them each time, which takes ten times
as long as the rest of the query over the rows of a tenant.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\w+|\s+|.""", re.DOTALL)
_KNOWN = frozenset(
    {"BIGINT", "BOOLEAN", "DOUBLE", "INTEGER", "INTERVAL", "JSON", "TIMESTAMP", "VARCHAR"}
)


class ColumnTypes:
    """DuckDB's types by the names of columns; a name that has had two types has none."""

    def __init__(self) -> None:
        self._types: dict[str, str] = {}

    def add(self, columns: Mapping[str, str]) -> None:
        """Columns that some part of the query has."""
        for name, kind in columns.items():
            key = name.lower()
            self._types[key] = kind if self._types.get(key, kind) == kind else ""

    def of(self, operand: str) -> str | None:
        """The type of `"column"` or `'text'`; None: it is not known."""
        if operand[0] == "'":
            return "VARCHAR"
        if operand[0] != '"':
            return None
        kind = self._types.get(operand[1:-1].replace('""', '"').lower())
        return kind if kind in _KNOWN else None


@dataclass
class _Case:
    """A `CASE` being read: what stands before the first keyword, and each keyword's part."""

    parts: list[tuple[str, list[str]]] = field(
        default_factory=lambda: list[tuple[str, list[str]]]([("CASE", [])])
    )

    def texts(self) -> Iterator[tuple[str, str]]:
        for keyword, pieces in self.parts:
            yield keyword, "".join(pieces).strip()


def decided(sql: str, types: ColumnTypes) -> str:
    """The same SQL without the branches that the types of its columns rule out."""
    stack = [_Case()]
    for word in _TOKEN.findall(sql):
        if word == "CASE":
            stack.append(_Case())
        elif word == "END" and len(stack) > 1:
            text = _decided_case(stack.pop(), types)
            stack[-1].parts[-1][1].append(text)
        elif word in ("WHEN", "THEN", "ELSE") and len(stack) > 1:
            stack[-1].parts.append((word, []))
        else:
            stack[-1].parts[-1][1].append(word)
    return "".join(stack[0].parts[0][1]) if len(stack) == 1 else sql


_SUBJECT = re.compile(r"""typeof\((".*?"|'[^']*')\)""", re.DOTALL)
_CONDITION = re.compile(r"""typeof\((".*?"|'[^']*')\) = '(\w+)'""", re.DOTALL)


def _decided_case(case: _Case, types: ColumnTypes) -> str:
    texts = list(case.texts())
    chosen = _chosen(texts, types)
    if chosen is not None:
        return f"({chosen})"
    return " ".join(f"{keyword} {text}".strip() for keyword, text in texts) + " END"


def _chosen(texts: list[tuple[str, str]], types: ColumnTypes) -> str | None:
    """The branch that the types decide on, if they do and there is one."""
    (_, subject), *branches = texts
    if not branches or branches[-1][0] != "ELSE":
        return None
    answers = list(zip(branches[:-1:2], branches[1:-1:2], strict=True))
    if asked := _SUBJECT.fullmatch(subject):
        kind = types.of(asked[1])
        labels = {label.strip("'"): answer for (_, label), (_, answer) in answers}
        return None if kind is None else labels.get(kind, branches[-1][1])
    if subject or len(answers) != 1:
        return None
    (_, condition), (_, answer) = answers[0]
    asked = _CONDITION.fullmatch(condition)
    kind = types.of(asked[1]) if asked else None
    if asked is None or kind is None:
        return None
    return answer if kind == asked[2] else branches[-1][1]
