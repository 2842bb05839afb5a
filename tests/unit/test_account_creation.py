"""Right before an account is made: its name must be free, among the deleted users too."""

import asyncio
from typing import Any

import pulumi
import pytest

from components.account_clash import import_command
from components.break_glass_account import (
    TYPE,
    USER_TYPE,
    BreakGlassAccount,
    BreakGlassAccountArgs,
)
from tests.unit.account_program import ALONE, NAME, OBJECT_ID, URN, make
from tests.unit.directories import MemoryDirectory, user
from tests.unit.harness import Recording, run_program


def before_create(run: Recording, name: Any = NAME) -> None:
    """Call the hook as the engine would right before it creates the user."""
    hooks = run.one("User").hooks["before_create"]
    assert len(hooks) == 1
    hook = run.hooks[hooks[0]]
    assert hook.opts is not None
    assert hook.opts.on_dry_run
    found = hook(
        pulumi.ResourceHookArgs(
            f"{URN}{TYPE}${USER_TYPE}::account-user",
            "",
            "account-user",
            USER_TYPE,
            {"userPrincipalName": name},
        )
    )
    assert not asyncio.iscoroutine(found)


def told_about(**args: Any) -> str:
    """The one line about a live user of the name."""
    tools = args.pop("tools", None)
    run = make(directory=MemoryDirectory(live=[user(OBJECT_ID, NAME)]), tools=tools, **args)
    with pytest.raises(pulumi.RunError, match="is in the tenant already") as caught:
        before_create(run)
    assert "\n" not in str(caught.value)
    return str(caught.value)


COMMAND = (
    f"pulumi import azuread:index/user:User account-user /users/{OBJECT_ID}"
    f" --parent account={URN}{TYPE}::account --stack unit --generate-code=false --yes"
)


def test_a_random_name_that_is_taken_stops_the_creation_with_the_command_to_take_it_in() -> None:
    told = told_about()
    assert told.endswith(f"then run up again: {COMMAND}")
    assert "adopt" not in told


@pytest.mark.parametrize(
    ("tools", "way"),
    [
        ({}, f"adopt it (AdoptedAccount, object id {OBJECT_ID})"),
        (
            {"adopted": 3},
            'adopt it (pulumi config set --path "break-glass:accounts.adopt[3]"'
            f" {OBJECT_ID}, and take this one out)",
        ),
    ],
)
def test_a_chosen_name_that_is_taken_can_be_changed_or_adopted(
    tools: dict[str, Any], way: str
) -> None:
    told = told_about(user_name="quiet", tools=tools)
    assert "choose another user name for account, or" in told
    assert way in told
    assert told.endswith(COMMAND)


def test_the_stack_of_an_organization_is_named_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi, "get_organization", lambda: "contoso")
    assert " --stack contoso/break-glass/unit " in told_about()


def test_a_nested_account_is_taken_in_below_its_own_parent() -> None:
    urn = f"{URN}pkg:index:House${TYPE}${USER_TYPE}::account-user"
    command = import_command(urn, "account", OBJECT_ID, "prod")
    assert f" --parent 'account={URN}pkg:index:House${TYPE}::account' " in command


def test_a_deleted_namesake_stops_the_creation_unless_it_may_be_made_anew() -> None:
    directory = MemoryDirectory(deleted=[user(OBJECT_ID, NAME)])
    with pytest.raises(pulumi.RunError, match="is among the deleted users"):
        before_create(make(directory=directory))

    before_create(make(directory=directory, recreate=[OBJECT_ID.upper()]))


def test_the_command_that_makes_one_anew_leaves_those_named_before() -> None:
    directory = MemoryDirectory(deleted=[user(OBJECT_ID, NAME)])
    with pytest.raises(pulumi.RunError, match=rf'"break-glass:accounts.recreate\[1\]" {OBJECT_ID}'):
        before_create(make(directory=directory, recreate=["another"]))


def test_a_free_name_and_one_that_is_not_known_yet_are_no_obstacle() -> None:
    directory = MemoryDirectory()
    run = make(directory=directory)
    before_create(run, None)
    assert NAME not in directory.asked
    before_create(run)
    assert NAME in directory.asked


def test_without_a_directory_nobody_is_asked() -> None:
    args = BreakGlassAccountArgs("contoso.example")
    run = run_program(lambda: BreakGlassAccount("account", args, tools=ALONE))
    assert run.one("User").hooks == {}
