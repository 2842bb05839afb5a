from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.ca_exclusion_patch import COMPONENT_TYPE, CaExclusionPatch, CaExclusionPatchArgs
from components.exclusion_proof import prove_exclusions
from components.policy_exclusion import TYPE
from components.stack_memory import READ_OUTPUTS
from entra.errors import GraphError
from entra.exclusion import Entries
from entra.policy import Policy
from tests.unit.graph_stub import policy_document
from tests.unit.harness import UNKNOWN, Recording, run_program

TENANT = "11111111-1111-4111-8111-111111111111"
GROUP, ACCOUNT = "g-1", "u-1"
WORKLOAD = {"conditions": {"clientApplications": {"includeServicePrincipals": ["all"]}}}


def policy(policy_id: str, name: str = "MFA", **document: Any) -> Policy:
    return Policy.from_document(policy_document(policy_id, name, **document))


def excluded(policy_id: str, name: str = "MFA") -> Policy:
    return policy(policy_id, name, users={"excludeGroups": [GROUP], "excludeUsers": [ACCOUNT]})


class Reader:
    """Policies as they are after the writes."""

    def __init__(self, *policies: Policy | GraphError) -> None:
        self.policies = {p.id: p for p in policies if isinstance(p, Policy)}
        self.hidden: set[str] = set()
        self.error = next((p for p in policies if isinstance(p, GraphError)), None)
        self.listings = 0
        self.asked: list[str] = []

    def list_policies(self) -> list[Policy]:
        self.listings += 1
        return [p for p in self.policies.values() if p.id not in self.hidden]

    def get_policy(self, policy_id: str) -> Policy | None:
        self.asked.append(policy_id)
        if self.error is not None:
            raise self.error
        return self.policies.get(policy_id)


def arguments(policies: Sequence[Policy], reader: Reader | None = None) -> CaExclusionPatchArgs:
    return CaExclusionPatchArgs(
        tenant_id=TENANT,
        policies=policies,
        reader=reader or Reader(*(excluded(p.id, p.display_name) for p in policies)),
        group_ids=[GROUP],
        group_names=["BTG Admins"],
        user_ids=[ACCOUNT],
        user_names=["x@contoso.onmicrosoft.com"],
        owned_by_stack=True,
    )


def run(
    args: CaExclusionPatchArgs,
    opts: pulumi.ResourceOptions | None = None,
    *,
    state: dict[str, Any] | None = None,
    scope: str | None = None,
    **options: Any,
) -> Recording:
    outputs: dict[str, Any] = {
        f"urn:pulumi:unit::break-glass::break-glass:index:CaExclusionPatch${TYPE}::{name}": {
            "type": TYPE,
            "outputs": properties,
        }
        for name, properties in (state or {}).items()
    }
    if scope is not None:
        urn = f"urn:pulumi:unit::break-glass::{COMPONENT_TYPE}::exclusion"
        outputs[urn] = {"type": COMPONENT_TYPE, "outputs": {"scope": scope}}
    return run_program(
        lambda: CaExclusionPatch("exclusion", args, opts),
        calls={READ_OUTPUTS: lambda _: {"outputs": outputs}},
        **options,
    )


def known(policy_id: str, **more: Any) -> dict[str, Any]:
    return {
        f"exclusion-{policy_id}": {
            "policyId": policy_id,
            "policyName": "MFA",
            "tenantId": TENANT,
            **more,
        }
    }


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
        "wanted": {"groups": [GROUP], "users": [ACCOUNT]},
        "stackObjects": {"groups": [GROUP], "users": [ACCOUNT]},
        "labels": {GROUP: "group BTG Admins", ACCOUNT: "account x@contoso.onmicrosoft.com"},
        "reason": "",
        "pending": ["exclude group BTG Admins", "exclude account x@contoso.onmicrosoft.com"],
        "freshnessSeconds": 0,
        "stack": "break-glass/unit/exclusion",
    }
    assert not child.secret_inputs


def test_what_is_excluded_already_is_not_pending_and_not_told() -> None:
    seen = run(arguments([excluded("p1")]))
    assert seen.one(TYPE).inputs["pending"] == []
    assert seen.said("info") == []


@pytest.mark.parametrize("preview", [True, False])
def test_each_pending_change_is_told_in_one_line(preview: bool) -> None:
    half = policy("p2", "Block", users={"excludeGroups": [GROUP]})
    seen = run(arguments([excluded("p1"), half]), preview=preview)
    assert seen.said("info") == ["Block (p2): exclude account x@contoso.onmicrosoft.com"]


def test_before_the_group_exists_the_preview_says_what_will_be_excluded() -> None:
    def program() -> CaExclusionPatch:
        class Made(pulumi.CustomResource):
            objectId: pulumi.Output[str]  # noqa: N815

        made = Made("azuread:index/group:Group", "group", {"objectId": None})
        args = replace(
            arguments([policy("p1", "Block")]),
            group_ids=[made.objectId],
            user_ids=[made.id],
            user_names=[made.id],
        )
        return CaExclusionPatch("exclusion", args)

    seen = run_program(program, preview=True)
    child = seen.one(TYPE)
    assert child.inputs["pending"] == ["exclude group BTG Admins", "exclude account 1"]
    assert seen.said("info") == ["Block (p1): exclude group BTG Admins, exclude account 1"]
    assert seen.waits_for(child, seen.named("group"))


def test_the_exclusions_depend_on_the_objects_they_name() -> None:
    def program() -> CaExclusionPatch:
        made = pulumi.CustomResource("azuread:index/group:Group", "group", {})
        args = replace(arguments([policy("p1")]), group_ids=[made.id], reader=Reader())
        return CaExclusionPatch("exclusion", args)

    seen = run_program(program)
    assert seen.waits_for(seen.one(TYPE), seen.named("group"))


def test_a_skipped_policy_keeps_its_child_with_a_reason_and_nothing_wanted() -> None:
    seen = run(replace(arguments([policy("p1", "Workloads", **WORKLOAD)]), skip=["p1"]))
    child = seen.one(TYPE)
    assert child.inputs["wanted"] == {"groups": [], "users": []}
    assert child.inputs["pending"] == []
    assert "skip" in child.inputs["reason"]


def test_a_parked_policy_keeps_our_entries_without_a_write() -> None:
    parked = policy("p1", users={"includeUsers": ["None"], "excludeGroups": [GROUP]})
    wanted = {"groups": [GROUP, "g-gone"], "users": [ACCOUNT]}
    seen = run(arguments([parked]), state=known("p1", wanted=wanted, added=wanted))
    child = seen.one(TYPE)
    assert child.inputs["wanted"] == {"groups": [GROUP], "users": [ACCOUNT]}
    assert child.inputs["pending"] == []
    assert child.inputs["reason"].startswith("applies to no users")


def test_a_narrower_scope_takes_away_and_the_same_scope_does_not() -> None:
    block = replace(arguments([policy("p1", grant=("block",))]), scope="mfa-only")
    state = known("p1", wanted={"groups": [GROUP], "users": [ACCOUNT]})
    narrowed = run(block, state=state, scope="all")
    assert narrowed.one(TYPE).inputs["wanted"] == {"groups": [], "users": []}
    same = run(block, state=state, scope="mfa-only")
    assert same.one(TYPE).inputs["wanted"] == {"groups": [GROUP], "users": [ACCOUNT]}
    assert same.one(COMPONENT_TYPE).outputs["scope"] == "mfa-only"


def test_outputs_tell_which_policies_are_excluded_and_why_others_are_not() -> None:
    args = arguments([policy("p1", "MFA"), policy("p2", "Workloads", **WORKLOAD)])
    outputs = run(args).one("break-glass:index:CaExclusionPatch").outputs
    assert outputs["excluded"] == [{"id": "p1", "name": "MFA"}]
    assert outputs["skipped"] == [
        {"id": "p2", "name": "Workloads", "reason": "applies to workload identities, not to users"}
    ]
    assert outputs["verified"] is True


def test_mfa_only_leaves_policies_that_ask_for_something_else() -> None:
    args = replace(arguments([policy("p1"), policy("p2", grant=("block",))]), scope="mfa-only")
    seen = run(args)
    assert seen.named("exclusion-p1").inputs["reason"] == ""
    assert "mfa-only" in seen.named("exclusion-p2").inputs["reason"]


def test_an_unknown_scope_is_one_line() -> None:
    seen = run(replace(arguments([]), scope="some"), expect_error=True)
    assert str(seen.error) == "exclusion scope is 'some': expected all or mfa-only"


def test_a_skip_entry_that_names_no_policy_is_told() -> None:
    seen = run(replace(arguments([policy("p1")]), skip=["Mispelt"]))
    assert seen.said("warning") == ["exclusion skip: no policy has the id or name 'Mispelt'"]


def test_a_tenant_without_policies_is_fine_and_said() -> None:
    seen = run(arguments([]))
    assert seen.of_type(TYPE) == []
    assert "no Conditional Access policy" in seen.said("info")[0]


def test_accounts_can_be_left_to_the_group() -> None:
    args = arguments([policy("p1", users={"excludeGroups": [GROUP]})])
    seen = run(replace(args, user_ids=[], user_names=[]))
    assert seen.one(TYPE).inputs["wanted"] == {"groups": [GROUP], "users": []}
    assert seen.one(TYPE).inputs["pending"] == []


def test_protection_is_the_callers() -> None:
    for protect in (True, False):
        opts = pulumi.ResourceOptions(protect=protect)
        seen = run(arguments([policy("p1")]), opts)
        assert seen.is_protected(seen.one(TYPE)) is protect


def test_a_short_listing_takes_no_exclusion_away() -> None:
    state = {**known("p1"), **known("p2"), **known("p3")}
    reader = Reader(excluded("p1"), excluded("p2"), excluded("p3"))
    seen = run(arguments([excluded("p1")], reader), state=state)
    assert [child.name for child in seen.of_type(TYPE)] == [
        "exclusion-p1",
        "exclusion-p2",
        "exclusion-p3",
    ]
    assert reader.asked == ["p2", "p3"]


def test_a_policy_that_its_owner_deleted_leaves_the_stack() -> None:
    reader = Reader(excluded("p1"))
    seen = run(arguments([excluded("p1")], reader), state={**known("p1"), **known("p2")})
    assert [child.name for child in seen.of_type(TYPE)] == ["exclusion-p1"]
    assert seen.said("info") == ["policy 'MFA' (p2) was deleted by its owner"]


def test_a_doubt_about_a_known_policy_stops_before_anything_is_registered() -> None:
    reader = Reader(excluded("p1"), GraphError(503, "serviceNotAvailable", "", "GET", "/p2"))
    args = arguments([excluded("p1")], reader)
    seen = run(args, state=known("p2"), expect_error=True)
    assert "policy 'MFA' (p2) is in this stack but not in the listing" in str(seen.error)
    assert seen.of_type(TYPE) == []


def test_children_of_another_exclusion_in_the_stack_are_not_ours() -> None:
    reader = Reader(excluded("p1"))
    run(arguments([excluded("p1")], reader), state={"other-p9": {"policyId": "p9"}})
    assert reader.asked == []


def test_the_state_is_asked_for_by_the_whole_name_of_the_stack() -> None:
    invokes = run(arguments([])).invokes
    assert {token for token, _ in invokes} == {READ_OUTPUTS}
    assert all(asked["stackName"].endswith("/break-glass/unit") for _, asked in invokes)


def test_what_is_taken_away_is_told_by_the_name_it_had() -> None:
    added = {"groups": [GROUP], "users": [ACCOUNT, "u-2"]}
    earlier = known("p1", added=added, labels={"u-2": "account old@contoso.onmicrosoft.com"})
    seen = run(arguments([excluded("p1")]), state=earlier)
    assert seen.said("info") == ["MFA (p1): stop excluding account old@contoso.onmicrosoft.com"]


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


def test_outputs_do_not_depend_on_the_order_of_the_listing() -> None:
    policies = [policy("p2", "b"), policy("p1", "A"), policy("p3", "A")]
    seen = [
        run(arguments(order)).one("break-glass:index:CaExclusionPatch").outputs["excluded"]
        for order in (policies, policies[::-1])
    ]
    assert seen[0] == seen[1]
    assert [entry["id"] for entry in seen[0]] == ["p1", "p3", "p2"]


def test_in_a_preview_the_proof_is_unknown_until_everything_is_excluded() -> None:
    component = run(arguments([policy("p1")]), preview=True)
    assert component.one("break-glass:index:CaExclusionPatch").outputs["verified"] is UNKNOWN


def test_the_proof_names_each_policy_that_still_stops_the_accounts() -> None:
    reader = Reader(policy("p1", "Block"), excluded("p2"))
    pauses: list[float] = []
    wanted = Entries((GROUP,), (ACCOUNT,))
    with pytest.raises(pulumi.RunError) as caught:
        prove_exclusions(reader, wanted, {GROUP: "BTG"}, ["p1", "p2"], sleep=pauses.append)
    told = str(caught.value)
    assert "'Block' (p1) lacks: exclude BTG, exclude account u-1" in told
    assert "p2" not in told
    assert "\n" not in told
    assert reader.asked == ["p1"] * 4
    assert pauses == [0.0, 1.0, 2.0, 4.0]


def test_a_listing_that_lags_is_settled_by_the_policys_own_answer() -> None:
    reader = Reader(excluded("p1"), excluded("p2"))
    reader.hidden = {"p2"}
    prove_exclusions(reader, Entries((GROUP,)), {}, ["p1", "p2"], sleep=lambda _: None)
    assert reader.asked == ["p2"]


def test_a_policy_deleted_meanwhile_needs_no_exclusion() -> None:
    prove_exclusions(Reader(), Entries((GROUP,)), {}, ["p1"], sleep=lambda _: None)


def test_a_proof_that_cannot_be_made_is_no_proof() -> None:
    reader = Reader(GraphError(503, "serviceNotAvailable", "", "GET", "/p"))
    with pytest.raises(pulumi.RunError, match="could not be checked"):
        prove_exclusions(reader, Entries((GROUP,)), {}, ["p1"], sleep=lambda _: None)
