"""A request as it came over the wire, and what its body says."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl

from sandbox.api.json_text import parse
from sandbox.tenant.errors import ServiceError

DEEPEST = 100
"""So many objects and lists may lie in each other, as the OData libraries of the services allow."""

_HALF_A_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]|\xed")


@dataclass(frozen=True)
class Incoming:
    """A request as it came over the wire. `raw_path` is still percent-encoded.

    Header names are in lower case.
    """

    method: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.raw_path}?{self.query}" if self.query else self.raw_path

    def parameters(self) -> dict[str, str]:
        """The query's parameters."""
        return dict(parse_qsl(self.query, keep_blank_values=True)) if self.query else {}

    def json(self) -> Any:
        """The JSON body, `{}` when there is none; raises ServiceError 400."""
        if not self.body or self._is_form():
            return {}
        try:
            return _parsed(self.body)
        except (ValueError, RecursionError):
            raise ServiceError(
                400,
                "BadRequest",
                "Unable to read JSON request payload. Please ensure Content-Type header is set and "
                "payload is of valid JSON format.",
            ) from None

    def form(self) -> dict[str, str]:
        """The form body, `{}` when there is none."""
        if not self.body or not self._is_form():
            return {}
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))

    def _is_form(self) -> bool:
        return "x-www-form-urlencoded" in self.headers.get("content-type", "")


def _parsed(body: bytes) -> Any:
    """The JSON value; raises ValueError or RecursionError for what the services do not read.

    Not in JSON are numbers without an end, halves of surrogate pairs (which no service could put
    into an answer), and what lies too deep.
    """
    found = parse(body)
    if _HALF_A_CHARACTER.search(body):
        json.dumps(found, ensure_ascii=False).encode()
    if body.count(b"{") + body.count(b"[") > DEEPEST:
        _require_shallow(found)
    return found


def _require_shallow(found: Any) -> None:
    level: list[Any] = [found]
    for _ in range(DEEPEST):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise ValueError(f"more than {DEEPEST} objects and lists lie in each other")


def _inside(value: Any) -> Iterable[Any]:
    """The objects and lists in a value."""
    held: Iterable[Any] = ()
    if isinstance(value, dict):
        held = cast("dict[str, Any]", value).values()
    elif isinstance(value, list):
        held = cast("list[Any]", value)
    return (inner for inner in held if isinstance(inner, dict | list))  # pyright: ignore[reportUnknownVariableType]
