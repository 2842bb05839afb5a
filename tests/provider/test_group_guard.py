"""What the guard takes out of the group, and what it never touches."""

from collections.abc import Generator

import pytest

from tests.provider.dynamic_server import ProviderError, dynamic_server
from tests.provider.group_setting import (
    ADA,
    BO,
    GROUP,
    GroupSetting,
    group_setting,
    inputs,
)

STRANGER = f"remove member bo@contoso.com ({BO})"
INTRUDER = f"remove owner bo@contoso.com ({BO})"


@pytest.fixture
def setting() -> Generator[GroupSetting]:
    with group_setting() as found:
        yield found


def test_what_is_pending_is_a_difference_and_an_emptied_list_is_none(setting: GroupSetting) -> None:
    before = inputs()
    assert setting.provider.diff("guard", before, inputs(STRANGER)) == (True, [])
    assert setting.provider.diff("guard", inputs(STRANGER), before) == (False, [])
    assert setting.provider.diff("guard", before, {**before, "members": [ADA, BO]}) == (False, [])


def test_another_group_is_an_update_and_no_replacement(setting: GroupSetting) -> None:
    assert setting.provider.diff("guard", inputs(), {**inputs(), "groupId": BO}) == (True, [])


def test_the_same_stranger_a_second_time_is_worded_anew(setting: GroupSetting) -> None:
    checked = setting.provider.check(inputs(STRANGER), inputs(STRANGER))
    assert checked["pending"] == [f"{STRANGER} again"]


def test_a_group_without_strangers_is_not_asked_about(setting: GroupSetting) -> None:
    id_, outputs = setting.provider.create(inputs())
    setting.provider.update(id_, outputs, {**inputs(), "members": [ADA, BO]})
    assert setting.provider.read(id_, outputs).outputs == outputs
    setting.provider.delete(id_, outputs)
    assert setting.calls() == []


@pytest.mark.parametrize("again", ["", " again"])
def test_exactly_the_strangers_go_owners_first(setting: GroupSetting, again: str) -> None:
    us = setting.application
    setting.put(members=[ADA, BO], owners=[us, BO])

    outputs = setting.provider.update(
        "guard", inputs(), inputs(STRANGER + again, INTRUDER + again, owners=[us])
    )

    assert setting.people() == ({ADA}, {us})
    assert (outputs["pending"], outputs["refused"]) == ([], [])
    assert setting.calls() == [
        f"DELETE {GROUP}/owners/{BO}/$ref",
        f"DELETE {GROUP}/members/{BO}/$ref",
    ]


def test_the_user_itself_is_not_deleted(setting: GroupSetting) -> None:
    setting.put(members=[ADA, BO])
    setting.provider.create(inputs(STRANGER))
    assert BO in setting.server.world.default.directory.users


def test_who_became_ours_meanwhile_stays(setting: GroupSetting) -> None:
    setting.put(members=[ADA, BO], owners=[BO])
    news = {**inputs(STRANGER, INTRUDER, owners=[BO]), "members": [ADA, BO]}
    setting.provider.update("guard", inputs(), news)
    assert setting.people() == ({ADA, BO}, {BO})


def test_who_is_gone_already_is_gone(setting: GroupSetting) -> None:
    setting.put(members=[ADA])
    setting.provider.update("guard", inputs(), inputs(STRANGER, INTRUDER))
    assert setting.people() == ({ADA}, set())


def test_the_last_owner_goes_after_the_application_has_become_one(setting: GroupSetting) -> None:
    setting.put(members=[ADA], owners=[BO])
    setting.fail(method="DELETE", path="/owners/", status=400)
    outputs = setting.provider.update("guard", inputs(), inputs(INTRUDER))
    assert setting.people() == ({ADA}, {setting.application})
    assert outputs["refused"] == []


def test_an_owner_that_the_service_keeps_is_told_and_hinders_nothing(setting: GroupSetting) -> None:
    setting.put(members=[ADA, BO], owners=[setting.application, BO])
    setting.fail(method="DELETE", path="/owners/", status=400, times=9)
    outputs = setting.provider.update("guard", inputs(), inputs(STRANGER, INTRUDER))
    assert setting.people()[0] == {ADA}
    assert outputs["refused"] == [INTRUDER]
    (told,) = setting.provider.warnings()
    assert "does not let the last owner go" in told


def test_a_refusal_is_one_line_that_names_the_permissions_and_the_others_still_go(
    setting: GroupSetting,
) -> None:
    setting.put(members=[ADA, BO], owners=[setting.application, BO])
    setting.fail(method="DELETE", path="/owners/", status=403, times=9)
    with pytest.raises(ProviderError) as caught:
        setting.provider.update("guard", inputs(), inputs(STRANGER, INTRUDER))
    told = str(caught.value)
    assert "\n" not in told
    assert "RoleManagement.ReadWrite.Directory" in told
    assert setting.people()[0] == {ADA}


def test_a_line_that_says_something_else_is_refused(setting: GroupSetting) -> None:
    setting.put(members=[ADA, BO])
    with pytest.raises(ProviderError, match="expected 'remove member NAME"):
        setting.provider.update("guard", inputs(), inputs(f"delete everything ({BO})"))
    assert setting.calls() == []


def test_a_name_with_parentheses_and_an_id_in_it_names_nobody_else(setting: GroupSetting) -> None:
    setting.put(members=[ADA, BO])
    setting.provider.update("guard", inputs(), inputs(f"remove member x ({GROUP}) again ({BO})"))
    assert setting.people()[0] == {ADA}


def test_a_missing_credential_is_one_line() -> None:
    with group_setting() as found, dynamic_server({}) as provider:
        provider.pickled = found.provider.pickled
        with pytest.raises(ProviderError) as caught:
            provider.create(inputs(STRANGER))
    assert "ARM_TENANT_ID is not set" in str(caught.value)
    assert "\n" not in str(caught.value)
