"""Makes duckdb-kql answer as Kusto does, or not at all: changes to a query that is parsed already.

Names are case-sensitive and must exist. A string is never null, not even in the empty half of an
outer join. A union keeps columns of one name and two types apart, as `Status_dynamic` and
`Status_string`. Dynamic values are no keys. Source: Microsoft Learn, Kusto Query Language: "Entity
names", "Null values", "union operator", "join operator", "summarize operator", "parse_json()".
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from duckdb_kql import ir

from sandbox.tenant.monitor.kql_errors import KqlError, NotSimulatedError
from sandbox.tenant.monitor.kql_operands import check_operands, with_named_arrival
from sandbox.tenant.monitor.kql_workspaces import shown
from sandbox.tenant.monitor.log_tables import INGESTION_COLUMN

Types = Mapping[str, str]
TypesOf = Callable[[ir.Query], Types]
"""The columns of a query with their KQL types, found out without running it over any row."""

_OUTER = ("leftouter", "rightouter", "fullouter")
_Let = tuple[str, "ir.Query | ir.Expr"]


class Checks:
    """Checks and rewrites the queries of a workspace that has certain tables."""

    def __init__(self, tables: Sequence[str], types_of: TypesOf) -> None:
        self._tables = tables
        self._types_of = types_of

    def query(self, query: ir.Query, around: Sequence[_Let] = ()) -> ir.Query:
        """The query that answers as Kusto would. `around`: the `let`s in whose scope it stands.

        Raises KqlError.
        """
        lets = list(around)
        own: list[_Let] = []
        for name, bound in query.lets:
            own.append((name, self._mapped(bound, [*lets, *own])))
        lets += own
        query = self._without_missing_legs(query, lets)
        self._check_source(query.source, lets)
        source = self._mapped(query.source, lets)
        done: list[ir.Operator] = []
        for operator in query.operators:
            before = ir.Query(source, done, lets)
            done = [*done, *self._operator(operator, before)]
        return ir.Query(source, done, own, list(query.parameters))

    def _operator(self, operator: ir.Operator, before: ir.Query) -> list[ir.Operator]:
        if isinstance(operator, ir.GetSchema):
            raise NotSimulatedError("the sandbox cannot run 'getschema'")
        columns = self._types_of(before)
        for name in _names_in(operator):
            resolve(name, columns)
        self._check_keys(operator, before)
        mapped = with_named_arrival(self._mapped(operator, before.lets))
        check_operands(mapped, columns, lambda asked: self._types(asked, before))
        if isinstance(mapped, ir.Union):
            return self._union(mapped, before, columns)
        if isinstance(mapped, ir.Join | ir.Lookup):
            self._check_join(mapped, before, columns)
            if mapped.kind in _OUTER:
                return [mapped, *self._no_null_strings(_after(before, mapped))]
        return [mapped]

    def _check_source(self, source: ir.Source, lets: Sequence[_Let]) -> None:
        if isinstance(source, ir.TableRef):
            if source.database or source.cluster:
                raise NotSimulatedError(
                    f"the sandbox cannot run 'database()' or 'cluster()': {source.name}"
                )
            known = [*self._tables, *(name for name, _bound in lets)]
            resolve(source.name, dict.fromkeys(known, ""), "table")

    def _without_missing_legs(self, query: ir.Query, lets: Sequence[_Let]) -> ir.Query:
        """`isfuzzy=true` drops the legs whose table does not exist, unless all of them are gone."""
        for index, operator in enumerate(query.operators):
            if not isinstance(operator, ir.Union) or not operator.isfuzzy:
                continue
            legs = [ir.Query(query.source, query.operators[:index]), *operator.branches]
            kept = [leg for leg in legs if self._exists(leg.source, lets)]
            if not kept or len(kept) == len(legs):
                continue
            union = dataclasses.replace(operator, branches=tuple(kept[1:]))
            rest = [*kept[0].operators, union, *query.operators[index + 1 :]]
            return ir.Query(kept[0].source, rest, query.lets, query.parameters)
        return query

    def _exists(self, source: ir.Source, lets: Sequence[_Let]) -> bool:
        known = {*self._tables, *(name for name, _bound in lets)}
        return not isinstance(source, ir.TableRef) or source.name in known

    def _check_keys(self, operator: ir.Operator, before: ir.Query) -> None:
        word, keys = _keys_of(operator)
        if not keys:
            return
        for kind in self._types(keys, before):
            if kind == "dynamic":
                raise KqlError(
                    f"'{word}' operator: a key is of a 'dynamic' type; please use an explicit cast "
                    "such as tostring()"
                )

    def _types(self, expressions: Sequence[ir.Expr], before: ir.Query) -> Sequence[str]:
        named = tuple(ir.NamedExpr(each, f"key{index}") for index, each in enumerate(expressions))
        return list(self._types_of(_after(before, ir.Project(named))).values())

    def _check_join(self, join: "ir.Join | ir.Lookup", before: ir.Query, left: Types) -> None:
        right = self._types_of(ir.Query(join.right.source, join.right.operators, before.lets))
        for key in join.keys:
            pair = left[resolve(key.left, left)], right[resolve(key.right, right)]
            if "dynamic" in pair or pair[0] != pair[1]:
                raise KqlError(
                    f"'join' operator: the key '{key.left}' is {pair[0]} on the left and {pair[1]} "
                    "on the right; please use an explicit cast"
                )

    def _union(self, union: ir.Union, before: ir.Query, left: Types) -> list[ir.Operator]:
        legs = [left, *(self._types_of(_within(leg, before)) for leg in union.branches)]
        kinds: dict[str, set[str]] = {}
        for leg in legs:
            for name, kind in leg.items():
                kinds.setdefault(name, set()).add(kind)
        mixed = {name for name, found in kinds.items() if len(found) > 1}
        if mixed and union.with_source:
            raise NotSimulatedError(
                f"the sandbox cannot run 'union withsource' over legs in which "
                f"'{min(mixed)}' is {' and '.join(sorted(kinds[min(mixed)]))}: project it away"
            )
        first = _told_apart(left, mixed)
        branches = tuple(
            ir.Query(leg.source, [*leg.operators, *_told_apart(types, mixed)], leg.lets)
            for leg, types in zip(union.branches, legs[1:], strict=True)
        )
        whole = [*first, dataclasses.replace(union, branches=branches)]
        if union.kind != "outer" or all(set(leg) == set(left) for leg in legs):
            return whole
        return [*whole, *self._no_null_strings(_after(before, *whole))]

    def _no_null_strings(self, query: ir.Query) -> list[ir.Operator]:
        empty = ir.Literal("", "string")
        filled = tuple(
            ir.NamedExpr(ir.FunctionCall("coalesce", (ir.ColumnRef(name), empty)), name)
            for name, kind in self._types_of(query).items()
            if kind == "string"
        )
        return [ir.Extend(filled)] if filled else []

    def _mapped(self, value: Any, lets: Sequence[_Let]) -> Any:
        """The same node with every query inside it checked, and each call made Kusto's."""
        if isinstance(value, ir.Query):
            return self.query(value, lets)
        if isinstance(value, tuple):
            return tuple(self._mapped(part, lets) for part in cast("tuple[Any, ...]", value))
        if not isinstance(value, ir.Node) or not dataclasses.is_dataclass(value):
            return value
        parts_by_name = {
            field.name: self._mapped(getattr(value, field.name), lets)
            for field in dataclasses.fields(value)
        }
        made = dataclasses.replace(value, **parts_by_name)
        return _as_kusto_calls(made) if isinstance(made, ir.FunctionCall) else made


def resolve(name: str, known: Mapping[str, str], what: str = "column") -> str:
    """The name, when it is known as it is written. Raises KqlError."""
    if name in known:
        return name
    told = "ingestion_time()" if name == INGESTION_COLUMN else shown(name)
    message = f"Failed to resolve {what} or scalar expression named '{told}'"
    meant = [other for other in known if other.lower() == name.lower()]
    if meant:
        message += f": KQL is case-sensitive, the name is '{shown(meant[0])}'"
    raise KqlError(message)


def _as_kusto_calls(call: ir.FunctionCall) -> ir.Expr:
    if call.name != call.name.lower():
        raise KqlError(f"Unknown function: '{call.name}'. KQL is case-sensitive")
    if call.name in ("isnull", "isnotnull"):
        # A null within JSON is a value to DuckDB.
        compare, join = ("==", "or") if call.name == "isnull" else ("!=", "and")
        kind = ir.FunctionCall("gettype", call.args)
        return ir.BinaryOp(join, call, ir.BinaryOp(compare, kind, ir.Literal("null", "string")))
    if call.name not in ("parse_json", "todynamic"):
        return call
    # A text that is no JSON stays a text.
    first = (ir.PathStep(index=ir.Literal(0, "long")),)
    itself = ir.PathAccess(ir.FunctionCall("pack_array", call.args), first)
    kept = ir.FunctionCall("coalesce", (call, itself))
    return ir.FunctionCall("iff", (ir.FunctionCall("isempty", call.args), call, kept))


def _told_apart(types: Types, mixed: set[str]) -> list[ir.Operator]:
    renames = tuple((name, f"{name}_{types[name]}") for name in types if name in mixed)
    return [ir.ProjectRename(renames)] if renames else []


def _after(before: ir.Query, *operators: ir.Operator) -> ir.Query:
    return ir.Query(before.source, [*before.operators, *operators], before.lets)


def _within(query: ir.Query, around: ir.Query) -> ir.Query:
    return ir.Query(query.source, query.operators, [*around.lets, *query.lets])


def _keys_of(operator: ir.Operator) -> tuple[str, list[ir.Expr]]:
    if isinstance(operator, ir.Summarize):
        return "summarize", [key.expr for key in operator.by]
    if isinstance(operator, ir.Distinct):
        return "distinct", [key.expr for key in operator.expressions]
    if isinstance(operator, ir.Sort | ir.Top):
        return "order", [key.expr for key in operator.keys]
    return "", []


def _names_in(node: object) -> Iterator[str]:
    """The columns that an operator reads by name, but for those of queries within it."""
    if isinstance(node, ir.ColumnRef):
        yield node.name
    elif isinstance(node, ir.MvExpandTarget):
        yield node.column
    elif isinstance(node, ir.ProjectAway):
        yield from node.columns
    elif isinstance(node, ir.ProjectRename):
        yield from (old for old, _new in node.renames)
    elif isinstance(node, tuple):
        for part in cast("tuple[Any, ...]", node):
            yield from _names_in(part)
    elif isinstance(node, ir.Query | ir.LetRef):
        return
    elif isinstance(node, ir.Node) and dataclasses.is_dataclass(node):
        for field in dataclasses.fields(node):
            yield from _names_in(getattr(node, field.name))
