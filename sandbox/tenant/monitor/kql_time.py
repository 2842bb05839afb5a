"""How the answer of a query depends on the time at which it is asked.

A rule asks the same thing every few minutes. Where a query only picks rows by comparing
`TimeGenerated` or `ingestion_time()` with the time, its answer stays the same until a row crosses
one of these borders; that is what `borders` tells.
"""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

from duckdb_kql import ir

from sandbox.tenant.monitor.log_tables import INGESTION_COLUMN

_ROW_TIMES = ("TimeGenerated", INGESTION_COLUMN)
_COMPARISONS = ("<", "<=", ">", ">=")
_VOLATILE = frozenset({"now", "ago", "rand", "new_guid"})
_TIMESPAN = re.compile(r"(\d+)(d|h|m|s)")
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
# Operators that make no row where there is none.
_FROM_ROWS = (
    *(ir.Where, ir.Project, ir.Extend, ir.Sort, ir.Take, ir.Top, ir.Distinct, ir.ProjectRename),
    *(ir.ProjectAway, ir.MvExpand, ir.Parse, ir.Join, ir.Lookup, ir.Union),
)


def borders(query: ir.Query) -> frozenset[int] | None:
    """How many seconds before now lie the borders by which a query picks rows; None: time is used
    otherwise, too, so that the answer may change from one moment to the next."""
    found = set(_uses(query, frozenset()))
    return None if None in found else frozenset(use for use in found if use is not None)


def makes_rows(query: ir.Query) -> bool:
    """Whether a query may return a row, or a value within it, where no table has one."""
    for node in _nodes(query):
        if isinstance(node, ir.ToScalar):
            return True
        if isinstance(node, ir.Source) and not isinstance(node, ir.TableRef):
            return True
        if isinstance(node, ir.Summarize) and node.by:
            continue
        if isinstance(node, ir.Operator) and not isinstance(node, _FROM_ROWS):
            return True
    return False


def _uses(node: object, lets: frozenset[str]) -> Iterator[int | None]:
    """Each use of the time: a border in seconds, or None for any other use."""
    if isinstance(node, ir.Query):
        yield from _uses_of_query(node, lets)
        return
    if isinstance(node, ir.FunctionCall) and node.name in _VOLATILE:
        yield None
    for part in _parts(node):
        yield from _uses(part, lets)


def _uses_of_query(query: ir.Query, lets: frozenset[str]) -> Iterator[int | None]:
    names = lets | {name for name, _bound in query.lets}
    for _name, bound in query.lets:
        yield from _uses(bound, names)
    yield from _uses(query.source, names)
    original = _is_table(query.source, names)
    for operator in query.operators:
        if original and isinstance(operator, ir.Where):
            yield from _uses_of_condition(operator.predicate, names)
        else:
            yield from _uses(operator, names)
        original = original and _keeps_times(operator, names)


def _uses_of_condition(node: ir.Expr, lets: frozenset[str]) -> Iterator[int | None]:
    """A condition on columns that hold what the table holds."""
    if isinstance(node, ir.BinaryOp) and node.op in ("and", "or"):
        yield from _uses_of_condition(node.left, lets)
        yield from _uses_of_condition(node.right, lets)
        return
    ends: Sequence[ir.Expr] = ()
    if isinstance(node, ir.BinaryOp) and node.op in _COMPARISONS:
        ends = [side for side in (node.left, node.right) if not _is_row_time(side)]
    elif isinstance(node, ir.Between) and _is_row_time(node.value):
        ends = (node.low, node.high)
    seconds = [_seconds_ago(end) for end in ends]
    if len(ends) == (2 if isinstance(node, ir.Between) else 1) and None not in seconds:
        yield from seconds
    else:
        for part in _parts(node):
            yield from _uses(part, lets)
        if isinstance(node, ir.FunctionCall) and node.name in _VOLATILE:
            yield None


def _is_table(source: object, lets: frozenset[str]) -> bool:
    return isinstance(source, ir.TableRef) and source.name not in lets


def _keeps_times(operator: ir.Operator, lets: frozenset[str]) -> bool:
    """Whether the columns of times hold after an operator what they held before it."""
    if isinstance(operator, ir.Where | ir.Sort | ir.Take):
        return True
    if isinstance(operator, ir.Extend):
        return all(made.name and made.name not in _ROW_TIMES for made in operator.expressions)
    return isinstance(operator, ir.Union) and all(
        _is_table(leg.source, lets) and all(_keeps_times(inner, lets) for inner in leg.operators)
        for leg in operator.branches
    )


def _is_row_time(node: object) -> bool:
    return isinstance(node, ir.ColumnRef) and node.name in _ROW_TIMES


def _seconds_ago(node: ir.Expr) -> int | None:
    """`ago(1h)` and `now()` as seconds before now; None for anything else."""
    if isinstance(node, ir.LetRef):
        return _seconds_ago(node.value)
    if not isinstance(node, ir.FunctionCall) or node.name not in ("now", "ago"):
        return None
    if node.name == "now" and not node.args:
        return 0
    span = node.args[0]
    while isinstance(span, ir.LetRef):
        span = span.value
    if node.name == "now" or not isinstance(span, ir.Literal) or span.kind != "timespan":
        return None
    match = _TIMESPAN.fullmatch(str(span.value))
    return int(match[1]) * _SECONDS[match[2]] if match else None


def _nodes(node: object) -> Iterator[object]:
    yield node
    for part in _parts(node):
        yield from _nodes(part)


def _parts(node: object) -> Iterator[object]:
    if isinstance(node, tuple | list):
        yield from cast("Sequence[Any]", node)
    elif isinstance(node, ir.Node) and dataclasses.is_dataclass(node):
        for field in dataclasses.fields(node):
            yield getattr(node, field.name)
