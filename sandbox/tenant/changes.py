"""What changes in a tenant, by whom: the source of the audit log and of what replicas know late.

Whoever changes an object does it inside `Changes.of`; one request is one `Changes.by`. Listeners
get the changes of a whole request together, when it has succeeded. A request that fails has changed
nothing: what it had changed until then is put back.
"""

from collections.abc import Callable, Generator, MutableMapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Literal

from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.clock import Clock
from sandbox.tenant.ids import Ids

JSON = dict[str, Any]
Kind = Literal[
    "user",
    "deletedUser",
    "group",
    "deletedGroup",
    "roleAssignment",
    "roleEligibility",
    "administrativeUnit",
    "policy",
    "namedLocation",
    "authenticationStrength",
    "securityDefaults",
    "authenticationMethod",
    "deletedPolicy",
    "deletedNamedLocation",
    "authenticationMethodsPolicy",
]


@dataclass(frozen=True)
class Initiator:
    """Who asked for a change: an application, or a user at work in a portal.

    `object_id` is that of the service principal or of the user; `app_id` is an application's.
    """

    kind: Literal["app", "user"]
    object_id: str
    name: str
    app_id: str | None = None
    ip_address: str = "203.0.113.10"


ADMINISTRATOR = Initiator("user", "", "administrator")
"""Somebody at work in a portal, whom the caller did not name."""


@dataclass(frozen=True)
class Change:
    """One object before and after; None where it was not or is not there. `time`: epoch seconds."""

    kind: Kind
    object_id: str
    before: JSON | None
    after: JSON | None
    time: float


@dataclass(frozen=True)
class Request:
    """The changes that one request made. `correlation_id` joins its rows in the audit log."""

    initiator: Initiator
    changes: Sequence[Change]
    correlation_id: str


Store = MutableMapping[str, JSON]
Listener = Callable[[Request], None]
Follower = Callable[[Change], None]


class Changes:
    """Records changes and tells them to whoever listens. Its user holds the tenant's lock.

    `ids` are what new objects are called.
    """

    def __init__(self, clock: Clock, ids: Ids | None = None) -> None:
        self._clock = clock
        self.ids = ids or Ids(Behaviour())
        self._listeners: list[Listener] = []
        self._followers: list[Follower] = []
        self._open: list[tuple[Change, Store]] | None = None
        self._initiator = ADMINISTRATOR

    @property
    def initiator(self) -> Initiator:
        """Who makes the request that is being answered; an administrator outside of `by`."""
        return self._initiator

    def listen(self, listener: Listener) -> None:
        """Tell a listener of every request that changed something."""
        self._listeners.append(listener)

    def follow(self, follower: Follower) -> None:
        """Tell a follower of every change at the moment at which it is made."""
        self._followers.append(follower)

    @contextmanager
    def by(self, initiator: Initiator) -> Generator[None]:
        """One request of somebody; listeners hear of it at the end. If it raises, it is undone."""
        around = (self._open, self._initiator)
        made: list[tuple[Change, Store]] = []
        self._open, self._initiator = made, initiator
        try:
            yield
        except BaseException:
            self._undo(made)
            raise
        finally:
            self._open, self._initiator = around
        self._tell(initiator, [change for change, _ in made])

    @contextmanager
    def of(self, kind: Kind, object_id: str, store: Store) -> Generator[None]:
        """Record what happens to the object of this id in `store`, if anything does.

        If it raises, the object is put back as it was. Outside `by` it is a request of its own, by
        an administrator.
        """
        before = deepcopy(store.get(object_id))
        try:
            yield
        except BaseException:
            _put_back(store, object_id, before)
            raise
        after = deepcopy(store.get(object_id))
        if before == after:
            return
        change = Change(kind, object_id, before, after, self._clock.now())
        self._tell_followers(change)
        if self._open is None:
            self._tell(ADMINISTRATOR, [change])
        else:
            self._open.append((change, store))

    def _undo(self, made: Sequence[tuple[Change, Store]]) -> None:
        for change, store in reversed(made):
            _put_back(store, change.object_id, deepcopy(change.before))
            undone = replace(change, before=change.after, after=change.before)
            self._tell_followers(undone)

    def _tell_followers(self, change: Change) -> None:
        for follower in self._followers:
            follower(change)

    def _tell(self, initiator: Initiator, changes: Sequence[Change]) -> None:
        if not changes:
            return
        request = Request(initiator, tuple(changes), self.ids.new())
        for listener in self._listeners:
            listener(request)


def _put_back(store: Store, object_id: str, before: JSON | None) -> None:
    """Make an object what it was; the same dictionary, which others may hold."""
    current = store.get(object_id)
    if before is None:
        store.pop(object_id, None)
    elif current is None:
        store[object_id] = before
    elif current != before:
        current.clear()
        current.update(before)
