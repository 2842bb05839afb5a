"""BreakGlassAccount: one emergency-access account."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
import pulumi_azuread as azuread
import pulumi_random as random
from pulumi.runtime import rpc

from alerting.queries import WatchedAccount
from components.account_checks import (
    AccountDirectory,
    EnvironmentDirectory,
    RememberedAccount,
    refuse_taken_name,
    refuse_vanished,
)
from components.account_roles import GLOBAL_ADMINISTRATOR
from components.ordering import after
from components.stack_memory import Outputs, StackMemory, earlier_outputs

TYPE: Final = "break-glass:index:BreakGlassAccount"
USER_TYPE: Final = "azuread:index/user:User"
PASSWORD_TYPE: Final = "random:index/randomPassword:RandomPassword"  # noqa: S105 - a type's name
PASSWORD_LENGTH: Final = 64
RANDOM_CHARACTERS: Final = 16
"""Of 36 each: 82 bits, not to be guessed by trying names at the sign-in page."""


@dataclass(frozen=True)
class BreakGlassAccountArgs:
    """What a `BreakGlassAccount` is made of."""

    domain: pulumi.Input[str]
    """A verified domain of the tenant, best its initial one (`contoso.onmicrosoft.com`)."""
    armed: pulumi.Input[Any] | None = None
    """The roles are given only after this has come: exclusions and alarm stand."""
    name_prefix: str | None = None
    """Lower-case letters, digits, '.', '-', '_'. Auditors may look for one; so may attackers."""
    user_name: str | None = None
    """What stands before the '@'. Default: prefix and 16 random letters and digits."""
    display_name: str | None = None
    """Default: the user name, which says nothing to whoever browses the directory."""
    given_name: str | None = None
    surname: str | None = None
    job_title: str | None = None
    department: str | None = None
    company_name: str | None = None
    usage_location: str | None = None
    """Two letters of a country (ISO 3166), which only a licence needs."""
    password_length: int | None = None
    """Characters, 16 to 256; default 64."""
    password_rotation: str | None = None
    """Any new text makes a new password, in place."""
    roles: Sequence[str] | None = None
    """Template ids of directory roles besides Global Administrator."""
    recreate: Sequence[str] | None = None
    """Object ids of earlier accounts that are gone and may be made anew."""
    retired: bool | None = None
    """True: the roles go, and nothing of the account is protected any more; all else stays."""


@dataclass(frozen=True)
class AccountTools:
    """Whom a `BreakGlassAccount` asks before it is made."""

    directory: AccountDirectory | None = field(default_factory=EnvironmentDirectory, repr=False)
    """Of the tenant; None asks nobody (unit tests)."""
    memory: StackMemory = field(default=earlier_outputs, repr=False)
    """What the stack's state knew before this run."""


class BreakGlassAccount(pulumi.ComponentResource):
    """A cloud-only user with a random name, a long password, and Global Administrator at last.

    The role is given when `armed` has come and taken away before anything else goes: there is no
    moment at which a privileged account is stopped by a policy or unwatched.

    An account is made once. If the state knows one that the directory does not, or the directory
    has a user of the name that is about to be created, the run stops with one line: a new account
    would lack the old one's passkeys, and two of them would be one too many.

    Left out on purpose: a person, a device, the word 'admin' in the name, a licence (no mailbox on
    a permanent Global Administrator), password expiry, a forced change at first sign-in.
    """

    user_principal_name: pulumi.Output[str]
    object_id: pulumi.Output[str]
    password: pulumi.Output[str]
    """Secret."""
    watched: pulumi.Output[WatchedAccount]
    """The account as `SignInMonitoring` takes it."""
    summary: pulumi.Output[dict[str, str]]
    """`userPrincipalName` and `objectId`, for a stack's outputs."""
    credentials: pulumi.Output[tuple[str, str]]
    """Secret: user principal name and password."""

    def __init__(
        self,
        name: str,
        args: BreakGlassAccountArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        tools: AccountTools | None = None,
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        tools = tools or AccountTools()
        prefix = args.name_prefix or ""
        if "admin" in prefix.lower():
            pulumi.log.warn(f"the name prefix {prefix!r} tells attackers what it is", self)
        lost = self._lost(name, args, tools)
        keep_password = lost is not None or _password_unknown(args, tools, name)
        child = pulumi.ResourceOptions(parent=self)
        suffix = random.RandomString(
            f"{name}-name", length=RANDOM_CHARACTERS, special=False, upper=False, opts=child
        )
        password = random.RandomPassword(
            f"{name}-password",
            length=args.password_length or PASSWORD_LENGTH,
            min_lower=1,
            min_upper=1,
            min_numeric=1,
            min_special=1,
            keepers={"rotation": args.password_rotation or ""},
            # A new password replaces this resource, which protection would forbid. The protected
            # user depends on it, so it cannot be deleted by itself either.
            opts=pulumi.ResourceOptions(parent=self, protect=False),
        )
        local_part = pulumi.Output.concat(prefix, suffix.result)
        user = azuread.User(
            f"{name}-user",
            user_principal_name=pulumi.Output.concat(local_part, "@", args.domain),
            mail_nickname=local_part,
            display_name=local_part if args.display_name is None else args.display_name,
            password=password.result,
            account_enabled=True,
            disable_password_expiration=True,
            force_password_change=False,
            show_in_address_list=False,
            opts=pulumi.ResourceOptions(
                parent=self,
                hooks=_name_is_free(name, args, tools),
                import_=f"/users/{lost.object_id}" if lost else None,
                ignore_changes=["password"] if keep_password else None,
            ),
        )
        azuread.DirectoryRoleAssignment(
            f"{name}-global-administrator",
            role_id=GLOBAL_ADMINISTRATOR,
            principal_object_id=after(user.object_id, True if args.armed is None else args.armed),
            opts=child,
        )
        self.user_principal_name = user.user_principal_name
        self.object_id = user.object_id
        self.password = pulumi.Output.secret(password.result)
        self.watched = pulumi.Output.all(user.object_id, user.user_principal_name).apply(
            lambda values: WatchedAccount(str(values[0]), str(values[1]))
        )
        self.summary = self.watched.apply(
            lambda account: {
                "userPrincipalName": account.user_principal_name,
                "objectId": account.object_id,
            }
        )
        self.credentials = pulumi.Output.all(self.user_principal_name, self.password).apply(
            lambda values: (str(values[0]), str(values[1]))
        )
        self.register_outputs(
            {
                "userPrincipalName": self.user_principal_name,
                "objectId": self.object_id,
                "protected": bool(opts and opts.protect),
            }
        )

    def _lost(
        self, name: str, args: BreakGlassAccountArgs, tools: AccountTools
    ) -> RememberedAccount | None:
        """The account, if it is alive but the state lost it: it is then taken in again.

        A refresh drops a user that a lagging replica does not know, protected or not; the
        component's own outputs survive that.
        """
        if tools.directory is None:
            return None
        user = _remembered(tools, USER_TYPE, f"{name}-user")
        account = _remembered(tools, TYPE, name) or user
        if account is None or not refuse_vanished(tools.directory, account, args.recreate or ()):
            return None
        if user is None:
            pulumi.log.warn(
                f"{account.user_principal_name} is in the tenant but had dropped out of this"
                " stack's state: taken in again as it is",
                self,
            )
        return account if user is None else None


def refuse_removed(names: Sequence[str], memory: StackMemory) -> None:
    """Raises RunError when the stack has a protected account that is not among `names` any more.

    The engine would refuse to delete it too, but only after it had taken away its exclusions and
    its alarm.
    """
    for urn, outputs in memory(TYPE).items():
        name = urn.rpartition("::")[2]
        if name not in names and outputs.get("protected"):
            account = RememberedAccount.from_outputs(outputs)
            told = f" ({account.user_principal_name})" if account else ""
            raise pulumi.RunError(
                f"break-glass:accounts.count leaves out {name}{told}, which is protected: nothing"
                " was changed; to retire it, put the count back, set break-glass:protect to false"
                " and run up; then lower the count and run up again"
            )


def _outputs(tools: AccountTools, type_: str, name: str) -> Outputs | None:
    found = tools.memory(type_).items()
    return next((outputs for urn, outputs in found if urn.endswith(f"::{name}")), None)


def _remembered(tools: AccountTools, type_: str, name: str) -> RememberedAccount | None:
    return RememberedAccount.from_outputs(_outputs(tools, type_, name))


def _password_unknown(args: BreakGlassAccountArgs, tools: AccountTools, name: str) -> bool:
    """Whether the user was taken in again, so that its password is not in state, and no rotation
    is due: the account still has the password of before, and nothing is to be written.
    """
    user = _outputs(tools, USER_TYPE, f"{name}-user")
    password = _outputs(tools, PASSWORD_TYPE, f"{name}-password")
    if user is None or password is None or user.get("password"):
        return False
    wanted = ({"rotation": args.password_rotation or ""}, args.password_length or PASSWORD_LENGTH)
    return (password.get("keepers"), password.get("length")) == wanted


def _name_is_free(
    name: str, args: BreakGlassAccountArgs, tools: AccountTools
) -> pulumi.ResourceHookBinding | None:
    """A hook that the engine calls exactly when it would create the user, also in a preview."""
    directory = tools.directory
    if directory is None:
        return None

    def check(hook: pulumi.ResourceHookArgs) -> None:
        wanted = (hook.new_inputs or {}).get("userPrincipalName")
        if isinstance(wanted, str) and not rpc.contains_unknowns(wanted):
            refuse_taken_name(directory, wanted, args.recreate or ())

    hook = pulumi.ResourceHook(
        f"{name}-name-is-free", check, pulumi.ResourceHookOptions(on_dry_run=True)
    )
    return pulumi.ResourceHookBinding(before_create=[hook])
