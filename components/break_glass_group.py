"""BreakGlassGroup: the group that every Conditional Access policy excludes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi
import pulumi_azuread as azuread

from components.group_checks import FoundGroup, GroupDirectory
from components.stack_memory import StackMemory, earlier_outputs

TYPE: Final = "break-glass:index:BreakGlassGroup"
DEFAULT_NAME: Final = "BTG Admins"


@dataclass(frozen=True)
class BreakGlassGroupArgs:
    """What a `BreakGlassGroup` is made of."""

    member_ids: Mapping[str, pulumi.Input[str]]
    """Name of the account's component → object id. An account that is there before the stack is
    (an adopted one) is given as plain text, not as an output."""
    name: str | None = None
    """Display name, `BTG Admins` unless given; no other group of the tenant may have it."""
    existing: str | None = None
    """Object id of a group to take in instead of making one."""
    recreate: Sequence[str] | None = None
    """Object ids of earlier groups that are gone and may be made anew."""
    unprotected_members: Sequence[str] | None = None
    """Names out of `member_ids` whose membership is not protected: they are about to leave."""


@dataclass(frozen=True)
class GroupTools:
    """What a `BreakGlassGroup` works with; the defaults suit a program of one's own."""

    directory: GroupDirectory | None = None
    memory: StackMemory = field(default=earlier_outputs, repr=False)
    found: FoundGroup | None = None
    """What `find_group` said already in this run."""


class BreakGlassGroup(pulumi.ComponentResource):
    """A role-assignable security group with exactly the given members.

    Role-assignable, because only Global Administrators and Privileged Role Administrators may then
    change its members (Microsoft, "Use Microsoft Entra groups to manage role assignments"): whoever
    may edit an ordinary group could otherwise let himself past every policy. The property can only
    be set when the group is made and needs an Entra ID P1 licence.

    Left out on purpose: the Global Administrator role is not given to the group but to each
    account, since auditors count accounts that hold the role directly; no mailbox, no owner (an
    owner could add members), no dynamic membership (a rule would follow editable attributes).
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
        child = pulumi.ResourceOptions(parent=self)
        group = azuread.Group(
            f"{name}-group",
            display_name=args.name or DEFAULT_NAME,
            description="Emergency-access accounts. Excluded from every Conditional Access policy.",
            security_enabled=True,
            mail_enabled=False,
            assignable_to_role=True,
            prevent_duplicate_names=True,
            opts=child,
        )
        members = [
            azuread.GroupMember(
                f"{name}-member-{account}",
                group_object_id=group.object_id,
                member_object_id=member_id,
                opts=child,
            )
            for account, member_id in args.member_ids.items()
        ]
        # URNs are known even in a preview, so a member that is about to be added leaves the
        # group's id known to whatever is planned with it.
        self.group_id = pulumi.Output.all(
            group.object_id, *(member.urn for member in members)
        ).apply(lambda values: str(values[0]))
        self.register_outputs({"groupId": self.group_id})
