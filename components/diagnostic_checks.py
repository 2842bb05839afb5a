"""The tenant's diagnostic settings: will Azure take ours, and whose are those of that name?

Azure refuses a sixth setting, and a category that another setting sends to the same workspace
(Microsoft, "Diagnostic settings in Azure Monitor"; the refusal's status, 409, is from public
reports). It keeps no tags on a diagnostic setting, so that one of our name is ours only

- when the stack's state knows it, or the last finished run did; or
- when it sends to the workspace that the stack makes, whose tag is looked at; or
- when it sends just our categories to an existing workspace, and a run that had made the alarms
  for that workspace never came to its end: that run saw no setting of this name before.

Any other could be somebody's own, or that of another stack which uses the same workspace.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components.argument_wording import MONITORING_SETTINGS, Wording
from components.azure_resources import (
    DIAGNOSTICS_TYPE,
    QUERY_RULE_TYPE,
    known_monitoring,
    names_in_state,
    same_id,
    several,
)
from components.stack_memory import StackMemory
from entra.resource_manager import DiagnosticSetting

NAME: Final = "diagnosticSetting.name"
EXISTING: Final = "diagnosticSetting.existing"
MOST: Final = 5
PORTAL: Final = "Entra admin centre → Monitoring → Diagnostic settings"


@dataclass(frozen=True)
class WantedDiagnostics:
    """What is to go where."""

    name: str
    categories: Sequence[str]
    workspace_id: str
    """Azure resource id of the workspace, which may be still to be made."""
    existing: str | None = None
    """Name of somebody else's setting that is to do it; only verified."""
    own_workspace: bool = True
    """Whether the stack makes the workspace."""


@dataclass(frozen=True)
class FoundDiagnostics:
    """What of it is there."""

    kept_id: str | None = None
    """Azure resource id of our own setting, which the state lacks and takes in again."""
    notices: tuple[str, ...] = ()
    """What to warn of."""


def check_diagnostics(
    found: Sequence[DiagnosticSetting],
    wanted: WantedDiagnostics,
    memory: StackMemory,
    *,
    standing: bool,
    wording: Wording = MONITORING_SETTINGS,
) -> FoundDiagnostics:
    """Raises RunError, one line, for what Azure would refuse, for somebody else's setting of our
    name, and for an existing one that does not do what it should; a `standing` stack, whose logs go
    there already, is only warned of the last.
    """
    if wanted.existing is not None:
        notices = _existing(found, wanted, wanted.existing, wording, standing=standing)
        return FoundDiagnostics(notices=notices)
    ours = names_in_state(memory, DIAGNOSTICS_TYPE)
    same = next((one for one in found if one.name.casefold() == wanted.name.casefold()), None)
    known = wanted.name.casefold() in ours
    if same is not None and not known and not is_ours(same, wanted, memory):
        raise pulumi.RunError(
            f"{wording.named(NAME)} holds {wanted.name!r}, and the tenant has a diagnostic setting"
            f" of that name that this stack did not make (it sends {several(same.categories)} to"
            f" {same.workspace_id or 'no workspace'}): nothing was changed;"
            f" {_way_round(same, wanted, wording)}"
        )
    others = [one for one in found if one is not same and one.name.casefold() not in ours]
    _refuse_clash(others, wanted, wording)
    if same is None and len(others) >= MOST:
        raise pulumi.RunError(
            f"the tenant has {len(others)} diagnostic settings already, and Azure takes {MOST}:"
            f" {several([one.name for one in others])}; nothing was changed; delete one that nobody"
            f" needs ({PORTAL}), or let one that sends these logs to your workspace do it:"
            f" {wording.to_set(EXISTING, 'NAME')}"
        )
    return FoundDiagnostics(kept_id=same.id if same is not None and not known else None)


def is_ours(setting: DiagnosticSetting, wanted: WantedDiagnostics, memory: StackMemory) -> bool:
    """Whether this stack made one of our name that its state lacks (see above)."""
    if not same_id(setting.workspace_id, wanted.workspace_id):
        return False
    known = known_monitoring(memory)
    if wanted.own_workspace or same_id(str(known.get("diagnosticSettingId") or ""), setting.id):
        return True
    ended = same_id(str(known.get("workspaceId") or ""), wanted.workspace_id)
    begun = any(
        same_id(str(scope), wanted.workspace_id)
        for rule in memory(QUERY_RULE_TYPE).values()
        for scope in rule.get("scopes") or ()
    )
    return begun and not ended and _folded(setting.categories) == _folded(wanted.categories)


def _way_round(setting: DiagnosticSetting, wanted: WantedDiagnostics, wording: Wording) -> str:
    """What to do about somebody else's setting of our name."""
    another = f"choose another name: {wording.to_set(NAME, 'NAME')}"
    if not same_id(setting.workspace_id, wanted.workspace_id):
        return another
    ways = f"{_lend(setting, wanted, wording)}; or, if nobody needs it, delete it ({PORTAL})"
    both = _folded(setting.categories) & _folded(wanted.categories)
    return ways if both else f"{ways}; or {another}"


def _existing(
    found: Sequence[DiagnosticSetting],
    wanted: WantedDiagnostics,
    name: str,
    wording: Wording,
    *,
    standing: bool,
) -> tuple[str, ...]:
    setting = next((one for one in found if one.name.casefold() == name.casefold()), None)
    if setting is None:
        raise pulumi.RunError(
            f"{wording.named(EXISTING)} holds {name!r}, and the tenant has no such diagnostic"
            f" setting; it has {several([one.name for one in found])}; nothing was changed; name"
            " one of them, or let the stack make its own:"
            f" {wording.to_leave_out(EXISTING)}"
        )
    lines = tuple(_shortcomings(setting, wanted, wording))
    if lines and not standing:
        raise pulumi.RunError(f"{lines[0]}; nothing was changed")
    return lines


def _shortcomings(
    setting: DiagnosticSetting, wanted: WantedDiagnostics, wording: Wording
) -> Iterator[str]:
    holds = f"{wording.named(EXISTING)} holds {setting.name!r}"
    if not same_id(setting.workspace_id, wanted.workspace_id):
        yield (
            f"{holds}, which sends to {setting.workspace_id or 'no workspace'} and not to"
            f" {wanted.workspace_id}, where the alarms read: name that workspace in"
            f" {wording.named('workspace.existing')}, or another setting"
        )
    if lacking := _lacking(setting, wanted):
        yield (
            f"{holds}, which does not send {several(lacking)}: switch them on there ({PORTAL}),"
            " else the alarms miss sign-ins or changes"
        )


def _refuse_clash(
    others: Sequence[DiagnosticSetting], wanted: WantedDiagnostics, wording: Wording
) -> None:
    """Raises RunError when another setting sends one of our categories to our workspace."""
    sought = _folded(wanted.categories)
    for other in others:
        if not same_id(other.workspace_id, wanted.workspace_id):
            continue
        both = [one for one in other.categories if one.casefold() in sought]
        if both:
            raise pulumi.RunError(
                f"diagnostic setting {other.name!r} sends {several(both)} to workspace"
                f" {wanted.workspace_id} already, and Azure refuses a second one for the same"
                f" category and workspace: nothing was changed; {_lend(other, wanted, wording)}"
            )


def _lend(setting: DiagnosticSetting, wanted: WantedDiagnostics, wording: Wording) -> str:
    """How somebody else's setting comes to do the work."""
    lacking = _lacking(setting, wanted)
    first = f"switch {several(lacking)} on there too ({PORTAL}) and then " if lacking else ""
    use = wording.to_set(EXISTING, f'"{setting.name}"')
    return f"{first}let it do the work: {use}"


def _lacking(setting: DiagnosticSetting, wanted: WantedDiagnostics) -> list[str]:
    sent = _folded(setting.categories)
    return [category for category in wanted.categories if category.casefold() not in sent]


def _folded(categories: Sequence[str]) -> frozenset[str]:
    return frozenset(category.casefold() for category in categories)
