"""What an HTTP face is made of: requests, responses, and routes from method and path to handler.

Handlers are plain synchronous functions; the server calls them under the tenant's lock.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from sandbox.tenant.document_shape import found_kind
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.tenant import Tenant, World


@dataclass(frozen=True)
class Caller:
    """Who the access token speaks for: one application of one tenant."""

    tenant_id: str
    app_id: str
    object_id: str
    permissions: frozenset[str]
    audience: str


@dataclass(frozen=True)
class Request:
    """One request. `path` is decoded; `params` are the path's named parts; `query` is form-decoded.

    `body` is the parsed JSON body (`{}` when there is none), `form` the parsed form body.
    Header names are in lower case. `caller` is None on login, metadata and control.
    """

    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    form: Mapping[str, str]
    base_url: str
    world: World
    tenant: Tenant
    caller: Caller | None = None

    def object_body(self) -> dict[str, Any]:
        """The JSON body, which must be an object; raises ServiceError 400."""
        if not isinstance(self.body, dict):
            found = found_kind(self.body)
            raise ServiceError(
                400, "BadRequest", f"The request's body: expected a JSON object, found {found}."
            )
        return self.body  # pyright: ignore[reportUnknownVariableType]


@dataclass(frozen=True)
class Response:
    """One answer; `body` is sent as JSON, a text as it is, None as no body at all."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


Handler = Callable[[Request], Response]


@dataclass(frozen=True)
class Route:
    """A method, a path, and the permissions of which any one opens it (none: any token does)."""

    method: str
    template: str
    pattern: re.Pattern[str]
    permissions: tuple[str, ...]
    handler: Handler


_PART = re.compile(r"\{(\w+)\*?\}")


@dataclass(frozen=True)
class Match:
    """A route found for a path, with the path's named parts."""

    route: Route
    params: Mapping[str, str]

    @property
    def path(self) -> str:
        """The path as the service itself spells it, decoded."""
        return _PART.sub(lambda part: self.params[part[1]], self.route.template)


class Router:
    """Routes of one face. Templates look like `/v1.0/users/{id}/members/$ref`.

    `{name}` is one path segment, `{name*}` the rest of the path. A face that serves v1.0 and beta
    alike registers its handler with one decorator a version.
    """

    def __init__(self, *, case_insensitive: bool = False) -> None:
        self._flags = re.IGNORECASE if case_insensitive else 0
        self.routes: list[Route] = []
        self._by_length: dict[int, list[Route]] = {}

    def route(
        self, method: str, template: str, *, permissions: tuple[str, ...] = ()
    ) -> Callable[[Handler], Handler]:
        """Register the decorated handler. More specific templates are to be registered first."""

        def register(handler: Handler) -> Handler:
            pattern = _compile(template, self._flags)
            self.routes.append(Route(method, template, pattern, permissions, handler))
            self._by_length.clear()
            return handler

        return register

    def match(
        self, method: str, raw_path: str, no_name: re.Pattern[str] | None = None
    ) -> Match | None:
        """The first route that fits the still percent-encoded path, or None.

        What `no_name` matches is never taken for the `{name}` of something.
        """
        for route in self._candidates(raw_path):
            if route.method == method:
                params = _params(route, raw_path, no_name)
                if params is not None:
                    return Match(route, params)
        return None

    def methods_of(self, raw_path: str, no_name: re.Pattern[str] | None = None) -> list[str]:
        """The methods that this face knows for a path; empty when it does not know the path."""
        candidates = self._candidates(raw_path)
        return sorted({r.method for r in candidates if _params(r, raw_path, no_name) is not None})

    def known_segments(self, raw_path: str, no_name: re.Pattern[str] | None = None) -> int:
        """How many segments of a path some route begins with."""
        wanted = raw_path.strip("/").split("/")
        most = 0
        for template in {route.template for route in self.routes}:
            known = 0
            for part, segment in zip(template.strip("/").split("/"), wanted, strict=False):
                found = _compile(part, self._flags).fullmatch(segment)
                if found is None or _is_no_name(found, no_name):
                    break
                known += 1
            most = max(most, known)
        return most

    def _candidates(self, raw_path: str) -> list[Route]:
        """The routes whose templates have as many segments as the path, or any number of them."""
        length = raw_path.count("/") - raw_path.endswith("/")
        if (found := self._by_length.get(length)) is None:
            found = self._by_length[length] = [
                route
                for route in self.routes
                if "*}" in route.template or route.template.count("/") == length
            ]
        return found


def _params(route: Route, raw_path: str, no_name: re.Pattern[str] | None) -> dict[str, str] | None:
    found = route.pattern.fullmatch(raw_path)
    if found is None or _is_no_name(found, no_name):
        return None
    return {name: unquote(value) for name, value in found.groupdict().items()}


def _is_no_name(found: re.Match[str], no_name: re.Pattern[str] | None) -> bool:
    if no_name is None:
        return False
    return any(no_name.fullmatch(unquote(value)) for value in found.groupdict().values())


def _compile(template: str, flags: int) -> re.Pattern[str]:
    parts: list[str] = []
    for piece in re.split(r"(\{\w+\*?\})", template):
        if piece.startswith("{") and piece.endswith("*}"):
            parts.append(f"(?P<{piece[1:-2]}>.+)")
        elif piece.startswith("{"):
            parts.append(f"(?P<{piece[1:-1]}>[^/]+)")
        else:
            # Clients may send "$" and other reserved characters either way.
            parts.append("".join(_literal(character) for character in piece))
    return re.compile("".join(parts) + "/?", flags)


def _literal(character: str) -> str:
    if character in "$()',@":
        return f"(?:{re.escape(character)}|%{ord(character):02X}|%{ord(character):02x})"
    return re.escape(character)
