"""What an earlier life of the stack left behind in Azure: whose is it?

`destroy` leaves resource group and workspace in Azure, and a run that was killed before it could
save its state leaves whatever it had made. What carries this stack's tag is taken in again; what is
somebody else's is never touched.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, cast

import pulumi

from alerting.alarm_names import with_workspace
from components.azure_resources import (
    API_VERSIONS,
    GROUP_TYPE,
    QUERY_RULE_TYPE,
    AzureReader,
    is_in_state,
    known_child,
    names_in_state,
    place,
)
from components.stack_memory import Outputs, StackMemory

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
    title: str = ""
    """Of a query rule: its name as the portal shows it, with which the one in Azure begins."""
    reads: tuple[str, ...] = ()
    """Of a query rule: how the ids of the workspaces end that it may be made for, best first."""

    @property
    def name(self) -> str:
        """In Azure."""
        return self.id.rpartition("/")[2]


@dataclass(frozen=True)
class Kept:
    """What Azure has and the stack's state lacks, by the suffix of the child."""

    ids: Mapping[str, str]
    """Azure resource ids of what is taken in again."""
    rules: Mapping[str, Outputs]
    """Of the query rules among it, the outputs that the state would have: `name`, `scopes` and
    `location`, none of which can change. Also of one that is in the way, made for a workspace that
    is read no more: the new one gets another name."""
    notices: tuple[str, ...] = ()
    """What to warn of."""


def stack_tags() -> dict[str, str]:
    """The tag that a resource of this stack carries: `break-glass: <project>/<stack>`."""
    return {TAG: f"{pulumi.get_project()}/{pulumi.get_stack()}"}


def find_kept(
    azure: AzureReader,
    wanted: Sequence[WantedChild],
    memory: StackMemory,
    *,
    whole: StackMemory | None = None,
) -> Kept:
    """What this stack's state does not have and Azure does.

    `memory`: of the component that wants them; `whole`: of all of the stack, where there may be
    others. In a resource group that is still to be made nothing is looked for. A rule that stood
    before the logs moved has another name than a new one would get: it is looked for among all of
    its group. Raises RunError in one line for a resource of that name that this stack did not make,
    or that it made elsewhere; and what `azure` raises when it cannot tell.
    """
    mark = stack_tags()
    sought = [child for child in wanted if not is_in_state(memory, child.type_, child.id)]
    groups = [child for child in sought if child.type_ == GROUP_TYPE]
    found = _look(azure, groups)
    missing = [f"{group.id}/".casefold() for group in groups if group.suffix not in found]
    rest = [
        child
        for child in sought
        if child not in groups and not child.id.casefold().startswith(tuple(missing))
    ]
    found |= _look(azure, rest)
    unread: dict[str, Mapping[str, Any]] = {}
    for child in sought:
        if child.suffix not in found:
            continue
        _refuse_somebody_elses(found[child.suffix], child, mark)
        if _reads_another(found[child.suffix], child):
            unread[child.suffix] = found.pop(child.suffix)
        else:
            _refuse_elsewhere(found[child.suffix], child)
    reading = {child.suffix: child for child in rest if child.type_ == QUERY_RULE_TYPE}
    lost = [
        child
        for child in reading.values()
        if child.suffix not in found and known_child(memory, child.suffix, QUERY_RULE_TYPE) is None
    ]
    others, notices = _under_another_name(azure, lost, whole or memory, mark)
    found |= others
    rules = {
        suffix: _outputs(resource)
        for suffix, resource in {**unread, **found}.items()
        if suffix in unread or (suffix in reading and _rank(resource, reading[suffix]) is not None)
    }
    ids = {suffix: str(resource["id"]) for suffix, resource in found.items()}
    return Kept(ids, rules, tuple(notices))


def _look(azure: AzureReader, wanted: Sequence[WantedChild]) -> dict[str, Mapping[str, Any]]:
    def ask(child: WantedChild) -> Mapping[str, Any] | None:
        return azure.find(child.id, api_version=API_VERSIONS[child.type_])

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        answers = zip(wanted, pool.map(ask, wanted), strict=True)
        return {child.suffix: found for child, found in answers if found is not None}


def _under_another_name(
    azure: AzureReader,
    lost: Sequence[WantedChild],
    memory: StackMemory,
    mark: Mapping[str, str],
) -> tuple[dict[str, Mapping[str, Any]], list[str]]:
    """Rules of this stack that were made for another workspace, and warnings of those that are of
    no use: they would ring besides."""
    if not lost:
        return {}, []
    known = names_in_state(memory, QUERY_RULE_TYPE)
    listed = azure.listing(lost[0].id.rpartition("/")[0], api_version=API_VERSIONS[QUERY_RULE_TYPE])
    ours = [
        rule
        for rule in listed
        if mark.items() <= (rule.get("tags") or {}).items()
        and str(rule["name"]).casefold() not in known
    ]
    found: dict[str, Mapping[str, Any]] = {}
    notices: list[str] = []
    for child in lost:
        alike = [rule for rule in ours if _is_called(rule, child.title)]
        ranks = [
            (rank, n) for n, rule in enumerate(alike) if (rank := _rank(rule, child)) is not None
        ]
        best = alike[min(ranks)[1]] if ranks else None
        if best is not None:
            found[child.suffix] = best
        notices += [_left_over(rule) for rule in alike if rule is not best]
    return found, notices


def _is_called(rule: Mapping[str, Any], title: str) -> bool:
    """Whether a rule is one of that title, with or without its own workspace behind its name.

    Anything else in brackets is somebody's choice, as in "Break-glass account used (Contoso)".
    """
    name, scope = str(rule["name"]).casefold(), _scope(rule)
    shown = str(_properties(rule).get("displayName") or "").casefold()
    behind = [f" ({scope.rpartition('/')[2]})", with_workspace(scope)] if scope else []
    names = [title.casefold(), *(f"{title}{one}".casefold() for one in behind)]
    return name in names or shown == names[0]


def _reads_another(rule: Mapping[str, Any], child: WantedChild) -> bool:
    """Whether a rule was made for a workspace that is not to be read, which is for life."""
    is_rule = child.type_ == QUERY_RULE_TYPE
    return is_rule and bool(_scope(rule)) and _rank(rule, child) is None


def _rank(rule: Mapping[str, Any], child: WantedChild) -> int | None:
    """Which of the workspaces the rule was made for, as a place in `reads`; None: none of them."""
    scope = _scope(rule).casefold()
    fits = (n for n, one in enumerate(child.reads) if scope.endswith(one.casefold()))
    return next(fits, None) if scope else None


def _scope(rule: Mapping[str, Any]) -> str:
    scopes: Sequence[Any] = _properties(rule).get("scopes") or ()
    return str(scopes[0]) if scopes else ""


def _properties(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", rule.get("properties") or {})


def _outputs(rule: Mapping[str, Any]) -> Outputs:
    return {
        "name": str(rule["name"]),
        "scopes": [_scope(rule)],
        "location": place(rule.get("location")),
    }


def _left_over(rule: Mapping[str, Any]) -> str:
    return (
        f"alarm {rule['id']} carries this stack's tag, but the stack does not know it any more, and"
        f" it reads {_scope(rule)}: it rings besides the stack's own; if it is of no use: az"
        f' resource delete --ids "{rule["id"]}"'
    )


def _refuse_somebody_elses(
    found: Mapping[str, Any], child: WantedChild, mark: Mapping[str, str]
) -> None:
    """Raises RunError unless this stack made it."""
    tags: Mapping[str, str] = found.get("tags") or {}
    if not mark.items() <= tags.items():
        ((tag, value),) = mark.items()
        another = "choose another name" if child.key else "delete or rename that one"
        if owner := tags.get(tag):
            another = f"it is that of stack {owner}; have this stack's in another resource group"
        raise pulumi.RunError(
            f"{_holds(child)}, and Azure has one of that name that this stack did not make (it"
            f" lacks the tag {tag}: {value}): nothing was changed; {another}"
        )


def _refuse_elsewhere(found: Mapping[str, Any], child: WantedChild) -> None:
    """Raises RunError unless it was made with this spelling and in this region.

    A rule stays in the region of the workspace it was made for.
    """
    there = place(found.get("location"))
    wanted = place(child.location) or there
    if child.type_ == QUERY_RULE_TYPE and _rank(found, child) is not None:
        wanted = there
    if (found["name"], there) != (child.name, wanted):
        raise pulumi.RunError(
            f"{_holds(child)} and azure-native:location {child.location!r}, but this stack left it"
            f" in Azure as {found['name']!r} in {there!r}: nothing was changed; set both as they"
            " are there, or choose another name"
        )


def _holds(child: WantedChild) -> str:
    return f"{child.key} holds {child.name!r}" if child.key else f"{child.name!r} is to be made"
