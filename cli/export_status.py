"""`breakglass status`: does the tenant send its logs to the workspace?

Azure refuses a category that another diagnostic setting sends to the same workspace (Microsoft,
"Diagnostic settings in Azure Monitor"), so that a lost setting of ours cannot always be made anew.
"""

from collections.abc import Sequence
from typing import Final

from cli.findings import Azure, Finding, Mark, last_name
from cli.monitoring_state import Export, MonitoringState
from entra.errors import IdentityError
from entra.resource_manager import DiagnosticSetting

PORTAL: Final = "Entra admin centre → Monitoring → Diagnostic settings"
KEY: Final = "break-glass:monitoring.diagnosticSetting.existing"


def exported(state: MonitoringState, azure: Azure) -> Finding:
    """The line on the setting that the stack made, or on those that send to its workspace."""
    ours = state.export
    try:
        found = azure.diagnostic_settings()
    except IdentityError as error:
        subject = f"diagnostic setting {ours.name}" if ours else "diagnostic setting"
        return Finding(Mark.UNKNOWN, subject, str(error))
    if ours is None:
        return _of_others(state, found)
    return Finding(*_own(ours, found))


def _own(ours: Export, found: Sequence[DiagnosticSetting]) -> tuple[Mark, str, str]:
    subject = f"diagnostic setting {ours.name}"
    name = ours.name.casefold()
    setting = next((one for one in found if one.name.casefold() == name), None)
    if setting is None:
        return Mark.WRONG, subject, f"is gone: {_remedy(ours, found)}"
    if not _sends_to(setting, ours.workspace_id):
        words = f"sends to {setting.workspace_id or 'no workspace'}: `pulumi up` puts that right"
        return Mark.WRONG, subject, words
    if lacking := [one for one in ours.categories if one not in setting.categories]:
        words = f"does not send {', '.join(lacking)}: `pulumi up` puts that right"
        return Mark.WRONG, subject, words
    return Mark.RIGHT, subject, f"sends {', '.join(setting.categories)}"


def _remedy(ours: Export, found: Sequence[DiagnosticSetting]) -> str:
    for other in found:
        if not _sends_to(other, ours.workspace_id):
            continue
        if both := [one for one in other.categories if one in ours.categories]:
            lacking = [one for one in ours.categories if one not in other.categories]
            first = (
                f"switch {', '.join(lacking)} on there too ({PORTAL}), then: " if lacking else ""
            )
            return (
                f"{other.name} sends {', '.join(both)} to the same workspace, and Azure takes no"
                f' second one: {first}pulumi config set --path "{KEY}" "{other.name}"'
            )
    return "`pulumi up` makes it anew"


def _of_others(state: MonitoringState, found: Sequence[DiagnosticSetting]) -> Finding:
    """The stack's settings name a setting that is there; the state does not say which."""
    workspace = state.workspace_ids[0] if state.workspace_ids else ""
    sending = [one for one in found if _sends_to(one, workspace)]
    if not sending:
        there = "; ".join(_told(one) for one in found) or "none at all"
        return Finding(
            Mark.WRONG,
            "diagnostic setting",
            f"none sends to {last_name(workspace)} (the tenant has {there}): `pulumi up` makes it,"
            " or says what is wrong with the one that diagnosticSetting.existing names",
        )
    subject = f"diagnostic setting {', '.join(one.name for one in sending)}"
    sent = list(dict.fromkeys(category for one in sending for category in one.categories))
    if lacking := [one for one in state.needed if one not in sent]:
        words = f"does not send {', '.join(lacking)}: switch them on there ({PORTAL})"
        return Finding(Mark.WRONG, subject, words)
    return Finding(Mark.RIGHT, subject, f"sends {', '.join(sent)}")


def _told(setting: DiagnosticSetting) -> str:
    return f"{setting.name} → {last_name(setting.workspace_id or 'no workspace')}"


def _sends_to(setting: DiagnosticSetting, workspace_id: str) -> bool:
    return (setting.workspace_id or "").casefold() == workspace_id.casefold()
