"""Conditional Access policies: what Graph keeps, how a PATCH works, what is refused."""

from typing import Any

import pytest

from sandbox.tenant.access.policies import ConditionalAccess
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.changes import Changes
from sandbox.tenant.errors import DocumentError, ServiceError
from tests.sandbox.seed_tenant import StillClock, conditional_access, policy_named, seed

GROUP = "11111111-2222-4333-8444-555555555555"
PHISHING_RESISTANT = "00000000-0000-0000-0000-000000000004"

UNLIMITED = Behaviour(conditional_access_requests_per_second=0)


def block_all(**changes: Any) -> dict[str, Any]:
    return {
        "displayName": "Block everybody",
        "state": "enabled",
        "conditions": {
            "users": {"includeUsers": ["All"]},
            "applications": {"includeApplications": ["All"]},
        },
        "grantControls": {"operator": "OR", "builtInControls": ["block"]},
    } | changes


def refusal(action: Any, *arguments: Any, **options: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        action(*arguments, **options)
    return caught.value


def test_a_new_policy_is_shown_whole_with_an_id_and_its_time() -> None:
    clock = StillClock()
    area = ConditionalAccess(clock, UNLIMITED)
    past = "1999-01-01T00:00:00Z"
    made = area.create_policy(block_all(id=GROUP, createdDateTime=past, modifiedDateTime=past))
    assert made["id"] != GROUP
    assert made["createdDateTime"] == clock.timestamp()
    assert made["modifiedDateTime"] is None
    assert made["conditions"]["clientAppTypes"] == ["all"]
    assert made["conditions"]["users"]["excludeGroups"] == []
    assert made["grantControls"]["authenticationStrength"] is None
    assert area.policy(made["id"].upper()) == made
    assert area.policies() == [made]


def test_a_patch_replaces_the_array_it_names_and_keeps_everything_else() -> None:
    clock = StillClock()
    area = conditional_access(clock)
    policy_id = policy_named("CA003")["id"]
    before = area.policy(policy_id)
    area.update_policy(policy_id, {"conditions": {"users": {"excludeGroups": [GROUP]}}})

    after = area.policy(policy_id)
    assert after["conditions"]["users"]["excludeGroups"] == [GROUP]
    assert after["modifiedDateTime"] == clock.timestamp()
    after["conditions"]["users"]["excludeGroups"] = before["conditions"]["users"]["excludeGroups"]
    after["modifiedDateTime"] = before["modifiedDateTime"]
    assert after == before


def test_an_explicit_empty_array_removes_the_last_exclusion() -> None:
    area = conditional_access()
    policy_id = policy_named("CA003")["id"]
    area.update_policy(policy_id, {"conditions": {"users": {"excludeGroups": []}}})
    assert area.policy(policy_id)["conditions"]["users"]["excludeGroups"] == []


def test_echoing_a_whole_get_is_refused() -> None:
    area = conditional_access()
    for policy in area.policies():
        error = refusal(area.update_policy, policy["id"], policy)
        assert (error.status, error.code) == (400, "BadRequest")
        assert error.message.startswith("1007: ")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"displayName": " "}, "displayName"),
        ({"state": "on"}, "state"),
        ({"state": None}, "state"),
        ({"conditions": {}}, "conditions"),
        ({"conditions": {"users": {"includeUsers": ["All"]}}}, "conditions.applications"),
        ({"conditions": {"applications": {"includeApplications": ["All"]}}}, "includes nobody"),
        ({"grantControls": None}, "neither grant nor session controls"),
        ({"colour": "red"}, "Invalid property 'colour'"),
        ({"conditions": {"weather": []}}, "Invalid property 'conditions.weather'"),
        ({"conditions": {"users": {"people": []}}}, "Invalid property 'conditions.users.people'"),
        ({"conditions": {"users": {"excludeGroups": ["BTG Admins"]}}}, "Invalid group value"),
        ({"conditions": {"users": {"excludeUsers": ["All"]}}}, "Invalid user value: All"),
        ({"conditions": {"users": {"excludeUsers": ["AllAgentIdUsers"]}}}, "value: AllAgentIdU"),
        ({"conditions": {"users": {"includeUsers": ["All", GROUP]}}}, "'All' cannot be combined"),
    ],
)
def test_what_graph_does_not_take_is_refused_by_name(changes: dict[str, Any], named: str) -> None:
    error = refusal(ConditionalAccess(StillClock(), UNLIMITED).create_policy, block_all(**changes))
    assert (error.status, error.code) == (400, "BadRequest")
    assert named in error.message


def test_applications_and_user_actions_do_not_go_together() -> None:
    body = block_all()
    body["conditions"]["applications"]["includeUserActions"] = ["urn:user:registersecurityinfo"]
    assert (
        refusal(ConditionalAccess(StillClock(), UNLIMITED).create_policy, body).message[:5]
        == "1012:"
    )


def test_a_refused_patch_changes_nothing() -> None:
    area = conditional_access()
    policy_id = policy_named("CA003")["id"]
    before = area.policy(policy_id)
    refusal(area.update_policy, policy_id, {"conditions": {"users": {"excludeGroups": ["x"]}}})
    refusal(area.update_policy, policy_id, {})
    assert area.policy(policy_id) == before


def test_the_guest_literal_and_the_guest_object_do_not_go_together() -> None:
    area = conditional_access()
    users = {"includeUsers": ["GuestsOrExternalUsers"]}
    error = refusal(
        area.update_policy, policy_named("CA005")["id"], {"conditions": {"users": users}}
    )
    assert "'GuestsOrExternalUsers' cannot be combined" in error.message


def test_a_policy_with_a_preview_feature_is_written_through_beta_only() -> None:
    area = conditional_access()
    policy_id = policy_named("CA001")["id"]
    area.update_policy(policy_id, {"conditions": {"times": {"includedRanges": ["x"]}}}, beta=True)
    change = {"conditions": {"users": {"excludeGroups": [GROUP]}}}

    error = refusal(area.update_policy, policy_id, change, beta=False)
    assert (error.status, error.message[:5]) == (400, "1038:")
    assert "times" not in area.policy(policy_id, beta=False)["conditions"]

    area.update_policy(policy_id, change, beta=True)
    preview = block_all()
    preview["conditions"]["times"] = {"includedRanges": ["x"]}
    assert refusal(area.create_policy, preview, beta=False).message[:5] == "1038:"
    shown = area.policy(policy_id, beta=True)["conditions"]
    assert shown["users"]["excludeGroups"] == [GROUP]
    assert shown["times"] == {"includedRanges": ["x"]}


@pytest.mark.parametrize(
    ("users", "workloads"),
    [
        ("None", {"includeAgentIdServicePrincipals": ["All"]}),
        ("None", {"agentIdServicePrincipalFilter": {"mode": "include", "rule": "x -eq 1"}}),
        ("AllAgentIdUsers", None),
    ],
)
def test_a_policy_for_agents_is_kept_as_the_portal_makes_it(
    users: str, workloads: dict[str, Any] | None
) -> None:
    area = ConditionalAccess(StillClock(), UNLIMITED)
    body = block_all()
    body["conditions"]["users"] = {"includeUsers": [users]}
    body["conditions"]["applications"] = {"includeApplications": ["AllAgentIdResources"]}
    body["conditions"]["clientApplications"] = workloads
    shown = area.policy(area.create_policy(body)["id"])["conditions"]
    assert shown["users"]["includeUsers"] == [users]
    assert shown["applications"]["includeApplications"] == ["AllAgentIdResources"]
    assert shown["clientApplications"] == workloads


def managed() -> tuple[Behaviour, ConditionalAccess, str]:
    behaviour = Behaviour(conditional_access_requests_per_second=0)
    area = ConditionalAccess.from_document(seed(), StillClock(), behaviour)
    return behaviour, area, policy_named("Microsoft-managed")["id"]


def test_of_a_microsoft_managed_policy_only_state_and_exclusions_change() -> None:
    _, area, policy_id = managed()
    exclusion = {"conditions": {"users": {"excludeGroups": [GROUP]}}}
    area.update_policy(policy_id, {"state": "enabled", **exclusion})
    assert area.policy(policy_id)["conditions"]["users"]["excludeGroups"] == [GROUP]
    assert "displayName" in refusal(area.update_policy, policy_id, {"displayName": "Ours"}).message
    included = {"conditions": {"users": {"includeUsers": ["All"]}}}
    assert "includeUsers" in refusal(area.update_policy, policy_id, included).message
    assert refusal(area.delete_policy, policy_id).status == 400


def test_graph_may_refuse_the_exclusions_of_a_microsoft_managed_policy_but_not_its_state() -> None:
    behaviour, area, policy_id = managed()
    behaviour.managed_policy_exclusions_refused = True
    exclusion = {"conditions": {"users": {"excludeGroups": [GROUP]}}}
    assert "excludeGroups" in refusal(area.update_policy, policy_id, exclusion).message
    area.update_policy(policy_id, {"state": "disabled"})
    assert area.policy(policy_id)["state"] == "disabled"


def test_an_authentication_strength_is_an_object_on_read() -> None:
    area = conditional_access()
    made = area.create_policy(
        block_all(grantControls={"authenticationStrength": {"id": PHISHING_RESISTANT}})
    )
    strength = made["grantControls"]["authenticationStrength"]
    assert strength["displayName"] == "Phishing-resistant MFA"
    assert "fido2" in strength["allowedCombinations"]
    assert area.strength(PHISHING_RESISTANT) == strength


def test_a_deleted_policy_is_gone() -> None:
    area = conditional_access()
    policy_id = policy_named("CA003")["id"]
    area.delete_policy(policy_id)
    for action in (area.policy, area.delete_policy):
        assert refusal(action, policy_id).status == 404
    assert refusal(area.update_policy, policy_id, {"state": "enabled"}).status == 404
    assert policy_id not in [policy["id"] for policy in area.policies()]


def test_a_deleted_policy_can_be_restored_for_thirty_days() -> None:
    clock = StillClock()
    area = conditional_access(clock)
    before, policy_id = area.policies(), policy_named("CA003")["id"]
    area.delete_policy(policy_id)
    clock.advance(29 * 86_400)
    assert area.deleted_policies.get(policy_id)["displayName"].startswith("CA003")
    assert area.restore_policy(policy_id.upper())["id"] == policy_id
    assert sorted(p["id"] for p in area.policies()) == sorted(p["id"] for p in before)

    area.delete_policy(policy_id)
    clock.advance(30 * 86_400)
    assert area.deleted_policies.all() == []
    assert refusal(area.restore_policy, policy_id).status == 404


def test_a_kept_tenant_still_has_its_deleted_policies() -> None:
    clock = StillClock()
    area = conditional_access(clock)
    policy_id = policy_named("CA003")["id"]
    area.delete_policy(policy_id)
    again = ConditionalAccess.from_document(area.to_document(), clock, UNLIMITED)
    assert again.restore_policy(policy_id)["id"] == policy_id


def test_deleting_and_restoring_are_recorded() -> None:
    clock = StillClock()
    changes = Changes(clock)
    area = ConditionalAccess.from_document(seed(), clock, UNLIMITED, changes)
    heard: list[tuple[str, str, bool, bool]] = []
    changes.listen(
        lambda request: heard.extend(
            (c.kind, c.object_id, c.before is None, c.after is None) for c in request.changes
        )
    )
    policy_id = policy_named("CA003")["id"]
    area.delete_policy(policy_id)
    area.restore_policy(policy_id)
    assert heard == [
        ("deletedPolicy", policy_id, True, False),
        ("policy", policy_id, False, True),
        ("deletedPolicy", policy_id, False, True),
        ("policy", policy_id, True, False),
    ]


@pytest.mark.parametrize(
    ("limit", "behaviour"),
    [
        (195, UNLIMITED),
        (
            3,
            Behaviour(conditional_access_requests_per_second=0, conditional_access_policy_limit=3),
        ),
    ],
)
def test_a_tenant_takes_195_policies_in_any_state_and_no_more(
    limit: int, behaviour: Behaviour
) -> None:
    area = ConditionalAccess(StillClock(), behaviour)
    made = [area.create_policy(block_all(state="disabled"))["id"] for _ in range(limit)]
    error = refusal(area.create_policy, block_all())
    assert (error.status, str(limit) in error.message) == (400, True)
    area.delete_policy(made[0])
    area.create_policy(block_all())
    assert refusal(area.restore_policy, made[0]).status == 400
    assert len(area.policies()) == limit


@pytest.mark.parametrize(
    "name",
    ["Block everybody", "Ländersperre – <b>&'\"%; $select\t{} \\ 部署 🚒", "x" * 256, "\u202eabc"],
)
def test_names_need_not_be_unique_and_may_hold_any_character(name: str) -> None:
    area = ConditionalAccess(StillClock(), UNLIMITED)
    made = [area.create_policy(block_all(displayName=name)) for _ in range(2)]
    assert {policy["displayName"] for policy in area.policies()} == {name}
    assert made[0]["id"] != made[1]["id"]


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("locations", {"includeLocations": ["All"], "excludeLocations": [GROUP]}),
        ("locations", {"includeLocations": [GROUP]}),
    ],
)
def test_a_location_that_is_not_there_cannot_be_named(part: str, value: dict[str, Any]) -> None:
    body = block_all()
    body["conditions"][part] = value
    assert (
        f"Invalid location value: {GROUP}"
        in refusal(conditional_access().create_policy, body).message
    )


def test_an_authentication_strength_that_is_not_there_cannot_be_demanded() -> None:
    body = block_all(grantControls={"operator": "OR", "authenticationStrength": {"id": GROUP}})
    error = refusal(conditional_access().create_policy, body)
    assert f"Invalid authentication strength value: {GROUP}" in error.message


def test_what_is_read_is_a_copy() -> None:
    area = conditional_access()
    area.policies()[0]["conditions"]["users"]["excludeGroups"].append(GROUP)
    area.named_locations()[0]["ipRanges"].clear()
    area.to_document()["namedLocations"][0]["ipRanges"].clear()
    assert area.to_document() == conditional_access().to_document()


def test_a_seed_policy_that_graph_would_not_keep_is_named() -> None:
    document = seed()
    document["conditionalAccessPolicies"][3]["state"] = "on"
    with pytest.raises(DocumentError, match=document["conditionalAccessPolicies"][3]["id"]):
        ConditionalAccess.from_document(document, StillClock(), UNLIMITED)
