"""The tenant's diagnostic settings: will Azure take ours, and whose are those of that name?

Azure refuses a sixth setting, and a category that another setting sends to the same workspace
(Microsoft, "Diagnostic settings in Azure Monitor"; the refusal's status, 409, is from public
reports). It keeps no tags on a diagnostic setting: one is ours when the stack's state knows it, or
when it has our name and sends to our workspace.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components.azure_resources import DIAGNOSTICS_TYPE, names_in_state, same_id
from components.stack_memory import StackMemory
from components.workspace_checks import several
from entra.resource_manager import DiagnosticSetting

KEY: Final = "break-glass:monitoring.diagnosticSetting"
MOST: Final = 5


@dataclass(frozen=True)
class WantedDiagnostics:
    """What is to go where."""

    name: str
    categories: Sequence[str]
    workspace_id: str
    """Azure resource id of the workspace, which may be still to be made."""
    existing: str | None = None
    """Name of somebody else's setting that is to do it; only verified."""


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
) -> FoundDiagnostics:
    """Raises RunError, one line, for what Azure would refuse, for somebody else's setting of our
    name, and for an existing one that does not do what it should; a `standing` stack, whose logs go
    there already, is only warned of the last.
    """
    if wanted.existing is not None:
        return FoundDiagnostics(notices=_existing(found, wanted, wanted.existing, standing))
    ours = names_in_state(memory, DIAGNOSTICS_TYPE)
    same = next((one for one in found if one.name.casefold() == wanted.name.casefold()), None)
    known = wanted.name.casefold() in ours
    if same is not None and not known and not same_id(same.workspace_id, wanted.workspace_id):
        raise pulumi.RunError(
            f"{KEY}.name holds {wanted.name!r}, and the tenant has a diagnostic setting of that"
            " name that this stack did not make (it sends to"
            f" {same.workspace_id or 'no workspace'}): nothing was changed; choose another name:"
            f' pulumi config set --path "{KEY}.name" NAME'
        )
    others = [one for one in found if one is not same and one.name.casefold() not in ours]
    _refuse_clash(others, wanted)
    if same is None and len(others) >= MOST:
        raise pulumi.RunError(
            f"the tenant has {len(others)} diagnostic settings already, and Azure takes {MOST}:"
            f" {several([one.name for one in others])}; nothing was changed; delete one that nobody"
            " needs (Entra admin centre → Monitoring → Diagnostic settings), or let one that sends"
            f" these logs to your workspace do it: {_use('NAME')}"
        )
    return FoundDiagnostics(kept_id=same.id if same is not None and not known else None)


def _existing(
    found: Sequence[DiagnosticSetting], wanted: WantedDiagnostics, name: str, standing: bool
) -> tuple[str, ...]:
    setting = next((one for one in found if one.name.casefold() == name.casefold()), None)
    if setting is None:
        raise pulumi.RunError(
            f"{KEY}.existing holds {name!r}, and the tenant has no such diagnostic setting; it has"
            f" {several([one.name for one in found])}; nothing was changed; name one of them, or"
            f' let the stack make its own: pulumi config rm --path "{KEY}.existing"'
        )
    lines = tuple(_shortcomings(setting, wanted))
    if lines and not standing:
        raise pulumi.RunError(f"{lines[0]}; nothing was changed")
    return lines


def _shortcomings(setting: DiagnosticSetting, wanted: WantedDiagnostics) -> Iterator[str]:
    holds = f"{KEY}.existing holds {setting.name!r}"
    if not same_id(setting.workspace_id, wanted.workspace_id):
        yield (
            f"{holds}, which sends to {setting.workspace_id or 'no workspace'} and not to"
            f" {wanted.workspace_id}, where the alarms read: name that workspace in"
            " break-glass:monitoring.workspace.existing, or another setting"
        )
    if lacking := _lacking(setting, wanted):
        yield (
            f"{holds}, which does not send {several(lacking)}: switch them on there (Entra admin"
            " centre → Monitoring → Diagnostic settings), else the alarms miss sign-ins or changes"
        )


def _refuse_clash(others: Sequence[DiagnosticSetting], wanted: WantedDiagnostics) -> None:
    """Raises RunError when another setting sends one of our categories to our workspace."""
    sought = {category.casefold() for category in wanted.categories}
    for other in others:
        if not same_id(other.workspace_id, wanted.workspace_id):
            continue
        both = [one for one in other.categories if one.casefold() in sought]
        if not both:
            continue
        lacking = _lacking(other, wanted)
        first = (
            f"switch {several(lacking)} on there too (Entra admin centre → Monitoring → Diagnostic"
            " settings) and then "
            if lacking
            else ""
        )
        raise pulumi.RunError(
            f"diagnostic setting {other.name!r} sends {several(both)} to workspace"
            f" {wanted.workspace_id} already, and Azure refuses a second one for the same category"
            f" and workspace: nothing was changed; {first}let it do the work: {_use(other.name)}"
        )


def _lacking(setting: DiagnosticSetting, wanted: WantedDiagnostics) -> list[str]:
    sent = {category.casefold() for category in setting.categories}
    return [category for category in wanted.categories if category.casefold() not in sent]


def _use(name: str) -> str:
    return f'pulumi config set --path "{KEY}.existing" "{name}"'
