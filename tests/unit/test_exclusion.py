from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entra.exclusion import (
    Entries,
    Scope,
    added_by_us,
    is_named,
    live_entries,
    missing,
    plan,
    skip_reason,
)
from entra.policy import Policy
from tests.unit.graph_stub import policy_document

NOTHING = Entries()
FOREIGN = ["f1", "f2", "f3", "GuestsOrExternalUsers", "Dup", "dup"]
OURS = ["our-group", "our-account-1", "our-account-2"]

foreign = st.lists(st.sampled_from(FOREIGN), max_size=5, unique_by=str.casefold).map(tuple)
ours = st.lists(st.sampled_from(OURS), max_size=3, unique=True).map(tuple)
wanted_entries = st.builds(Entries, groups=ours, users=ours)
mixed = st.lists(st.sampled_from(FOREIGN + OURS), max_size=8, unique_by=str.casefold).map(tuple)
live_lists = st.builds(Entries, groups=mixed, users=mixed)


def policy(**document: Any) -> Policy:
    return Policy.from_document(policy_document(**document))


def after(live: Entries, wanted: Entries, ours_before: Entries = NOTHING) -> Entries:
    change = plan(live, wanted, ours_before)
    if change is None:
        return live
    return Entries(
        live.groups if change.exclude_groups is None else change.exclude_groups,
        live.users if change.exclude_users is None else change.exclude_users,
    )


@given(live_lists, wanted_entries)
def test_foreign_entries_stay_in_their_order_and_ours_come_last(
    live: Entries, wanted: Entries
) -> None:
    written = after(live, wanted)
    assert written.groups[: len(live.groups)] == live.groups
    assert written.users[: len(live.users)] == live.users
    assert set(written.groups) == set(live.groups) | set(wanted.groups)
    assert set(written.users) == set(live.users) | set(wanted.users)


@given(live_lists, wanted_entries)
def test_what_is_right_is_not_written_again(live: Entries, wanted: Entries) -> None:
    written = after(live, wanted)
    assert missing(written, wanted) == NOTHING
    assert plan(written, wanted, added_by_us(live, wanted, NOTHING)) is None


@given(live_lists, wanted_entries)
def test_undo_after_do_restores_what_was_there(live: Entries, wanted: Entries) -> None:
    added = added_by_us(live, wanted, NOTHING)
    assert after(after(live, wanted), NOTHING, added) == live


@given(live_lists, wanted_entries, st.data())
def test_undo_keeps_what_others_changed_meanwhile(
    live: Entries, wanted: Entries, data: st.DataObject
) -> None:
    added = added_by_us(live, wanted, NOTHING)
    done = after(live, wanted)
    gone = data.draw(st.sampled_from([*live.groups, "nothing"]))
    come = data.draw(foreign)
    edited_live = tuple(e for e in live.groups if e != gone)
    edited_done = tuple(e for e in done.groups if e != gone)
    new = tuple(e for e in come if e.casefold() not in {x.casefold() for x in edited_live})
    undone = after(Entries((*edited_done, *new), done.users), NOTHING, added)
    assert undone == Entries((*edited_live, *new), live.users)


@given(live_lists, wanted_entries, wanted_entries)
def test_a_changed_wish_leaves_only_what_stood_there_and_the_new_wish(
    live: Entries, first: Entries, second: Entries
) -> None:
    added = added_by_us(live, first, NOTHING)
    written = after(after(live, first), second, added)
    assert set(written.groups) == set(live.groups) | set(second.groups)
    assert set(written.users) == set(live.users) | set(second.users)


def test_an_entry_that_an_administrator_removed_is_ours_again_after_healing() -> None:
    wanted, added = Entries(("our-group",)), Entries(("our-group",))
    live = Entries(("f1",))
    assert plan(live, wanted, added) is not None
    assert added_by_us(live, wanted, added) == wanted


def test_an_entry_that_stood_there_before_us_is_not_recorded_as_added() -> None:
    assert added_by_us(Entries(("G",)), Entries(("g",)), NOTHING) == NOTHING


def test_the_last_entry_is_removed_with_an_explicit_empty_list() -> None:
    change = plan(Entries(("g",)), Entries(), Entries(("g",)))
    assert change is not None
    assert change.exclude_groups == ()
    assert change.exclude_users is None


def test_ids_are_compared_without_regard_to_case() -> None:
    assert plan(Entries(("ABC",)), Entries(("abc",)), NOTHING) is None


def test_doubled_entries_are_no_reason_to_write_but_are_never_sent() -> None:
    assert plan(Entries(("f1", "F1")), Entries(), NOTHING) is None
    change = plan(Entries(("f1", "F1")), Entries(("g",)), NOTHING)
    assert change is not None
    assert change.exclude_groups == ("f1", "g")


def test_literals_and_foreign_users_are_read_as_they_stand() -> None:
    found = policy(users={"excludeUsers": ["GuestsOrExternalUsers", "u"], "excludeGroups": None})
    assert live_entries(found) == Entries((), ("GuestsOrExternalUsers", "u"))


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"users": {"includeUsers": ["None"]}}, "users: None"),
        ({"users": {"includeUsers": []}}, "applies to no users"),
        (
            {
                "users": {"includeUsers": ["None"]},
                "conditions": {"clientApplications": {"includeServicePrincipals": ["all"]}},
            },
            "workload identities",
        ),
        (
            {"conditions": {"clientApplications": {"servicePrincipalFilter": {"mode": "include"}}}},
            "workload identities",
        ),
        (
            {
                "conditions": {
                    "clientApplications": {"includeAgentIdServicePrincipals": ["All"]},
                }
            },
            "agent identities",
        ),
        ({"users": {"includeUsers": ["AllAgentIdUsers"]}}, "agent identities"),
    ],
)
def test_policies_that_cannot_exclude_users_are_skipped_with_the_reason(
    document: dict[str, Any], reason: str
) -> None:
    assert reason in str(skip_reason(policy(**document), scope=Scope.ALL, skip=[]))


def test_a_policy_without_a_users_condition_is_skipped() -> None:
    found = Policy.from_document({"id": "p", "conditions": {"users": None}})
    assert skip_reason(found, scope=Scope.ALL, skip=[]) == "applies to no users"


@pytest.mark.parametrize(
    "users",
    [
        {"includeUsers": ["All"]},
        {"includeUsers": [], "includeGroups": ["g"]},
        {"includeUsers": [], "includeRoles": ["r"]},
        {"includeUsers": ["GuestsOrExternalUsers"]},
        {"includeUsers": [], "includeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "b2b"}},
    ],
)
def test_every_policy_for_people_is_included_in_any_state(users: dict[str, Any]) -> None:
    for state in ("enabled", "disabled", "enabledForReportingButNotEnforced"):
        found = policy(users=users, state=state)
        assert skip_reason(found, scope=Scope.ALL, skip=[]) is None


def test_the_skip_list_takes_ids_and_display_names() -> None:
    found = policy(policy_id="AB-1", name="Break glass: passkeys")
    for entry in ("ab-1", "break glass: passkeys"):
        assert "skip" in str(skip_reason(found, scope=Scope.ALL, skip=[entry]))
    assert skip_reason(found, scope=Scope.ALL, skip=["Break glass"]) is None
    assert is_named(found, ["AB-1"])


@pytest.mark.parametrize(
    ("document", "included"),
    [
        ({"grant": ("mfa",)}, True),
        ({"grant": (), "grantControls": {"authenticationStrength": {"id": "s"}}}, True),
        ({"grant": ("block",)}, False),
        ({"grantControls": None}, False),
    ],
)
def test_mfa_only_means_policies_that_ask_for_mfa(document: dict[str, Any], included: bool) -> None:
    reason = skip_reason(policy(**document), scope=Scope.MFA_ONLY, skip=[])
    assert (reason is None) == included
