"""Deleted policies and named locations: they can be restored for 30 days.

Source: Microsoft Graph, policyDeletableItem resource type, with its list, get, restore and
permanent delete under `/identity/conditionalAccess/deletedItems`. A restored object has its id and
its state again (assumed: only that it is restored is documented).
"""

import copy
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, Self

from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.changes import Changes
from sandbox.tenant.clock import Clock
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.json_copy import copied
from sandbox.tenant.replicas import Unseen

Document = dict[str, Any]
_DAY_SECONDS = 86_400


def found(store: Mapping[str, Document], object_id: str, kind: str) -> Document:
    """The kept object of this id, whatever the id's case; raises ServiceError 404."""
    try:
        return store[object_id.lower()]
    except KeyError:
        raise ServiceError(
            404, "ResourceNotFound", f"{kind} with id '{object_id}' was not found in the directory."
        ) from None


class DeletedItems:
    """The deleted objects of one kind, each with its `deletedDateTime`.

    `name` is what the service calls an object that is not found.
    """

    def __init__(
        self,
        kind: Literal["deletedPolicy", "deletedNamedLocation"],
        name: str,
        clock: Clock,
        behaviour: Behaviour,
        changes: Changes,
    ) -> None:
        self._kind: Literal["deletedPolicy", "deletedNamedLocation"] = kind
        self._name = name
        self._clock = clock
        self._behaviour = behaviour
        self._changes = changes
        self._items: dict[str, Document] = {}

    def read(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """Take what `all` gave when the tenant was kept."""
        self._items = {str(item["id"]).lower(): copied(dict(item)) for item in documents}

    def as_seen(self, unseen: Unseen) -> Self:
        """The deleted objects as a replica knows them, to be read only."""
        view = copy.copy(self)
        view._items = unseen.store(self._kind, self._items)
        return view

    def all(self) -> list[Document]:
        """What can still be restored, oldest deletion first."""
        self._forget_old()
        return copied(list(self._items.values()))

    def get(self, object_id: str) -> Document:
        """One deleted object; raises ServiceError 404."""
        self._forget_old()
        return copied(found(self._items, object_id, self._name))

    def put(self, item: Mapping[str, Any]) -> None:
        """Keep an object that was deleted just now."""
        deleted = {"deletedDateTime": self._clock.timestamp()}
        object_id = str(item["id"]).lower()
        with self._changes.of(self._kind, object_id, self._items):
            self._items[object_id] = dict(item) | deleted

    def take(self, object_id: str) -> Document:
        """Take an object out, to restore it or for good; raises ServiceError 404."""
        item = self.get(object_id)
        with self._changes.of(self._kind, object_id.lower(), self._items):
            del self._items[object_id.lower()]
        item.pop("deletedDateTime")
        return item

    def _forget_old(self) -> None:
        oldest = self._clock.now() - self._behaviour.deleted_items_days * _DAY_SECONDS
        for object_id, item in list(self._items.items()):
            if datetime.fromisoformat(item["deletedDateTime"]).timestamp() <= oldest:
                del self._items[object_id]
