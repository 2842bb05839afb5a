"""Refresh: drift is seen, and only a policy's own 404 makes it gone."""

import subprocess
import sys

import pytest

from tests.provider.dynamic_server import ProviderError
from tests.provider.policy_setting import (
    ADA,
    IT,
    MFA,
    NOTHING,
    POLICIES,
    REPORT,
    STAFF,
    Setting,
    inputs,
)
from tests.support.tenant import object_id


def test_read_sees_drift_and_an_update_heals_it_with_one_write(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.edit(excludeGroups=[STAFF])
    setting.calls()
    seen = setting.provider.read(MFA, outputs)
    assert seen.outputs["missing"] == ["exclude group BTG Admins"]
    assert seen.outputs["pending"] == []
    assert setting.provider.diff(MFA, seen.outputs, inputs())[0]
    healed = setting.provider.update(MFA, seen.outputs, inputs())
    assert setting.calls() == ["GET", f"GET /{MFA}", f"PATCH /{MFA}"]
    assert setting.lists() == ([STAFF, IT], [ADA])
    assert healed["missing"] == []
    assert healed["added"] == {"groups": [IT], "users": [ADA]}


def test_all_reads_of_a_refresh_share_one_listing(setting: Setting) -> None:
    for policy_id in (MFA, REPORT, object_id("policies/legacy")):
        setting.provider.read(policy_id, {**inputs(policy_id), "added": NOTHING})
    assert setting.calls() == ["GET"]


@pytest.mark.parametrize(
    ("name", "kept"), [("CA001 “é”", "CA001 “é”"), ("CA\x1b[2K\u202e", r"CA\x1b[2K\u202e")]
)
def test_a_renamed_policy_is_kept_by_its_new_name_as_a_terminal_can_show_it(
    setting: Setting, name: str, kept: str
) -> None:
    path = f"/sandbox/conditional-access/policies/{MFA}"
    setting.control.patch(path, json={"displayName": name}).raise_for_status()
    seen = setting.provider.read(MFA, {**inputs(), "added": NOTHING})
    assert seen.outputs["policyName"] == kept


def test_a_short_listing_does_not_make_a_policy_gone(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.calls()
    setting.fail(method="GET", path=f"{POLICIES}\\?", truncate=0)
    seen = setting.provider.read(MFA, outputs)
    assert seen.id == MFA
    assert setting.calls() == ["GET", f"GET /{MFA}"]


def test_a_policy_is_gone_when_its_own_request_says_404(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.delete_policy()
    assert setting.provider.read(MFA, outputs).id == ""


@pytest.mark.parametrize("status", [403, 400])
def test_a_doubt_about_one_policy_keeps_its_state(setting: Setting, status: int) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.fail(method="GET", path=f"{POLICIES}\\?", truncate=0)
    setting.fail(method="GET", path=MFA, status=status)
    seen = setting.provider.read(MFA, outputs)
    assert (seen.id, seen.outputs) == (MFA, outputs)


def test_a_listing_that_fails_ends_the_refresh_with_one_line(setting: Setting) -> None:
    setting.fail(method="GET", path=POLICIES, status=403, times=9)
    with pytest.raises(ProviderError) as caught:
        setting.provider.read(MFA, {**inputs(), "added": NOTHING})
    assert "the Conditional Access policies: GET" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_failed_listing_is_told_once_and_the_other_policies_keep_their_state(
    setting: Setting,
) -> None:
    outputs = {**inputs(REPORT), "added": NOTHING}
    setting.fail(method="GET", path=POLICIES, status=403, times=9)
    with pytest.raises(ProviderError):
        setting.provider.read(MFA, {**inputs(), "added": NOTHING})
    seen = setting.provider.read(REPORT, outputs)
    assert seen.id == REPORT
    assert seen.outputs["wanted"] == outputs["wanted"]


def test_the_providers_process_loads_no_other_part_of_the_stack() -> None:
    """It is started at each refresh and each update, and the SDKs of Azure take their time."""
    program = "import sys, components.policy_exclusion; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "components.policy_exclusion" in loaded
    assert not {"pulumi_azure_native", "pulumi_azuread", "pulumi_random"} & set(loaded)
