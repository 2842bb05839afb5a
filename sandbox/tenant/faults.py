"""Faults to order: the next matching request fails, is cut off, or is answered short."""

import re
import threading
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sandbox.tenant.errors import ServiceError


class Fault(BaseModel):
    """One fault, as posted. Exactly one of `status`, `drop`, `truncate` says what happens.

    `path` is a regular expression searched in path and query. Matching requests are counted from
    the posting; the fault hits number `nth` and the following ones, `times` in all. `when` says
    whether it strikes before or after the request has had its effect. `truncate` cuts a listing's
    `value` and its `@odata.nextLink` off.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    method: str | None = None
    path: str = ""
    nth: int = Field(default=1, ge=1)
    times: int = Field(default=1, ge=1)
    status: int | None = Field(default=None, ge=400, le=599)
    drop: bool = False
    truncate: int | None = Field(default=None, ge=0)
    code: str | None = None
    message: str | None = None
    retry_after: int | None = Field(default=None, ge=0, alias="retryAfter")
    when: Literal["before", "after"] = "before"

    @field_validator("path")
    @classmethod
    def _is_expression(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return value

    @model_validator(mode="after")
    def _has_one_effect(self) -> Self:
        if (self.status is not None) + self.drop + (self.truncate is not None) != 1:
            raise ValueError("exactly one of status, drop and truncate is needed")
        return self

    def error(self) -> ServiceError:
        """The answer of a fault with a status."""
        status = self.status or 500
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return ServiceError(
            status,
            self.code or _CODES.get(status, "UnknownError"),
            self.message if self.message is not None else f"Ordered fault: {status}.",
            headers,
        )


_CODES = {
    401: "InvalidAuthenticationToken",
    403: "Authorization_RequestDenied",
    404: "Request_ResourceNotFound",
    429: "TooManyRequests",
    503: "serviceNotAvailable",
    504: "GatewayTimeout",
}


class Faults:
    """The faults that are waiting; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[Fault, int]] = []

    def order(self, body: Mapping[str, Any]) -> Fault:
        """Add a fault; raises ServiceError 400 that names the wrong key."""
        try:
            fault = Fault.model_validate(body)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "fault"
            raise ServiceError(400, "BadRequest", f"{where}: {first['msg']}") from None
        with self._lock:
            self._waiting.append((fault, 0))
        return fault

    def strike(self, method: str, target: str) -> Fault | None:
        """The fault that hits this request, or None. `target` is path and query."""
        hit: Fault | None = None
        with self._lock:
            kept: list[tuple[Fault, int]] = []
            for fault, seen in self._waiting:
                matches = fault.method in (None, method) and re.search(fault.path, target)
                now = seen + (1 if matches else 0)
                if matches and hit is None and now >= fault.nth:
                    hit = fault
                if now < fault.nth + fault.times - 1 or now == 0:
                    kept.append((fault, now))
            self._waiting = kept
        return hit

    def waiting(self) -> list[dict[str, Any]]:
        """The faults that have not been used up."""
        with self._lock:
            return [
                fault.model_dump(by_alias=True, exclude_none=True) for fault, _ in self._waiting
            ]

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._waiting.clear()
