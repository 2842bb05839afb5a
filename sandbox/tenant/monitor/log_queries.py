"""The rules of the Log Analytics query API: which span of time, which answer, which refusal.

Sources: Microsoft Learn, "Azure Monitor Log Analytics API": response format, timespans, errors;
"Azure Monitor service limits", log queries.

ServiceError
└── QueryRefusedError    with the inner errors of the service
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.tenant.errors import ServiceError
from sandbox.tenant.monitor.kql import KqlError, KqlResult, KqlSyntaxError, NotSimulatedError
from sandbox.tenant.monitor.kql_types import timespan_text
from sandbox.tenant.monitor.log_reader import Readable
from sandbox.tenant.tenant import Tenant

Json = dict[str, Any]

_DURATION = re.compile(
    r"P(?:(?P<weeks>[\d.]+)W)?(?:(?P<days>[\d.]+)D)?"
    r"(?:T(?:(?P<hours>[\d.]+)H)?(?:(?P<minutes>[\d.]+)M)?(?:(?P<seconds>[\d.]+)S)?)?",
    re.IGNORECASE,
)
_LONGEST_WAIT = 600


class QueryRefusedError(ServiceError):
    """A refusal whose error has inner errors. `inner` is the `innererror` of the body."""

    def __init__(self, status: int, code: str, message: str, inner: Json | None = None) -> None:
        super().__init__(status, code, message)
        self.inner = inner


@dataclass(frozen=True)
class LogQuery:
    """One query of a workspace. `timespan`: ISO 8601, or None; `prefer`: the header's text;
    `readable`: which other workspaces it may name."""

    workspace: Mapping[str, Any]
    text: str
    readable: Readable
    timespan: str | None = None
    prefer: str = ""


def workspace_of(tenant: Tenant, customer_id: str) -> Json:
    """The workspace with this customer id; raises QueryRefusedError 404."""
    for workspace in tenant.azure.of_type("Microsoft.OperationalInsights/workspaces"):
        if workspace["properties"]["customerId"].lower() == customer_id.lower():
            return workspace
    raise QueryRefusedError(404, "WorkspaceNotFoundError", "The workspace could not be found")


def answer(tenant: Tenant, query: LogQuery) -> Json:
    """The body of the answer, of a partial error too; raises QueryRefusedError."""
    options = _options(query.prefer)
    now = tenant.clock.now()
    start, end = span_of(query.timespan, now)
    try:
        result = tenant.logs.query(
            query.workspace["id"],
            query.text,
            start=start,
            now=now,
            end=end,
            readable=query.readable,
        )
    except KqlError as error:
        raise _refusal(error) from None
    limit = tenant.behaviour.log_query_row_limit
    body: Json = {"tables": [_table(result, limit)]}
    if options.get("include-statistics") == "true":
        body["statistics"] = _statistics(result)
    if options.get("include-render") == "true":
        body["render"] = {"visualization": None, "title": None}
    if len(result.rows) > limit:
        body["error"] = _partial_error(limit)
    return body


def span_of(timespan: str | None, now: float) -> tuple[float, float | None]:
    """From when to when (epoch seconds): `PT1H`, `start/end` or `start/duration`.

    Raises QueryRefusedError 400.
    """
    if not timespan:
        return 0.0, None
    first, _, second = timespan.partition("/")
    try:
        if not second:
            return now - _seconds(first), now
        if first[:1] in "pP":
            end = _moment(second)
            return end - _seconds(first), end
        start = _moment(first)
        # A query sees what lies after its start; a span has both its ends.
        return start - 1e-6, (start + _seconds(second) if second[:1] in "pP" else _moment(second))
    except (ValueError, OverflowError):
        raise _bad_argument(f"'{timespan}' is not a valid ISO 8601 timespan") from None


def _seconds(text: str) -> float:
    match = _DURATION.fullmatch(text)
    given = (
        {unit: float(found) for unit, found in match.groupdict().items() if found} if match else {}
    )
    if not given:
        raise ValueError(text)
    return timedelta(**given).total_seconds()


def _moment(text: str) -> float:
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else datetime.fromisoformat(text + "+00:00")).timestamp()


def _options(prefer: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in prefer.split(",") if part.strip())
    options = {name.lower(): value.lower() for name, _, value in pairs}
    wait = options.get("wait")
    if wait is not None and not (wait.isdigit() and int(wait) <= _LONGEST_WAIT):
        raise _bad_argument(f"Prefer: wait={wait} must be at most {_LONGEST_WAIT} seconds")
    return options


def _table(result: KqlResult, limit: int) -> Json:
    pairs = list(zip(result.columns, result.types, strict=True))
    return {
        "name": "PrimaryResult",
        "columns": [{"name": name, "type": kind} for name, kind in pairs],
        "rows": [[_cell(row[name], kind) for name, kind in pairs] for row in result.rows[:limit]],
    }


def _cell(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "dynamic":
        return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return timespan_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        # JSON has no such numbers; Kusto writes them as texts.
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    return value if isinstance(value, bool | int | float) else str(value)


def _statistics(result: KqlResult) -> Json:
    size = len(json.dumps([list(row.values()) for row in result.rows], default=str))
    return {
        "query": {
            "executionTime": 0.01,
            "resourceUsage": {},
            "datasetStatistics": [
                {"tableRowCount": len(result.rows), "tableSize": size},
            ],
        }
    }


def _partial_error(limit: int) -> Json:
    return {
        "code": "PartialError",
        "message": "There were some errors when processing your query.",
        "details": [
            {
                "code": "EngineError",
                "message": "Something went wrong processing your query on the server.",
                "innererror": {
                    "code": "-2133196797",
                    "message": "The results of this query exceed the set limit of "
                    f"{limit} records, so not all records were returned (E_QUERY_RESULT_SET_"
                    "TOO_LARGE).",
                    "severity": 2,
                    "severityName": "Error",
                },
            }
        ],
    }


def _refusal(error: KqlError) -> QueryRefusedError:
    if isinstance(error, NotSimulatedError):
        return QueryRefusedError(501, "NotSimulated", str(error))
    if isinstance(error, KqlSyntaxError):
        inner: Json = {
            "code": "SyntaxError",
            "message": "A recognition error occurred in the query.",
            "innererror": {
                "code": "SYN0002",
                "message": str(error),
                "line": error.line,
                "pos": error.position,
            },
        }
    else:
        found = "SEM0100" if "Failed to resolve" in str(error) else "SEM0001"
        inner = {
            "code": "SemanticError",
            "message": "A semantic error occurred.",
            "innererror": {"code": found, "message": str(error)},
        }
    return _bad_argument("The request had some invalid properties", inner)


def _bad_argument(message: str, inner: Json | None = None) -> QueryRefusedError:
    return QueryRefusedError(400, "BadArgumentError", message, inner)
