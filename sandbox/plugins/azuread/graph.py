"""Microsoft Graph as the azuread provider calls it: errors in its words, paging, and the waits for
a replica that lags.

The real provider reads five times, 5 seconds apart, after most writes, so that whatever follows
meets a directory whose replicas agree. Here five reads are spread over the time that the replicas
of this sandbox take to agree, and more follow while the change does not show, half a minute at
most; and a write that names an object made a moment ago is repeated while Graph does not find it.
"""

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, TypeVar, cast
from urllib.parse import quote

from sandbox.plugins.errors import PluginError, RefusedError, without_secrets
from sandbox.plugins.pause import spread, wait_until
from sandbox.plugins.session import Answer, Session

NOT_FOUND = 404
IN_A_ROW = 5
"""Reads that must find nothing before an object counts as gone."""
T = TypeVar("T")
PASSING_REFUSALS = re.compile(
    r"One or more property values specified are invalid"
    r"|Resource '.*' does not exist or one of its queried reference-property objects are not pre"
)
"""The two texts of a 400 that the real provider tries again: Graph says them while it catches up
with an object that was made a moment ago."""


class Graph:
    """One tenant's Graph, whose replicas agree so many seconds after a write."""

    def __init__(self, session: Session, replicas_agree_after: float = 0.0) -> None:
        self.session = session
        self.replicas_agree_after = replicas_agree_after

    def find(self, path: str, query: dict[str, str] | None = None) -> dict[str, Any] | None:
        """The object at a path, None when Graph says 404."""
        answer = self.session.call("GET", path, query=query)
        if answer.status == NOT_FOUND:
            return None
        return self._good(answer, f"retrieving {path}").content

    def listing(self, path: str, query: dict[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Every object of a listing, page after page."""
        content = self._good(self.session.call("GET", path, query=query), f"listing {path}").content
        while True:
            yield from cast("list[dict[str, Any]]", content.get("value") or [])
            following = content.get("@odata.nextLink")
            if not isinstance(following, str):
                return
            content = self._good(self.session.call("GET", following), f"listing {path}").content

    def write(self, method: str, path: str, body: dict[str, Any], doing: str) -> dict[str, Any]:
        """POST or PATCH; `doing` begins the error ("creating user")."""
        answer = self.session.call(method, path, body=body, again=_passing)
        return self._good(answer, doing, body).content

    def write_to_new(
        self, method: str, path: str, body: dict[str, Any], doing: str
    ) -> dict[str, Any]:
        """Like `write`, to an object made a moment ago: its 404 is waited out."""
        last: list[Answer] = []

        def written() -> bool:
            last[:] = [self.session.call(method, path, body=body, again=_passing)]
            return last[0].status != NOT_FOUND

        wait_until(written, self.session.pause)
        return self._good(last[0], doing, body).content

    def remove(self, path: str, doing: str) -> None:
        """DELETE; gone already is a success."""
        answer = self.session.call("DELETE", path)
        if answer.status != NOT_FOUND:
            self._good(answer, doing)

    def wait_for(self, come_true: Callable[[], bool], what: str) -> None:
        """Read until the replicas have had their time and the change shows.

        Raises:
            PluginError: it does not show within half a minute; `what` begins the message.
        """
        self.settled(lambda: come_true() or None, what)

    def settled(self, read: Callable[[], T | None], what: str) -> T:
        """What `read` finds, None being not yet, once the replicas have had their time to agree.

        Raises:
            PluginError: it does not within half a minute; `what` begins the message.
        """
        found, waited = read(), 0.0
        for seconds in spread(self.replicas_agree_after):
            if found is not None and waited >= self.replicas_agree_after:
                return found
            self.session.pause(seconds)
            found, waited = read(), waited + seconds
        if found is None:
            raise PluginError(f"{what}: Graph does not show it after 30 seconds of waiting")
        return found

    def is_gone(self, path: str) -> bool:
        """Whether several reads in a row find nothing at a path."""
        return all(self.find(path) is None for _ in range(IN_A_ROW))

    def _good(self, answer: Answer, doing: str, body: dict[str, Any] | None = None) -> Answer:
        if 200 <= answer.status < 300:
            return answer
        error = cast(dict[str, Any], answer.content.get("error") or {})
        code, words = str(error.get("code", "")), str(error.get("message", ""))
        profile = cast(dict[str, Any], (body or {}).get("passwordProfile") or {})
        message = (
            f"{doing}: unexpected status {answer.status} ({answer.status} {reason(answer.status)}) "
            f"with error: {code}: {words}"
        )
        raise RefusedError(
            without_secrets(
                message, [str(profile.get("password", "")), self.session.settings.client_secret]
            ),
            status=answer.status,
            code=code,
        )


def reason(status: int) -> str:
    """The standard words of an HTTP status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "unknown status"


def object_id_of(id: str, collection: str, noun: str) -> str:
    """The object id in an id of state, which is the object's path in Graph.

    Raises:
        PluginError: the id is not of that form, as on an import by the bare object id.
    """
    prefix, _, object_id = id.rpartition("/")
    if prefix != collection or not object_id:
        raise PluginError(f'"{id}" is no {noun}\'s id: expected {collection}/ and the object id')
    return object_id


def segment(text: str) -> str:
    """A value as one segment of a path."""
    return quote(text, safe="")


def literal(text: str) -> str:
    """A value as a string literal of an OData filter."""
    return "'" + text.replace("'", "''") + "'"


def _passing(answer: Answer) -> bool:
    if answer.status != HTTPStatus.BAD_REQUEST:
        return False
    error = cast(dict[str, Any], answer.content.get("error") or {})
    return bool(PASSING_REFUSALS.match(str(error.get("message", ""))))
