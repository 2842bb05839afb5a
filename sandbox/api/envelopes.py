"""How each service words a refusal, and the one kind of body in which it puts it."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sandbox.api.routing import Response
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.faults import Fault

Envelope = Callable[[ServiceError, Mapping[str, str]], Response]


def graph_error(error: ServiceError, headers: Mapping[str, str]) -> Response:
    """Microsoft Graph: code, message and innerError. Source: "Microsoft Graph error responses"."""
    request_id = str(uuid4())
    inner = {
        "date": _now().strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request_id,
        "client-request-id": headers.get("client-request-id", request_id),
    }
    told: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.details:
        told["details"] = list(error.details)
    body = {"error": {**told, "innerError": inner}}
    return Response(error.status, body, {"request-id": request_id, **error.headers})


def resource_manager_error(error: ServiceError, headers: Mapping[str, str]) -> Response:
    """Azure Resource Manager: code, message, details. Source: "Azure REST API error responses"."""
    answered = {"x-ms-request-id": str(uuid4()), **error.headers}
    if "x-ms-client-request-id" in headers:
        answered["x-ms-client-request-id"] = headers["x-ms-client-request-id"]
    told: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.details:
        told["details"] = list(error.details)
    return Response(error.status, {"error": told}, answered)


def login_error(error: ServiceError, headers: Mapping[str, str]) -> Response:
    """The Microsoft identity platform: OAuth error plus an AADSTS text with its number."""
    trace, now = str(uuid4()), _now().strftime("%Y-%m-%d %H:%M:%SZ")
    correlation = headers.get("client-request-id", str(uuid4()))
    number = re.match(r"AADSTS(\d+)", error.message)
    body: dict[str, Any] = {
        "error": error.code,
        "error_description": f"{error.message} Trace ID: {trace} Correlation ID: {correlation} "
        f"Timestamp: {now}",
        "error_codes": [int(number[1])] if number else [],
        "timestamp": now,
        "trace_id": trace,
        "correlation_id": correlation,
    }
    return Response(error.status, body, error.headers)


def fault_answer(fault: Fault, envelope: Envelope, headers: Mapping[str, str]) -> Response:
    """The answer that a fault orders: a body of its own, or an error as the service words it."""
    if not fault.has_body:
        return envelope(fault.error(), headers)
    return Response(fault.status or 200, fault.body, fault.error().headers)


def _now() -> datetime:
    return datetime.now(UTC)
