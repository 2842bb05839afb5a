"""Others change the policy while we do, and what can be lost: an edit of the very list that we
write, between our read and our write, and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.provider.policy_setting import (
    ADA,
    BO,
    IT,
    MFA,
    NOTHING,
    STAFF,
    Lists,
    Setting,
    inputs,
)
from tests.support.tenant import object_id

GROUP_ONLY: Lists = {"groups": [IT], "users": []}
LOST = ("exclude group BTG Admins",)
STACK = "break-glass/prod/exclusion"


def policy(setting: Setting) -> dict[str, Any]:
    return setting.area.policy(MFA)


def change(setting: Setting, **parts: Any) -> None:
    """Within the tenant, as an administrator's PATCH would."""
    setting.area.update_policy(MFA, parts)


@pytest.mark.parametrize("seconds", [0, 15])
def test_an_edit_of_the_very_list_between_read_and_write_is_what_can_be_lost(
    setting: Setting, seconds: int
) -> None:
    edit = {"users": {"excludeGroups": [STAFF]}}
    setting.at_write(before=lambda: change(setting, conditions=edit))
    setting.provider.create(inputs(wanted=GROUP_ONLY, freshnessSeconds=seconds))
    assert setting.lists() == ([IT], [])


@pytest.mark.parametrize("seconds", [0, 15])
def test_every_other_edit_between_read_and_write_survives(setting: Setting, seconds: int) -> None:
    edit = {
        "users": {
            "excludeUsers": [BO, "GuestsOrExternalUsers"],
            "includeUsers": [],
            "includeGroups": [STAFF],
            "excludeRoles": ["729827e3-9c14-49f7-bb1b-9608f156bbb8"],
        },
        "clientAppTypes": ["browser"],
        "platforms": {"includePlatforms": ["iOS"]},
    }
    grant = {"operator": "AND", "builtInControls": ["mfa", "compliantDevice"]}
    setting.at_write(
        before=lambda: change(
            setting, displayName="CA001", state="disabled", conditions=edit, grantControls=grant
        )
    )
    setting.provider.create(inputs(wanted=GROUP_ONLY, freshnessSeconds=seconds))
    after = policy(setting)
    users = after["conditions"]["users"]
    assert users["excludeGroups"] == [IT]
    assert {key: users[key] for key in edit["users"]} == edit["users"]
    assert after["conditions"]["clientAppTypes"] == ["browser"]
    assert after["conditions"]["platforms"]["includePlatforms"] == ["iOS"]
    assert (after["displayName"], after["state"]) == ("CA001", "disabled")
    assert after["grantControls"]["builtInControls"] == ["mfa", "compliantDevice"]


def test_an_edit_right_before_our_read_or_right_after_our_write_survives(
    setting: Setting,
) -> None:
    before = {"users": {"excludeGroups": [STAFF], "excludeUsers": [BO]}}
    setting.at_read(lambda: change(setting, conditions=before))
    setting.at_write(
        after=lambda: change(
            setting, conditions={"users": {"excludeUsers": [BO, ADA, object_id("users/eve")]}}
        )
    )
    setting.provider.create(inputs())
    assert setting.lists() == ([STAFF, IT], [BO, ADA, object_id("users/eve")])


def test_no_request_of_another_resource_comes_between_a_read_and_its_write(
    setting: Setting,
) -> None:
    """Other stacks of this machine wait too: `test_two_stacks_at_once_…`."""
    names = ("mfa", "legacy", "report", "off")
    with setting.another_provider() as other, ThreadPoolExecutor(max_workers=8) as pool:
        made = [
            pool.submit(provider.create, inputs(object_id(f"policies/{name}"), wanted))
            for name in names
            for provider, wanted in (
                (setting.provider, {"groups": [STAFF], "users": []}),
                (other, {"groups": [], "users": [ADA]}),
            )
        ]
        assert all(future.result()[0] for future in made)
    calls = setting.calls()
    pairs = zip(calls[::2], calls[1::2], strict=True)
    assert all(read.replace("GET", "PATCH") == write for read, write in pairs)


@pytest.mark.parametrize("seconds", [0, 15])
def test_two_stacks_at_once_end_with_the_entries_of_both(setting: Setting, seconds: int) -> None:
    ids = [object_id(f"policies/{name}") for name in ("mfa", "legacy", "off")]
    with setting.another_provider() as other, ThreadPoolExecutor(max_workers=6) as pool:
        made = [
            pool.submit(provider.create, inputs(id_, wanted, key=key, freshnessSeconds=seconds))
            for id_ in ids
            for provider, wanted, key in (
                (setting.provider, {"groups": [IT], "users": [ADA]}, STACK),
                (other, {"groups": [STAFF], "users": [BO]}, "break-glass/other/exclusion"),
            )
        ]
        added = [future.result()[1]["added"] for future in made]
    for id_ in ids:
        groups, users = setting.lists(id_)
        assert (sorted(groups), sorted(users)) == (sorted([IT, STAFF]), sorted([ADA, BO]))
    assert all(entries["groups"] and entries["users"] for entries in added)


def test_a_policy_deleted_between_our_read_and_our_write_is_nobodys_error(
    setting: Setting,
) -> None:
    setting.at_write(before=lambda: setting.area.delete_policy(MFA))
    _, outputs = setting.provider.create(inputs(key=STACK))
    assert outputs["added"] == NOTHING
    assert setting.calls() == [f"GET /{MFA}", f"PATCH /{MFA}"]


def test_a_policy_deleted_and_restored_by_its_owner_is_undone(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs(stack=NOTHING))
    setting.delete_policy()
    more = inputs(wanted={"groups": [IT], "users": [ADA, BO]}, stack=NOTHING)
    after = setting.provider.update(MFA, outputs, more)
    setting.area.restore_policy(MFA)
    setting.provider.delete(MFA, after)
    assert setting.lists() == ([], [])


def test_an_entry_of_ours_removed_meanwhile_is_put_back_and_counted(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    for times in (1, 2):
        setting.edit(excludeGroups=[STAFF])
        outputs = setting.provider.update(MFA, outputs, inputs(pending=LOST))
        assert setting.lists() == ([STAFF, IT], [ADA])
        assert outputs["healed"] == times
    again = setting.provider.update(MFA, outputs, inputs(pending=LOST))
    assert again["healed"] == 2


def test_a_new_account_and_a_lost_retired_one_are_nothing_that_was_put_back(
    setting: Setting,
) -> None:
    _, outputs = setting.provider.create(inputs(wanted={"groups": [IT], "users": [ADA]}))
    setting.edit(excludeUsers=[])
    swapped = inputs(wanted={"groups": [IT], "users": [BO]}, stack=NOTHING)
    assert setting.provider.update(MFA, outputs, swapped)["healed"] == 0


def test_an_entry_of_ours_removed_between_our_read_and_our_write_stays(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs(wanted=GROUP_ONLY))
    gone: dict[str, Any] = {"users": {"excludeGroups": []}}
    setting.at_write(before=lambda: change(setting, conditions=gone))
    wanted: Lists = {"groups": [IT, STAFF], "users": []}
    setting.provider.update(MFA, outputs, inputs(wanted=wanted))
    assert setting.lists() == ([IT, STAFF], [])
