"""Right before an account is made: its name must be free, among the deleted users too."""

import asyncio
from typing import Any

import pulumi
import pytest

from components.break_glass_account import USER_TYPE, BreakGlassAccount, BreakGlassAccountArgs
from tests.unit.account_program import ALONE, NAME, OBJECT_ID, make
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
        pulumi.ResourceHookArgs("urn", "", "account-user", USER_TYPE, {"userPrincipalName": name})
    )
    assert not asyncio.iscoroutine(found)


def test_a_name_that_is_taken_stops_the_creation() -> None:
    run = make(directory=MemoryDirectory(live=[user(OBJECT_ID, NAME)]))
    with pytest.raises(pulumi.RunError, match="is in the tenant already") as caught:
        before_create(run)
    assert f"/users/{OBJECT_ID}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_deleted_namesake_stops_the_creation_unless_it_may_be_made_anew() -> None:
    directory = MemoryDirectory(deleted=[user(OBJECT_ID, NAME)])
    with pytest.raises(pulumi.RunError, match="is among the deleted users"):
        before_create(make(directory=directory))

    before_create(make(directory=directory, recreate=[OBJECT_ID]))


def test_a_free_name_and_one_that_is_not_known_yet_are_no_obstacle() -> None:
    directory = MemoryDirectory()
    run = make(directory=directory)
    before_create(run, None)
    assert directory.asked == []
    before_create(run)
    assert set(directory.asked) == {NAME}


def test_without_a_directory_nobody_is_asked() -> None:
    args = BreakGlassAccountArgs("contoso.example")
    run = run_program(lambda: BreakGlassAccount("account", args, tools=ALONE))
    assert run.one("User").hooks == {}
