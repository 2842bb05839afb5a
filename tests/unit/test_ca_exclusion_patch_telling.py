"""What the administrator reads: in a preview what will happen, once, by display name."""

from typing import Any

import pytest

from components import exclusion_telling as telling
from entra.policy import Policy
from tests.unit.exclusion_program import (
    ACCOUNT,
    EXCLUDE,
    GROUP,
    NO_USERS,
    NOT_OWNED,
    NOTHING,
    OURS,
    WORKLOAD,
    Reader,
    arguments,
    excluded,
    known,
    outcome,
    policy,
    run,
)
from tests.unit.graph_stub import policy_document

OLD = {"u-2": "account old@contoso.onmicrosoft.com"}


def test_what_is_excluded_already_is_neither_pending_nor_told() -> None:
    seen = run(arguments([excluded("p1")]))
    assert seen.messages == []


@pytest.mark.parametrize("preview", [True, False])
def test_each_policy_to_write_is_told_in_one_line_and_all_of_them_in_another(preview: bool) -> None:
    half = policy("p2", "Block", users={"excludeGroups": [GROUP]})
    seen = run(arguments([excluded("p1"), half]), preview=preview)
    assert seen.said("info") == [
        "Block (p2): exclude account x@contoso.onmicrosoft.com",
        "1 Conditional Access policy to write: 3 requests with the check at the end, about 3 s"
        " (Microsoft takes one a second)",
    ]
    assert seen.said("warning") == []


def test_the_longest_run_is_told_in_minutes() -> None:
    told = telling.summary(195, 0)
    assert told is not None
    assert "195 Conditional Access policies to write: 213 requests" in told
    assert "about 4 minutes" in told


def test_twenty_writes_read_each_policy_and_more_share_a_listing_which_is_told() -> None:
    twenty = run(arguments([policy(f"p{number}") for number in range(20)]), preview=True)
    (told,) = [line for line in twenty.said("info") if "to write" in line]
    assert "20 Conditional Access policies to write: 41 requests" in told
    assert "listing" not in told
    many = run(arguments([policy(f"p{number}") for number in range(24)]), preview=True)
    (told,) = [line for line in many.said("info") if "to write" in line]
    assert "24 Conditional Access policies to write: 27 requests" in told
    assert "about 27 s" in told
    assert "a listing of at most 15 s serves for each dozen, instead of a read before" in told
    assert "freshnessSeconds" in told
    assert len(many.said("info")) == 25


def test_an_age_that_was_set_is_not_announced() -> None:
    policies = [policy(f"p{number}") for number in range(24)]
    seen = run(arguments(policies, freshness_seconds=15), preview=True)
    (told,) = [line for line in seen.said("info") if "to write" in line]
    assert "24 Conditional Access policies to write: 27 requests" in told
    assert "listing" not in told


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Evil\x1b[2K\rnothing to do", r"Evil\x1b[2K\rnothing to do"),
        ("Two\nlines", r"Two\nlines"),
        ("\u202eesrever", r"\u202eesrever"),
        ("Größe “all” 👩‍💻 ' \" €", "Größe “all” 👩‍💻 ' \" €"),
        ("", "(no name)"),
    ],
)
def test_a_name_cannot_disturb_the_terminal_neither_told_nor_printed_by_the_engine(
    name: str, shown: str
) -> None:
    policies = [policy("p1", name), policy("p2", name, **WORKLOAD)]
    seen = run(arguments(policies), preview=True)
    assert seen.said("info")[0] == f"{shown} (p1): {EXCLUDE}"
    assert seen.named("exclusion-p1").inputs["policyName"] == shown
    assert [entry["name"] for entry in outcome(seen)["excluded"]] == [shown]
    assert [entry["name"] for entry in outcome(seen)["skipped"]] == [shown]


def test_the_name_of_a_group_cannot_disturb_the_terminal_either() -> None:
    seen = run(arguments([policy("p1")], group_names=["BTG\x1b[2K\u202e"]), preview=True)
    shown = r"group BTG\x1b[2K\u202e"
    assert seen.said("info")[0].startswith(f"MFA (p1): exclude {shown}, ")
    inputs = seen.named("exclusion-p1").inputs
    assert inputs["pending"][0] == f"exclude {shown}"
    assert inputs["labels"][GROUP] == shown


def test_what_is_taken_away_is_told_by_the_name_it_had() -> None:
    added = {"groups": [GROUP], "users": [ACCOUNT, "u-2"]}
    live = excluded("p1", users={"excludeUsers": [ACCOUNT, "u-2"]})
    seen = run(arguments([live]), state=known("p1", added=added, labels=OLD))
    assert seen.said("info")[0] == "MFA (p1): stop excluding account old@contoso.onmicrosoft.com"
    assert "1 Conditional Access policy to write" in seen.said("info")[1]


def test_what_stands_no_longer_there_is_not_told_as_taken_away() -> None:
    wanted = {"groups": [GROUP], "users": [ACCOUNT, "u-2"]}
    gone = known("p1", wanted=OURS, added=wanted, labels=OLD)
    assert run(arguments([excluded("p1")]), state=gone).said("info") == []


@pytest.mark.parametrize("owned", [True, False])
def test_a_retired_account_that_stood_there_before_us_leaves_with_the_stacks_own(
    owned: bool,
) -> None:
    live = excluded("p1", users={"excludeUsers": [ACCOUNT, "u-2"]})
    both = {"groups": [GROUP], "users": [ACCOUNT, "u-2"]}
    state = known("p1", stackObjects=both if owned else NOTHING, added=NOTHING, labels=OLD)
    seen = run(arguments([live], **({} if owned else NOT_OWNED)), state=state)
    told = [line for line in seen.said("info") if "stop excluding" in line]
    assert told == (
        ["MFA (p1): stop excluding account old@contoso.onmicrosoft.com"] if owned else []
    )


def test_objects_that_are_no_longer_the_stacks_own_leave_a_policy_that_is_skipped_now() -> None:
    state = known("p1", added=NOTHING, labels={GROUP: "group BTG Admins"})
    args = arguments([excluded("p1")], **NOT_OWNED, skip=["p1"])
    told = run(args, state=state).said("info")[0]
    assert told == f"MFA (p1): stop excluding group BTG Admins, stop excluding {ACCOUNT}"


@pytest.mark.parametrize("ours", [True, False])
def test_accounts_that_are_no_longer_excluded_leave_only_where_we_put_them(ours: bool) -> None:
    labels = {ACCOUNT: "account x@contoso.onmicrosoft.com"}
    added = OURS if ours else {"groups": [GROUP], "users": []}
    state = known("p1", added=added, labels=labels)
    seen = run(arguments([excluded("p1")], **NO_USERS), state=state)
    told = [line for line in seen.said("info") if "p1" in line]
    assert told == (["MFA (p1): stop excluding account x@contoso.onmicrosoft.com"] if ours else [])


def test_a_retired_account_that_was_not_excluded_by_us_leaves_and_is_told_by_its_name() -> None:
    live = policy("p1", users={"excludeGroups": [GROUP], "excludeUsers": ["u-2"]})
    only = {"groups": [GROUP], "users": []}
    both = {"groups": [GROUP], "users": [ACCOUNT, "u-2"]}
    state = known("p1", wanted=only, added=only, stackObjects=both, labels=OLD)
    told = run(arguments([live], **NO_USERS), state=state).said("info")[0]
    assert told == "MFA (p1): stop excluding account old@contoso.onmicrosoft.com"


def test_a_tenant_without_policies_is_fine_and_said() -> None:
    seen = run(arguments([]), preview=True)
    assert seen.said("info") == ["the tenant has no Conditional Access policy to be excluded from"]
    assert seen.said("warning") == []


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize(
    ("policies", "also"),
    [
        (0, ""),
        (1, "its policy is excluded from all the same, for the day when they are switched on"),
        (2, "its 2 policies are excluded from all the same, for the day when they are switched on"),
    ],
)
def test_security_defaults_are_told_with_what_they_mean(
    policies: int, also: str, preview: bool
) -> None:
    listed = [excluded(f"p{number}") for number in range(policies)]
    seen = run(arguments(listed, security_defaults=True), preview=preview)
    (told,) = seen.said("warning")
    assert "security defaults are on" in told
    assert "nothing to be excluded from" in told
    assert "every administrator is asked for MFA" in told
    assert "register a passkey" in told
    assert told.endswith(also or "for each")


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize(
    ("skip", "expected"),
    [
        (["Mispelt"], ["exclusion skip: no policy has the id or name 'Mispelt'"]),
        (
            ["Same"],
            [
                "exclusion skip: 'Same' names 2 policies, and all of them are left alone: p1, p2;"
                " name one by its id to leave only that one alone"
            ],
        ),
        (["p1", "Other"], []),
    ],
)
def test_a_skip_entry_that_means_no_policy_or_several_is_told(
    skip: list[str], expected: list[str], preview: bool
) -> None:
    policies = [policy("p1", "Same"), policy("p2", "Same"), policy("p3", "Other")]
    seen = run(arguments(policies, skip=skip), preview=preview)
    assert seen.said("warning") == expected


class Healing(Reader):
    """What its first listing shows lost is put back by the run."""

    def list_policies(self) -> list[Policy]:
        found = super().list_policies()
        self.policies = {p.id: excluded(p.id, p.display_name) for p in found}
        return found


@pytest.mark.parametrize("preview", [True, False])
def test_nothing_is_told_twice_within_a_run(preview: bool) -> None:
    changes: dict[str, Any] = {"security_defaults": True, "skip": ["Mispelt", "Same name"]}
    policies = [policy("p1", "Same name"), policy("p2", "Same name"), policy("p3"), policy("p4")]
    seen = run(
        arguments(policies, Healing(*policies), **changes), state=known("p3"), preview=preview
    )
    texts = [text for _, text in seen.messages]
    assert len(texts) == len(set(texts)) == 6


def test_a_policy_without_conditions_is_told_and_disturbs_no_other() -> None:
    riddle = Policy.from_document({**policy_document("p9", "Odd\n"), "conditions": None})
    seen = run(arguments([policy("p1"), riddle], Reader(excluded("p1"), riddle)))
    (warning,) = seen.said("warning")
    assert warning.startswith(r"Odd\n (p9): the service does not tell whom this policy applies to")
    assert "Entra admin centre" in warning
    (skipped,) = outcome(seen)["skipped"]
    assert skipped["reason"] == "the service does not tell whom it applies to"
    assert seen.named("exclusion-p1").inputs["wanted"] == OURS
    assert outcome(seen)["verified"] is True


def test_a_policy_of_unknown_state_is_excluded_from() -> None:
    stateless = Policy.from_document({**policy_document("p1", "MFA"), "state": None})
    assert run(arguments([stateless])).named("exclusion-p1").inputs["wanted"] == OURS
