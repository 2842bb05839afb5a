"""One break-glass account as a program, after a former run or without one."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.break_glass_account import (
    PASSWORD_TYPE,
    TYPE,
    USER_TYPE,
    AccountTools,
    BreakGlassAccount,
    BreakGlassAccountArgs,
)
from tests.unit.directories import MemoryDirectory
from tests.unit.harness import Recording, run_program

OBJECT_ID = "3b1f7c52-0c51-4c3e-9a53-6f0a4e3f8d11"
NAME = "k7q2v9x4m3p8t6w5@contoso.onmicrosoft.com"
URN = "urn:pulumi:unit::break-glass::"
ALONE = AccountTools(directory=None, memory=lambda _: {})
"""Nobody is asked, nothing is remembered."""
REMEMBERED = {
    TYPE: {f"{URN}{TYPE}::account": {"objectId": OBJECT_ID, "userPrincipalName": NAME}},
    USER_TYPE: {
        f"{URN}{TYPE}${USER_TYPE}::account-user": {
            "objectId": OBJECT_ID,
            "userPrincipalName": NAME,
            "password": "kept",
        }
    },
    PASSWORD_TYPE: {
        f"{URN}{TYPE}${PASSWORD_TYPE}::account-password": {
            "keepers": {"rotation": ""},
            "length": 64,
        }
    },
}


def make(
    *,
    preview: bool = False,
    remembered: Mapping[str, Mapping[str, Any]] | None = None,
    directory: MemoryDirectory | None = None,
    expect_error: bool = False,
    protect: bool | None = None,
    **args: Any,
) -> Recording:
    def program() -> None:
        account = BreakGlassAccount(
            "account",
            BreakGlassAccountArgs("contoso.onmicrosoft.com", **args),
            pulumi.ResourceOptions(protect=protect),
            tools=AccountTools(
                directory=directory or MemoryDirectory(),
                memory=lambda type_: (remembered or {}).get(type_, {}),
            ),
        )
        pulumi.export("summary", account.summary)
        pulumi.export("password", account.password)
        pulumi.export("credentials", account.credentials)
        pulumi.export("watched", account.watched)

    return run_program(program, preview=preview, expect_error=expect_error)
