"""Faults to order: chosen requests fail, are cut off, wait, or are answered wrongly.

They are the same for the same seed and the same requests: what is left to chance (`share`) follows
from the tenant's `random_seed`, the fault's place among those of the same tenant (or of those for
all tenants) and the number of that tenant's request: what other tenants do changes nothing.
"""

import random
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from sandbox.tenant.errors import ServiceError

_LONGEST = 3600.0
_OUTCOMES = ("status", "drop", "hang", "truncate", "brokenJson", "cutShort")
_FRAMING = ("content-length", "transfer-encoding")
_WITHOUT_ANSWER = ("drop", "hang")
_ONLY_WITH_STATUS = ("code", "message", "retryAfter", "body")


class Fault(BaseModel):
    """One fault, as posted.

    Which requests: `method`, `path` (a regular expression, searched in path and query), `tenant`
    and `app` (application id) must all fit. Of those that fit, counted from the posting, either
    number `nth` and the following ones, `times` in all, or a `share` of them (0 to 1), up to
    `times` of them if that is given.

    What happens, one of:
    `status` (with `code`, `message`, `retryAfter`, or with a `body`: any JSON, or a text that is
    sent as it is); `drop` (the connection ends without an answer); `hang` (no answer until the
    client or the server gives up); `truncate` (a listing's `value` has so many items, and no next
    page); `brokenJson` (the JSON ends in the middle, the answer itself is whole); `cutShort` (the
    connection ends in the middle of the answer). `when` says whether `status`, `drop` and `hang`
    come before or after the request has had its effect; the others leave it its effect.

    With these or alone: `hangSeconds` of real time pass before the answer begins, `dripSeconds`
    while it arrives in small pieces, and `headers` are laid over the answer's own.
    """

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)
    method: str | None = None
    path: str = ""
    tenant: str | None = None
    app: str | None = None
    nth: int = Field(default=1, ge=1)
    times: int | None = Field(default=None, ge=1)
    share: float | None = Field(default=None, ge=0, le=1)
    when: Literal["before", "after"] = "before"
    status: int | None = Field(default=None, ge=200, le=599)
    drop: bool = False
    hang: bool = False
    truncate: int | None = Field(default=None, ge=0)
    broken_json: bool = False
    cut_short: bool = False
    code: str | None = None
    message: str | None = None
    retry_after: int | None = Field(default=None, ge=0)
    body: JsonValue = None
    headers: dict[str, str] = Field(default_factory=dict)
    hang_seconds: float = Field(default=0.0, ge=0, le=_LONGEST)
    drip_seconds: float = Field(default=0.0, ge=0, le=_LONGEST)

    @field_validator("path")
    @classmethod
    def _is_expression(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return value

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            if not re.fullmatch(r"[A-Za-z0-9-]+", name) or not text.isprintable():
                raise ValueError(f"{name!r}: expected a header's name and one line of text")
            if name.lower() in _FRAMING:
                raise ValueError(
                    f"{name!r} says where an answer ends, and with a wrong one the connection "
                    "breaks; for a broken connection there are drop and cutShort"
                )
        return value

    @field_validator("method", "tenant", "app")
    @classmethod
    def _in_one_case(cls, value: str | None) -> str | None:
        return value and value.lower()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        given = self._given()
        chosen = [name for name in _OUTCOMES if name in given]
        if len(chosen) > 1:
            raise ValueError(f"{' and '.join(chosen)} exclude each other; keep one of them")
        if not given.intersection((*_OUTCOMES, "hangSeconds", "dripSeconds", "headers")):
            raise ValueError(
                f"one of {', '.join(_OUTCOMES)}, hangSeconds, dripSeconds and headers is needed"
            )
        if "share" in given and "nth" in given:
            raise ValueError("nth and share exclude each other; keep one of them")
        for name in _ONLY_WITH_STATUS:
            if name in given and self.status is None:
                raise ValueError(f"{name} needs a status")
        if "body" in given and given.intersection(("code", "message")):
            raise ValueError("a body excludes code and message, which are in it")
        if self.status is not None and self.status < 400 and "body" not in given:
            raise ValueError(f"status: {self.status} is no failure by itself; it needs a body")
        for name in _WITHOUT_ANSWER:
            if name in given and given.intersection(("dripSeconds", "headers")):
                raise ValueError(f"{name} gives no answer, which could have headers or drip")
        return self

    def _given(self) -> set[str]:
        """Names of the keys that say something, as they are posted."""
        return {to_camel(name) for name in self.model_fields_set if self._says(name)}

    def _says(self, name: str) -> bool:
        value = getattr(self, name)
        return name == "body" or (value is not None and value is not False)

    @property
    def has_body(self) -> bool:
        """Whether the answer's body was chosen; it may have been chosen to be empty (null)."""
        return "body" in self.model_fields_set

    @property
    def spares_effect(self) -> bool:
        """Whether the request has no effect: it never reached the service."""
        return self.when == "before" and (self.status is not None or self.drop or self.hang)

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

    def to_document(self) -> dict[str, Any]:
        """The fault as it was posted, with what its posting left to defaults for `nth`, `when`."""
        document = self.model_dump(by_alias=True, exclude_defaults=True)
        return {"path": self.path, "nth": self.nth, "when": self.when} | document


_CODES = {
    401: "InvalidAuthenticationToken",
    403: "Authorization_RequestDenied",
    404: "Request_ResourceNotFound",
    429: "TooManyRequests",
    503: "serviceNotAvailable",
    504: "GatewayTimeout",
}


@dataclass(frozen=True)
class Asked:
    """What a fault may ask of a request. `target` is path and query; None: not known."""

    method: str
    target: str
    tenant: str | None = None
    app: str | None = None


@dataclass
class _Waiting:
    """A fault, and its number among those ordered for the same tenant, or for all."""

    fault: Fault
    number: int
    seen: int = 0
    struck: int = 0
    seen_of: Counter[str | None] = field(default_factory=Counter[str | None])

    def concerns(self, asked: Asked) -> bool:
        fault = self.fault
        return (
            fault.method in (None, asked.method.lower())
            and fault.tenant in (None, asked.tenant)
            and fault.app in (None, asked.app and asked.app.lower())
            and re.search(fault.path, asked.target) is not None
        )

    def strikes(self, tenant: str | None, seed: int) -> bool:
        """Count one more request that fits, and say whether it is hit."""
        self.seen += 1
        self.seen_of[tenant] += 1
        if self.fault.share is None:
            return self.seen >= self.fault.nth
        whose = "all" if self.fault.tenant is None else "tenant"
        name = f"{seed}/fault {whose} {self.number}/{self.seen_of[tenant]}"
        # Reproducible misfortune, nothing secret.
        return random.Random(name).random() < self.fault.share  # noqa: S311

    @property
    def is_used_up(self) -> bool:
        fault = self.fault
        if fault.share is None:
            return self.seen >= fault.nth + (fault.times or 1) - 1
        return fault.times is not None and self.struck >= fault.times


class Faults:
    """The faults that are waiting; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._ordered: Counter[str | None] = Counter()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def order(self, body: Mapping[str, Any], tenant: str | None = None) -> Fault:
        """Add a fault, for one tenant or for all; raises ServiceError 400 that names the key."""
        try:
            fault = Fault.model_validate(dict(body) | ({"tenant": tenant} if tenant else {}))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "fault"
            raise ServiceError(400, "BadRequest", f"{where}: {first['msg']}") from None
        with self._lock:
            self._ordered[fault.tenant] += 1
            self._waiting.append(_Waiting(fault, self._ordered[fault.tenant]))
        return fault

    def strike(self, asked: Asked, seed: int) -> Fault | None:
        """The fault that hits this request, or None. The oldest wins; all that fit count it."""
        hit: Fault | None = None
        with self._lock:
            for waiting in self._waiting:
                if waiting.concerns(asked) and waiting.strikes(asked.tenant, seed) and hit is None:
                    hit = waiting.fault
                    waiting.struck += 1
            self._waiting = [waiting for waiting in self._waiting if not waiting.is_used_up]
        return hit

    def waiting(self, tenant: str | None = None) -> list[dict[str, Any]]:
        """The faults that have not been used up; those ordered for one tenant, or all."""
        with self._lock:
            return [
                w.fault.to_document() for w in self._waiting if tenant in (None, w.fault.tenant)
            ]

    def clear(self, tenant: str | None = None) -> None:
        """Forget the faults that were ordered for one tenant, or all."""
        with self._lock:
            self._waiting = [w for w in self._waiting if tenant not in (None, w.fault.tenant)]
            left = {w.fault.tenant for w in self._waiting}
            self._ordered = Counter({t: n for t, n in self._ordered.items() if t in left})
