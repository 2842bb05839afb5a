"""What Kusto does not compare, what is not binned here, and how the arrival of a row is named.

Sources: Microsoft Learn, Kusto Query Language: "String operators", "The datetime data type" and
"IngestionTime policy" (the hidden column `$IngestionTime`); the refusals as Azure words them in
mslearn-fabric issue 450 and BCTech issue 24.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, cast

from duckdb_kql import ir
from duckdb_kql.translate.functions import lookup_aggregate
from duckdb_kql.translate.naming import expression_name

from sandbox.tenant.monitor.kql_errors import KqlError, NotSimulatedError
from sandbox.tenant.monitor.log_tables import INGESTION_COLUMN

ARRIVAL_NAME = "$IngestionTime"
"""What Kusto calls the column of an unnamed `ingestion_time()`."""

_ORDER = ("<", "<=", ">", ">=")
_COMPARISONS = ("==", "!=", *_ORDER)
_NO_STRINGS = frozenset({"int", "long", "real", "decimal", "datetime", "timespan"})
_TIMESPAN = re.compile(r"(\d+(?:\.\d+)?)(d|h|m|s)")
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_DAY = 86400

TypesOfExpressions = Callable[[Sequence[ir.Expr]], Sequence[str]]


def check_operands(
    operator: ir.Operator, columns: Mapping[str, str], types_of: TypesOfExpressions
) -> None:
    """Raise KqlError for what an operator compares or bins but cannot.

    `types_of` finds out the types of expressions over the operator's input.
    """
    found = [node for node in _calls(operator) if not _aggregates(node)]
    pairs = [(node.left, node.right) for node in found if isinstance(node, ir.BinaryOp)]
    values = [node.args[0] for node in found if isinstance(node, ir.FunctionCall)]
    unknown = [
        expression
        for expression in (*(side for pair in pairs for side in pair), *values)
        if not isinstance(expression, ir.Literal | ir.ColumnRef)
    ]
    asked = dict(zip(map(id, unknown), types_of(unknown), strict=True)) if unknown else {}

    def kind(expression: ir.Expr) -> str:
        if isinstance(expression, ir.Literal):
            return expression.kind
        if isinstance(expression, ir.ColumnRef):
            return columns[expression.name]
        return asked[id(expression)]

    for node in found:
        if isinstance(node, ir.BinaryOp):
            _check_comparison(node.op, kind(node.left), kind(node.right))
        else:
            _check_bin(node, kind(node.args[0]))


def with_named_arrival(operator: ir.Operator) -> ir.Operator:
    """The operator with names for the columns that it makes of `ingestion_time()` unnamed."""
    if isinstance(operator, ir.Project | ir.Extend | ir.Distinct):
        return dataclasses.replace(operator, expressions=_named(operator.expressions))
    if isinstance(operator, ir.Summarize):
        return ir.Summarize(_named(operator.aggregates), _named(operator.by))
    return operator


def _check_comparison(op: str, left: str, right: str) -> None:
    pair = {left, right}
    refused = "string" in pair and (
        bool(pair & _NO_STRINGS) or (op in _ORDER and pair <= {"string", "dynamic"})
    )
    if refused:
        raise KqlError(
            f"Cannot compare values of types {left} and {right}. Try adding explicit casts"
        )


def _check_bin(call: ir.FunctionCall, kind: str) -> None:
    """Days begin at the same moment from whatever date bins are counted, wider bins do not."""
    if kind == "timespan":
        raise NotSimulatedError(f"the sandbox cannot run '{call.name}' of a timespan")
    if kind != "datetime":
        return
    width = call.args[1]
    while isinstance(width, ir.LetRef):
        width = width.value
    if not isinstance(width, ir.Literal):
        return
    match = _TIMESPAN.fullmatch(str(width.value))
    if match and _DAY % (Fraction(match[1]) * _SECONDS[match[2]]):
        raise NotSimulatedError(
            f"the sandbox cannot run '{call.name}' of a datetime by {width.value}: where such bins "
            "begin is not documented; use a width that divides a day, or startofweek() and the like"
        )


def _named(expressions: tuple[ir.NamedExpr, ...]) -> tuple[ir.NamedExpr, ...]:
    return tuple(
        ir.NamedExpr(made.expr, name.replace(INGESTION_COLUMN, ARRIVAL_NAME))
        if made.name is None and (name := _arrival_name(made.expr))
        else made
        for made in expressions
    )


def _arrival_name(expression: ir.Expr) -> str | None:
    if not any(
        isinstance(node, ir.ColumnRef) and node.name == INGESTION_COLUMN
        for node in _nodes(expression)
    ):
        return None
    if isinstance(expression, ir.FunctionCall) and expression.name in ("arg_max", "arg_min"):
        return None
    name = expression_name(expression)
    return name if name and INGESTION_COLUMN in name else None


def _calls(operator: ir.Operator) -> Iterator["ir.BinaryOp | ir.FunctionCall"]:
    for node in _nodes(operator):
        match node:
            case ir.BinaryOp(op=op) if op in _COMPARISONS:
                yield node
            case ir.FunctionCall(name="bin" | "floor", args=(_value, _width)):
                yield node
            case _:
                pass


def _aggregates(node: ir.Expr) -> bool:
    """Whether an expression holds an aggregate: it has no value in a single row."""
    return any(
        isinstance(part, ir.FunctionCall) and lookup_aggregate(part.name) is not None
        for part in _nodes(node)
    )


def _nodes(node: object) -> Iterator[object]:
    """A part of an operator and what it is made of, but for the queries within it."""
    yield node
    if isinstance(node, tuple | list):
        for part in cast("Sequence[Any]", node):
            yield from _nodes(part)
    elif isinstance(node, ir.Query | ir.LetRef):
        return
    elif isinstance(node, ir.Node) and dataclasses.is_dataclass(node):
        for field in dataclasses.fields(node):
            yield from _nodes(getattr(node, field.name))
