"""Excluding accounts and group from one policy, over the provider's real gRPC server."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.provider.dynamic_server import ProviderError
from tests.provider.policy_setting import (
    ADA,
    BO,
    IT,
    MFA,
    NOTHING,
    REPORT,
    STAFF,
    Lists,
    Setting,
    inputs,
)
from tests.support.tenant import object_id


def test_create_excludes_with_one_read_and_one_write(setting: Setting) -> None:
    id_, outputs = setting.provider.create(inputs(pending=("exclude group BTG Admins",)))
    assert id_ == MFA
    assert setting.lists() == ([IT], [ADA])
    assert setting.calls() == [f"GET /{MFA}", f"PATCH /{MFA}"]
    assert outputs["pending"] == []
    assert outputs["added"] == {"groups": [IT], "users": [ADA]}


def test_foreign_exclusions_stay_in_their_order(setting: Setting) -> None:
    before_groups, before_users = setting.lists(REPORT)
    assert before_groups
    setting.provider.create(inputs(REPORT, {"groups": [STAFF], "users": [ADA]}))
    assert setting.lists(REPORT) == ([*before_groups, STAFF], [*before_users, ADA])


def test_what_is_right_is_not_written(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs(REPORT, {"groups": [IT], "users": [BO]}))
    assert setting.calls() == [f"GET /{REPORT}"]
    assert outputs["added"] == NOTHING


def test_a_skipped_policy_costs_no_request(setting: Setting) -> None:
    setting.provider.create(inputs(wanted=NOTHING, reason="skip"))
    assert setting.calls() == []


def test_a_create_whose_answer_was_lost_goes_on_and_still_knows_what_it_added(
    setting: Setting,
) -> None:
    setting.fail(method="PATCH", path=MFA, drop=True, when="after")
    _, outputs = setting.provider.create(inputs())
    assert outputs["added"] == {"groups": [IT], "users": [ADA]}
    assert setting.lists() == ([IT], [ADA])


def test_a_create_after_a_killed_run_writes_nothing_twice(setting: Setting) -> None:
    setting.provider.create(inputs())
    setting.calls()
    setting.provider.create(inputs())
    assert setting.calls() == [f"GET /{MFA}"]
    assert setting.lists() == ([IT], [ADA])


def test_an_edit_between_preview_and_write_is_kept(setting: Setting) -> None:
    setting.provider.read(MFA, {**inputs(), "added": NOTHING})
    setting.edit(excludeUsers=[BO], excludeGroups=[STAFF])
    setting.provider.create(inputs())
    assert setting.lists() == ([STAFF, IT], [BO, ADA])


def test_throttling_is_waited_out(setting: Setting) -> None:
    setting.fail(method="PATCH", path=MFA, status=429, code="UnknownError", message="")
    setting.provider.create(inputs())
    assert setting.lists() == ([IT], [ADA])
    assert setting.calls() == [f"GET /{MFA}", f"PATCH /{MFA}", f"PATCH /{MFA}"]


def test_each_policy_is_read_right_before_its_own_write(setting: Setting) -> None:
    names = ("mfa", "legacy", "report", "off")
    wanted: Lists = {"groups": [STAFF], "users": [ADA]}
    with ThreadPoolExecutor(max_workers=4) as pool:
        made = [
            pool.submit(setting.provider.create, inputs(object_id(f"policies/{name}"), wanted))
            for name in names
        ]
    assert all(future.result()[0] for future in made)
    calls = setting.calls()
    pairs = zip(calls[::2], calls[1::2], strict=True)
    assert all(read.replace("GET", "PATCH") == write for read, write in pairs)
    assert len(calls) == 8


def test_a_refused_write_names_policy_and_permissions(setting: Setting) -> None:
    setting.fail(method="PATCH", path=MFA, status=403, message="Insufficient privileges.")
    with pytest.raises(ProviderError) as caught:
        setting.provider.create(inputs())
    told = str(caught.value)
    assert "policy 'Require MFA for all users'" in told
    assert "Insufficient privileges." in told
    assert "Policy.ReadWrite.ConditionalAccess" in told
    assert "\n" not in told
    setting.provider.create(inputs())
    assert setting.lists() == ([IT], [ADA])


def test_a_policy_deleted_before_its_write_needs_no_write(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.delete_policy()
    setting.calls()
    setting.provider.update(MFA, outputs, inputs(pending=("exclude group BTG Admins",)))
    assert set(setting.calls()) == {f"GET /{MFA}"}
