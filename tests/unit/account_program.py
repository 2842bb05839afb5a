"""One break-glass account as a program, after a former run or without one."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pulumi

from components.account_arguments import NAME_TYPE
from components.break_glass_account import (
    PASSWORD_TYPE,
    TYPE,
    USER_TYPE,
    AccountTools,
    BreakGlassAccount,
    BreakGlassAccountArgs,
)
from tests.unit.directories import MemoryDirectory
from tests.unit.harness import Recording, object_id, run_program
from tests.unit.recording_monitor import Respond

OBJECT_ID = object_id("account-user")
"""What the recording monitor answers for the user."""
NAME = "k7q2v9x4m3p8t6w5@contoso.onmicrosoft.com"
URN = "urn:pulumi:unit::break-glass::"
PASSWORD = "Password-of-account-password!"
"""What the recording monitor answers for the password resource."""
ALONE = AccountTools(directory=None, memory=lambda _: {})
"""Nobody is asked, nothing is remembered."""
REMEMBERED: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    TYPE: {
        f"{URN}{TYPE}::account": {
            "objectId": OBJECT_ID,
            "userPrincipalName": NAME,
            "password": PASSWORD,
            "passwordChanged": "2026-01-01T00:00:00+00:00",
        }
    },
    USER_TYPE: {
        f"{URN}{TYPE}${USER_TYPE}::account-user": {
            "objectId": OBJECT_ID,
            "userPrincipalName": NAME,
            "password": PASSWORD,
        }
    },
    PASSWORD_TYPE: {
        f"{URN}{TYPE}${PASSWORD_TYPE}::account-password": {
            "keepers": {"rotation": ""},
            "length": 64.0,
            "result": PASSWORD,
        }
    },
    NAME_TYPE: {f"{URN}{TYPE}${NAME_TYPE}::account-name": {"result": NAME.split("@")[0]}},
}
"""Types of resources → URN → outputs, as an account of an earlier run has them."""


def make(
    *,
    preview: bool = False,
    remembered: Mapping[str, Mapping[str, Any]] | None = None,
    directory: MemoryDirectory | None = None,
    expect_error: bool = False,
    protect: bool | None = None,
    tools: Mapping[str, Any] | None = None,
    respond: Respond | None = None,
    domain: Callable[[], pulumi.Input[str]] = lambda: "contoso.onmicrosoft.com",
    **args: Any,
) -> Recording:
    asked = AccountTools(
        directory=directory or MemoryDirectory(),
        memory=lambda type_: (remembered or {}).get(type_, {}),
        sleep=lambda _: None,
        now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )

    def program() -> None:
        account = BreakGlassAccount(
            "account",
            BreakGlassAccountArgs(domain(), **args),
            pulumi.ResourceOptions(protect=protect),
            tools=replace(asked, **(tools or {})),
        )
        pulumi.export("summary", account.summary)
        pulumi.export("password", account.password)
        pulumi.export("credentials", account.credentials)

    return run_program(program, preview=preview, respond=respond, expect_error=expect_error)


@cache
def usual() -> Recording:
    """`make()` once, for all tests that only look at it."""
    return make()
