"""The password of an account: when a new one is due, what is sent, when it was changed by us.

The component's own output `password`, a secret, is kept only once the user has that password. So a
run that broke off in between shows in the next one: the password resource has another.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import pulumi
import pulumi_random as random

from components.account_arguments import (
    PASSWORD_TYPE,
    TYPE,
    USER_TYPE,
    AccountTools,
    BreakGlassAccountArgs,
    StandingAccount,
    password_wanted,
)
from components.account_checks import AccountDirectory
from entra.errors import EntraError

PAUSES_SECONDS: Final = (0.0, 1.0, 2.0, 4.0, 8.0)
"""How long replicas may take to show a password change of ours."""


def password_due(name: str, args: BreakGlassAccountArgs, tools: AccountTools) -> bool:
    """Whether a standing account is to get a new password in this run.

    Because a setting says so, or because an earlier run made the password but could not set it.
    """
    password = tools.remembered(PASSWORD_TYPE, f"{name}-password") or {}
    if (password.get("keepers"), password.get("length")) != password_wanted(args):
        return True
    has = _has(name, tools)
    # Nothing known: a creation whose answer got lost, which set the password it was given.
    return bool(has) and has != password.get("result")


def keeps_password(
    name: str, args: BreakGlassAccountArgs, tools: AccountTools, standing: StandingAccount | None
) -> bool:
    """Whether the account stands and has the right password, or retires: none is to be sent.

    Its resource in the state may not know the password: it was taken in, or a refresh of this very
    run dropped it. Setting it once more would be a sensitive change of an administrator, which the
    deploying application may not be allowed.
    """
    return standing is not None and (bool(args.retired) or not password_due(name, args, tools))


def password_in_use(
    name: str,
    args: BreakGlassAccountArgs,
    tools: AccountTools,
    standing: StandingAccount | None,
    object_id: pulumi.Output[str],
    password: random.RandomPassword,
) -> pulumi.Output[str]:
    """The password once the user has it; secret. Of a retiring account the one that it has.

    Raises RunError, inside the output, when the password resource was replaced by hand while the
    user keeps the password of before; the next run sets the new one.
    """
    has = _has(name, tools)
    if args.retired and has:
        return pulumi.Output.secret(str(has))
    kept = keeps_password(name, args, tools, standing)
    known = _result(name, tools)

    def check(values: list[Any]) -> str:
        if kept and known and values[0] != known:
            raise pulumi.RunError(
                f"the password of {name} was made anew but is not set yet: run up again"
            )
        return str(values[0])

    return pulumi.Output.secret(pulumi.Output.all(password.result, object_id).apply(check))


def password_changed(
    name: str,
    args: BreakGlassAccountArgs,
    tools: AccountTools,
    standing: StandingAccount | None,
    in_use: pulumi.Output[str],
    object_id: pulumi.Output[str],
) -> pulumi.Output[str | None]:
    """When we last changed the password (ISO 8601), as the directory says.

    A later time in the directory means that somebody else changed it. So it is asked only after a
    write of ours, until a replica shows another time than before, and kept otherwise. Where none
    does in time it is our own clock's: a later run cannot tell our change from somebody else's.
    """
    before = standing.password_changed if standing else None
    kept = keeps_password(name, args, tools, standing)
    known = _has(name, tools) if args.retired else _result(name, tools)
    account = tools.remembered(TYPE, name) or {}
    # A run that broke off after it had set a password left the time of the one before.
    remembered = account.get("passwordChanged") if account.get("password") == known else None

    async def when(values: list[Any]) -> str | None:
        if kept:
            return remembered or before
        if tools.directory is None or pulumi.runtime.is_dry_run():
            return None
        shown = await asyncio.to_thread(
            _after_our_write, tools.directory, tools.sleep, str(values[1]), before
        )
        return shown or tools.now().isoformat(timespec="seconds")

    return pulumi.Output.unsecret(pulumi.Output.all(in_use, object_id)).apply(when)


def _after_our_write(
    directory: AccountDirectory,
    sleep: Callable[[float], None],
    object_id: str,
    before: str | None,
) -> str | None:
    for pause in PAUSES_SECONDS:
        sleep(pause)
        try:
            changed = directory.user(object_id).password_changed
        except EntraError:
            continue
        if changed is not None and changed.isoformat() != before:
            return changed.isoformat()
    return None


def _has(name: str, tools: AccountTools) -> Any:
    """The password that the user has, as far as the state knows."""
    user = tools.remembered(USER_TYPE, f"{name}-user") or {}
    account = tools.remembered(TYPE, name) or {}
    return user.get("password") or account.get("password")


def _result(name: str, tools: AccountTools) -> Any:
    return (tools.remembered(PASSWORD_TYPE, f"{name}-password") or {}).get("result")
