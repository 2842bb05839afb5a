"""The Azure activity log: who asked Azure Resource Manager to change what in a subscription.

Writes, deletes and actions make events, reads do not; a failed one is an event too. Each operation
makes two: Started and then Succeeded or Failed, joined by their correlation id. What lies in no
subscription, such as the tenant's diagnostic settings, is in no subscription's activity log.
That a resource works no longer, or works again, is an event of the category ResourceHealth.
Sources: Microsoft Learn, "Azure activity log" and "Azure activity log event schema".
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from http import HTTPStatus
from typing import Any

from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.changes import Initiator
from sandbox.tenant.clock import Clock
from sandbox.tenant.ids import Ids
from sandbox.tenant.monitor.activity_operations import operation_of

_HEALTH = "Microsoft.Resourcehealth/healthevent"
RETENTION_SECONDS = 90 * 86400.0
MOST_EVENTS = 20_000
"""So many events of one tenant are kept; older ones give way."""


@dataclass(frozen=True)
class ActivityEvent:
    """One event. `time` and `visible` (when it can be read) are epoch seconds.

    `status` is `Started`, `Succeeded` or `Failed`; `sub_status` the HTTP status in words, for
    example `Created`; `level` `Informational` or `Error`; `caller` an object id for applications
    and a user principal name for people. `resource_id` is as the request had it.
    """

    event_id: str
    correlation_id: str
    time: float
    visible: float
    subscription_id: str
    operation_name: str
    resource_id: str
    resource_group: str
    resource_provider: str
    resource_type: str
    status: str
    sub_status: str
    http_status: int | None
    level: str
    caller: str
    caller_kind: str
    caller_object_id: str
    app_id: str
    client_ip: str
    method: str
    error: str
    category: str = "Administrative"
    properties: Mapping[str, str] = field(default_factory=dict[str, str])
    """What only events of this category have."""

    def fields(self) -> dict[str, str]:
        """The event under the names that the conditions of activity log alerts use."""
        return {
            "category": self.category,
            "caller": self.caller,
            "correlationId": self.correlation_id,
            "level": self.level,
            "operationName": self.operation_name,
            "resourceGroup": self.resource_group,
            "resourceId": self.resource_id,
            "resourceProvider": self.resource_provider,
            "resourceType": self.resource_type,
            "status": self.status,
            "subscriptionId": self.subscription_id,
            "subStatus": self.sub_status,
            **{f"properties.{name}": value for name, value in self.properties.items()},
        }


ActivityListener = Callable[[ActivityEvent], None]


class ActivityLog:
    """The activity log of a tenant's subscriptions. Its user holds the tenant's lock."""

    def __init__(self, clock: Clock, behaviour: Behaviour, ids: Ids) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._ids = ids
        self._events: list[ActivityEvent] = []
        self._listeners: list[ActivityListener] = []

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any], clock: Clock, behaviour: Behaviour, ids: Ids
    ) -> "ActivityLog":
        """Read the key `activityEvents`."""
        log = cls(clock, behaviour, ids)
        log._events = [ActivityEvent(**event) for event in document.get("activityEvents", [])]
        return log

    def to_document(self) -> dict[str, Any]:
        """The key `activityEvents`."""
        return {"activityEvents": [asdict(event) for event in self._events]}

    def listen(self, listener: ActivityListener) -> None:
        """Tell a listener of every event as it happens (it may act on it later)."""
        self._listeners.append(listener)

    def record(
        self, method: str, path: str, status: int, caller: Initiator, error: str = ""
    ) -> None:
        """A request to Azure Resource Manager was answered; a read leaves nothing.

        `path` is decoded, `status` the HTTP status of the answer, `error` its error code.
        """
        operation = operation_of(method, path)
        if operation is None:
            return
        correlation_id = self._ids.new()
        chance = random.Random(correlation_id)  # noqa: S311
        failed = status >= 400
        outcome = "Failed" if failed else "Succeeded"
        for step, sub_status in (("Started", ""), (outcome, _words(status))):
            end = step != "Started"
            event = ActivityEvent(
                event_id=self._ids.new(),
                correlation_id=correlation_id,
                time=self._clock.now(),
                visible=self._clock.now() + self._delay(chance),
                **asdict(operation),
                status=step,
                sub_status=sub_status,
                http_status=status if end else None,
                level="Error" if failed and end else "Informational",
                caller=caller.object_id if caller.kind == "app" else caller.name,
                caller_kind=caller.kind,
                caller_object_id=caller.object_id,
                app_id=caller.app_id or "",
                client_ip=caller.ip_address,
                method=method,
                error=error if end else "",
            )
            self._add(event)
        self._forget()

    def record_health(self, resource_id: str, before: str, now: str, reason: str) -> None:
        """The health of a resource went from one to another: `Available`, `Unavailable`, …"""
        operation = operation_of("PUT", resource_id)
        if operation is None:
            return
        ill = now != "Available"
        stage = "Activated" if ill else "Resolved"
        correlation_id = self._ids.new()
        event = ActivityEvent(
            event_id=self._ids.new(),
            correlation_id=correlation_id,
            time=self._clock.now(),
            visible=self._clock.now() + self._delay(random.Random(correlation_id)),  # noqa: S311
            **asdict(replace(operation, operation_name=f"{_HEALTH}/{stage}/action")),
            status="Active" if ill else "Resolved",
            sub_status="",
            http_status=None,
            level="Critical" if ill else "Informational",
            caller="",
            caller_kind="app",
            caller_object_id="",
            app_id="",
            client_ip="",
            method="",
            error="",
            category="ResourceHealth",
            properties={
                "title": reason,
                "currentHealthStatus": now,
                "previousHealthStatus": before,
                "type": "Downtime" if ill else "Informational",
                "cause": "UserInitiated",
            },
        )
        self._add(event)
        self._forget()

    def _add(self, event: ActivityEvent) -> None:
        self._events.append(event)
        for listener in self._listeners:
            listener(event)

    def events(self, subscription_id: str) -> Iterator[ActivityEvent]:
        """The events of a subscription that can be read by now, newest first."""
        now, wanted = self._clock.now(), subscription_id.lower()
        for event in reversed(self._events):
            if event.visible <= now and event.subscription_id.lower() == wanted:
                yield event

    def _delay(self, chance: random.Random) -> float:
        mean = self._behaviour.activity_delay_seconds
        return max(0.0, mean * chance.uniform(0.5, 1.5))

    def _forget(self) -> None:
        oldest = self._clock.now() - RETENTION_SECONDS
        if len(self._events) > MOST_EVENTS or self._events[0].time < oldest:
            self._events = [e for e in self._events[-MOST_EVENTS:] if e.time >= oldest]


def _words(status: int) -> str:
    """`200` → `OK`, `404` → `NotFound`."""
    phrase = HTTPStatus(status).phrase
    return phrase if phrase.isupper() else phrase.title().replace(" ", "")
