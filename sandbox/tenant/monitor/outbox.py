"""Messages that action groups sent: what a person would have found in a mailbox or on a phone."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sandbox.tenant.clock import Clock, iso

Status = Literal["sent", "suppressed", "not simulated"]


@dataclass(frozen=True)
class Message:
    """One message to one receiver. `channel`: email, sms, voice, push, webhook and so on.

    `status`: what became of it, with the `reason` where it did not go out. `payload` is the body of
    a webhook's call.
    """

    channel: str
    recipient: str
    name: str
    subject: str
    body: str
    rule: str
    status: Status = "sent"
    reason: str = ""
    payload: Mapping[str, Any] | None = None


class Outbox:
    """Every message sent so far, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._messages: list[dict[str, Any]] = []
        self._sent: dict[tuple[str, str], list[float]] = {}

    @classmethod
    def from_document(cls, doc: Mapping[str, Any], clock: Clock) -> "Outbox":
        """Read the key `outbox`."""
        outbox = cls(clock)
        for message in doc.get("outbox", []):
            outbox._keep(dict(message), datetime.fromisoformat(message["time"]).timestamp())
        return outbox

    def to_document(self) -> dict[str, Any]:
        """The key `outbox`."""
        return {"outbox": self.messages()}

    def send(self, message: Message, time: float | None = None) -> None:
        """Record a message as sent at `time` (epoch seconds; default: now)."""
        sent = self._clock.now() if time is None else time
        self._keep({"time": iso(sent), **asdict(message)}, sent)

    def sent_since(self, channel: str, recipient: str, since: float) -> int:
        """How many messages went out to somebody on a channel after a moment (epoch seconds)."""
        times = self._sent.get((channel, recipient.lower()), [])
        return sum(time > since for time in times)

    def messages(self) -> list[dict[str, Any]]:
        """`{time, channel, recipient, name, subject, body, rule, status, reason, payload}`."""
        return [dict(message) for message in self._messages]

    def _keep(self, message: dict[str, Any], time: float) -> None:
        self._messages.append(message)
        if message.get("status", "sent") == "sent":
            key = (message["channel"], message["recipient"].lower())
            self._sent.setdefault(key, []).append(time)
