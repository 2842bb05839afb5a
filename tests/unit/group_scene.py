"""A tenant's groups in memory, and a program that makes the group after a former run."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi
import pulumi_random as random

from components.break_glass_group import BreakGlassGroup, BreakGlassGroupArgs, GroupTools
from components.group_checks import GROUP_TYPE, TYPE, FoundGroup, find_group
from components.group_guard import TYPE as GUARD_TYPE
from components.group_members import ACCOUNT_TYPES, MEMBER_TYPE
from entra.directory import Group, Member
from entra.errors import GraphError, NotFound
from tests.unit.harness import Recording, run_program

GROUP_ID = "0d4e2c55-6a0f-4f2c-9f57-0c3b1a6f2e10"
OTHER_ID = "77aa3c1e-1111-4222-8333-444455556666"
FIRST, SECOND = "3b1f7c52-0000-4c3e-9a53-6f0a4e3f8d11", "3b1f7c52-0000-4c3e-9a53-6f0a4e3f8d22"
US, MAKER = "5e5e5e5e-0000-4000-8000-000000000001", "5e5e5e5e-0000-4000-8000-000000000002"
ADA = Member("ada00000-0000-4000-8000-000000000001", "ada@contoso.com", "user")
URN = f"urn:pulumi:unit::break-glass::{TYPE}::group"
CHILD = f"urn:pulumi:unit::break-glass::{TYPE}$"
Memory = dict[str, dict[str, dict[str, Any]]]


class MemoryGroups:
    """Live and deleted groups; `fails` is raised instead of any answer, 404 is said so often."""

    def __init__(
        self,
        live: Sequence[Group] = (),
        deleted: Sequence[Group] = (),
        members: Sequence[Member] = (),
        owners: Sequence[Member] = (),
        fails: GraphError | None = None,
        unknown: int = 0,
    ) -> None:
        self.live, self.deleted = list(live), list(deleted)
        self.listed: list[Sequence[Member]] = [members]
        self.owned: list[Sequence[Member]] = [owners]
        self.fails = fails
        self.unknown = unknown

    def group(self, object_id: str) -> Group:
        """By object id; raises NotFound."""
        self._ask()
        found = [one for one in self.live if one.id == object_id]
        self.unknown -= 1
        if not found or self.unknown >= 0:
            raise NotFound(404, "Request_ResourceNotFound", "", "GET", f"/v1.0/groups/{object_id}")
        return found[0]

    def groups_named(self, display_name: str) -> tuple[Group, ...]:
        """Live ones by name."""
        self._ask()
        return tuple(one for one in self.live if one.display_name == display_name)

    def deleted_groups(self, name_or_id: str) -> tuple[Group, ...]:
        """Deleted ones by name or id."""
        self._ask()
        return tuple(one for one in self.deleted if name_or_id in {one.id, one.display_name})

    def members(self, group_id: str) -> tuple[Member, ...]:
        """What was listed; one look-up after the other when there are several."""
        assert group_id in {one.id for one in self.live}
        return tuple(self.listed.pop(0) if len(self.listed) > 1 else self.listed[0])

    def owners(self, group_id: str) -> tuple[Member, ...]:
        """As `members`."""
        assert group_id in {one.id for one in self.live}
        return tuple(self.owned.pop(0) if len(self.owned) > 1 else self.owned[0])

    def _ask(self) -> None:
        if self.fails is not None:
            raise self.fails


def group(object_id: str = GROUP_ID, name: str = "BTG Admins", **facts: bool) -> Group:
    """A live group that can hold roles unless told otherwise."""
    return Group(object_id, name, **{"assignable_to_role": True, **facts})


def user(object_id: str, name: str = "k7q2v9x4m3p8t6w5@contoso.onmicrosoft.com") -> Member:
    """A user as a group's listing has it."""
    return Member(object_id, name, "user")


def application(object_id: str) -> Member:
    """A service principal as a listing of owners has it."""
    return Member(object_id, "break-glass deployment", "servicePrincipal")


def standing(
    *, group_id: str = GROUP_ID, existing: bool = False, members: Mapping[str, str] | None = None
) -> Memory:
    """What the state keeps of a group that stands: `members` by account."""
    kept = {"account-1": FIRST, "account-2": SECOND} if members is None else members
    return {
        TYPE: {
            URN: {
                "groupId": group_id,
                "existing": existing,
                "name": "BTG Admins",
                "members": list(kept),
            }
        },
        GROUP_TYPE: {}
        if existing
        else {f"{CHILD}{GROUP_TYPE}::group-group": {"objectId": group_id}},
        MEMBER_TYPE: {
            f"{CHILD}{MEMBER_TYPE}::group-member-{account}": {
                "groupObjectId": group_id,
                "memberObjectId": object_id,
            }
            for account, object_id in kept.items()
        },
        GUARD_TYPE: {} if existing else {f"{CHILD}{GUARD_TYPE}::group-guard": {"owners": [MAKER]}},
        ACCOUNT_TYPES[0]: {
            f"urn:pulumi:unit::break-glass::{ACCOUNT_TYPES[0]}::account-1": {"objectId": FIRST},
            f"urn:pulumi:unit::break-glass::{ACCOUNT_TYPES[0]}::account-2": {"objectId": SECOND},
        },
    }


def remembering(memory: Memory | None) -> Callable[[str], Mapping[str, Mapping[str, Any]]]:
    """Memory as a component asks it."""
    return lambda type_: (memory or {}).get(type_, {})


def find(directory: MemoryGroups, memory: Memory | None = None, **settings: Any) -> FoundGroup:
    """`find_group` as the program with its settings asks, without waiting."""
    called = {"setting": "break-glass:group", **settings}
    return find_group(
        directory=directory, memory=remembering(memory), sleep=lambda _: None, **called
    )


def our_members() -> dict[str, pulumi.Input[str]]:
    """Two accounts, as components know their ids: as outputs."""
    return {
        "account-1": pulumi.Output.from_input(FIRST),
        "account-2": pulumi.Output.from_input(SECOND),
    }


def make(
    directory: MemoryGroups | None = None,
    memory: Memory | None = None,
    *,
    preview: bool = False,
    members: Callable[[], Mapping[str, pulumi.Input[str]]] = our_members,
    own: str = US,
    **args: Any,
) -> Recording:
    """Runs a program with the group, protected, and something that uses its id."""

    def program() -> None:
        made = BreakGlassGroup(
            "group",
            BreakGlassGroupArgs(members(), **args),
            pulumi.ResourceOptions(protect=True),
            tools=GroupTools(directory or MemoryGroups(), remembering(memory), own),
        )
        random.RandomString("user-of-the-id", length=4, keepers={"group": made.group_id})
        pulumi.export("groupId", made.group_id)

    return run_program(program, preview=preview)
