"""Whether the result of a rule's query meets the rule's condition, for each of its time series.

Source: Microsoft Learn, "Log search alert rules": the condition looks at the last `windowSize`,
`overrideQueryTimeRange` only lets the query read further back; a rule split by dimensions watches
each combination of their values by itself. What Azure does with rows that are older than the window
is not documented for every case, so they do not count here: a rule that rings in the sandbox rings
in Azure too.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.tenant.durations import seconds_of
from sandbox.tenant.monitor.kql import KqlError, KqlResult

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqual": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqual": operator.le,
}
_AGGREGATIONS: dict[str, Callable[[Sequence[float]], float]] = {
    "Average": lambda values: sum(values) / len(values),
    "Minimum": min,
    "Maximum": max,
    "Total": sum,
}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Series:
    """One time series in violation of the condition.

    `dimensions`: the values that tell it apart, empty for a rule that is not split. `value`: what
    was compared with the threshold in the newest violating period.
    """

    dimensions: Mapping[str, str]
    rows: Sequence[Row]
    value: float | None

    @property
    def key(self) -> str:
        """A stable name of the series."""
        return "; ".join(f"{name}={value}" for name, value in self.dimensions.items())


def query_span(properties: Mapping[str, Any]) -> int:
    """How many seconds back a rule's query reads."""
    periods = properties["criteria"]["allOf"][0]["failingPeriods"]["numberOfEvaluationPeriods"]
    override = properties.get("overrideQueryTimeRange")
    return seconds_of(override) if override else seconds_of(properties["windowSize"]) * periods


def violations(properties: Mapping[str, Any], result: KqlResult, now: float) -> list[Series]:
    """The series whose condition holds often enough.

    Raises KqlError when a measured column or a dimension is missing, or is of the wrong type.
    """
    condition = properties["criteria"]["allOf"][0]
    window, periods = seconds_of(properties["windowSize"]), condition["failingPeriods"]
    count = periods["numberOfEvaluationPeriods"]
    if count > 1 and "TimeGenerated" not in result.columns:
        raise KqlError("several evaluation periods need a column TimeGenerated in the result")
    found: list[Series] = []
    for dimensions, rows in _split(condition["dimensions"], result):
        bins = [
            [row for row in rows if _in(row, now - window * (index + 1), now - window * index)]
            for index in range(count)
        ]
        measured = [(part, _measured(condition, part)) for part in bins]
        violated = [pair for pair in measured if _violates(condition, pair[1])]
        if len(violated) < periods["minFailingPeriodsToAlert"]:
            continue
        # A condition such as "fewer than 1" is met by no row at all; the firing then shows that.
        shown = [row for part, _value in violated for row in part] or [{"rows": 0}]
        found.append(Series(dimensions, shown, violated[0][1]))
    return found


def _split(
    dimensions: Sequence[Mapping[str, Any]], result: KqlResult
) -> list[tuple[dict[str, str], list[Row]]]:
    """The rows of each combination of values; a rule without dimensions has one, be it empty."""
    if not dimensions:
        return [({}, list(result.rows))]
    names = [dimension["name"] for dimension in dimensions]
    if missing := [name for name in names if name not in result.columns]:
        raise KqlError(f"the result has no column '{missing[0]}', which the rule is split by")
    parts: dict[tuple[str, ...], list[Row]] = {}
    for row in result.rows:
        if all(_wanted(dimension, row) for dimension in dimensions):
            parts.setdefault(tuple(_text(row[name]) for name in names), []).append(row)
    return [(dict(zip(names, values, strict=True)), rows) for values, rows in parts.items()]


def _wanted(dimension: Mapping[str, Any], row: Row) -> bool:
    listed = "*" in dimension["values"] or _text(row[dimension["name"]]) in dimension["values"]
    return listed == (dimension["operator"] == "Include")


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _in(row: Row, start: float, end: float) -> bool:
    generated = row.get("TimeGenerated")
    return not isinstance(generated, datetime) or start < generated.timestamp() <= end


def _violates(condition: Mapping[str, Any], value: float | None) -> bool:
    compare = _COMPARISONS[condition["operator"]]
    return value is not None and compare(value, condition["threshold"])


def _measured(condition: Mapping[str, Any], rows: Sequence[Row]) -> float | None:
    if condition["timeAggregation"] == "Count":
        return len(rows)
    values = [_number(row, condition["metricMeasureColumn"]) for row in rows]
    return _AGGREGATIONS[condition["timeAggregation"]](values) if values else None


def _number(row: Row, column: str) -> float:
    value = row.get(column)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise KqlError(f"the measured column '{column}' holds {value!r}, not a number")
    return float(value)
