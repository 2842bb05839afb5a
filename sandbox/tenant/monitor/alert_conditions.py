"""Whether the result of a rule's query meets the rule's condition.

Source: Microsoft Learn, "Log search alert rules": the condition looks at the last `windowSize`,
`overrideQueryTimeRange` only lets the query read further back. What Azure does with rows that are
older than the window is not documented for every case, so they do not count here: a rule that rings
in the sandbox rings in Azure too.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
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


def query_span(properties: Mapping[str, Any]) -> int:
    """How many seconds back a rule's query reads."""
    periods = properties["criteria"]["allOf"][0]["failingPeriods"]["numberOfEvaluationPeriods"]
    override = properties.get("overrideQueryTimeRange")
    return seconds_of(override) if override else seconds_of(properties["windowSize"]) * periods


def violating_rows(properties: Mapping[str, Any], result: KqlResult, now: float) -> list[Row]:
    """The rows of the window, when the condition holds often enough; else none.

    Raises KqlError when the measured column is missing or is not a number.
    """
    condition = properties["criteria"]["allOf"][0]
    window, periods = seconds_of(properties["windowSize"]), condition["failingPeriods"]
    count = periods["numberOfEvaluationPeriods"]
    if count > 1 and "TimeGenerated" not in result.columns:
        raise KqlError("several evaluation periods need a column TimeGenerated in the result")
    bins = [
        [row for row in result.rows if _in(row, now - window * (index + 1), now - window * index)]
        for index in range(count)
    ]
    violated = [rows for rows in bins if _holds(condition, rows)]
    if len(violated) < periods["minFailingPeriodsToAlert"]:
        return []
    # A condition such as "fewer than 1" is met by no row at all; the firing then shows that.
    return [row for rows in violated for row in rows] or [{"rows": 0}]


def _in(row: Row, start: float, end: float) -> bool:
    generated = row.get("TimeGenerated")
    return not isinstance(generated, datetime) or start < generated.timestamp() <= end


def _holds(condition: Mapping[str, Any], rows: Sequence[Row]) -> bool:
    compare = _COMPARISONS[condition["operator"]]
    if condition["timeAggregation"] == "Count":
        return compare(len(rows), condition["threshold"])
    column = condition["metricMeasureColumn"]
    values = [_number(row, column) for row in rows]
    aggregate = _AGGREGATIONS[condition["timeAggregation"]]
    return bool(values) and compare(aggregate(values), condition["threshold"])


def _number(row: Row, column: str) -> float:
    value = row.get(column)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise KqlError(f"the measured column '{column}' holds {value!r}, not a number")
    return float(value)
