"""A patient Microsoft Graph client: retries what may be retried, follows pages, one-line errors.

Errors are ``GraphError`` and its children (see ``entra.errors``).
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any, Protocol, cast

import httpx

from entra.endpoints import Endpoints, verification
from entra.errors import Forbidden as Forbidden
from entra.errors import GraphError as GraphError
from entra.errors import NotFound as NotFound
from entra.limiter import Pace, Turn
from entra.pace import LONGEST_PAUSE_SECONDS

ATTEMPTS = 8
LONGEST_DELAY_SECONDS = 30.0
TOTAL_DELAY_SECONDS = LONGEST_PAUSE_SECONDS
UNREACHABLE_ATTEMPTS = 4
# However long the service has refused others, a request is worth so many tries.
REFUSED_ATTEMPTS = 4
_TOO_MANY_REQUESTS = 429
_RETRIED = frozenset({408, 429, 500, 502, 503, 504})
# A POST that was answered with these made nothing, so it may be sent again.
_RETRIED_POST = frozenset({429, 503})


class TokenSource(Protocol):
    """What the client needs of an ``Identity``."""

    @property
    def endpoints(self) -> Endpoints:
        """Where Graph is."""
        ...

    @property
    def certificates(self) -> str | None:
        """The PEM file of certificate authorities to trust."""
        ...

    def graph_token(self) -> str:
        """A bearer token for Graph."""
        ...


class GraphClient:
    """JSON over HTTPS with Graph's habits. Safe to share between threads.

    A request is repeated after 408, 429, 5xx and connection errors: at once as Retry-After says,
    else after 1, 2, 4 … 30 s, 8 attempts and 180 s of pauses at most. Without any answer it gives
    up after 4 attempts. With a ``pace`` a 429 is the pace's to wait out, for as long as the service
    still answers any request that shares it.
    """

    def __init__(
        self,
        identity: TokenSource,
        *,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
        patience: float = TOTAL_DELAY_SECONDS,
    ) -> None:
        """``patience``: so many seconds of pauses, in all, a request is worth."""
        self._identity = identity
        self._sleep = sleep
        self._patience = patience
        self._base = identity.endpoints.graph
        self._http = httpx.Client(
            base_url=self._base,
            timeout=httpx.Timeout(30.0, connect=4.0),
            verify=verification(identity.certificates),
            transport=transport,
            headers={"User-Agent": "break-glass", "Accept": "application/json"},
        )

    def get(
        self, path: str, params: Mapping[str, str] | None = None, *, pace: Pace | None = None
    ) -> dict[str, Any]:
        """One document. ``path`` starts with the API version: ``/v1.0/organization``."""
        return self.request("GET", path, params=params, pace=pace)

    def pages(
        self, path: str, params: Mapping[str, str] | None = None, *, pace: Pace | None = None
    ) -> Iterator[dict[str, Any]]:
        """Every object of a listing, following ``@odata.nextLink``."""
        answer = self.request("GET", path, params=params, pace=pace)
        while True:
            yield from self._objects(answer, path)
            link = answer.get("@odata.nextLink")
            if not link:
                return
            answer = self.request("GET", self._own_path(str(link), path), pace=pace)

    def post(
        self, path: str, body: Mapping[str, Any], *, pace: Pace | None = None
    ) -> dict[str, Any]:
        """Create; the created object."""
        return self.request("POST", path, body=body, pace=pace)

    def patch(
        self, path: str, body: Mapping[str, Any], *, pace: Pace | None = None
    ) -> dict[str, Any]:
        """Change; the service's answer, mostly empty."""
        return self.request("PATCH", path, body=body, pace=pace)

    def delete(self, path: str, *, pace: Pace | None = None) -> None:
        """Delete. Raises NotFound when there is nothing to delete."""
        self.request("DELETE", path, pace=pace)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        pace: Pace | None = None,
    ) -> dict[str, Any]:
        """Send, with retries, and return the JSON answer ({} for none). Raises GraphError."""
        paused = 0.0
        attempts = refusals = 0
        while True:
            error, asked_pause = self._attempt(method, path, params, body, pace)
            if isinstance(error, dict):
                return error
            if pace is not None and error.status == _TOO_MANY_REQUESTS:
                refusals += 1
                too_long = asked_pause is not None and asked_pause > LONGEST_PAUSE_SECONDS
                if too_long or (refusals >= REFUSED_ATTEMPTS and pace.is_hopeless()):
                    raise error
                continue
            attempts += 1
            delay = min(2.0 ** (attempts - 1), LONGEST_DELAY_SECONDS)
            delay = delay if asked_pause is None else asked_pause
            most = ATTEMPTS if error.status else UNREACHABLE_ATTEMPTS
            retried = _RETRIED_POST if method == "POST" else _RETRIED
            again = error.status in retried or (error.status == 0 and _may_repeat(method, error))
            if not again or attempts >= most or paused + delay > self._patience:
                raise error
            (self._sleep if pace is None else pace.postpone)(delay)
            paused += delay

    def _attempt(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        pace: Pace | None,
    ) -> tuple[dict[str, Any] | GraphError, float | None]:
        """One try: the JSON answer or what went wrong, and the pause that was asked for."""
        headers = {"Authorization": f"Bearer {self._identity.graph_token()}"}
        told = path.split("?")[0]
        try:
            with pace.turn() if pace else nullcontext(Turn()) as turn:
                answer = self._http.request(method, path, params=params, json=body, headers=headers)
                turn.status = answer.status_code
                turn.retry_after = _retry_after(answer)
        except httpx.HTTPError as error:
            return GraphError(0, _connection_trouble(error), str(error), method, told), None
        if answer.is_success:
            return _json(answer, method, told), None
        return _error(answer, method, told), turn.retry_after

    def _objects(self, answer: dict[str, Any], path: str) -> list[dict[str, Any]]:
        value = answer.get("value")
        if not isinstance(value, list):
            raise GraphError(200, "not a listing", "the answer has no 'value'", "GET", path)
        return cast("list[dict[str, Any]]", value)

    def _own_path(self, link: str, path: str) -> str:
        # Our token goes to nobody else, whatever a page says.
        if not link.startswith(f"{self._base}/"):
            raise GraphError(200, "foreign link", "the next page is elsewhere", "GET", path)
        return link.removeprefix(self._base)


def _connection_trouble(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.ConnectError):
        return "no connection"
    return "time ran out" if isinstance(error, httpx.TimeoutException) else "cut off"


def _may_repeat(method: str, error: GraphError) -> bool:
    # A POST whose answer was lost may have made the object; only a refused connection is safe.
    return method != "POST" or error.code == "no connection"


def _json(answer: httpx.Response, method: str, path: str) -> dict[str, Any] | GraphError:
    if not answer.content:
        return {}
    try:
        document: Any = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return GraphError(0, "cut off", "the answer is not JSON", method, path)
    return cast("dict[str, Any]", document)


def _error(answer: httpx.Response, method: str, path: str) -> GraphError:
    code, message = "", ""
    try:
        envelope: Any = json.loads(answer.content)["error"]
        code, message = str(envelope.get("code") or ""), str(envelope.get("message") or "")
    except (ValueError, LookupError, TypeError, AttributeError):
        message = answer.reason_phrase
    kind = {401: Forbidden, 403: Forbidden, 404: NotFound}.get(answer.status_code, GraphError)
    return kind(answer.status_code, code, message, method, path)


def _retry_after(answer: httpx.Response) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None
