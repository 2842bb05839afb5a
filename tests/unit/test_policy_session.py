"""On what a write may rest: how old a listing may be, who else wrote, in virtual time."""

from collections.abc import Callable
from math import ceil
from pathlib import Path

import pytest

from components.policy_session import LONGEST_WAIT_SECONDS
from entra.errors import GraphError, OutdatedRead
from entra.exclusion import Change, Entries, live_entries
from entra.permissions import WRITE_POLICIES
from entra.write_turn import WriteTurn
from tests.unit.policy_scene import FRESH, SECONDS_A_REQUEST, Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.mark.parametrize("count", [21, 64, 195])
def test_a_listing_serves_each_dozen_of_writes(tmp_path: Path, count: int) -> None:
    scene = Scene(tmp_path, count)
    for policy_id in list(scene.tenant.policies):
        scene.write(policy_id)
    assert scene.tenant.calls.count("LIST") <= ceil(count / 12)
    assert len(scene.tenant.calls) <= count + ceil(count / 12)


def test_without_freshness_each_policy_is_read_by_itself(scene: Scene) -> None:
    scene.write("p0", 0)
    scene.write("p1", 0)
    assert scene.tenant.calls == ["GET p0", "PATCH p0", "GET p1", "PATCH p1"]


def test_the_age_of_a_listing_counts_from_before_it_was_asked_for(scene: Scene) -> None:
    scene.read("p0")
    scene.clock.now += FRESH - SECONDS_A_REQUEST
    scene.read("p1")
    assert scene.tenant.calls == ["LIST"]
    scene.clock.now += 0.1
    scene.read("p1")
    assert scene.tenant.calls == ["LIST", "LIST"]


def test_a_listing_knows_what_we_wrote_since(scene: Scene) -> None:
    scene.write("p0", group="g")
    scene.write("p0", group="h")
    assert scene.tenant.calls == ["LIST", "PATCH p0", "PATCH p0"]
    assert scene.tenant.policies["p0"].exclude_groups == ("g", "h")


def test_a_listing_is_void_once_another_process_wrote(scene: Scene) -> None:
    scene.read("p0")
    other = scene.another("theirs")
    reading = other.read_for_write("p1", 0, Entries())
    assert reading is not None
    other.write(reading, Change(("theirs",), None))
    scene.write("p1", group="ours")
    assert scene.tenant.calls == ["LIST", "GET p1", "PATCH p1", "LIST", "PATCH p1"]
    assert scene.tenant.policies["p1"].exclude_groups == ("theirs", "ours")


def test_a_write_of_which_nothing_is_known_voids_the_policys_place_in_the_listing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = scene.read("p0")

    def lost(*_: object, **__: object) -> None:
        raise GraphError(0, "cut off", "", "PATCH", "p0")

    with monkeypatch.context() as patch:
        patch.setattr(scene.tenant, "write_exclusions", lost)
        with pytest.raises(GraphError):
            scene.session.write(reading, Change(("g",), None))
    scene.read("p0")
    scene.read("p1")
    assert scene.tenant.calls == ["LIST", "GET p0"]


def test_a_policy_that_the_listing_lacks_is_asked_for_by_itself(scene: Scene) -> None:
    scene.read("p0")
    scene.tenant.edit("new", ())
    assert scene.read("new").policy.id == "new"
    assert scene.tenant.calls == ["LIST", "GET new"]


def test_a_listing_that_lacks_what_we_want_to_take_out_is_doubted(scene: Scene) -> None:
    scene.read("p0")
    scene.tenant.edit("p0", ("g",))
    ours = Entries(("g",))
    assert live_entries(scene.read("p0", ours=ours).policy) == ours
    assert scene.tenant.calls == ["LIST", "GET p0"]


def test_a_listing_with_something_that_is_no_policy_leaves_the_others_to_be_read(
    scene: Scene,
) -> None:
    scene.tenant.listing_error = GraphError(200, "not a policy", "p9", "GET", "policies")
    assert scene.read("p0").policy.id == "p0"
    scene.tenant.listing_error = GraphError(403, "AccessDenied", "no", "GET", "policies")
    with pytest.raises(GraphError):
        scene.read("p0")


def test_the_listing_of_a_refresh_is_no_ground_for_a_write(scene: Scene) -> None:
    scene.session.listed("p0")
    scene.tenant.edit("p0", ("foreign",))
    scene.write("p0")
    assert scene.tenant.calls == ["LIST", "LIST", "PATCH p0"]
    assert scene.tenant.policies["p0"].exclude_groups == ("foreign", "g")


@pytest.mark.parametrize("freshness", [0, FRESH])
def test_a_write_that_waited_too_long_for_its_turn_is_not_sent(
    scene: Scene, freshness: float
) -> None:
    reading = scene.read("p0", freshness)
    scene.tenant.waits = [LONGEST_WAIT_SECONDS + 0.1]
    with pytest.raises(OutdatedRead):
        scene.session.write(reading, Change(("g",), None))
    assert not any(call.startswith("PATCH") for call in scene.tenant.calls)


def test_others_know_of_a_write_before_it_is_made(scene: Scene) -> None:
    reading, known = scene.read("p0"), []
    other = WriteTurn("t", folder=scene.folder, writer="theirs", clock=scene.clock)
    before = scene.clock() - 10
    patched = scene.tenant.write_exclusions

    def watched(policy_id: str, change: Change, *, in_time: Callable[[], bool]) -> None:
        known.append(other.others_wrote_since(before))
        patched(policy_id, change, in_time=in_time)

    scene.tenant.write_exclusions = watched
    scene.session.write(reading, Change(("g",), None))
    assert known == [True]


def test_who_wrote_once_or_has_the_permissions_may_write(scene: Scene) -> None:
    assert not scene.session.may_write()
    scene.claims["roles"] = list(WRITE_POLICIES[:2])
    assert not scene.session.may_write()
    scene.claims["roles"] = list(WRITE_POLICIES)
    assert scene.session.may_write()
    scene.claims["roles"] = None
    scene.write("p0")
    assert scene.session.may_write()
