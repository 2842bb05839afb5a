"""BreakGlassAccount: one emergency-access account."""

import re
from typing import Any, Final

import pulumi
import pulumi_azuread as azuread
import pulumi_random as random

from components.account_arguments import (
    PASSWORD_TYPE,
    TYPE,
    USER_TYPE,
    AccountTools,
    BreakGlassAccountArgs,
    StandingAccount,
    password_wanted,
    refuse_unfit,
    wanted_roles,
)
from components.account_changes import WANTED_NAME
from components.account_clash import name_is_free
from components.account_password import keeps_password, password_changed, password_in_use
from components.account_roles import (
    ASSIGNMENT_TYPE,
    dropped_roles,
    give_roles,
    given_already,
)
from components.account_standing import find_account, look_up_accounts, remembered_account
from components.plain_arguments import given
from entra.built_in_roles import GLOBAL_ADMINISTRATOR

__all__ = [
    "GLOBAL_ADMINISTRATOR",
    "PASSWORD_TYPE",
    "TYPE",
    "USER_TYPE",
    "AccountTools",
    "BreakGlassAccount",
    "BreakGlassAccountArgs",
    "look_up_accounts",
]

RANDOM_CHARACTERS: Final = 16
"""Of 36 each: 82 bits, not to be guessed by trying names at the sign-in page."""

USER_PROPERTIES: Final = (
    "accountEnabled",
    "companyName",
    "department",
    "disablePasswordExpiration",
    "displayName",
    "forcePasswordChange",
    "givenName",
    "jobTitle",
    "mailNickname",
    "password",
    "showInAddressList",
    "surname",
    "usageLocation",
    "userPrincipalName",
)
"""Whatever this program sets of a user."""


class BreakGlassAccount(pulumi.ComponentResource):
    """A cloud-only user with a random name, a long password, and Global Administrator at last.

    The roles are given when `armed` has come and taken away before anything else goes: there is no
    moment at which a privileged account is stopped by a policy or unwatched.

    An account is made once. If the state knows one that the directory does not, or the directory
    has a user of the name that is about to be created, the run stops with one line: a new account
    would lack the old one's passkeys, and two of them would be one too many. What stands in the
    tenant but dropped out of the state (a lagging replica, an answer that got lost) is taken in
    again as it is.

    It leaves in two steps: `retired` takes the roles away and changes nothing else of the account,
    and makes it possible to take the account out of the program.

    Left out on purpose: a person, a device, the word 'admin' in the name, a licence (no mailbox on
    a permanent Global Administrator), password expiry, a forced change at first sign-in.
    """

    user_principal_name: pulumi.Output[str]
    """Name with which the account signs in."""
    object_id: pulumi.Output[str]
    """Object id, which a new name or domain does not change."""
    password: pulumi.Output[str]
    """Secret."""
    retired: pulumi.Output[bool]
    """Whether the account has none of its roles any more, so that it can be taken out."""
    password_changed: pulumi.Output[str | None]
    """When the password was last changed by this program (ISO 8601). A later time in the directory
    means that somebody else changed it."""

    def __init__(
        self,
        name: str,
        args: BreakGlassAccountArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        tools: AccountTools | None = None,
    ) -> None:
        args = given(BreakGlassAccountArgs, args)
        refuse_unfit(name, args)
        tools = tools or AccountTools()
        if args.retired:
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=False))
        super().__init__(TYPE, name, None, _unprotected_until_made(name, opts, tools))
        self._warn_of_telling_names(args)
        standing = self._standing(name, args, tools)
        protect = opts.protect if opts else None
        # What the protected user depends on cannot be deleted by itself, and needs no protection of
        # its own: with it an account that was begun and never made could not be taken back.
        before = pulumi.ResourceOptions(parent=self, protect=False)
        # Made for a chosen name too: the random one stays the same should the choice be undone.
        suffix = random.RandomString(
            f"{name}-name", length=RANDOM_CHARACTERS, special=False, upper=False, opts=before
        )
        keepers, length = password_wanted(args)
        password = random.RandomPassword(
            f"{name}-password",
            length=length,
            min_lower=1,
            min_upper=1,
            min_numeric=1,
            min_special=1,
            keepers=keepers,
            # A new password replaces this resource, which protection would forbid. The protected
            # user depends on it, so it cannot be deleted by itself either.
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=False,
                ignore_changes=["keepers", "length"] if args.retired else None,
            ),
        )
        local_part = (
            pulumi.Output.from_input(args.user_name)
            if args.user_name
            else pulumi.Output.concat(args.name_prefix or "", suffix.result)
        )
        wanted_name = pulumi.Output.concat(local_part, "@", args.domain)
        if standing is not None and standing.gone:
            self.user_principal_name = pulumi.Output.from_input(standing.user_principal_name)
            self.object_id = pulumi.Output.from_input(standing.object_id)
        else:
            user = azuread.User(
                f"{name}-user",
                user_principal_name=wanted_name,
                mail_nickname=local_part,
                display_name=local_part if args.display_name is None else args.display_name,
                given_name=args.given_name,
                surname=args.surname,
                job_title=args.job_title,
                department=args.department,
                company_name=args.company_name,
                usage_location=args.usage_location,
                password=password.result,
                account_enabled=True,
                disable_password_expiration=True,
                force_password_change=False,
                show_in_address_list=False,
                opts=pulumi.ResourceOptions(
                    parent=self,
                    protect=protect,
                    depends_on=[suffix],
                    hooks=name_is_free(name, args, tools),
                    import_=self._taken_in(tools, standing),
                    ignore_changes=self._ignored(args, tools, standing),
                ),
            )
            self.user_principal_name = user.user_principal_name
            self.object_id = user.object_id
        roles = self._roles(args, tools, standing)
        give_roles(
            self,
            name,
            self.object_id,
            roles,
            armed=True if args.armed is None else args.armed,
            dropped=(
                dropped_roles(standing.object_id, standing.held, tools.memory) if standing else None
            ),
            before=(
                given_already(name, tools.directory.role_assignments, tools.memory, tools.sleep)
                if roles and tools.directory
                else None
            ),
            protect=protect,
        )
        self.password = password_in_use(name, args, tools, standing, self.object_id, password)
        self.retired = pulumi.Output.from_input(bool(args.retired) and not roles)
        self.password_changed = password_changed(
            name, args, tools, standing, self.password, self.object_id
        )
        self.register_outputs(
            {
                "userPrincipalName": self.user_principal_name,
                "objectId": self.object_id,
                "protected": bool(opts and opts.protect),
                "retired": self.retired,
                "passwordChanged": self.password_changed,
                WANTED_NAME: self._wanted_name(args, tools, wanted_name),
                "password": self.password,
            }
        )

    @property
    def summary(self) -> pulumi.Output[dict[str, str]]:
        """`userPrincipalName` and `objectId`, for a stack's outputs."""
        return pulumi.Output.all(
            userPrincipalName=self.user_principal_name, objectId=self.object_id
        ).apply(dict[str, str])

    @property
    def credentials(self) -> pulumi.Output[tuple[str, str]]:
        """Secret: user principal name and password."""
        return pulumi.Output.all(self.user_principal_name, self.password).apply(
            lambda values: (str(values[0]), str(values[1]))
        )

    def _standing(
        self, name: str, args: BreakGlassAccountArgs, tools: AccountTools
    ) -> StandingAccount | None:
        """The account, if an earlier run made it and it is alive."""
        if tools.standing is not None:
            standing = tools.standing.get(name)
        else:
            standing = find_account(name, args, tools)
        remembered = remembered_account(name, tools)
        if standing is None and remembered is not None and tools.directory is not None:
            pulumi.log.warn(
                f"account {remembered.user_principal_name} ({remembered.object_id}) is gone and is"
                " made anew, as break-glass:accounts.recreate says",
                self,
            )
        user = tools.remembered(USER_TYPE, f"{name}-user")
        if standing is not None and user is None:
            pulumi.log.warn(
                f"{standing.user_principal_name} is in the tenant but had dropped out of this"
                " stack's state: taken in again as it is",
                self,
            )
        for warning in standing.warnings if standing else ():
            pulumi.log.warn(warning, self)
        return standing

    def _taken_in(self, tools: AccountTools, standing: StandingAccount | None) -> str | None:
        """Id of the user to take in: the one of the state, or one that dropped out of it.

        It does nothing where the state has that user; a refresh drops one, protected or not, that a
        lagging replica does not know. Never of another user than the state's: the engine would
        delete that one. Unlike a role (see `account_roles`) a user has no record of another id:
        none of its properties here replaces it, and the engine refuses an ordered replacement.
        """
        user = tools.remembered(USER_TYPE, f"{self._name}-user")
        if standing is None or (user and user.get("objectId") != standing.object_id):
            return None
        return f"/users/{standing.object_id}"

    def _ignored(
        self, args: BreakGlassAccountArgs, tools: AccountTools, standing: StandingAccount | None
    ) -> list[str] | None:
        """Properties of the user that this run leaves as they are; all when it retires."""
        if args.retired:
            return list(USER_PROPERTIES)
        kept = keeps_password(self._name, args, tools, standing)
        left_alone = standing.left_alone if standing else ()
        return [*(("password",) if kept else ()), *left_alone] or None

    def _wanted_name(
        self, args: BreakGlassAccountArgs, tools: AccountTools, wanted: pulumi.Output[str]
    ) -> pulumi.Input[str | None]:
        """What the settings ask for, once the user has it or it was left alone.

        A retiring account keeps what was asked for before: its name is not looked at.
        """
        if args.retired:
            return (tools.remembered(TYPE, self._name) or {}).get(WANTED_NAME)
        return pulumi.Output.all(wanted, self.user_principal_name).apply(lambda both: str(both[0]))

    def _roles(
        self, args: BreakGlassAccountArgs, tools: AccountTools, standing: StandingAccount | None
    ) -> tuple[str, ...]:
        """The roles to register: those wanted; of a retiring account those that can only be taken
        away once the state knows them.
        """
        wanted = wanted_roles(self._name, args)
        if not args.retired:
            return wanted
        if standing is None:
            return ()
        known = {
            assignment.get("roleId")
            for assignment in tools.memory(ASSIGNMENT_TYPE).values()
            if assignment.get("principalObjectId") == standing.object_id
        }
        lost = tuple(role for role in wanted if role in standing.held and role not in known)
        if lost:
            pulumi.log.warn(
                f"{standing.user_principal_name} holds a role that had dropped out of this stack's"
                " state: it is taken in now and taken away by the next up",
                self,
            )
        return lost

    def _warn_of_telling_names(self, args: BreakGlassAccountArgs) -> None:
        told: dict[str, Any] = {
            "name prefix": None if args.user_name else args.name_prefix,
            "user name": args.user_name,
            "display name": args.display_name,
            "given name": args.given_name,
            "surname": args.surname,
            "job title": args.job_title,
            "department": args.department,
            "company name": args.company_name,
        }
        for what, text in told.items():
            # A department is called administration in many a company.
            if text and re.search("admin(?!istration)", str(text).lower()):
                pulumi.log.warn(f"the {what} {text!r} tells attackers what it is", self)


def _unprotected_until_made(
    name: str, opts: pulumi.ResourceOptions | None, tools: AccountTools
) -> pulumi.ResourceOptions | None:
    """The component's own protection begins once its user stands; the user has its own from the
    first moment.
    """
    if remembered_account(name, tools) is not None:
        return opts
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=False))
