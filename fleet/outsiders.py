"""Who is in the emergency accounts' group and is none of ours, for a look without a preview."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from entra.errors import EntraError
from entra.policy import told
from fleet.report import Problem
from fleet.standing import KnownGroup
from fleet.warned import WHO_DID_IT

if TYPE_CHECKING:
    from entra.directory import Directory, Member


class Members(Protocol):
    """What is asked of ``entra.directory``."""

    def members(self, group_id: str) -> "Sequence[Member]":
        """The direct members of a group. Raises GraphError."""
        ...


def find_outsiders(
    groups: Sequence[KnownGroup], customer: str, directory: Members | None = None
) -> list[Problem]:
    """A problem for each; one when nobody could look. `directory`: else this process's tenant."""
    try:
        asked = directory or (_of_this_process() if groups else None)
        return [
            _problem(one, group, customer)
            for group in groups
            if asked
            for one in _outsiders(group, asked)
        ]
    except EntraError as error:
        what = f"who is in the emergency accounts' group could not be looked at: {error}"
        return [Problem(what=what, todo="do what the line says")]


def _of_this_process() -> "Directory":
    # Not with every other operation, which all begin by loading this.
    from entra.client import GraphClient
    from entra.directory import Directory
    from entra.identity import Identity

    return Directory(GraphClient(Identity.from_environment()))


def _outsiders(group: KnownGroup, directory: Members) -> "list[Member]":
    """At a second look, too: a replica that lags still shows who was taken out a moment ago."""
    found = [one for one in directory.members(group.id) if one.id.casefold() not in group.members]
    still = {one.id for one in directory.members(group.id)} if found else set[str]()
    return [one for one in found if one.id in still]


def _problem(one: "Member", group: KnownGroup, customer: str) -> Problem:
    return Problem(
        what=f"{told(one.name)} ({one.id}) is a member of group {told(group.name)} and none of"
        " ours, so every policy lets it past",
        todo=(
            f"`breakglass fleet up --only {customer}` takes it out; {WHO_DID_IT}"
            if group.is_own
            else f"take it out, or name it under `break-glass:accounts.adopt`; {WHO_DID_IT}"
        ),
    )
