"""BreakGlassGroup: the group that every Conditional Access policy excludes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_azuread as azuread

from components.group_checks import GROUP_TYPE, TYPE, FoundGroup, find_group
from components.group_directory import EnvironmentGroups, GroupDirectory
from components.group_guard import GroupGuard
from components.group_members import Members, accounts_of_the_stack, compare_members
from components.group_strangers import allowed_owners, find_strangers
from components.plain_arguments import given
from components.stack_memory import StackMemory, earlier_outputs
from entra.directory import Member
from entra.policy import told

__all__ = ["GROUP_TYPE", "TYPE", "BreakGlassGroup", "BreakGlassGroupArgs", "GroupTools"]


@dataclass(frozen=True)
class BreakGlassGroupArgs:
    """What a `BreakGlassGroup` is made of."""

    member_ids: Mapping[str, pulumi.Input[str]]
    """Name of an account's component → its object id. One that is in the tenant before the stack is
    (an adopted account) is given as text, not as an output."""
    name: str | None = None
    """Display name; default `BTG Admins`. No other group of the tenant may have it."""
    existing: str | None = None
    """Object id of a group to take in instead of making one."""
    recreate: Sequence[str] | None = None
    """Object ids of earlier groups that are gone and may be made anew."""
    unprotected_members: Sequence[str] | None = None
    """Names out of `member_ids` whose membership is not protected: they are about to leave."""


@dataclass(frozen=True)
class GroupTools:
    """Whom a `BreakGlassGroup` asks before it is made."""

    directory: GroupDirectory = field(default_factory=EnvironmentGroups, repr=False)
    """Of the tenant."""
    memory: StackMemory = field(default_factory=earlier_outputs, repr=False)
    """What the stack's state knew before this run."""
    own_object_id: str = ""
    """Of the service principal that we run as; empty: that of the `ARM_*` environment."""
    found: FoundGroup | None = None
    """What `find_group` said in this run; None: the component asks by itself."""


class BreakGlassGroup(pulumi.ComponentResource):
    """A role-assignable security group with exactly the given members.

    Role-assignable, because only Global Administrators and Privileged Role Administrators may then
    change its members (Microsoft, "Use Microsoft Entra groups to manage role assignments"): whoever
    may edit an ordinary group could otherwise let himself past every policy. The property can only
    be set when the group is made and needs an Entra ID P1 licence.

    Members and owners that somebody else put in are told and taken out again. The one owner is the
    service principal that made the group: the provider sets it, and the service keeps a last one.

    An existing group stays as it is but for our memberships. Others who are in it are told: the
    policies let them past too.

    Left out on purpose: the Global Administrator role is not given to the group but to each
    account, since auditors count accounts that hold the role directly; no mailbox, no further owner
    (an owner could add members), no dynamic membership (a rule would follow editable attributes).
    """

    group_id: pulumi.Output[str]
    """Object id of the group, once all members are in it."""

    def __init__(
        self,
        name: str,
        args: BreakGlassGroupArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        tools: GroupTools | None = None,
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        self._name = name
        self._args = args = given(BreakGlassGroupArgs, args)
        self._tools = tools = tools or GroupTools()
        found = tools.found or find_group(
            directory=tools.directory,
            memory=tools.memory,
            name=args.name,
            existing=args.existing,
            recreate=args.recreate,
            component=name,
        )
        compared = compare_members(name, args.member_ids, found, tools.memory)
        if found.existing:
            group_id = pulumi.Output.from_input(str(found.id))
            self._tell_of_others(found, compared)
        else:
            group_id = self._make(found)
            self._guard(found, compared.strangers, group_id)
        members = self._add(compared, group_id)
        # URNs are known even in a preview, so a member that is about to be added leaves the
        # group's id known to whatever is planned with it.
        self.group_id = pulumi.Output.all(group_id, *(member.urn for member in members)).apply(
            lambda values: str(values[0])
        )
        # `members` says, before the first of them is added, which ones are ours to remove: the
        # answer of the service may get lost. So nothing here waits for them.
        self.register_outputs(
            {
                "groupId": group_id,
                "existing": found.existing,
                # A refresh shows what somebody renamed it to; this one keeps what it is to be.
                "name": found.name,
                "members": [membership.account for membership in compared.memberships],
                # Of everybody, those included who were in an existing group before us.
                "accounts": list(args.member_ids),
                "protected": bool(opts and opts.protect),
            }
        )

    def _make(self, found: FoundGroup) -> pulumi.Output[str]:
        # What only the provider knows is not in the tenant, so a group that is taken in again
        # would differ in it.
        ignored = ["preventDuplicateNames"]
        if found.dropped:
            # The engine takes nothing in that is not as the program says.
            ignored += ["displayName", "description"]
        elif found.name_taken:
            # The provider would refuse it, and with it everything that comes after the group.
            ignored += ["displayName"]
        group = azuread.Group(
            f"{self._name}-group",
            display_name=found.name,
            description="Emergency-access accounts. Excluded from every Conditional Access policy.",
            security_enabled=True,
            mail_enabled=False,
            assignable_to_role=True,
            prevent_duplicate_names=True,
            opts=pulumi.ResourceOptions(
                parent=self,
                import_=f"/groups/{found.id}" if found.dropped else None,
                ignore_changes=ignored,
            ),
        )
        return group.object_id

    def _add(self, compared: Members, group_id: pulumi.Output[str]) -> list[azuread.GroupMember]:
        leaving = self._args.unprotected_members or ()
        return [
            azuread.GroupMember(
                f"{self._name}-member-{membership.account}",
                group_object_id=group_id,
                member_object_id=self._args.member_ids[membership.account],
                opts=pulumi.ResourceOptions(
                    parent=self,
                    protect=False if membership.account in leaving else None,
                    import_=membership.standing,
                ),
            )
            for membership in compared.memberships
        ]

    def _guard(
        self, found: FoundGroup, members: Sequence[Member], group_id: pulumi.Output[str]
    ) -> None:
        tools, guard = self._tools, f"{self._name}-guard"
        owners = allowed_owners(guard, tools.memory, self._own_object_id())
        accounts = accounts_of_the_stack(tools.memory)
        strangers = find_strangers(found, members, owners, tools.directory, accounts)
        for stranger in strangers:
            pulumi.log.warn(stranger.warning(found.name), self)
        GroupGuard(
            guard,
            {
                "groupId": group_id,
                "members": list(self._args.member_ids.values()),
                "owners": owners,
                "pending": [stranger.pending for stranger in strangers],
            },
            pulumi.ResourceOptions(parent=self),
        )

    def _own_object_id(self) -> str:
        directory = self._tools.directory
        if not self._tools.own_object_id and isinstance(directory, EnvironmentGroups):
            return directory.own_object_id
        return self._tools.own_object_id

    def _tell_of_others(self, found: FoundGroup, compared: Members) -> None:
        if compared.strangers:
            names = ", ".join(f"{told(one.name)} ({one.id})" for one in compared.strangers)
            pulumi.log.warn(
                f"group {told(found.name)} has members besides this stack's accounts, and every"
                f" policy that excludes it lets them past too: {names}; they stay, since the group"
                " is not this stack's",
                self,
            )
