from dataclasses import dataclass, field

import pytest

from sandbox.tenant.clock import Clock
from sandbox.tenant.tenant import World
from tests.support.tenant import small_document


@dataclass
class _EveryFiveMinutes:
    """Stands in for alert rules: notes at which virtual time it was run."""

    clock: Clock
    due: float
    runs: list[float] = field(default_factory=list[float])

    def next_due(self) -> float:
        return self.due

    def run_due(self) -> None:
        self.runs.append(self.clock.now())
        self.due += 300


def _world(monkeypatch: pytest.MonkeyPatch) -> tuple[World, _EveryFiveMinutes]:
    world = World(Clock(source=lambda: 1_000_000.0))
    tenant = world.add(small_document())
    rules = _EveryFiveMinutes(world.clock, due=1_000_300.0)
    monkeypatch.setattr(tenant, "alert_rules", rules)
    return world, rules


def test_moving_the_clock_stops_at_every_evaluation_on_the_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, rules = _world(monkeypatch)
    world.advance(1000)
    assert rules.runs == [1_000_300.0, 1_000_600.0, 1_000_900.0]
    assert world.clock.now() == 1_001_000.0


def test_an_evaluation_due_exactly_at_the_end_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    world, rules = _world(monkeypatch)
    world.advance(300)
    assert rules.runs == [1_000_300.0]


def test_a_tick_runs_only_what_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    world, rules = _world(monkeypatch)
    assert world.tick() is False
    world.clock.advance(300)
    assert world.tick() is True
    assert world.tick() is False
    assert len(rules.runs) == 1


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="forward"):
        Clock().advance(-1)


def test_a_world_keeps_a_document_as_it_was() -> None:
    document, same = small_document(), small_document()
    tenant = World(Clock()).add(document)
    tenant.directory.groups[next(iter(tenant.directory.groups))]["members"].clear()
    assert document == same
