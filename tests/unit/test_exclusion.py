"""What to write into a policy's lists: single cases. For all cases: test_exclusion_properties."""

import pytest

from entra.exclusion import Change, Decision, Entries, decide, live_entries, missing
from entra.policy import Policy
from tests.unit.graph_stub import policy_document

NOTHING = Entries()
GROUP = Entries(("g",))


def test_what_is_missing_comes_behind_what_is_there() -> None:
    found = decide(Entries(("f2", "f1"), ("f3",)), Entries(("g",), ("u",)), NOTHING, NOTHING)
    assert found == Decision(
        Change(("f2", "f1", "g"), ("f3", "u")), added=Entries(("g",), ("u",)), lost=NOTHING
    )


def test_a_list_that_is_right_is_not_sent() -> None:
    change = decide(Entries(("g",), ()), Entries(("g",), ("u",)), NOTHING, NOTHING).change
    assert change == Change(exclude_groups=None, exclude_users=("u",))
    assert decide(GROUP, GROUP, NOTHING, NOTHING).change is None
    assert decide(Entries(("f",)), NOTHING, NOTHING, NOTHING) == Decision(None, NOTHING, NOTHING)


def test_an_entry_that_stood_there_before_us_is_not_ours_and_stays() -> None:
    assert decide(GROUP, GROUP, NOTHING, NOTHING).added == NOTHING
    assert decide(GROUP, NOTHING, NOTHING, NOTHING).change is None


def test_an_entry_that_we_added_stays_ours_and_goes_with_us() -> None:
    assert decide(GROUP, GROUP, GROUP, NOTHING) == Decision(None, added=GROUP, lost=NOTHING)
    live = Entries(("f1", "g", "f2"))
    assert decide(live, NOTHING, GROUP, NOTHING).change == Change(("f1", "f2"), None)


def test_an_entry_of_ours_that_somebody_removed_is_lost_put_back_and_ours_again() -> None:
    found = decide(Entries(("f",)), GROUP, GROUP, NOTHING)
    assert found == Decision(Change(("f", "g"), None), added=GROUP, lost=GROUP)


def test_what_was_never_put_there_is_missing_but_not_lost() -> None:
    assert decide(NOTHING, GROUP, NOTHING, NOTHING).lost == NOTHING
    assert decide(NOTHING, NOTHING, GROUP, NOTHING).lost == NOTHING


def test_an_entry_that_stood_there_before_us_and_was_removed_is_ours_once_we_add_it() -> None:
    """Nobody but us wants it then, so it goes with us."""
    assert decide(NOTHING, GROUP, NOTHING, NOTHING).added == GROUP


def test_a_departing_object_leaves_the_policy_whoever_put_it_there() -> None:
    live, departing = Entries(("g", "f"), ("u", "x")), Entries(("G",), ("u",))
    assert decide(live, NOTHING, NOTHING, departing).change == Change(("f",), ("x",))


def test_a_departing_object_that_is_wanted_stays() -> None:
    assert decide(GROUP, GROUP, GROUP, GROUP) == Decision(None, added=GROUP, lost=NOTHING)


def test_the_last_entry_is_removed_with_an_explicit_empty_list() -> None:
    assert decide(GROUP, NOTHING, GROUP, NOTHING).change == Change((), None)


def test_groups_and_users_are_never_mixed_up() -> None:
    live = Entries(("same",), ("other",))
    found = decide(live, Entries((), ("same",)), Entries(("other",)), NOTHING)
    assert found.change == Change(None, ("other", "same"))


def test_ids_are_compared_without_regard_to_case() -> None:
    upper, lower = Entries(("ABC-1",)), Entries(("abc-1",))
    assert decide(upper, lower, NOTHING, NOTHING) == Decision(None, NOTHING, NOTHING)
    assert decide(upper, NOTHING, lower, NOTHING).change == Change((), None)
    assert decide(upper, NOTHING, NOTHING, lower).change == Change((), None)
    assert decide(upper, lower, lower, NOTHING).lost == NOTHING


def test_foreign_duplicates_and_spellings_are_neither_a_reason_to_write_nor_tidied_up() -> None:
    foreign = ("F1", "f1", "x", "F1")
    assert decide(Entries(foreign), NOTHING, NOTHING, NOTHING).change is None
    assert decide(Entries(foreign), GROUP, NOTHING, NOTHING).change == Change((*foreign, "g"), None)
    done = Entries((*foreign, "g"))
    assert decide(done, NOTHING, GROUP, NOTHING).change == Change(foreign, None)


def test_what_is_wanted_twice_is_written_and_recorded_once() -> None:
    found = decide(NOTHING, Entries(("g", "G")), NOTHING, NOTHING)
    assert found.change == Change(("g",), None)
    assert found.added == GROUP


def test_every_spelling_of_our_entry_goes_with_us() -> None:
    assert decide(Entries(("g", "f", "G")), NOTHING, GROUP, NOTHING).change == Change(("f",), None)


def test_the_literal_for_guests_is_an_entry_like_any_other() -> None:
    users = {"excludeUsers": ["GuestsOrExternalUsers", "x"], "excludeGroups": None}
    live = live_entries(Policy.from_document(policy_document(users=users)))
    assert live == Entries((), ("GuestsOrExternalUsers", "x"))
    change = decide(live, Entries((), ("u",)), NOTHING, NOTHING).change
    assert change == Change(None, ("GuestsOrExternalUsers", "x", "u"))


@pytest.mark.parametrize(
    ("live", "lacking"),
    [
        (NOTHING, Entries(("g",), ("u",))),
        (Entries(("G",)), Entries((), ("u",))),
        (Entries(("u", "g"), ("g", "u")), NOTHING),
    ],
)
def test_missing_is_what_is_wanted_and_not_there(live: Entries, lacking: Entries) -> None:
    assert missing(live, Entries(("g",), ("u",))) == lacking


def test_a_policy_without_lists_excludes_nobody() -> None:
    assert live_entries(Policy.from_document({"id": "p"})) == NOTHING


def test_entries_are_something_when_either_list_is() -> None:
    assert [bool(e) for e in (GROUP, Entries((), ("u",)), NOTHING)] == [True, True, False]
