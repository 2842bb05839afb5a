"""How fast Conditional Access requests may follow each other, learnt from the service's refusals.

Microsoft Graph takes one Conditional Access request a second per tenant, from all applications
together, and says 429 without Retry-After beyond that (Microsoft Graph documentation, "Service-
specific throttling limits"). How it counts is not documented, so the rule here is the one that did
well in a simulation of fixed and sliding windows of 1 and 10 s and of token buckets, refused
requests counted or not, with another client that takes half of the budget regularly, at random and
in bursts:

- Each refusal makes the interval a quarter longer, up to two and a half times the base; each
  answer takes a fiftieth of the base off again. Where a budget is shared over some seconds this
  finds our half of it with few refusals. Where any neighbour within a second is refused, a client
  that asks again until it is answered needs its own second and some room besides: with twice the
  base the two met at every other request, with two and a half hardly ever. More would only last
  longer.
- A refused request is sent again after one base interval, growing by half with each refusal in a
  row, and by a random part: two clients of the same period would otherwise meet again and again.

Nothing here reads a clock or a file; moments are seconds of ``time.time()``.
"""

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any, Self, cast

# A pause that is longer than this is nobody's patience; also what a request may wait for its turn.
LONGEST_PAUSE_SECONDS = 180.0
# So long may the service answer nothing but 429 before requests give up.
PATIENCE_SECONDS = 300.0
# Without refusals for so long the other client has gone, and what was learnt of it is forgotten.
REMEMBERED_SECONDS = 600.0

_SLOWER = 1.25
_FASTER = 0.02
_SLOWEST = 2.5
_LONGER_PAUSE = 1.5
_LONGEST_BACKOFF_SECONDS = 15.0
# The first pause where requests have no interval (a simulated tenant without a limit).
_PAUSE_WITHOUT_INTERVAL_SECONDS = 1.0


@dataclass(frozen=True)
class PaceState:
    """What all processes know together.

    ``ended``: when the last request ended. ``until``: nobody's request before this moment.
    ``slowness``: the interval now, in base intervals. ``refusals``: 429s in a row, since
    ``refused_since``, the last one at ``refused_at``.
    """

    ended: float = 0.0
    until: float = 0.0
    slowness: float = 1.0
    refusals: float = 0
    refused_since: float = 0.0
    refused_at: float = 0.0

    @classmethod
    def from_text(cls, text: str | bytes) -> Self:
        """What ``to_text`` wrote; as if nothing were known for anything else."""
        try:
            found: Any = json.loads(text)
            values = {str(key): float(at) for key, at in cast("dict[Any, Any]", found).items()}
            state = cls(**values)
        except (ValueError, TypeError, AttributeError):
            return cls()  # cut short by a crash
        usable = all(math.isfinite(value) and value >= 0 for value in values.values())
        return state if usable and state.slowness >= 1 else cls()

    def to_text(self) -> str:
        """JSON for ``from_text``."""
        return json.dumps(dataclasses.asdict(self))

    def at(self, now: float) -> Self:
        """The state as it counts now: shifted where the clock was set back, old lessons forgotten.

        A request cannot have ended in the future; pauses keep the length that they had.
        """
        back = max(self.ended, self.refused_at) - now
        state = self
        if back > 0:
            state = dataclasses.replace(
                self,
                ended=self.ended - back,
                until=self.until - back,
                refused_since=self.refused_since - back,
                refused_at=self.refused_at - back,
            )
        if now - state.refused_at > REMEMBERED_SECONDS:
            state = dataclasses.replace(state, slowness=1.0, refusals=0)
        return dataclasses.replace(state, until=min(state.until, now + LONGEST_PAUSE_SECONDS))

    def wait(self, now: float, base: float) -> float:
        """Seconds until the next request may be sent."""
        return max(0.0, self.ended + base * self.slowness - now, self.until - now)

    def begun(self, now: float) -> Self:
        """A request is sent now; should its process die, others count from here."""
        return dataclasses.replace(self, ended=now)

    def postponed(self, moment: float) -> Self:
        """Nobody's request before ``moment``; a longer pause stays."""
        return dataclasses.replace(self, until=max(self.until, moment))

    def answered(self, now: float) -> Self:
        """The service took a request, whatever it said to it."""
        slowness = max(1.0, self.slowness - _FASTER)
        return dataclasses.replace(self, ended=now, slowness=slowness, refusals=0)

    def refused(self, now: float, base: float, asked: float | None, luck: float) -> Self:
        """The service said 429. ``asked``: its Retry-After; ``luck``: from 0 to 1."""
        backoff = (base or _PAUSE_WITHOUT_INTERVAL_SECONDS) * _LONGER_PAUSE ** min(
            self.refusals, 99
        )
        pause = min(backoff, _LONGEST_BACKOFF_SECONDS) * (1 + luck) if asked is None else asked
        return dataclasses.replace(
            self,
            ended=now,
            until=max(self.until, now + pause),
            slowness=min(_SLOWEST, self.slowness * _SLOWER),
            refusals=self.refusals + 1,
            refused_since=self.refused_since if self.refusals else now,
            refused_at=now,
        )

    def is_hopeless(self, now: float) -> bool:
        """Whether the service has refused everybody's requests for all of our patience."""
        return self.refusals > 0 and now - self.refused_since >= PATIENCE_SECONDS
