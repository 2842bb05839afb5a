"""What is found out about the group before anything is registered."""

import pulumi
import pytest

from components.group_checks import GROUP_TYPE, TYPE
from entra.directory import Group
from entra.errors import GraphError
from tests.unit.group_scene import (
    ADA,
    GROUP_ID,
    OTHER_ID,
    URN,
    Memory,
    MemoryGroups,
    find,
    group,
    standing,
)


def refusal(directory: MemoryGroups, *arguments: object, **settings: object) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        find(directory, *arguments, **settings)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert "nothing was changed" in str(caught.value)
    return str(caught.value)


def test_a_group_that_is_still_to_be_made_has_no_id() -> None:
    found = find(MemoryGroups())
    assert (found.id, found.name, found.existing, found.dropped) == (
        None,
        "BTG Admins",
        False,
        False,
    )


def test_our_group_is_found_with_its_members_and_owners() -> None:
    found = find(MemoryGroups([group()], members=[ADA], owners=[ADA]), standing())
    assert (found.id, found.members, found.owners) == (GROUP_ID, (ADA,), (ADA,))
    assert not found.dropped


def test_a_foreign_group_of_the_name_is_refused_with_its_id_and_the_ways_out() -> None:
    told = refusal(MemoryGroups([group(OTHER_ID)]))
    assert OTHER_ID in told
    assert f'pulumi config set --path "break-glass:group.existing" {OTHER_ID}' in told
    assert 'pulumi config set --path "break-glass:group.name" NAME' in told
    assert "pulumi import" not in told


def test_a_group_that_a_run_of_ours_may_have_left_behind_comes_with_the_import_command() -> None:
    told = refusal(MemoryGroups([group(OTHER_ID)]), {TYPE: {URN: {}}})
    command = (
        f"pulumi import {GROUP_TYPE} group-group /groups/{OTHER_ID} --parent group={URN} --stack"
    )
    assert command in told


def test_our_group_cannot_take_the_name_of_another() -> None:
    told = refusal(MemoryGroups([group(), group(OTHER_ID, "Reserve")]), standing(), name="Reserve")
    assert OTHER_ID in told
    assert "group.existing" not in told
    assert 'pulumi config set --path "break-glass:group.name" NAME' in told
    assert find(MemoryGroups([group()]), standing(), name="Reserve").name == "Reserve"


def test_our_group_that_was_renamed_and_another_that_took_its_name_hinder_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Anybody may make a group: nobody is to be offered to let it past the policies."""
    directory = MemoryGroups([group(GROUP_ID, "Renamed"), group(OTHER_ID)])
    found = find(directory, standing())
    assert (found.id, found.name, found.name_taken) == (GROUP_ID, "BTG Admins", True)
    told = capsys.readouterr().err
    assert f"({GROUP_ID}) was renamed to Renamed" in told
    assert f"(object id {OTHER_ID})" in told
    assert "delete or rename that one" in told
    assert "existing" not in told

    assert not find(MemoryGroups([group(GROUP_ID, "Renamed")]), standing()).name_taken


def test_a_second_group_of_our_groups_name_is_told_and_hinders_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = find(MemoryGroups([group(), group(OTHER_ID)]), standing())
    assert found.id == GROUP_ID
    assert OTHER_ID in capsys.readouterr().err


def test_a_deleted_group_is_refused_with_how_to_restore_it() -> None:
    told = refusal(MemoryGroups(deleted=[group()]), standing())
    assert f"/v1.0/directory/deletedItems/{GROUP_ID}/restore" in told
    assert f'"break-glass:group.recreate[0]" {GROUP_ID}' in told


def test_a_group_to_be_made_anew_is_added_to_those_named_before() -> None:
    told = refusal(MemoryGroups(deleted=[group()]), standing(), recreate=[OTHER_ID])
    assert f'"break-glass:group.recreate[1]" {GROUP_ID}' in told


@pytest.mark.parametrize(
    ("directory", "memory", "arguments", "way_out"),
    [
        (MemoryGroups(deleted=[group()]), standing(), {}, f"add {GROUP_ID} to recreate of"),
        (MemoryGroups(), standing(), {}, f"add {GROUP_ID} to recreate of"),
        (MemoryGroups([group(OTHER_ID)]), {}, {}, f"set existing of X to {OTHER_ID}"),
        (MemoryGroups([group(OTHER_ID)]), {}, {}, "set name of X to NAME"),
        (
            MemoryGroups([group(), group(OTHER_ID, "Reserve")]),
            standing(),
            {"name": "Reserve"},
            "set name of X to NAME",
        ),
        (MemoryGroups([group()]), standing(), {"existing": GROUP_ID}, "leave existing of X out"),
        (MemoryGroups(), {}, {"existing": OTHER_ID}, f"existing of X holds {OTHER_ID}"),
    ],
)
def test_a_component_of_another_program_speaks_of_its_arguments_and_of_no_settings(
    directory: MemoryGroups, memory: Memory, arguments: dict[str, str], way_out: str
) -> None:
    told = refusal(directory, memory, setting=None, **arguments)
    assert way_out.replace("X", "BreakGlassGroupArgs") in told
    assert "break-glass:group" not in told
    assert "pulumi config" not in told


def test_warnings_of_another_programs_component_speak_of_no_settings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    weak = MemoryGroups([group(OTHER_ID, assignable_to_role=False)])
    find(weak, setting=None, existing=OTHER_ID)
    find(MemoryGroups(), standing(), setting=None, recreate=[GROUP_ID])
    told = capsys.readouterr().err
    assert "leave existing of BreakGlassGroupArgs out" in told
    assert "as recreate of BreakGlassGroupArgs says" in told
    assert "break-glass:group" not in told


def test_a_group_that_is_nowhere_is_refused_until_recreate_names_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = refusal(MemoryGroups(), standing(), recreate=[OTHER_ID])
    assert "nowhere in the tenant" in told

    assert find(MemoryGroups(), standing(), recreate=[GROUP_ID.upper()]).id is None
    assert "made anew" in capsys.readouterr().err


def test_a_group_made_anew_takes_no_name_of_another() -> None:
    told = refusal(MemoryGroups([group(OTHER_ID)]), standing(), recreate=[GROUP_ID])
    assert OTHER_ID in told


@pytest.mark.parametrize("times", [1, 2])
def test_a_404_that_a_second_look_takes_back_is_none(times: int) -> None:
    found = find(MemoryGroups([group()], unknown=times), standing())
    assert found.id == GROUP_ID


def test_a_group_that_dropped_out_of_state_is_known_by_its_component(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = find(MemoryGroups([group()]), {**standing(), GROUP_TYPE: {}})
    assert (found.id, found.dropped) == (GROUP_ID, True)
    assert "taken in again" in capsys.readouterr().err


def test_an_existing_group_keeps_its_own_name() -> None:
    found = find(MemoryGroups([group(OTHER_ID, "Emergency")]), name="BTG Admins", existing=OTHER_ID)
    assert (found.id, found.name, found.existing, found.owners) == (OTHER_ID, "Emergency", True, ())


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (Group(OTHER_ID, "Emergency", security_enabled=False), "no security group"),
        (Group(OTHER_ID, "Emergency", dynamic=True), "from a rule"),
        (Group(OTHER_ID, "Emergency", synced=True), "on-premises"),
    ],
)
def test_an_existing_group_that_cannot_do_is_refused_with_the_reason(
    found: Group, reason: str
) -> None:
    told = refusal(MemoryGroups([found]), existing=OTHER_ID)
    assert reason in told
    assert f"break-glass:group.existing holds {OTHER_ID}" in told


def test_an_existing_group_that_is_not_there_is_refused() -> None:
    assert "no such group" in refusal(MemoryGroups(), existing=OTHER_ID)
    told = refusal(MemoryGroups(deleted=[group(OTHER_ID)]), existing=OTHER_ID)
    assert f"deletedItems/{OTHER_ID}/restore" in told


def test_an_existing_group_that_cannot_hold_roles_is_warned_about(
    capsys: pytest.CaptureFixture[str],
) -> None:
    find(MemoryGroups([group(OTHER_ID, assignable_to_role=False)]), existing=OTHER_ID)
    assert "not role-assignable" in capsys.readouterr().err

    find(MemoryGroups([group(OTHER_ID)]), existing=OTHER_ID)
    assert capsys.readouterr().err == ""


def test_the_group_that_the_stack_made_is_not_taken_for_an_existing_one() -> None:
    told = refusal(MemoryGroups([group()]), standing(), existing=GROUP_ID)
    assert "this stack made" in told


@pytest.mark.parametrize("existing", [None, OTHER_ID])
def test_a_failing_look_up_ends_the_run_in_one_line(existing: str | None) -> None:
    error = GraphError(403, "Authorization_RequestDenied", "no", "GET", "/v1.0/groups")
    told = refusal(MemoryGroups(fails=error), standing(), existing=existing)
    assert "cannot be looked up" in told
    assert "403" in told
