"""What a `BreakGlassAccount` is given: its data, and whom it asks before it is made."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import pulumi

from components.account_checks import AccountDirectory, EnvironmentDirectory, RememberedAccount
from components.stack_memory import Outputs, StackMemory, earlier_outputs
from entra.built_in_roles import GLOBAL_ADMINISTRATOR, role_id

TYPE: Final = "break-glass:index:BreakGlassAccount"
USER_TYPE: Final = "azuread:index/user:User"
PASSWORD_TYPE: Final = "random:index/randomPassword:RandomPassword"  # noqa: S105 - a type's name
NAME_TYPE: Final = "random:index/randomString:RandomString"
PASSWORD_LENGTH: Final = 64
SHORTEST, LONGEST = 16, 256
"""Characters of a password; the service takes up to 256 (Microsoft, "Password policies")."""
_PREFIX: Final = re.compile(r"([a-z0-9]([a-z0-9._-]{0,30}[a-z0-9_-])?)?")
_USER_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9_-])?")


@dataclass(frozen=True)
class BreakGlassAccountArgs:
    """What a `BreakGlassAccount` is made of."""

    domain: pulumi.Input[str]
    """A verified domain of the tenant, best its initial one (`contoso.onmicrosoft.com`)."""
    armed: pulumi.Input[Any] | None = None
    """The roles are given only after this has come: exclusions and alarm stand."""
    name_prefix: str | None = None
    """Before the random name. Lower-case letters, digits, '.', '-', '_'. Auditors may look for
    one; so may attackers."""
    user_name: str | None = None
    """What stands before the '@', instead of prefix and 16 random letters and digits."""
    display_name: str | None = None
    """Default: the user name, which says nothing to whoever browses the directory."""
    given_name: str | None = None
    """First name; like all that follows visible to everybody in the tenant, default none."""
    surname: str | None = None
    """Last name."""
    job_title: str | None = None
    """Title at work."""
    department: str | None = None
    """Department of the company."""
    company_name: str | None = None
    """Name of the company."""
    usage_location: str | None = None
    """Two letters of a country (ISO 3166), which only a licence needs. Once it is set the service
    takes another one, but not none."""
    password_length: int | None = None
    """Characters, 16 to 256; default 64."""
    password_rotation: str | None = None
    """Any new text makes a new password, in place."""
    roles: Sequence[str] | None = None
    """Directory roles besides Global Administrator, by name or template id (Microsoft, "Microsoft
    Entra built-in roles")."""
    recreate: Sequence[str] | None = None
    """Object ids of earlier accounts that are gone and may be made anew."""
    retired: bool | None = None
    """True: the roles go, and nothing of the account is protected any more; all else stays."""


@dataclass(frozen=True)
class StandingAccount:
    """An account of the stack as it stands in the tenant."""

    object_id: str
    user_principal_name: str
    password_changed: str | None
    """When the directory says that it was last changed; ISO 8601."""
    held: Mapping[str, str]
    """Roles that it holds in the whole tenant: template id → id of the assignment."""
    gone: bool = False
    """It retires and the tenant has it no more: nothing of it is left to manage."""
    left_alone: tuple[str, ...] = ()
    """Properties of the user that somebody else changed and that this run leaves as they are."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class AccountTools:
    """Whom a `BreakGlassAccount` asks before it is made."""

    directory: AccountDirectory | None = field(default_factory=EnvironmentDirectory, repr=False)
    """Of the tenant; None asks nobody (unit tests)."""
    memory: StackMemory = field(default_factory=earlier_outputs, repr=False)
    """What the stack's state knew before this run."""
    own_object_id: str = ""
    """Of the service principal that we run as; empty: that of the `ARM_*` environment."""
    may_write: bool = True
    """False: this run only previews what another identity will do, so ours need not be allowed."""
    adopted: int | None = None
    """How many accounts the settings adopt: where the list goes on, for the line that says how to
    take one in. None: there are no such settings."""
    standing: Mapping[str, StandingAccount | None] | None = field(default=None, repr=False)
    """What `look_up_accounts` found, by component name; None: each account looks for itself."""

    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    """Waits so many seconds for a replica."""
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)
    """Our own clock."""

    def remembered(self, type_: str, name: str) -> Outputs | None:
        """Outputs of the resource of this type and name as last saved."""
        found = self.memory(type_).items()
        return next((outputs for urn, outputs in found if urn.endswith(f"::{name}")), None)


def remembered_account(name: str, tools: AccountTools) -> RememberedAccount | None:
    """The account as the component's own outputs or else the user resource have it."""
    outputs = (tools.remembered(TYPE, name), tools.remembered(USER_TYPE, f"{name}-user"))
    return next(filter(None, map(RememberedAccount.from_outputs, outputs)), None)


def refuse_unfit(name: str, args: BreakGlassAccountArgs) -> None:
    """Raises RunError for a user name, a prefix or a password's length that would not do."""
    letters = "lower-case letters, digits, '.', '-' and '_', no '.' at either end"
    length = args.password_length
    if args.user_name is not None and not _USER_NAME.fullmatch(args.user_name):
        _refuse(name, "user name", args.user_name, f"1 to 64 {letters}, such as 'k7q2v9x4m3p8t6w5'")
    if args.name_prefix is not None and not _PREFIX.fullmatch(args.name_prefix):
        _refuse(name, "name prefix", args.name_prefix, f"at most 32 {letters}, such as 'reserve-'")
    if length is not None and not SHORTEST <= length <= LONGEST:
        expected = f"{SHORTEST} to {LONGEST} characters, or none for {PASSWORD_LENGTH}"
        _refuse(name, "password length", length, expected)


def wanted_roles(name: str, args: BreakGlassAccountArgs) -> tuple[str, ...]:
    """Template ids of the account's roles, Global Administrator first, each once.

    Raises RunError for a role that is not built in.
    """
    found = [GLOBAL_ADMINISTRATOR]
    for text in args.roles or ():
        template_id = role_id(text)
        if template_id is None:
            raise pulumi.RunError(
                f"{name}: there is no built-in role {text!r}: expected the name or the template id"
                ' of one (Microsoft, "Microsoft Entra built-in roles"), such as "Security Reader"'
            )
        if template_id not in found:
            found.append(template_id)
    return tuple(found)


def password_wanted(args: BreakGlassAccountArgs) -> tuple[Mapping[str, str], int]:
    """Keepers and length of the password: a new one is made when either changes."""
    return {"rotation": args.password_rotation or ""}, args.password_length or PASSWORD_LENGTH


def wanted_name(name: str, args: BreakGlassAccountArgs, tools: AccountTools) -> str | None:
    """The user principal name that the account is to have; None while it is not known."""
    suffix = (tools.remembered(NAME_TYPE, f"{name}-name") or {}).get("result")
    local_part = args.user_name or (suffix and f"{args.name_prefix or ''}{suffix}")
    if not local_part or not isinstance(args.domain, str):
        return None
    return f"{local_part}@{args.domain}"


def _refuse(name: str, what: str, found: str | int, expected: str) -> None:
    raise pulumi.RunError(
        f"{name}: the {what} is {found!r}: expected {expected}; nothing was changed"
    )
