"""What a tenant's replicas do not know yet: a write is seen by each of them in its own time.

Every read of Microsoft Graph is answered by one replica. Until a change has come to it, it shows
the object as it was before: one that was made is missing, one that was deleted is still there. So a
404 may follow a 200. Source: Microsoft Learn, "Microsoft Entra architecture" (eventual consistency
between replicas); how long it takes is not documented and set by the knob `readLagSeconds`.

Which replica answers and how late each change comes follows from the tenant's seed, the number of
the request and the number of the change: the same calls meet the same misfortune.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from random import Random

from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.changes import JSON, Change, Changes, Kind, Request
from sandbox.tenant.clock import Clock

LONGEST_LAG = 5.0
"""After this many times the mean lag every replica knows a change."""


@dataclass(frozen=True)
class Unseen:
    """The objects that one replica does not know as they are, by kind and object id.

    Each is as the replica knows it, None when it does not know it at all. Objects whose id is in
    `strayed` are not found whatever their kind is.
    """

    objects: Mapping[Kind, Mapping[str, JSON | None]] = field(
        default_factory=dict[Kind, Mapping[str, JSON | None]]
    )
    strayed: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.objects or self.strayed)

    def of(self, kind: Kind) -> Mapping[str, JSON | None]:
        """The objects of one kind."""
        return self.objects.get(kind, {})

    def store(self, kind: Kind, truth: dict[str, JSON]) -> dict[str, JSON]:
        """What the replica has for a store of objects by id; the store itself when all is known."""
        late = self.of(kind)
        strayed = self.strayed & truth.keys()
        if not late and not strayed:
            return truth
        known = dict(truth)
        for object_id, state in {**late, **dict.fromkeys(strayed)}.items():
            if state is None:
                known.pop(object_id, None)
            else:
                known[object_id] = state
        return known


@dataclass(frozen=True)
class Reading:
    """How one request is answered: what its replica lacks, and whether a listing is short."""

    unseen: Unseen = Unseen()
    short: bool = False


_TRUE = Reading()


@dataclass
class _Recent:
    """A change that some replica may not know yet, with its delay at each, in mean lags."""

    change: Change
    time: float
    name: str
    delays: dict[int, float] = field(default_factory=dict[int, float])


class Replicas:
    """The replicas of one tenant. Its user holds the tenant's lock."""

    def __init__(self, clock: Clock, behaviour: Behaviour, changes: Changes) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._recent: list[_Recent] = []
        self._requests = 0
        self._changed = 0
        changes.listen(self._remember)

    def asked(self, addressed: Iterable[str] = ()) -> Reading:
        """How the next request is answered. `addressed` are the object ids in its path."""
        self._requests += 1
        knobs = self._behaviour
        self._forget()
        if not (self._recent or knobs.short_listing_share or knobs.stray_not_found_share):
            return _TRUE
        chance = self._chance(f"request/{self._requests}")
        replica = chance.randrange(knobs.replicas)
        short = chance.random() < knobs.short_listing_share
        stray = chance.random() < knobs.stray_not_found_share
        unseen = self.unseen_by(replica)
        if stray:
            unseen = replace(unseen, strayed=frozenset(name.lower() for name in addressed))
        return Reading(unseen, short)

    def unseen_by(self, replica: int) -> Unseen:
        """What one replica does not know now: objects before the first change that has not come.

        The changes of an object come in their order: one that is late holds up the later ones.
        """
        late: dict[Kind, dict[str, JSON | None]] = {}
        now = self._clock.now()
        for recent in self._recent:
            if recent.time + self._lag(recent, replica) > now:
                change = recent.change
                late.setdefault(change.kind, {}).setdefault(change.object_id, change.before)
        return Unseen(late)

    def _remember(self, request: Request) -> None:
        self._changed += 1
        self._forget()
        if not self._behaviour.read_lag_seconds:
            return
        # What happens to one object in one request comes together, for example its move to the
        # deleted items.
        order: dict[str, int] = {}
        for change in request.changes:
            place = order.setdefault(change.object_id, len(order))
            name = f"{self._changed}/{place}"
            self._recent.append(_Recent(change, request.changes[-1].time, name))

    def _forget(self) -> None:
        """Drop the changes that every replica knows."""
        oldest = self._clock.now() - LONGEST_LAG * self._behaviour.read_lag_seconds
        known = 0
        while known < len(self._recent) and self._recent[known].time <= oldest:
            known += 1
        del self._recent[:known]

    def _lag(self, recent: _Recent, replica: int) -> float:
        """Seconds until a replica knows a change."""
        if replica not in recent.delays:
            chance = self._chance(f"lag/{recent.name}/{replica}")
            recent.delays[replica] = chance.expovariate(1.0)
        return recent.delays[replica] * self._behaviour.read_lag_seconds

    def _chance(self, name: str) -> Random:
        """What is left to chance, always the same for a seed and a name."""
        return Random(f"{self._behaviour.random_seed}/{name}")  # noqa: S311 - no secret
