"""What a change of settings would cost is refused by the state alone, with nothing changed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.protection import (
    WantedAccount,
    WantedResources,
    WantedStack,
    is_protected,
    leaving,
    refuse_another_tenant,
    refuse_losses,
)
from components.stack_memory import StackMemory

TENANT = "5f8e6c1a-6c0f-4b0e-9d5b-2f9b8a7c4e10"
SUBSCRIPTION = "9a1d2c3b-4e5f-4a6b-8c7d-0e1f2a3b4c5d"
OURS = "7d3e9a14-52c8-4f60-b1d7-8e2f4c6a9b05"
THEIRS = "1c2d3e4f-0000-4000-8000-000000000001"
MADE = "break-glass:index:BreakGlassAccount"
ADOPTED = "break-glass:index:AdoptedAccount"
GROUP = "break-glass:index:BreakGlassGroup"
MEMBER = "azuread:index/groupMember:GroupMember"
ASSIGNMENT = "azuread:index/directoryRoleAssignment:DirectoryRoleAssignment"
RESOURCE_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-break-glass"
RESOURCES = WantedResources(
    subscription_id=SUBSCRIPTION,
    location="westeurope",
    resource_group="rg-break-glass",
    workspace_id=f"{RESOURCE_GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-x",
    names={"action-group": "ag-break-glass"},
)
STANDING = WantedStack(
    accounts=[WantedAccount(f"account-{n}", excluded=True, retire=False) for n in (1, 2, 3)],
    counted=True,
    existing_group=None,
    resources=RESOURCES,
)

State = dict[str, dict[str, dict[str, Any]]]


def standing() -> State:
    """A stack that was brought up protected: type → name → outputs."""
    names = [f"account-{n}" for n in (1, 2, 3)]
    return {
        "pulumi:providers:azuread": {"default_6_11_1": {"tenantId": TENANT}},
        MADE: {
            name: {
                "objectId": f"id-of-{name}",
                "userPrincipalName": f"{name}@contoso.example",
                "protected": True,
                "retired": False,
            }
            for name in names
        },
        GROUP: {"group": {"groupId": OURS, "existing": False, "protected": True}},
        MEMBER: {f"group-member-{name}": {} for name in names},
        ASSIGNMENT: {f"{name}-global-administrator": {} for name in names},
        "azure-native:monitor:ScheduledQueryRule": {
            "monitoring-use-alert": {"name": "Break-glass account used"}
        },
        "azure-native:monitor:ActionGroup": {"monitoring-action-group": {"name": "ag-break-glass"}},
        "break-glass:index:SignInMonitoring": {
            "monitoring": {"workspaceId": RESOURCES.workspace_id, "deleteLogs": False}
        },
    }


def memory(state: Mapping[str, Mapping[str, Any]]) -> StackMemory:
    def of_type(type_: str) -> dict[str, Any]:
        found = state.get(type_, {})
        return {f"urn:pulumi:prod::break-glass::{type_}::{name}": o for name, o in found.items()}

    return of_type


def unprotected(state: State) -> State:
    for outputs in (*state[MADE].values(), *state[GROUP].values()):
        outputs["protected"] = False
    return state


def retired(state: State, name: str = "account-3") -> State:
    state[MADE][name] |= {"retired": True, "protected": False}
    del state[ASSIGNMENT][f"{name}-global-administrator"]
    return state


def without(name: str, wanted: WantedStack = STANDING) -> WantedStack:
    return replace(wanted, accounts=[one for one in wanted.accounts if one.name != name])


def refusals(wanted: WantedStack, state: State) -> list[str]:
    with pytest.raises(pulumi.RunError) as caught:
        refuse_losses(wanted, memory(state))
    told = str(caught.value).split("\n")
    assert all("nothing was changed" in line for line in told)
    return told


def refusal(wanted: WantedStack, state: State) -> str:
    (line,) = refusals(wanted, state)
    return line


def test_what_stands_as_the_settings_say_is_let_through() -> None:
    refuse_losses(STANDING, memory(standing()))
    refuse_losses(STANDING, memory({}))


@pytest.mark.parametrize("protect", [True, False])
def test_an_account_that_was_not_retired_stays_whatever_protect_says(protect: bool) -> None:
    state = standing() if protect else unprotected(standing())
    line = refusal(without("account-3"), state)
    assert line.startswith(
        "break-glass:accounts.count leaves out account-3 (account-3@contoso.example), which was not"
        " retired: nothing was changed"
    )


def test_instead_of_a_count_every_account_is_named_and_the_leaving_one_retires() -> None:
    line = refusal(without("account-3"), standing())
    path = 'pulumi config set --path "break-glass:accounts.named'
    assert (
        'pulumi config rm --path "break-glass:accounts.count"'
        f'; {path}.account-1.retire" false; {path}.account-2.retire" false'
        f'; {path}.account-3.retire" true; pulumi up'
    ) in line


def test_of_named_accounts_only_the_leaving_one_is_to_be_written() -> None:
    line = refusal(without("account-1", replace(STANDING, counted=False)), standing())
    assert line.startswith("break-glass:accounts.named leaves out account-1")
    assert 'first its roles: pulumi config set --path "break-glass:accounts.named.' in line
    assert line.count("pulumi config set") == 1


def test_a_retired_account_may_leave() -> None:
    state = retired(standing())
    refuse_losses(without("account-3"), memory(state))
    assert leaving(["account-1", "account-2"], memory(state)) == ("account-3",)


@pytest.mark.parametrize("role", ["global-administrator", f"role-{THEIRS}"])
def test_a_retired_account_whose_role_is_still_there_stays(role: str) -> None:
    state = retired(standing())
    state[ASSIGNMENT][f"account-3-{role}"] = {}
    assert "account-3@contoso.example), which still has a role" in refusal(
        without("account-3"), state
    )


def test_an_account_that_was_begun_and_never_made_may_leave() -> None:
    state = standing()
    state[MADE]["account-4"] = {}
    refuse_losses(STANDING, memory(state))
    assert leaving(["account-1", "account-2", "account-3"], memory(state)) == ()


def test_an_account_whose_making_broke_off_after_its_user_stays() -> None:
    state = standing()
    state[MADE]["account-4"] = {}
    state["azuread:index/user:User"] = {"account-4-user": {"objectId": "id"}}
    assert "leaves out account-4, which was not retired" in refusal(STANDING, state)


def test_an_adopted_account_leaves_in_two_steps_too() -> None:
    state = standing()
    state[ADOPTED] = {
        f"adopted-{THEIRS}": {
            "objectId": THEIRS,
            "userPrincipalName": "ada@contoso.example",
            "retired": False,
        }
    }
    another = WantedAccount("adopted-other", excluded=True, retire=False, adopted=True)
    line = refusal(replace(STANDING, accounts=[*STANDING.accounts, another]), state)
    path = "break-glass:accounts.adopt[1]"
    assert line.startswith("break-glass:accounts.adopt leaves out adopted-")
    assert f'pulumi config set --path "{path}.account" {THEIRS};' in line
    assert f'pulumi config set --path "{path}.retire" true; pulumi up' in line


def test_several_adopted_accounts_left_out_at_once_retire_at_places_of_their_own() -> None:
    state = standing()
    first, second = (f"{THEIRS[:-1]}{end}" for end in "12")
    state[ADOPTED] = {f"adopted-{one}": {"objectId": one} for one in (first, second)}
    stays = WantedAccount("adopted-other", excluded=True, retire=False, adopted=True)
    lines = refusals(replace(STANDING, accounts=[*STANDING.accounts, stays]), state)
    for position, (line, account) in enumerate(zip(lines, (first, second), strict=True), start=1):
        path = f"break-glass:accounts.adopt[{position}]"
        assert f'pulumi config set --path "{path}.account" {account};' in line
        assert f'pulumi config set --path "{path}.retire" true;' in line


@pytest.mark.parametrize("role", ["global-administrator", f"role-{THEIRS}"])
def test_a_role_of_an_account_whose_name_begins_alike_hinders_nobody(role: str) -> None:
    state = retired(standing())
    state[MADE]["account-3-role-b"] = {"objectId": "id", "retired": False}
    state[ASSIGNMENT][f"account-3-role-b-{role}"] = {}
    another = WantedAccount("account-3-role-b", excluded=True, retire=False)
    wanted = without("account-3")
    refuse_losses(replace(wanted, accounts=[*wanted.accounts, another]), memory(state))


def test_an_account_that_is_gone_for_good_and_retired_may_leave() -> None:
    state = retired(standing())
    del state[MEMBER]["group-member-account-3"]
    state["azuread:index/user:User"] = {}
    refuse_losses(without("account-3"), memory(state))
    assert leaving(["account-1", "account-2"], memory(state)) == ("account-3",)


def test_a_member_whose_name_ends_alike_is_somebody_else() -> None:
    state = standing()
    state[MADE]["account-2-member-b"] = dict(state[MADE]["account-2"])
    state[MADE]["b"] = dict(state[MADE]["account-2"])
    state[MEMBER]["group-member-account-2-member-b"] = {}
    more = [
        WantedAccount("account-2-member-b", excluded=True, retire=False),
        WantedAccount("b", excluded=False, retire=False),
    ]
    refuse_losses(replace(STANDING, accounts=[*STANDING.accounts, *more]), memory(state))


def test_a_protected_member_does_not_leave_the_group() -> None:
    accounts = [replace(one, excluded=one.name != "account-2") for one in STANDING.accounts]
    wanted = replace(STANDING, accounts=accounts)
    line = refusal(wanted, standing())
    assert line.startswith("excluded is false for account-2 (account-2@contoso.example)")
    assert "pulumi config set break-glass:protect false" in line
    refuse_losses(wanted, memory(unprotected(standing())))
    # One that retires stays a member until it leaves, whatever excluded says.
    retiring = [replace(one, retire=not one.excluded) for one in accounts]
    refuse_losses(replace(wanted, accounts=retiring), memory(standing()))


def test_an_account_that_never_was_a_member_may_stay_out() -> None:
    state = standing()
    del state[MEMBER]["group-member-account-2"]
    accounts = [replace(one, excluded=one.name != "account-2") for one in STANDING.accounts]
    refuse_losses(replace(STANDING, accounts=accounts), memory(state))


@pytest.mark.parametrize(
    ("existing", "wanted", "told"),
    [
        (False, THEIRS, f"break-glass:group.existing holds {THEIRS}, but the group"),
        (True, THEIRS, f"break-glass:group.existing holds {THEIRS}, but the group"),
        (True, None, "break-glass:group.existing is not set, but the protected members"),
    ],
)
def test_a_protected_group_is_not_exchanged(existing: bool, wanted: str | None, told: str) -> None:
    state = standing()
    state[GROUP]["group"]["existing"] = existing
    change = replace(STANDING, existing_group=wanted)
    line = refusal(change, state)
    assert line.startswith(told)
    assert OURS in line
    refuse_losses(change, memory(unprotected(state)))


def test_an_existing_group_that_stays_is_let_through() -> None:
    state = standing()
    state[GROUP]["group"]["existing"] = True
    refuse_losses(replace(STANDING, existing_group=OURS), memory(state))


def test_everything_that_would_be_lost_is_told_at_once() -> None:
    wanted = replace(
        without("account-3"),
        existing_group=THEIRS,
        resources=replace(RESOURCES, names={"action-group": "ag-other"}),
    )
    assert [line.split(" ")[0] for line in refusals(wanted, standing())] == [
        "break-glass:accounts.count",
        "break-glass:group.existing",
        "break-glass:monitoring.notify.name",
    ]


@pytest.mark.parametrize("protect", [True, False])
def test_a_stack_does_not_move_to_another_tenant(protect: bool) -> None:
    state = standing() if protect else unprotected(standing())
    refuse_another_tenant(TENANT.upper(), memory(state))
    with pytest.raises(pulumi.RunError, match=f"{THEIRS}.*accounts are in tenant {TENANT}"):
        refuse_another_tenant(THEIRS, memory(state))


def test_a_stack_whose_accounts_are_gone_may_begin_in_another_tenant() -> None:
    state = standing()
    del state[MADE]
    refuse_another_tenant(THEIRS, memory(state))


def test_one_protected_part_makes_the_stack_a_protected_one() -> None:
    assert is_protected(memory(standing()))
    assert is_protected(memory(retired(standing())))
    assert not is_protected(memory(unprotected(standing())))
    assert not is_protected(memory({}))
