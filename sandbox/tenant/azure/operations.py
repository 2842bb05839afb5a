"""Long-running operations of Azure Resource Manager: accepted now, done or failed a while later.

Source: Microsoft Learn, "Track asynchronous Azure operations".
"""

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.clock import Clock
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.ids import Ids

_KEPT_SECONDS = 86_400.0


@dataclass(frozen=True)
class Operation:
    """One operation. `target`: a resource id in lower case; times are epoch seconds.

    `state` is the target's provisioning state meanwhile. `applied`: its end has been seen to.
    """

    id: str
    target: str
    state: Literal["Creating", "Deleting"]
    started: float
    ends: float
    fails: bool
    applied: bool = False


class Operations:
    """The operations of one tenant. How long they take is the knob at the moment they start."""

    def __init__(self, clock: Clock, behaviour: Behaviour, ids: Ids) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._ids = ids
        self._by_id: dict[str, Operation] = {}
        self._count = 0

    @classmethod
    def from_document(
        cls, doc: Mapping[str, Any], clock: Clock, behaviour: Behaviour, ids: Ids
    ) -> "Operations":
        """Read the key `azureOperations`."""
        operations = cls(clock, behaviour, ids)
        saved: Mapping[str, Any] = doc.get("azureOperations", {})
        operations._count = int(saved.get("count", 0))
        for item in saved.get("operations", []):
            operations._by_id[item["id"]] = Operation(**item)
        return operations

    def to_document(self) -> dict[str, Any]:
        """The key `azureOperations`."""
        listed = [asdict(operation) for operation in self._by_id.values()]
        return {"azureOperations": {"count": self._count, "operations": listed}}

    def start(self, target: str, state: Literal["Creating", "Deleting"]) -> Operation:
        """Begin an operation on a resource. Whether it will fail is decided by the knob, now."""
        now, self._count = self._clock.now(), self._count + 1
        self._by_id = {
            key: operation
            for key, operation in self._by_id.items()
            if operation.ends > now - _KEPT_SECONDS
        }
        chance = random.Random(f"{self._behaviour.random_seed}/operation/{self._count}")  # noqa: S311
        operation = Operation(
            id=self._ids.new(),
            target=target.lower(),
            state=state,
            started=now,
            ends=now + self._behaviour.operation_seconds,
            fails=chance.random() < self._behaviour.failed_operation_share,
        )
        self._by_id[operation.id] = operation
        return operation

    def get(self, operation_id: str) -> Operation:
        """An operation; raises ServiceError 404."""
        found = self._by_id.get(operation_id)
        if found is None:
            raise ServiceError(404, "NotFound", f"The operation '{operation_id}' was not found.")
        return found

    def seconds_left(self, operation: Operation) -> float:
        """How long an operation still runs; 0 when it has ended."""
        return max(operation.ends - self._clock.now(), 0.0)

    def running_on(self, target: str) -> Operation | None:
        """The operation that is under way on a resource, or None."""
        wanted = target.lower()
        for operation in self._by_id.values():
            if operation.target == wanted and self.seconds_left(operation) > 0:
                return operation
        return None

    def ended(self) -> list[Operation]:
        """The operations that have ended since the last time this was asked, in order."""
        due = [
            operation
            for operation in self._by_id.values()
            if not operation.applied and self.seconds_left(operation) == 0
        ]
        for operation in due:
            self._by_id[operation.id] = replace(operation, applied=True)
        return sorted(due, key=lambda operation: operation.ends)
