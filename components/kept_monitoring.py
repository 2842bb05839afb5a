"""What an earlier life of the stack left behind in Azure: whose is it?

`destroy` leaves resource group and workspace in Azure, and a run that was killed before it could
save its state leaves whatever it had made. What carries this stack's tag is taken in again; what is
somebody else's is never touched.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.azure_resources import (
    API_VERSIONS,
    GROUP_TYPE,
    AzureReader,
    names_in_state,
    place,
)
from components.stack_memory import StackMemory

TAG: Final = "break-glass"
"""Name of the Azure tag that says which stack made a resource."""
AT_ONCE: Final = 6
"""Questions that are put at the same time."""


@dataclass(frozen=True)
class WantedChild:
    """A resource of the monitoring that the stack has or is to make."""

    suffix: str
    """Its logical name without the component's, as in `workspace`."""
    type_: str
    id: str
    """Azure resource id."""
    location: str
    """Azure region, as in `westeurope`; `global` for what has none, empty for one that is not known
    yet."""
    key: str | None = None
    """The setting that holds its name; None for a name that no setting gives."""

    @property
    def name(self) -> str:
        """In Azure."""
        return self.id.rpartition("/")[2]


def stack_tags() -> dict[str, str]:
    """The tag that a resource of this stack carries: `break-glass: <project>/<stack>`."""
    return {TAG: f"{pulumi.get_project()}/{pulumi.get_stack()}"}


def find_kept(
    azure: AzureReader, wanted: Sequence[WantedChild], memory: StackMemory
) -> dict[str, str]:
    """Azure resource ids, by suffix, of what this stack's state does not have and Azure does.

    In a resource group that is still to be made nothing is looked for. Raises RunError in one line
    for a resource of that name that this stack did not make, or that it made elsewhere; and what
    `azure` raises when it cannot tell.
    """
    mark = stack_tags()
    sought = [
        child
        for child in wanted
        if child.name.casefold() not in names_in_state(memory, child.type_)
    ]
    groups = [child for child in sought if child.type_ == GROUP_TYPE]
    found = _look(azure, groups)
    missing = [f"{group.id}/".casefold() for group in groups if group.suffix not in found]
    rest = [
        child
        for child in sought
        if child not in groups and not child.id.casefold().startswith(tuple(missing))
    ]
    found |= _look(azure, rest)
    for child in sought:
        if child.suffix in found:
            _refuse_another(found[child.suffix], child, mark)
    return {suffix: str(resource["id"]) for suffix, resource in found.items()}


def _look(azure: AzureReader, wanted: Sequence[WantedChild]) -> dict[str, Mapping[str, Any]]:
    def ask(child: WantedChild) -> Mapping[str, Any] | None:
        return azure.find(child.id, api_version=API_VERSIONS[child.type_])

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        answers = zip(wanted, pool.map(ask, wanted), strict=True)
        return {child.suffix: found for child, found in answers if found is not None}


def _refuse_another(found: Mapping[str, Any], child: WantedChild, mark: Mapping[str, str]) -> None:
    """Raises RunError unless this stack made it, with this spelling and in this region."""
    holds = f"{child.key} holds {child.name!r}" if child.key else f"{child.name!r} is to be made"
    tags: Mapping[str, str] = found.get("tags") or {}
    if not mark.items() <= tags.items():
        ((tag, value),) = mark.items()
        another = "choose another name" if child.key else "delete or rename that one"
        raise pulumi.RunError(
            f"{holds}, and Azure has one of that name that this stack did not make (it lacks the"
            f" tag {tag}: {value}): nothing was changed; {another}"
        )
    there = place(found.get("location"))
    wanted = place(child.location) or there
    if (found["name"], there) != (child.name, wanted):
        raise pulumi.RunError(
            f"{holds} and azure-native:location {child.location!r}, but this stack left it"
            f" in Azure as {found['name']!r} in {there!r}: nothing was changed; set both as they"
            " are there, or choose another name"
        )
