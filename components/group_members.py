"""Who is in the group, and what of it is ours."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components.group_checks import TYPE, FoundGroup
from components.stack_memory import StackMemory, may_have
from entra.directory import Member

MEMBER_TYPE: Final = "azuread:index/groupMember:GroupMember"
ACCOUNT_TYPES: Final = ("break-glass:index:BreakGlassAccount", "break-glass:index:AdoptedAccount")
USER_TYPE: Final = "azuread:index/user:User"


@dataclass(frozen=True)
class Membership:
    """One of our accounts in the group."""

    account: str
    """Name of its component."""
    standing: str | None
    """Id of the membership that stands in the tenant and that the state lacks, to be taken in as it
    is. What the state has is never taken in: see `components.account_roles`."""


@dataclass(frozen=True)
class Members:
    """The accounts that are to be members, compared with those that are."""

    memberships: Sequence[Membership]
    """Ours to have and to remove."""
    theirs: Collection[str]
    """Object ids of accounts that were in an existing group before us: they stay in it."""
    strangers: Sequence[Member]
    """Members that are none of our accounts."""


def compare_members(
    name: str,
    wanted: Mapping[str, pulumi.Input[str]],
    found: FoundGroup,
    memory: StackMemory,
) -> Members:
    """What of the group `found` belongs to the `BreakGlassGroup` called `name`.

    An account is known by its id when it is given as text or when the state has it; one that is
    still to be made cannot be a member yet.
    """
    kept = dict(_kept(name, memory))
    ids = {account: _known_id(account, value, memory) for account, value in wanted.items()}
    standing = {member.id for member in found.members}
    begun = _begun(name, memory)
    memberships: list[Membership] = []
    theirs: set[str] = set()
    for account, value in wanted.items():
        object_id = ids[account]
        stands = object_id is not None and object_id in standing
        ours = account in kept or account in begun or not isinstance(value, str)
        if stands and object_id and found.existing and not ours:
            theirs.add(object_id)
            continue
        id_ = None
        if stands and object_id and not _in_state(memory, str(found.id), object_id):
            id_ = f"{found.id}/member/{object_id}"
        memberships.append(Membership(account, id_))
    known = {one for one in ids.values() if one} | set(kept.values())
    strangers = [member for member in found.members if member.id not in known]
    return Members(memberships, theirs, strangers)


def _kept(name: str, memory: StackMemory) -> Iterator[tuple[str, str]]:
    """Accounts whose membership is in the state, and their object ids."""
    for urn, outputs in memory(MEMBER_TYPE).items():
        resource, start = urn.rpartition("::")[2], f"{name}-member-"
        if resource.startswith(start):
            yield resource.removeprefix(start), str(outputs.get("memberObjectId"))


def _in_state(memory: StackMemory, group_id: str, member_id: str) -> bool:
    return may_have(memory, MEMBER_TYPE, groupObjectId=group_id, memberObjectId=member_id)


def _begun(name: str, memory: StackMemory) -> Collection[str]:
    """Accounts that an earlier run began to add: its answer may have got lost."""
    for urn, outputs in memory(TYPE).items():
        if urn.endswith(f"::{name}"):
            return [str(account) for account in outputs.get("members") or ()]
    return ()


def accounts_of_the_stack(memory: StackMemory) -> Mapping[str, str]:
    """Object id → name of the component, of every account that the state has."""
    return {
        str(outputs["objectId"]): urn.rpartition("::")[2]
        for type_ in ACCOUNT_TYPES
        for urn, outputs in memory(type_).items()
        if outputs.get("objectId")
    }


def _known_id(account: str, value: pulumi.Input[str], memory: StackMemory) -> str | None:
    if isinstance(value, str):
        return value
    names = {f"::{account}": ACCOUNT_TYPES, f"::{account}-user": (USER_TYPE,)}
    for end, types in names.items():
        for type_ in types:
            for urn, outputs in memory(type_).items():
                if urn.endswith(end) and outputs.get("objectId"):
                    return str(outputs["objectId"])
    return None
