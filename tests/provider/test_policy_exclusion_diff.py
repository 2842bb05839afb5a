"""What counts as a change of an exclusion, told without a request."""

from typing import Any

import pytest

from tests.provider.policy_setting import ADA, BO, IT, MFA, NOTHING, Setting, inputs
from tests.support.tenant import object_id


def test_check_and_diff_ask_nothing(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.calls()
    checked = setting.provider.check({}, inputs())
    assert checked == inputs()
    assert setting.provider.diff(MFA, outputs, inputs()) == (False, [])
    assert setting.calls() == []


def test_a_loss_that_repeats_differs_from_the_inputs_that_put_it_right(setting: Setting) -> None:
    lost = inputs(pending=("exclude group BTG Admins",))
    once = setting.provider.check(inputs(), lost)
    twice = setting.provider.check(once, lost)
    thrice = setting.provider.check(twice, lost)
    assert [once["pending"], twice["pending"], thrice["pending"]] == [
        ["exclude group BTG Admins"],
        ["exclude group BTG Admins again"],
        ["exclude group BTG Admins"],
    ]
    assert setting.provider.check(once, inputs()) == inputs()


def test_diff_is_pending_or_a_changed_wish_and_nothing_else(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs(pending=("exclude group BTG Admins",)))

    def changed(**more: Any) -> bool:
        return setting.provider.diff(MFA, outputs, inputs(**more))[0]

    assert not changed()
    assert not changed(policyName="renamed", labels={}, reason="another")
    assert changed(pending=("exclude group BTG Admins",))
    assert changed(wanted={"groups": [IT], "users": []})
    assert changed(wanted=NOTHING)
    assert changed(wanted={"groups": [IT], "users": [ADA, BO]})
    assert not changed(wanted={"groups": [IT.upper()], "users": [ADA]})


@pytest.mark.parametrize("key", ["wanted", "stackObjects", "pending"])
def test_what_is_not_known_yet_is_a_change(setting: Setting, key: str) -> None:
    _, outputs = setting.provider.create(inputs(wanted=NOTHING))
    unknown = {**inputs(wanted=NOTHING), key: "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}
    assert setting.provider.diff(MFA, outputs, unknown) == (True, [])


def test_a_new_account_is_remembered_for_a_skipped_policy_without_a_request(
    setting: Setting,
) -> None:
    skipped = inputs(wanted=NOTHING, stack={"groups": [IT], "users": []})
    _, outputs = setting.provider.create(skipped)
    grown = inputs(wanted=NOTHING, stack={"groups": [IT], "users": [ADA]})
    assert setting.provider.diff(MFA, outputs, grown)[0]
    after = setting.provider.update(MFA, outputs, grown)
    assert after["stackObjects"]["users"] == [ADA]
    assert setting.calls() == []


def test_another_policy_or_tenant_is_another_resource(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    moved = inputs(tenantId=object_id("elsewhere"))
    assert setting.provider.diff(MFA, outputs, moved) == (True, ["tenantId"])
