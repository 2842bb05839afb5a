"""On what a write may rest: how old a listing may be, who else wrote, in virtual time."""

from collections.abc import Callable
from math import ceil
from pathlib import Path

import pytest

from components.policy_session import LONGEST_WAIT_SECONDS
from entra.errors import GraphError, OutdatedRead
from entra.exclusion import Change, Entries, live_entries
from entra.permissions import WRITE_POLICIES
from entra.write_turn import WriteTurn, Written
from tests.unit.policy_scene import FRESH, SECONDS_A_REQUEST, SECONDS_A_TURN, Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def requests_of_all_writes(folder: Path, count: int, seconds: float) -> int:
    scene = Scene(folder, count, seconds)
    for policy_id in list(scene.tenant.policies):
        scene.write(policy_id)
    assert len(scene.tenant.calls) == count + scene.tenant.calls.count("LIST")
    return len(scene.tenant.calls)


@pytest.mark.parametrize("seconds", [1.0, 1.1, 1.25])
@pytest.mark.parametrize("count", [21, 64, 195])
def test_a_listing_serves_each_dozen_of_writes(tmp_path: Path, count: int, seconds: float) -> None:
    assert requests_of_all_writes(tmp_path, count, seconds) <= count + ceil(count / 12)


def test_a_slow_service_costs_a_full_tenant_one_listing_more(tmp_path: Path) -> None:
    assert requests_of_all_writes(tmp_path, 195, 1.4) == 195 + ceil(195 / 12) + 1


def test_without_freshness_each_policy_is_read_by_itself(scene: Scene) -> None:
    scene.write("p0", 0)
    scene.write("p1", 0)
    assert scene.tenant.calls == ["GET p0", "PATCH p0", "GET p1", "PATCH p1"]


def test_the_age_of_a_listing_counts_from_the_moment_its_request_was_sent(scene: Scene) -> None:
    scene.read("p0")
    scene.clock.now += FRESH - (SECONDS_A_REQUEST - SECONDS_A_TURN)
    scene.read("p1")
    assert scene.tenant.calls == ["LIST"]
    scene.clock.now += 0.1
    scene.read("p1")
    assert scene.tenant.calls == ["LIST", "LIST"]


def test_what_was_written_since_a_listing_is_asked_for_by_itself(scene: Scene) -> None:
    scene.write("p0", group="g")
    scene.write("p0", group="h")
    assert scene.tenant.calls == ["LIST", "PATCH p0", "GET p0", "PATCH p0"]
    assert scene.tenant.policies["p0"].exclude_groups == ("g", "h")


def test_a_listing_serves_but_for_the_policies_that_another_process_wrote(scene: Scene) -> None:
    scene.read("p0")
    other = scene.another()
    reading = other.read_for_write("p1", 0, Entries())
    assert reading is not None
    other.write(reading, Change(("theirs",), None))
    scene.write("p1", group="ours")
    scene.write("p2", group="ours")
    assert scene.tenant.calls[-3:] == ["GET p1", "PATCH p1", "PATCH p2"]
    assert scene.tenant.calls.count("LIST") == 1
    assert scene.tenant.policies["p1"].exclude_groups == ("theirs", "ours")


@pytest.mark.parametrize("freshness", [0, FRESH])
@pytest.mark.parametrize("replies", [1, 3, 8])
def test_a_read_that_does_not_know_another_process_s_write_is_made_again(
    scene: Scene, freshness: float, replies: int
) -> None:
    old = scene.tenant.policies["p0"]
    other = scene.another()
    reading = other.read_for_write("p0", 0, Entries())
    assert reading is not None
    other.write(reading, Change(("theirs",), None))
    listing = dict(scene.tenant.policies)
    scene.tenant.policies["p0"] = old
    scene.read("p1", FRESH)
    scene.tenant.policies.update(listing)
    scene.tenant.stale = [old] * replies
    scene.write("p0", freshness, group="ours")
    assert scene.tenant.policies["p0"].exclude_groups == ("theirs", "ours")
    assert not scene.tenant.stale


def test_a_read_that_shows_what_another_stack_took_out_is_made_again(scene: Scene) -> None:
    scene.tenant.edit("p0", ("departed",))
    old = scene.tenant.policies["p0"]
    other = scene.another()
    reading = other.read_for_write("p0", 0, Entries())
    assert reading is not None
    other.write(reading, Change((), None))
    scene.tenant.stale = [old] * 4
    scene.write("p0", 0)
    assert scene.tenant.policies["p0"].exclude_groups == ("g",)


def test_a_replica_that_stays_behind_for_good_is_believed_at_last(scene: Scene) -> None:
    old = scene.tenant.policies["p0"]
    scene.write("p0", 0)
    scene.tenant.stale = [old] * 99
    scene.tenant.calls.clear()
    assert scene.read("p0", 0).policy == old
    assert scene.tenant.calls == ["GET p0"] * 9


@pytest.mark.parametrize("left", [(), ("g", "by hand")])
def test_an_administrators_edit_after_our_write_is_believed_at_once(
    scene: Scene, left: tuple[str, ...]
) -> None:
    scene.write("p0", 0)
    scene.clock.now += 2
    scene.tenant.edit("p0", left)
    scene.tenant.calls.clear()
    reading = scene.read("p0", 0, ours=Entries(("g",)))
    assert reading.policy.exclude_groups == left
    assert scene.tenant.calls == ["GET p0"]


def test_what_was_written_long_ago_is_doubted_only_for_what_is_ours(scene: Scene) -> None:
    old = scene.tenant.policies["p0"]
    scene.write("p0", 0)
    scene.clock.now += 31
    scene.tenant.stale = [old] * 9
    scene.tenant.calls.clear()
    scene.read("p0", 0)
    assert scene.tenant.calls == ["GET p0"]
    scene.read("p0", 0, ours=Entries(("g",)))
    assert scene.tenant.calls == ["GET p0"] * 3


def test_what_somebody_took_out_long_ago_costs_an_undo_one_request_more(tmp_path: Path) -> None:
    scene = Scene(tmp_path, 12)
    for policy_id in list(scene.tenant.policies):
        scene.read(policy_id, 0, ours=Entries(("g",)))
    assert len(scene.tenant.calls) == 24
    scene.tenant.calls.clear()
    for policy_id in list(scene.tenant.policies):
        scene.read(policy_id, FRESH, ours=Entries(("g",)))
    assert len(scene.tenant.calls) == 12 + 1


def test_a_write_of_which_nothing_is_known_is_looked_for(scene: Scene) -> None:
    reading = scene.read("p0")
    scene.tenant.in_doubt = [GraphError(0, "cut off", "", "PATCH", "p0")]
    with pytest.raises(GraphError):
        scene.session.write(reading, Change(("g",), None))
    scene.tenant.stale = [reading.policy] * 2
    scene.tenant.calls.clear()
    assert scene.read("p0").policy.exclude_groups == ("g",)
    assert scene.tenant.calls == ["GET p0"] * 3


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
    other = WriteTurn("t", folder=scene.folder, clock=scene.clock)
    patched = scene.tenant.write_exclusions

    def watched(policy_id: str, change: Change, *, in_time: Callable[[], bool]) -> None:
        known.append(other.last_written(policy_id))
        patched(policy_id, change, in_time=in_time)

    scene.tenant.write_exclusions = watched
    scene.session.write(reading, Change(("g",), None))
    assert known == [Written(Entries(("g",)), reading.policy.modified)]


def test_who_wrote_once_or_has_the_permissions_may_write(scene: Scene) -> None:
    assert not scene.session.may_write()
    scene.claims["roles"] = list(WRITE_POLICIES[:2])
    assert not scene.session.may_write()
    assert scene.session.lacking_permissions() == list(WRITE_POLICIES[2:])
    scene.claims["roles"] = list(WRITE_POLICIES)
    assert scene.session.may_write()
    scene.claims["roles"] = None
    scene.write("p0")
    assert scene.session.may_write()
