"""Policies that need more than the ordinary: beta only, hundreds of exclusions."""

from pathlib import Path

from tests.provider.policy_setting import (
    ADA,
    BETA,
    IT,
    MFA,
    POLICIES,
    REPORT,
    Lists,
    Setting,
    inputs,
    setting_of,
)
from tests.support.tenant import object_id, small_document

PREVIEW = "1038: The policy contains preview features. Use the beta endpoint."


def test_a_policy_that_only_beta_writes_is_asked_for_and_written_there_from_then_on(
    tmp_path: Path,
) -> None:
    document = small_document()
    document["conditionalAccessPolicies"][0]["conditions"]["times"] = {"isAllDay": True}
    with setting_of(tmp_path, document) as setting:
        _, outputs = setting.provider.create(inputs())
        beta = f"{BETA}/{MFA}"
        assert setting.calls() == [f"GET /{MFA}", f"PATCH /{MFA}", f"PATCH {beta}"]
        setting.provider.delete(MFA, outputs)
        assert setting.calls() == [f"GET {beta}", f"PATCH {beta}"]
        assert setting.lists() == ([], [])


def test_a_policy_that_only_beta_reads_is_read_and_written_there(setting: Setting) -> None:
    setting.fail(method="GET", path=f"{POLICIES}/{MFA}", status=400, code="1038", message=PREVIEW)
    setting.provider.create(inputs())
    beta = f"{BETA}/{MFA}"
    assert setting.calls() == [f"GET /{MFA}", f"GET {beta}", f"PATCH {beta}"]
    assert setting.lists() == ([IT], [ADA])


def test_what_one_policy_needs_beta_for_is_not_asked_there_for_another(setting: Setting) -> None:
    setting.fail(method="PATCH", path=f"{POLICIES}/{MFA}", status=400, code="1038")
    setting.provider.create(inputs())
    setting.calls()
    setting.provider.create(inputs(REPORT))
    assert all("beta" not in call for call in setting.calls())


def test_a_policy_with_hundreds_of_exclusions_keeps_all_in_their_order(setting: Setting) -> None:
    users = [object_id(f"foreign/{number}") for number in range(800)]
    groups = [object_id(f"foreign groups/{number}") for number in range(300)]
    wanted: Lists = {"groups": [IT], "users": [ADA]}
    setting.edit(excludeUsers=["GuestsOrExternalUsers", *users], excludeGroups=groups)
    _, outputs = setting.provider.create(inputs(wanted=wanted))
    assert setting.lists() == ([*groups, IT], ["GuestsOrExternalUsers", *users, ADA])
    setting.provider.delete(MFA, outputs)
    assert setting.lists() == (groups, ["GuestsOrExternalUsers", *users])
