"""What the service refuses: a policy that Microsoft keeps is told and left, another is an error."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from entra.permissions import READ_POLICIES, how_to_grant
from tests.provider.dynamic_server import ProviderError
from tests.provider.policy_setting import (
    ADA,
    BO,
    IT,
    MFA,
    NOTHING,
    POLICIES,
    STAFF,
    Setting,
    inputs,
    setting_of,
)
from tests.support.tenant import object_id, small_document, without_permission

STACK = "break-glass/prod/exclusion"
LEGACY = object_id("policies/legacy")
MADE = "2025-03-01T08:00:00Z"


def managed_document() -> dict[str, Any]:
    document = small_document()
    document["conditionalAccessPolicies"][0]["displayName"] = "Microsoft-managed: MFA for admins"
    return document


@pytest.fixture
def managed(tmp_path: Path) -> Iterator[Setting]:
    """A tenant where Microsoft keeps the first policy, and Graph refuses its exclusions."""
    with setting_of(tmp_path, managed_document(), managedPolicyExclusionsRefused=True) as made:
        yield made


def wanted(**more: Any) -> dict[str, Any]:
    return inputs(policyName="Microsoft-managed: MFA for admins", key=STACK, **more)


def in_the_portal(setting: Setting, **users: list[str]) -> None:
    """Portals may edit what Graph refuses."""
    setting.turn(managedPolicyExclusionsRefused=False)
    setting.edit(MFA, **users)
    setting.turn(managedPolicyExclusionsRefused=True)


def test_a_refusal_is_kept_and_told_with_what_to_do_by_hand(managed: Setting) -> None:
    id_, outputs = managed.provider.create(wanted())
    assert id_ == MFA
    assert (outputs["added"], outputs["refusedOf"], outputs["healed"]) == (NOTHING, MADE, 0)
    refusal = outputs["refused"]
    assert refusal.startswith("kept by Microsoft, and the service refuses to change its exclusions")
    assert "exclude group BTG Admins, exclude account ada by hand" in refusal
    assert "Users → Exclude" in refusal
    assert "switch the policy off" in refusal
    title = f"policy 'Microsoft-managed: MFA for admins' ({MFA})"
    assert managed.provider.warnings() == [f"{title} is {refusal}"]
    assert managed.calls() == [f"GET /{MFA}", *[f"PATCH /{MFA}"] * 3]
    managed.provider.create(inputs(LEGACY))
    assert managed.lists(LEGACY) == ([IT], [ADA])


def test_a_refusal_that_passes_is_not_kept(managed: Setting) -> None:
    managed.turn(managedPolicyExclusionsRefused=False)
    managed.fail(
        method="PATCH", path=MFA, status=400, code="BadRequest", message="1040: no", times=2
    )
    _, outputs = managed.provider.create(wanted())
    assert managed.lists() == ([IT], [ADA])
    assert outputs["refused"] == ""
    assert managed.provider.warnings() == []


def test_a_managed_policy_that_takes_exclusions_is_excluded_from_as_any(managed: Setting) -> None:
    managed.turn(managedPolicyExclusionsRefused=False)
    _, outputs = managed.provider.create(wanted())
    assert managed.lists() == ([IT], [ADA])
    assert outputs["refused"] == ""
    assert managed.provider.warnings() == []


def test_an_unchanged_policy_that_refused_shows_no_drift(managed: Setting) -> None:
    _, outputs = managed.provider.create(wanted())
    seen = managed.provider.read(MFA, outputs)
    assert seen.outputs == outputs
    assert managed.provider.diff(MFA, seen.outputs, wanted()) == (False, [])


def test_a_policy_changed_since_its_refusal_is_tried_again(managed: Setting) -> None:
    _, outputs = managed.provider.create(wanted())
    in_the_portal(managed, excludeUsers=[BO])
    with managed.another_provider() as later:
        seen = later.read(MFA, outputs)
        assert seen.outputs["missing"] == ["exclude group BTG Admins", "exclude account ada"]
        assert later.diff(MFA, seen.outputs, wanted())[0]
        managed.turn(managedPolicyExclusionsRefused=False)
        after = later.update(MFA, seen.outputs, wanted())
    assert managed.lists() == ([IT], [BO, ADA])
    assert (after["refused"], after["refusedOf"], after["healed"]) == ("", "", 0)


def test_what_was_excluded_by_hand_is_no_refusal_any_more(managed: Setting) -> None:
    _, outputs = managed.provider.create(wanted())
    in_the_portal(managed, excludeGroups=[IT], excludeUsers=[ADA])
    with managed.another_provider() as later:
        seen = later.read(MFA, outputs)
    assert (seen.outputs["refused"], seen.outputs["missing"]) == ("", [])
    assert seen.outputs["added"] == NOTHING


def test_after_a_refusal_an_entry_put_there_by_hand_is_not_ours(managed: Setting) -> None:
    managed.provider.create(wanted())
    in_the_portal(managed, excludeGroups=[IT], excludeUsers=[ADA])
    _, outputs = managed.provider.create(wanted())
    assert (outputs["added"], outputs["refused"]) == (NOTHING, "")


def test_an_addition_that_is_refused_does_not_forget_what_is_ours(managed: Setting) -> None:
    managed.turn(managedPolicyExclusionsRefused=False)
    _, outputs = managed.provider.create(wanted())
    managed.turn(managedPolicyExclusionsRefused=True)
    more = wanted(wanted={"groups": [IT], "users": [ADA, BO]})
    after = managed.provider.update(MFA, outputs, more)
    assert after["added"] == {"groups": [IT], "users": [ADA]}
    assert f"exclude account {BO} by hand" in after["refused"]


def test_the_undo_of_a_refusal_writes_nothing(managed: Setting) -> None:
    _, outputs = managed.provider.create(wanted())
    managed.calls()
    managed.provider.delete(MFA, outputs)
    assert managed.calls() == [f"GET /{MFA}"]
    managed.provider.delete(MFA, {**outputs, "stackObjects": NOTHING})
    assert managed.calls() == []


def test_the_undo_of_a_refusal_is_not_stopped_by_a_policy_that_cannot_be_read(
    managed: Setting,
) -> None:
    _, outputs = managed.provider.create(wanted())
    managed.fail(method="GET", path=MFA, status=403, message="Not you.")
    managed.provider.delete(MFA, outputs)
    assert "could not be read now" in managed.provider.warnings()[-1]


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_refused_removal_stops_the_undo_because_a_deleted_object_would_stay(
    managed: Setting, by_hand: bool
) -> None:
    managed.turn(managedPolicyExclusionsRefused=by_hand)
    _, outputs = managed.provider.create(wanted())
    managed.turn(managedPolicyExclusionsRefused=True)
    in_the_portal(managed, excludeGroups=[STAFF, IT], excludeUsers=[ADA])
    with pytest.raises(ProviderError) as caught:
        managed.provider.delete(MFA, outputs)
    told = str(caught.value)
    assert "so group BTG Admins, account ada still stands there" in told
    assert "by hand in the Entra admin centre" in told
    assert "\n" not in told
    in_the_portal(managed, excludeGroups=[STAFF], excludeUsers=[])
    managed.provider.delete(MFA, outputs)


def test_any_other_policy_that_refuses_is_an_error(setting: Setting) -> None:
    setting.fail(method="PATCH", path=MFA, status=400, code="BadRequest", message="1007: no")
    with pytest.raises(ProviderError, match=r"was not changed: PATCH .* 1007: no; run"):
        setting.provider.create(inputs())


def test_who_may_write_policies_and_gets_a_403_from_a_managed_one_is_refused_by_it(
    managed: Setting,
) -> None:
    fault = {"status": 403, "code": "AccessDenied", "message": "Managed.", "times": 3}
    managed.fail(method="PATCH", path=MFA, **fault)
    _, outputs = managed.provider.create(wanted())
    assert "(403 AccessDenied: Managed.)" in outputs["refused"]


def test_a_missing_permission_is_a_missing_permission_for_a_managed_policy_too(
    tmp_path: Path,
) -> None:
    lacking = "Policy.ReadWrite.ConditionalAccess"
    document = without_permission(managed_document(), lacking)
    with setting_of(tmp_path, document) as setting:
        with pytest.raises(ProviderError) as caught:
            setting.provider.create(wanted())
        assert str(caught.value).endswith(how_to_grant([lacking]))
        with pytest.raises(ProviderError) as caught:
            setting.provider.create(inputs(LEGACY))
        assert str(caught.value).endswith(how_to_grant([lacking]))


def test_who_may_not_list_policies_reads_how_to_grant_it(tmp_path: Path) -> None:
    document = without_permission(small_document(), "Policy.Read.All")
    with setting_of(tmp_path, document) as setting:
        with pytest.raises(ProviderError) as caught:
            setting.provider.read(MFA, {**inputs(), "added": NOTHING})
        assert str(caught.value).endswith(how_to_grant(READ_POLICIES))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["Require MFA for all users", "Microsoft-managed: MFA"])
def test_a_tenant_without_licence_is_told_so_and_not_sent_after_permissions(
    tmp_path: Path, name: str
) -> None:
    document = small_document()
    document["conditionalAccessPolicies"][0]["displayName"] = name
    document["subscribedSkus"] = []
    with setting_of(tmp_path, document) as setting, pytest.raises(ProviderError) as caught:
        setting.provider.create(inputs(policyName=name))
    told = str(caught.value)
    assert "the tenant's licences do not cover it" in told
    assert "grant" not in told


def test_one_policy_that_the_licences_do_not_cover_leaves_the_others_writable(
    tmp_path: Path,
) -> None:
    document = small_document()
    (licence,) = document["subscribedSkus"]
    plans = licence["servicePlans"]
    licence["servicePlans"] = [p for p in plans if p["servicePlanName"] != "AAD_PREMIUM_P2"]
    document["conditionalAccessPolicies"][0]["conditions"]["signInRiskLevels"] = ["high"]
    with setting_of(tmp_path, document) as setting:
        with pytest.raises(ProviderError, match=r"1039: .* licences do not cover it") as caught:
            setting.provider.create(inputs())
        assert "\n" not in str(caught.value)
        setting.provider.create(inputs(LEGACY))
        assert setting.lists(LEGACY) == ([IT], [ADA])


@pytest.mark.parametrize("seconds", [0, 15])
def test_one_policy_that_is_none_leaves_the_others_writable(setting: Setting, seconds: int) -> None:
    broken = {"id": MFA, "displayName": "X", "conditions": {"users": {"includeUsers": 3}}}
    listing = {"value": [broken]}
    setting.fail(method="GET", path=f"{POLICIES}\\?", status=200, body=listing, times=2)
    setting.fail(method="GET", path=MFA, status=200, body=broken)
    with pytest.raises(
        ProviderError, match=r"not a policy: policy 'X': conditions.users"
    ) as caught:
        setting.provider.create(inputs(freshnessSeconds=seconds))
    assert "\n" not in str(caught.value)
    setting.provider.create(inputs(LEGACY, freshnessSeconds=seconds))
    assert setting.lists(LEGACY) == ([IT], [ADA])


def test_a_name_that_would_disturb_the_terminal_is_told_escaped_and_kept_as_it_is(
    setting: Setting,
) -> None:
    name = "MFA \x1b[2J\n\u202e\u2018all\u2019 \N{FIRE}"
    setting.fail(method="PATCH", path=MFA, status=400)
    with pytest.raises(ProviderError, match=r"policy 'MFA \\x1b\[2J\\n\\u202e‘all’ 🔥'"):
        setting.provider.create(inputs(policyName=name))
    _, outputs = setting.provider.create(inputs(policyName=name))
    assert outputs["policyName"] == name
