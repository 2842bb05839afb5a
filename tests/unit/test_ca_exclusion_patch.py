"""The children of `CaExclusionPatch`: which there are, what they want, what they wait for."""

from typing import Any

import pulumi
import pytest

from components.ca_exclusion_patch import CaExclusionPatch, CaExclusionPatchArgs
from components.policy_exclusion import TYPE
from components.stack_memory import READ_OUTPUTS
from tests.unit.exclusion_program import (
    ACCOUNT,
    GROUP,
    NO_USERS,
    NOT_OWNED,
    NOTHING,
    OURS,
    OWNED,
    TENANT,
    WORKLOAD,
    Given,
    Reader,
    arguments,
    excluded,
    known,
    outcome,
    policy,
    run,
)
from tests.unit.harness import UNKNOWN, Recording, run_program


class Made(pulumi.CustomResource):
    """A group that this run makes."""

    objectId: pulumi.Output[str]  # noqa: N815

    def __init__(self) -> None:
        super().__init__("azuread:index/group:Group", "group", {"objectId": None})


def test_every_policy_has_a_child_named_after_its_id() -> None:
    seen = run(arguments([policy("p1", "Same name"), policy("p2", "Same name")]))
    assert [child.name for child in seen.of_type(TYPE)] == ["exclusion-p1", "exclusion-p2"]
    child = seen.named("exclusion-p1")
    assert child.parent_name == "exclusion"
    inputs = {key: value for key, value in child.inputs.items() if key != "__provider"}
    assert inputs == {
        "tenantId": TENANT,
        "policyId": "p1",
        "policyName": "Same name",
        "wanted": OURS,
        "stackObjects": OURS,
        "labels": {GROUP: "group BTG Admins", ACCOUNT: "account x@contoso.onmicrosoft.com"},
        "reason": "",
        "pending": ["exclude group BTG Admins", "exclude account x@contoso.onmicrosoft.com"],
        "freshnessSeconds": 0,
        "decidedUnder": {"scope": "all", "skip": [], "revision": 1},
        "stack": "break-glass/unit/exclusion",
    }
    assert not child.secret_inputs


def test_a_renamed_policy_keeps_its_child() -> None:
    seen = run(arguments([excluded("p1", "New name")]), state=known("p1", policyName="Old name"))
    assert seen.one(TYPE).name == "exclusion-p1"
    assert seen.one(TYPE).inputs["policyName"] == "New name"


@pytest.mark.parametrize("state", ["enabled", "disabled", "enabledForReportingButNotEnforced"])
def test_a_policy_is_excluded_from_in_any_state(state: str) -> None:
    seen = run(arguments([policy("p1", state=state)]))
    assert seen.one(TYPE).inputs["wanted"] == OURS


def test_a_tenant_full_of_policies_has_a_child_for_each_and_is_listed_once() -> None:
    policies = [policy(f"p{number}", f"Policy {number}") for number in range(48)]
    reader = Reader(*(excluded(p.id, p.display_name) for p in policies))
    seen = run(arguments(policies, reader))
    assert len(seen.of_type(TYPE)) == 48
    assert len(outcome(seen)["excluded"]) == 48
    assert (reader.listings, reader.asked) == (1, [])


def test_a_policy_that_two_pages_of_the_listing_show_has_one_child() -> None:
    assert len(run(arguments([policy("p1"), policy("p1")])).of_type(TYPE)) == 1


def test_before_the_group_exists_the_preview_says_what_will_be_excluded() -> None:
    def program() -> CaExclusionPatch:
        made = Made()
        changes: dict[str, Any] = {
            "group_ids": [made.objectId],
            "user_ids": [made.id],
            "user_names": [made.id],
        }
        return arguments([policy("p1", "Block")], **changes).make()

    seen = run_program(program, preview=True)
    child = seen.one(TYPE)
    assert child.inputs["pending"] == ["exclude group BTG Admins", "exclude account 1"]
    assert child.inputs["freshnessSeconds"] == 0
    assert seen.said("info")[0] == "Block (p1): exclude group BTG Admins, exclude account 1"
    assert seen.waits_for(child, seen.named("group"))


def test_the_exclusions_depend_on_the_objects_they_name() -> None:
    """So they are made after them, and on the way out they leave before them."""

    def program() -> CaExclusionPatch:
        return arguments([policy("p1"), policy("p2")], Reader(), group_ids=[Made().id]).make()

    seen = run_program(program)
    for child in seen.of_type(TYPE):
        assert seen.waits_for(child, seen.named("group"))


def test_what_comes_after_the_proof_waits_for_every_child() -> None:
    def program() -> None:
        exclusion = arguments([policy("p1"), policy("p2")]).make()
        pulumi.CustomResource("test:index:Role", "role", {"after": exclusion.verified})

    seen = run_program(program)
    for child in seen.of_type(TYPE):
        assert seen.waits_for(seen.named("role"), child)


def test_a_skipped_policy_keeps_its_child_with_a_reason_and_nothing_wanted() -> None:
    seen = run(arguments([policy("p1", "Workloads", **WORKLOAD)], skip=["p1"]))
    child = seen.one(TYPE)
    assert child.inputs["wanted"] == NOTHING
    assert child.inputs["stackObjects"] == OURS
    assert child.inputs["pending"] == []
    assert "skip" in child.inputs["reason"]


@pytest.mark.parametrize("owned", [True, False])
def test_only_a_stack_that_deletes_the_objects_takes_them_out_whoever_put_them_there(
    owned: bool,
) -> None:
    seen = run(arguments([policy("p1")], **(OWNED if owned else NOT_OWNED)))
    assert seen.one(TYPE).inputs["stackObjects"] == (OURS if owned else NOTHING)
    assert seen.one(TYPE).inputs["wanted"] == OURS


def test_accounts_that_are_not_excluded_go_away_with_the_stack_all_the_same() -> None:
    seen = run(arguments([policy("p1")], **NO_USERS))
    child = seen.one(TYPE)
    assert child.inputs["wanted"] == {"groups": [GROUP], "users": []}
    assert child.inputs["stackObjects"] == OURS
    assert child.inputs["labels"][ACCOUNT] == "account x@contoso.onmicrosoft.com"
    assert child.inputs["pending"] == ["exclude group BTG Admins"]
    assert outcome(seen)["wanted"] == {"groups": [GROUP], "users": []}


def test_the_exclusions_leave_before_accounts_that_they_do_not_name() -> None:
    def program() -> CaExclusionPatch:
        changes: dict[str, Any] = NO_USERS | {"owned_user_ids": [Made().id]}
        return arguments([policy("p1")], Reader(), **changes).make()

    seen = run_program(program)
    assert seen.waits_for(seen.one(TYPE), seen.named("group"))


def test_a_parked_policy_keeps_our_entries_without_a_write() -> None:
    parked = excluded("p1", users={"includeUsers": ["None"]})
    wanted = {"groups": [GROUP, "g-gone"], "users": [ACCOUNT]}
    seen = run(arguments([parked]), state=known("p1", wanted=wanted, added=OURS))
    child = seen.one(TYPE)
    assert child.inputs["wanted"] == OURS
    assert child.inputs["pending"] == []
    assert child.inputs["reason"].startswith("applies to no users")


def test_a_parked_policy_that_loses_our_entries_gets_them_back() -> None:
    """Its owner can turn it on again at any moment."""
    parked = policy("p1", users={"includeUsers": ["None"], "excludeGroups": [GROUP]})
    seen = run(arguments([parked], Reader(parked)), state=known("p1"))
    assert seen.one(TYPE).inputs["pending"] == ["exclude account x@contoso.onmicrosoft.com"]


def test_outputs_tell_which_policies_are_excluded_and_why_others_are_not() -> None:
    seen = run(arguments([policy("p1", "MFA"), policy("p2", "Workloads", **WORKLOAD)]))
    assert outcome(seen)["excluded"] == [{"id": "p1", "name": "MFA"}]
    (skipped,) = outcome(seen)["skipped"]
    assert (skipped["id"], skipped["name"]) == ("p2", "Workloads")
    assert "workload identities" in skipped["reason"]
    assert outcome(seen)["verified"] is True


def test_mfa_only_leaves_policies_that_ask_for_something_else() -> None:
    seen = run(arguments([policy("p1"), policy("p2", grant=("block",))], scope="mfa-only"))
    assert seen.named("exclusion-p1").inputs["reason"] == ""
    assert "mfa-only" in seen.named("exclusion-p2").inputs["reason"]


def test_an_unknown_scope_is_one_line() -> None:
    seen = run(arguments([], scope="some"), expect_error=True)
    assert str(seen.error) == "exclusion scope is 'some': expected all or mfa-only"


def test_accounts_can_be_left_to_the_group() -> None:
    args = arguments([policy("p1", users={"excludeGroups": [GROUP]})], user_ids=[], user_names=[])
    seen = run(args)
    assert seen.one(TYPE).inputs["wanted"] == {"groups": [GROUP], "users": []}
    assert seen.one(TYPE).inputs["pending"] == []


def test_protection_is_the_callers_and_every_child_inherits_it() -> None:
    for protect in (True, False):
        opts = pulumi.ResourceOptions(protect=protect)
        seen = run(arguments([policy("p1"), policy("p2", **WORKLOAD)]), opts)
        assert [seen.is_protected(child) for child in seen.of_type(TYPE)] == [protect] * 2


@pytest.mark.parametrize(
    ("writes", "setting", "expected"), [(20, 0, 0), (21, 0, 15), (1, 5, 5), (40, 7, 7), (0, 0, 0)]
)
def test_a_listing_serves_for_many_writes_or_when_it_is_set(
    writes: int, setting: int, expected: int
) -> None:
    lacking = [policy(f"p{number}") for number in range(writes)]
    seen = run(arguments([*lacking, excluded("right")], freshness_seconds=setting))
    found = {child.inputs["freshnessSeconds"] for child in seen.of_type(TYPE)}
    assert found == {expected}


def test_outputs_do_not_depend_on_the_order_of_the_listing() -> None:
    policies = [policy("p2", "b"), policy("p1", "A"), policy("p3", "A")]
    seen = [outcome(run(arguments(order)))["excluded"] for order in (policies, policies[::-1])]
    assert seen[0] == seen[1]
    assert [entry["id"] for entry in seen[0]] == ["p1", "p3", "p2"]


def test_children_of_another_exclusion_in_the_stack_are_not_ours() -> None:
    reader = Reader(excluded("p1"))
    run(arguments([excluded("p1")], reader), state={"other-p9": {"policyId": "p9"}})
    assert reader.asked == []


def test_the_state_is_asked_for_by_the_whole_name_of_the_stack() -> None:
    invokes = run(arguments([])).invokes
    assert {token for token, _ in invokes} == {READ_OUTPUTS}
    assert all(asked["stackName"].endswith("/break-glass/unit") for _, asked in invokes)


def test_the_component_stands_alone_with_an_existing_group() -> None:
    def program() -> CaExclusionPatch:
        tools = arguments([policy("p1")], Reader(excluded("p1"))).tools
        return CaExclusionPatch("alone", CaExclusionPatchArgs(group_ids=[GROUP]), tools=tools)

    child = run_program(program).one(TYPE)
    assert child.inputs["wanted"] == {"groups": [GROUP], "users": []}
    assert child.inputs["stackObjects"] == NOTHING
    assert child.inputs["pending"] == ["exclude group 1"]


def test_the_proof_lists_once_after_the_last_child_and_not_in_a_preview() -> None:
    policies = [policy("p1"), policy("p2")]
    reader = Reader(excluded("p1"), excluded("p2"))
    run(arguments(policies, reader), preview=True)
    assert reader.listings == 0
    run(arguments(policies, reader))
    assert (reader.listings, reader.asked) == (1, [])


def test_a_preview_whose_values_are_all_known_proves_nothing_either() -> None:
    reader = Reader()
    run(arguments([], reader), preview=True)
    assert reader.listings == 0


def test_in_a_preview_the_proof_is_unknown_until_everything_is_excluded() -> None:
    seen = run(arguments([policy("p1")]), preview=True)
    assert outcome(seen)["verified"] is UNKNOWN


def failed(given: Given, **options: Any) -> Recording:
    return run(given, expect_error=True, **options)


def test_a_policy_made_while_the_run_was_under_way_fails_the_proof() -> None:
    reader = Reader(excluded("p1"), policy("p2", "New"))
    seen = failed(arguments([policy("p1")], reader))
    assert "made while this ran: New (p2) lacks: exclude group BTG Admins" in str(seen.error)


@pytest.mark.parametrize(
    "changes", [{"skip": ["New"]}, {"scope": "mfa-only"}], ids=["skipped", "out of scope"]
)
def test_the_proof_judges_a_new_policy_by_the_settings(changes: dict[str, Any]) -> None:
    reader = Reader(excluded("p1"), policy("p2", "New", grant=("block",)))
    run(arguments([policy("p1")], reader, **changes))
    assert reader.asked == []


def test_a_policy_that_is_deleted_after_the_listing_is_no_failure() -> None:
    reader = Reader(excluded("p1"))
    assert outcome(run(arguments([policy("p1"), policy("p2")], reader)))["verified"] is True
