"""Who has which name, is in which groups and holds which roles, without going through everybody.

An index follows every recorded change, so that it is right at any moment; `SeenIndex` is the same
as a replica knows it that has not heard of some changes yet.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from sandbox.tenant.changes import JSON, Change
from sandbox.tenant.replicas import Unseen

_Places = dict[str, dict[str, None]]
"""Ids by something that they have in common, in the order in which they came."""


class Index(Protocol):
    """What the directory asks of an index. Ids and names are in lower case."""

    def user_called(self, name: str) -> str | None:
        """The id of the user with this user principal name."""
        ...

    def groups_with(self, member: str) -> list[str]:
        """The ids of the groups that list an object as their member."""
        ...

    def groups_owned_by(self, owner: str) -> list[str]:
        """The ids of the groups that list an object as their owner."""
        ...

    def assignments_to(self, principal: str) -> list[str]:
        """The ids of the role assignments of a user, group or service principal."""
        ...


class DirectoryIndex:
    """The index of a directory, right after every change that `follow` is told of."""

    def __init__(
        self, users: Iterable[JSON], groups: Iterable[JSON], assignments: Iterable[JSON]
    ) -> None:
        self._names: dict[str, str] = {user_name(user): user["id"] for user in users}
        self._members: _Places = {}
        self._owners: _Places = {}
        self._principals: _Places = {}
        for group in groups:
            self._group(group["id"], None, group)
        for assignment in assignments:
            self._assignment(assignment["id"], None, assignment)

    def follow(self, change: Change) -> None:
        """Take in a change at the moment at which it was made."""
        if change.kind == "user":
            if change.before is not None:
                self._names.pop(user_name(change.before), None)
            if change.after is not None:
                self._names[user_name(change.after)] = change.object_id
        elif change.kind == "group":
            self._group(change.object_id, change.before, change.after)
        elif change.kind == "roleAssignment":
            self._assignment(change.object_id, change.before, change.after)

    def user_called(self, name: str) -> str | None:
        """See `Index`."""
        return self._names.get(name)

    def groups_with(self, member: str) -> list[str]:
        """See `Index`."""
        return list(self._members.get(member, ()))

    def groups_owned_by(self, owner: str) -> list[str]:
        """See `Index`."""
        return list(self._owners.get(owner, ()))

    def assignments_to(self, principal: str) -> list[str]:
        """See `Index`."""
        return list(self._principals.get(principal, ()))

    def _group(self, group_id: str, before: JSON | None, after: JSON | None) -> None:
        _move(self._members, group_id, _linked(before, "members"), _linked(after, "members"))
        _move(self._owners, group_id, _linked(before, "owners"), _linked(after, "owners"))

    def _assignment(self, assignment_id: str, before: JSON | None, after: JSON | None) -> None:
        old = {} if before is None else {before["principalId"]: None}
        new = {} if after is None else {after["principalId"]: None}
        _move(self._principals, assignment_id, old, new)


class SeenIndex:
    """An index as a replica knows it: right but for the objects whose changes have not come."""

    def __init__(self, truth: Index, unseen: Unseen) -> None:
        self._truth = truth
        self._users = unseen.of("user")
        self._groups = unseen.of("group")
        self._assignments = unseen.of("roleAssignment")

    def user_called(self, name: str) -> str | None:
        """See `Index`."""
        for user_id, user in self._users.items():
            if user is not None and user_name(user) == name:
                return user_id
        found = self._truth.user_called(name)
        return None if found in self._users else found

    def groups_with(self, member: str) -> list[str]:
        """See `Index`."""
        return _seen(self._truth.groups_with(member), self._groups, "members", member)

    def groups_owned_by(self, owner: str) -> list[str]:
        """See `Index`."""
        return _seen(self._truth.groups_owned_by(owner), self._groups, "owners", owner)

    def assignments_to(self, principal: str) -> list[str]:
        """See `Index`."""
        found = self._truth.assignments_to(principal)
        return _seen(found, self._assignments, "principalId", principal)


def user_name(user: Mapping[str, Any]) -> str:
    """The user principal name as names are compared."""
    return str(user["userPrincipalName"]).lower()


def _linked(group: JSON | None, link: str) -> dict[str, None]:
    return {} if group is None else dict.fromkeys(group[link])


def _move(places: _Places, entry: str, old: dict[str, None], new: dict[str, None]) -> None:
    for key in old:
        if key not in new and (entries := places.get(key)) is not None:
            entries.pop(entry, None)
            if not entries:
                del places[key]
    for key in new:
        if key not in old:
            places.setdefault(key, {})[entry] = None


def _seen(true: list[str], late: Mapping[str, JSON | None], key: str, wanted: str) -> list[str]:
    """The true ids without those that are known late, and of these the ones that had `wanted`."""
    if not late:
        return true
    known = [object_id for object_id in true if object_id not in late]
    for object_id, state in late.items():
        # A list of ids, or one id, of which no other is a part.
        if state is not None and wanted in state[key]:
            known.append(object_id)
    return known
