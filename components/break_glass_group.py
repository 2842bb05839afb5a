"""BreakGlassGroup: the group that every Conditional Access policy excludes."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_azuread as azuread


@dataclass(frozen=True)
class BreakGlassGroupArgs:
    """What a `BreakGlassGroup` is made of."""

    member_ids: Sequence[pulumi.Input[str]]
    """Object ids of the accounts, in an order that stays: the first is always `…-member-1`."""
    name: pulumi.Input[str] = "BTG Admins"
    """Display name; no other group of the tenant may have it."""


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
        self, name: str, args: BreakGlassGroupArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("break-glass:index:BreakGlassGroup", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = azuread.Group(
            f"{name}-group",
            display_name=args.name,
            description="Emergency-access accounts. Excluded from every Conditional Access policy.",
            security_enabled=True,
            mail_enabled=False,
            assignable_to_role=True,
            prevent_duplicate_names=True,
            opts=child,
        )
        members = [
            azuread.GroupMember(
                f"{name}-member-{number}",
                group_object_id=group.object_id,
                member_object_id=member_id,
                opts=child,
            )
            for number, member_id in enumerate(args.member_ids, start=1)
        ]
        # URNs are known even in a preview, so a member that is about to be added leaves the
        # group's id known to whatever is planned with it.
        self.group_id = pulumi.Output.all(
            group.object_id, *(member.urn for member in members)
        ).apply(lambda values: str(values[0]))
        self.register_outputs({"groupId": self.group_id})
