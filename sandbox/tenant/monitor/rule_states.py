"""What is remembered of an alert rule from one evaluation to the next, and what it has cost."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from sandbox.tenant.monitor.alert_cost import MONTH_SECONDS, monthly_price


@dataclass
class SeriesState:
    """One time series of a rule. Times are epoch seconds; `active`: fired and not resolved."""

    muted_until: float = 0.0
    active: bool = False
    quiet_runs: int = 0
    fired: float = 0.0
    alert_id: str = ""
    dimensions: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class RuleState:
    """A rule that is enabled. `slot` is when its next run is planned, `due` when it comes.

    `error`: why its last run failed, or None; `failing_since`: since when no run has succeeded.
    `plans`: how many runs have been planned.
    """

    name: str
    created_at: str
    slot: float
    due: float
    error: str | None = None
    failing_since: float | None = None
    plans: int = 0
    series: dict[str, SeriesState] = field(default_factory=dict[str, SeriesState])

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """What `asdict` wrote."""
        state = cls(**document)
        state.series = {key: SeriesState(**found) for key, found in document["series"].items()}
        return state


@dataclass
class Meter:
    """What a rule has done, and what that would have cost, over all the time it was enabled.

    `seconds` of virtual time were counted up to `counted_until`; None while it is not enabled.
    """

    name: str
    frequency: int
    counted_until: float | None
    seconds: float = 0.0
    cost: float = 0.0
    evaluations: int = 0
    firings: int = 0
    failures: int = 0

    def count(self, now: float, *, free: bool = False) -> None:
        """Count the time since it was counted last; `free`: time that Azure does not charge."""
        if self.counted_until is None:
            return
        passed = max(0.0, now - self.counted_until)
        self.counted_until = now
        self.seconds += passed
        if not free:
            self.cost += passed / MONTH_SECONDS * monthly_price(self.frequency)

    def shown(self, rule_id: str) -> dict[str, Any]:
        """The figures of a rule as the control face shows them."""
        return {
            "rule": self.name,
            "ruleId": rule_id,
            "enabled": self.counted_until is not None,
            "evaluations": self.evaluations,
            "firings": self.firings,
            "failures": self.failures,
            "seconds": round(self.seconds, 3),
            "pricePerMonth": monthly_price(self.frequency),
            "cost": round(self.cost, 6),
        }


def documents(items: Mapping[str, "RuleState | Meter"]) -> dict[str, Any]:
    """Plain objects, for a tenant document."""
    return {key: asdict(item) for key, item in items.items()}
