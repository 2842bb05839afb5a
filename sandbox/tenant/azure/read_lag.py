"""Resources that were made a moment ago and that a GET does not find yet.

Source: issue "AAD: DiagnosticSettings GET API may return a 404 error After a successful PUT" in
Azure/azure-rest-api-specs: 404 half a second after the PUT, 200 three seconds after it.
"""

import random
from collections.abc import Mapping
from typing import Any

from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.clock import Clock


class ReadLag:
    """Until when each new resource stays unseen: up to the knob, by the seed and its name."""

    def __init__(self, clock: Clock, behaviour: Behaviour) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._seen_from: dict[str, float] = {}
        self._times_made: dict[str, int] = {}

    @classmethod
    def from_document(cls, doc: Mapping[str, Any], clock: Clock, behaviour: Behaviour) -> "ReadLag":
        """Read the key `azureSeenFrom`: epoch seconds by resource id."""
        lag = cls(clock, behaviour)
        lag._seen_from = {key: float(time) for key, time in doc.get("azureSeenFrom", {}).items()}
        return lag

    def to_document(self) -> dict[str, Any]:
        """The key `azureSeenFrom`, with what is unseen now."""
        return {"azureSeenFrom": {key: self._seen_from[key] for key in self._unseen()}}

    def made(self, key: str) -> None:
        """A resource with this id, in lower case, was made now."""
        times = self._times_made[key] = self._times_made.get(key, 0) + 1
        chance = random.Random(f"{self._behaviour.random_seed}/{key}/{times}")  # noqa: S311
        longest = self._behaviour.diagnostic_setting_lag_seconds
        self._seen_from[key] = self._clock.now() + chance.uniform(0, longest)

    def unseen(self, key: str) -> bool:
        """Whether a GET of this id, in lower case, says 404 although the resource exists."""
        return self._seen_from.get(key, 0.0) > self._clock.now()

    def _unseen(self) -> list[str]:
        return [key for key in self._seen_from if self.unseen(key)]
