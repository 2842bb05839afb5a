"""AdoptedAccount: an existing account, taken in as an emergency-access account."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi

from components.account_roles import dropped_roles, give_roles, given_already
from components.adoption import (
    GIVEN_TYPE,
    FoundAccount,
    find_account,
    given_name,
    mailbox_of,
)
from components.adoption_checks import TYPE, AdoptionDirectory, Inquiry, Place
from components.ordering import after
from components.plain_arguments import given
from components.stack_memory import StackMemory, earlier_outputs
from entra.client import GraphClient
from entra.directory import Directory
from entra.identity import Identity


@dataclass(frozen=True)
class AdoptedAccountArgs:
    """Which account an `AdoptedAccount` takes in."""

    account: str
    """Object id, which is the account's for good, or user principal name."""
    armed: pulumi.Input[Any] | None = None
    """The role is given only after this has come: exclusions and alarm stand."""
    allow_synced: bool | None = None
    """True: the account may come from an on-premises directory."""
    retired: bool | None = None
    """True: a role that this component gave goes, and nothing of it is protected any more."""


@dataclass(frozen=True)
class AdoptedAccountTools:
    """Whom an `AdoptedAccount` asks."""

    directory: AdoptionDirectory | None = field(default=None, repr=False)
    """Of the tenant; None: that of the `ARM_*` environment."""
    memory: StackMemory = field(default_factory=earlier_outputs, repr=False)
    """What the stack's state knew before this run."""
    found: FoundAccount | None = None
    """What `find_adopted` said already in this run, by a program that warns of obstacles itself."""
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    """Waits so many seconds for a replica."""


class AdoptedAccount(pulumi.ComponentResource):
    """An account that was there before: Global Administrator, if it lacks it, and nothing else.

    The role is given when `armed` has come. Given by this component it is taken away when the
    account retires or leaves; held before, it is never touched. So the account leaves as it was
    found.

    Left out on purpose: password, name, state, licence and sign-in methods, which are its owner's;
    a role of which it is only eligible stays as it is beside the active one.
    """

    user_principal_name: pulumi.Output[str]
    """Name with which the account signs in."""
    object_id: pulumi.Output[str]
    """Object id, which a new name or domain does not change."""
    retired: pulumi.Output[bool]
    """Whether the account has no role of this component any more, so that it can be taken out."""

    def __init__(
        self,
        name: str,
        args: AdoptedAccountArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        tools: AdoptedAccountTools | None = None,
    ) -> None:
        args = given(AdoptedAccountArgs, args)
        if args.retired:
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=False))
        super().__init__(TYPE, name, None, opts)
        tools = tools or AdoptedAccountTools()
        account = _find(name, args, tools)
        for warning in account.warnings:
            pulumi.log.warn(warning, self)
        armed: pulumi.Output[Any] = pulumi.Output.from_input(
            True if args.armed is None else args.armed
        )
        records = [GivenRole(self, name, role, armed) for role in sorted(account.own_roles)]
        give_roles(
            self,
            name,
            account.object_id,
            sorted(account.roles_to_give),
            armed=pulumi.Output.all(armed, *(record.urn for record in records)),
            dropped=dropped_roles(account.object_id, account.standing, tools.memory),
            before=(
                given_already(name, _directory(tools).role_assignments, tools.memory, tools.sleep)
                if account.roles_to_give
                else None
            ),
        )
        self.user_principal_name = pulumi.Output.from_input(account.user_principal_name)
        self.object_id = pulumi.Output.from_input(account.object_id)
        self.retired = pulumi.Output.from_input(bool(args.retired) and not account.roles_to_give)
        self.register_outputs(
            {
                "userPrincipalName": self.user_principal_name,
                "objectId": self.object_id,
                "protected": bool(opts and opts.protect),
                "retired": self.retired,
            }
        )

    @property
    def summary(self) -> pulumi.Output[dict[str, str]]:
        """`userPrincipalName` and `objectId`, for a stack's outputs."""
        return pulumi.Output.all(
            userPrincipalName=self.user_principal_name, objectId=self.object_id
        ).apply(dict[str, str])


class GivenRole(pulumi.ComponentResource):
    """Says in the state that a role of an adopted account is the stack's, before it is given.

    Registered when `armed` has come, and the role waits for it: a role that was given but whose
    answer never arrived is thus known as ours, and one that was never tried is not.
    """

    def __init__(
        self, account: AdoptedAccount, name: str, role_id: str, armed: pulumi.Output[Any]
    ) -> None:
        opts = pulumi.ResourceOptions(parent=account)
        super().__init__(
            GIVEN_TYPE, given_name(name, role_id), {"roleId": after(role_id, armed)}, opts
        )
        self.register_outputs({})


@dataclass(frozen=True)
class _Setting:
    """The arguments, as the look-up takes a setting."""

    account: str
    allow_synced: bool
    retire: bool
    excluded: bool = True


def _find(name: str, args: AdoptedAccountArgs, tools: AdoptedAccountTools) -> FoundAccount:
    if tools.found is not None:
        return tools.found
    directory = _directory(tools)
    place = Place(f"account of {name}", lambda account: f"write {account} there")
    setting = _Setting(args.account, bool(args.allow_synced), bool(args.retired))
    inquiry = Inquiry(directory, directory.domains(), tools.memory, tools.sleep)
    found = find_account(setting, place, inquiry, name)
    return replace(found, warnings=(*found.warnings, *mailbox_of(found)))


def _directory(tools: AdoptedAccountTools) -> AdoptionDirectory:
    return tools.directory or Directory(GraphClient(Identity.from_environment()))
