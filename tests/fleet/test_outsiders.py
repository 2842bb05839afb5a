"""Who is in the group and is none of ours is told by a look without a preview, too."""

from collections.abc import Sequence
from typing import Any

import pytest

from entra.directory import Member
from entra.errors import GraphError
from fleet.outsiders import find_outsiders
from fleet.standing import GROUP, MEMBER, KnownGroup, standing_of

OURS = Member("A1", "a1@x", "user")
ADA = Member("b9", "ada@x", "user")


class Directory:
    """Listings in turn, the last one for ever."""

    def __init__(self, *listings: Sequence[Member] | Exception) -> None:
        self.listings = list(listings)

    def members(self, group_id: str) -> Sequence[Member]:
        assert group_id == "g1"
        listing = self.listings.pop(0) if len(self.listings) > 1 else self.listings[0]
        if isinstance(listing, Exception):
            raise listing
        return listing


def groups(**different: Any) -> tuple[KnownGroup, ...]:
    outputs = {"groupId": "g1", "name": "BTG Admins", "existing": False, **different}
    member = {"groupObjectId": "g1", "memberObjectId": "a1"}
    elsewhere = {"groupObjectId": "g2", "memberObjectId": "b9"}
    return standing_of(
        [
            {"type": GROUP, "urn": "u::group", "outputs": outputs},
            {"type": MEMBER, "urn": "u::m1", "outputs": member},
            {"type": MEMBER, "urn": "u::m2", "outputs": elsewhere},
        ]
    ).groups


@pytest.mark.parametrize(
    ("existing", "todo"), [(False, "fleet up --only north`"), (True, "break-glass:accounts.adopt")]
)
def test_somebody_else_in_the_group_is_named_with_what_to_do(existing: bool, todo: str) -> None:
    (problem,) = find_outsiders(groups(existing=existing), "north", Directory([OURS, ADA]))
    assert problem.what.startswith("ada@x (b9) is a member of group BTG Admins and none of ours")
    assert todo in problem.todo


def test_nobody_is_accused_by_a_replica_that_lags() -> None:
    assert find_outsiders(groups(), "north", Directory([OURS, ADA], [OURS])) == []
    assert find_outsiders(groups(), "north", Directory([OURS])) == []


def test_where_nobody_could_look_it_says_so() -> None:
    refused = GraphError(403, "denied", "may not", "GET", "groups/g1/members")
    (problem,) = find_outsiders(groups(), "north", Directory(refused))
    assert problem.what.startswith("who is in the emergency accounts' group could not be looked at")


def test_a_stack_without_a_group_asks_nobody() -> None:
    assert find_outsiders((), "north") == []
    assert groups(groupId="") == ()
