"""A request as it came over the wire, and what its body says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from sandbox.tenant.errors import ServiceError


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
            return json.loads(self.body)
        except ValueError:
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
