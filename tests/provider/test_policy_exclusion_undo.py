"""Taking exclusions away: what the stack added goes, what others put there stays."""

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


def test_a_retired_account_leaves_the_policy(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs(wanted={"groups": [IT], "users": [ADA, BO]}))
    after = setting.provider.update(MFA, outputs, inputs())
    assert setting.lists() == ([IT], [ADA])
    assert after["added"] == {"groups": [IT], "users": [ADA]}


def test_a_policy_skipped_later_loses_only_what_we_added(setting: Setting) -> None:
    wanted: Lists = {"groups": [IT, STAFF], "users": []}
    _, outputs = setting.provider.create(inputs(REPORT, wanted))
    skipped = inputs(REPORT, NOTHING, stack=wanted)
    setting.provider.update(REPORT, outputs, skipped)
    assert setting.lists(REPORT)[0] == [IT]


def test_delete_takes_away_what_we_added_and_keeps_what_others_put_there(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.edit(excludeGroups=[STAFF, IT], excludeUsers=[ADA, BO])
    setting.provider.delete(MFA, outputs)
    assert setting.lists() == ([STAFF], [BO])


def test_delete_keeps_a_group_that_stood_there_before_and_is_not_the_stacks(
    setting: Setting,
) -> None:
    _, outputs = setting.provider.create(
        inputs(REPORT, {"groups": [IT], "users": [ADA]}, stack=NOTHING)
    )
    setting.provider.delete(REPORT, outputs)
    assert setting.lists(REPORT) == ([IT], [BO])


def test_delete_always_takes_away_the_objects_that_the_stack_deletes(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs(REPORT, {"groups": [IT], "users": [BO]}))
    assert outputs["added"] == NOTHING
    setting.provider.delete(REPORT, outputs)
    assert setting.lists(REPORT) == ([], [])


def test_accounts_no_longer_excluded_stay_where_others_put_them_until_the_stack_deletes_them(
    setting: Setting,
) -> None:
    both: Lists = {"groups": [IT], "users": [ADA, BO]}
    only: Lists = {"groups": [IT], "users": []}
    _, outputs = setting.provider.create(inputs(REPORT, both))
    assert setting.lists(REPORT) == ([IT], [BO, ADA])
    outputs = setting.provider.update(REPORT, outputs, inputs(REPORT, only, stack=both))
    assert setting.lists(REPORT) == ([IT], [BO])
    setting.provider.delete(REPORT, outputs)
    assert setting.lists(REPORT) == ([], [])


def test_an_account_retired_after_its_exclusion_was_ended_leaves_whoever_put_it_there(
    setting: Setting,
) -> None:
    only: Lists = {"groups": [IT], "users": []}
    both: Lists = {"groups": [IT], "users": [ADA, BO]}
    _, outputs = setting.provider.create(inputs(REPORT, only, stack=both))
    one: Lists = {"groups": [IT], "users": [ADA]}
    setting.provider.update(REPORT, outputs, inputs(REPORT, only, stack=one))
    assert setting.lists(REPORT) == ([IT], [])


def test_an_account_of_the_stack_that_is_not_excluded_asks_for_nothing(setting: Setting) -> None:
    only: Lists = {"groups": [IT], "users": []}
    _, outputs = setting.provider.create(inputs(wanted=only))
    setting.calls()
    one: Lists = {"groups": [IT], "users": [ADA]}
    after = setting.provider.update(MFA, outputs, inputs(wanted=only, stack=one))
    assert setting.calls() == []
    assert after["stackObjects"] == one
    assert after["added"] == outputs["added"] == only
    setting.edit(excludeUsers=[ADA])
    setting.provider.delete(MFA, after)
    assert setting.lists() == ([], [])


def test_delete_of_what_is_gone_is_done(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.delete_policy()
    setting.provider.delete(MFA, outputs)


def test_a_failed_delete_is_told_and_can_be_repeated(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.fail(method="PATCH", path=MFA, status=403)
    with pytest.raises(ProviderError, match="may not be changed"):
        setting.provider.delete(MFA, outputs)
    setting.provider.delete(MFA, outputs)
    assert setting.lists() == ([], [])
