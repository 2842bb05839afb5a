"""Who is in our group, or owns it, and is none of ours."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.group_checks import FoundGroup
from components.group_directory import GroupDirectory
from components.group_guard import TYPE as GUARD_TYPE
from components.group_guard import Kind, pending_line
from components.stack_memory import StackMemory
from entra.directory import Member
from entra.errors import EntraError, NotFound
from entra.policy import told


@dataclass(frozen=True)
class Stranger:
    """A member or an owner that the stack did not put there."""

    kind: Kind
    member: Member
    account: str | None = None
    """Name of its component, when it is an account of the stack that is not to be here."""

    @property
    def pending(self) -> str:
        """What is to be done about it, for the guard."""
        return pending_line(self.kind, self.member)

    def warning(self, group_name: str) -> str:
        """One line for the administrator."""
        is_member = self.kind == "member"
        what = "a member" if is_member else "an owner"
        effect = "every policy lets it past" if is_member else "it can add members"
        who = "none of ours"
        if self.account:
            who = f"is this stack's {self.account}, which is not to be excluded"
        return (
            f"{told(self.member.name)} ({self.member.id}) is {what} of group {told(group_name)} and"
            f" {who}, so {effect}: pulumi up takes it out"
        )


def find_strangers(
    found: FoundGroup,
    members: Sequence[Member],
    allowed_owners: Collection[str],
    directory: GroupDirectory,
    accounts: Mapping[str, str],
) -> list[Stranger]:
    """Owners besides the allowed ones, then `members`: those who are there at a second look too.

    `accounts` are those of the stack, object id → name: one that is not to be here is told as such.

    A replica may be behind: who was taken out a moment ago may still be shown. No allowed owners
    means that it is not known who may own the group: none is a stranger then. Raises RunError.
    """
    intruders = [one for one in found.owners if allowed_owners and one.id not in allowed_owners]
    owners_now: set[str] = set()
    members_now: set[str] = set()
    try:
        if intruders:
            owners_now = {one.id for one in directory.owners(str(found.id))}
        if members:
            members_now = {one.id for one in directory.members(str(found.id))}
    except NotFound:
        return []
    except EntraError as error:
        raise pulumi.RunError(
            f"group {told(found.name)} ({found.id}) cannot be looked up: {error}; nothing was"
            " changed"
        ) from None
    return [
        *(
            Stranger("owner", one, accounts.get(one.id))
            for one in intruders
            if one.id in owners_now
        ),
        *(
            Stranger("member", one, accounts.get(one.id))
            for one in members
            if one.id in members_now
        ),
    ]


def allowed_owners(guard: str, memory: StackMemory, own_object_id: str) -> list[str]:
    """Object ids: who made the group, and who we are, since another application may run by now.

    `guard` is the name of the group's `GroupGuard`, whose state knows the former.
    """
    known = [
        str(owner)
        for urn, outputs in memory(GUARD_TYPE).items()
        if urn.endswith(f"::{guard}")
        for owner in outputs.get("owners") or ()
    ]
    return list(dict.fromkeys([*known, *([own_object_id] if own_object_id else [])]))
