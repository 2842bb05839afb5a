"""What to write into a policy's lists: what holds for all policies, wishes and edits by others."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from entra.exclusion import Entries, decide, missing
from tests.unit.exclusion_lists import FEW, only, written

NOTHING = Entries()
NEW = ["n1", "n2", "N2"]
FOREIGN = ["F1", "f1", "f2", "f3", "GuestsOrExternalUsers"]
OURS = ["our-group", "our-account-1", "our-account-2"]
SPELLED = [*OURS, "OUR-GROUP", "Our-Account-1"]

Edit = Callable[[tuple[str, ...]], tuple[str, ...]]


def entries_of(ids: list[str], *, unique: bool) -> st.SearchStrategy[Entries]:
    listed = st.lists(st.sampled_from(ids), max_size=6, unique_by=str.casefold if unique else None)
    return st.builds(Entries, groups=listed.map(tuple), users=listed.map(tuple))


lives = entries_of([*FOREIGN, *SPELLED], unique=False)
wishes = entries_of(SPELLED, unique=True)


@st.composite
def foreign_edits(draw: st.DrawFn) -> Edit:
    """An edit by others: it takes out, ours too, reorders, and puts in theirs."""
    gone = draw(st.sets(st.sampled_from([*FOREIGN, *SPELLED])))
    rank = draw(st.permutations([*FOREIGN, *SPELLED, *NEW]))
    come = draw(st.lists(st.sampled_from(NEW), max_size=3))
    first = draw(st.booleans())

    def edit(before: tuple[str, ...]) -> tuple[str, ...]:
        stayed = sorted((entry for entry in before if entry not in gone), key=rank.index)
        return (*come, *stayed) if first else (*stayed, *come)

    return edit


def edited(entries: Entries, edit: Edit) -> Entries:
    return Entries(edit(entries.groups), edit(entries.users))


@FEW
@given(lives, wishes, wishes, wishes)
def test_foreign_entries_stay_byte_for_byte(
    live: Entries, wanted: Entries, added: Entries, departing: Entries
) -> None:
    change = decide(live, wanted, added, departing).change
    concerned = wanted | added | departing
    assert only(written(live, change), outside=concerned) == only(live, outside=concerned)


@FEW
@given(lives, wishes, wishes, wishes)
def test_what_stays_keeps_its_place_and_what_comes_is_last(
    live: Entries, wanted: Entries, added: Entries, departing: Entries
) -> None:
    after = written(live, decide(live, wanted, added, departing).change)
    stays = only(live, outside=(added | departing) - wanted)
    assert after.groups[: len(stays.groups)] == stays.groups
    assert after.users[: len(stays.users)] == stays.users
    assert set(after.groups[len(stays.groups) :]) <= set(wanted.groups)
    assert set(after.users[len(stays.users) :]) <= set(wanted.users)


@FEW
@given(lives, wishes, wishes, wishes)
def test_all_that_is_wanted_is_there_and_nothing_that_leaves(
    live: Entries, wanted: Entries, added: Entries, departing: Entries
) -> None:
    after = written(live, decide(live, wanted, added, departing).change)
    assert missing(after, wanted) == NOTHING
    assert not after & ((added | departing) - wanted)


@FEW
@given(lives, wishes, wishes, wishes)
def test_a_second_time_nothing_is_written_and_the_same_is_ours(
    live: Entries, wanted: Entries, added: Entries, departing: Entries
) -> None:
    first = decide(live, wanted, added, departing)
    second = decide(written(live, first.change), wanted, first.added, departing)
    assert second.change is None
    assert second.added == first.added
    assert not second.lost


@FEW
@given(lives, wishes, wishes, wishes)
def test_only_a_list_that_differs_is_sent(
    live: Entries, wanted: Entries, added: Entries, departing: Entries
) -> None:
    change = decide(live, wanted, added, departing).change
    if change is not None:
        assert change.exclude_groups != live.groups
        assert change.exclude_users != live.users
        assert change.exclude_groups is not None or change.exclude_users is not None


@FEW
@given(lives, wishes, wishes)
def test_ours_is_what_we_put_there_now_or_before_and_lost_what_is_gone_of_it(
    live: Entries, wanted: Entries, added: Entries
) -> None:
    found = decide(live, wanted, added, NOTHING)
    assert not found.added - wanted
    assert not found.added & (live - added)
    assert not wanted - (found.added | live)
    assert not found.lost - (added & wanted)
    assert not found.lost & live
    assert not (added & wanted) - (found.lost | live)


@FEW
@given(lives, st.lists(wishes, min_size=1, max_size=4))
def test_undo_after_any_wishes_leaves_what_was_there(live: Entries, wished: list[Entries]) -> None:
    now, added = live, NOTHING
    for wanted in [*wished, NOTHING]:
        found = decide(now, wanted, added, NOTHING)
        now, added = written(now, found.change), found.added
    assert now == live
    assert added == NOTHING


@FEW
@given(lives, st.lists(st.tuples(wishes, foreign_edits()), min_size=1, max_size=3))
def test_undo_leaves_what_others_alone_would_have_made_of_it(
    live: Entries, runs: list[tuple[Entries, Edit]]
) -> None:
    now, theirs, added = live, live, NOTHING
    for wanted, edit in runs:
        found = decide(now, wanted, added, NOTHING)
        now, added = edited(written(now, found.change), edit), found.added
        theirs = edited(theirs, edit)
    assert written(now, decide(now, NOTHING, added, NOTHING).change) == theirs


@FEW
@given(lives, wishes, st.data())
def test_healing_restores_exactly_what_others_took_out(
    live: Entries, wanted: Entries, data: st.DataObject
) -> None:
    first = decide(live, wanted, NOTHING, NOTHING)
    ours = [*first.added.groups, *first.added.users]
    taken = tuple(data.draw(st.lists(st.sampled_from(ours), unique=True))) if ours else ()
    drifted = only(written(live, first.change), outside=Entries(taken, taken))
    healed = decide(drifted, wanted, first.added, NOTHING)
    gone = first.added - drifted
    assert healed.lost == gone
    assert not gone - healed.added
    assert missing(written(drifted, healed.change), wanted) == NOTHING


@FEW
@given(lives, wishes, wishes)
def test_the_spelling_of_our_ids_makes_no_difference(
    live: Entries, wanted: Entries, added: Entries
) -> None:
    def shouted(entries: Entries) -> Entries:
        return Entries(
            tuple(entry.upper() for entry in entries.groups),
            tuple(entry.upper() for entry in entries.users),
        )

    plain = decide(live, wanted, added, NOTHING)
    loud = decide(live, shouted(wanted), shouted(added), NOTHING)
    assert shouted(written(live, loud.change)) == shouted(written(live, plain.change))
    assert (plain.change is None) == (loud.change is None)
    assert shouted(loud.added) == shouted(plain.added)
