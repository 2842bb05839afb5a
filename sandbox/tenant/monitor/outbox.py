"""Messages that action groups sent: what a person would have found in a mailbox or on a phone."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.tenant.clock import Clock, iso


@dataclass(frozen=True)
class Message:
    """One message to one receiver. `channel`: email, sms, voice, push or webhook."""

    channel: str
    recipient: str
    name: str
    subject: str
    body: str
    rule: str


class Outbox:
    """Every message sent so far, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._messages: list[dict[str, Any]] = []

    @classmethod
    def from_document(cls, doc: Mapping[str, Any], clock: Clock) -> "Outbox":
        """Read the key `outbox`."""
        outbox = cls(clock)
        outbox._messages = [dict(message) for message in doc.get("outbox", [])]
        return outbox

    def to_document(self) -> dict[str, Any]:
        """The key `outbox`."""
        return {"outbox": self.messages()}

    def send(self, message: Message, time: float | None = None) -> None:
        """Record a message as sent at `time` (epoch seconds; default: now)."""
        sent = iso(self._clock.now() if time is None else time)
        self._messages.append({"time": sent, **asdict(message)})

    def messages(self) -> list[dict[str, Any]]:
        """`{time, channel, recipient, name, subject, body, rule}` of every message."""
        return [dict(message) for message in self._messages]
