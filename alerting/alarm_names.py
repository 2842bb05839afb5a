"""What the alarms besides the use alert are called in Azure. The use alert's name is a setting."""

from collections.abc import Mapping
from typing import Final

NAMES: Final[Mapping[str, str]] = {
    "exclusion-alert": "Break-glass exclusion missing",
    "tamper-alert": "Break-glass account or role changed",
    "silence-alert": "Break-glass logs silent",
    "rules-alert": "break-glass-alarm-changed",
    "health-alert": "break-glass-alarm-health",
}
"""Names in Azure by child of the component; an activity log alert's has no blanks."""


LONGEST_NAME: Final = 260
"""Characters of a rule's name in Azure (Microsoft Learn, "Naming rules and restrictions")."""


def with_workspace(workspace_id: str) -> str:
    """What a rule's name may have behind it at most: the workspace and its resource group.

    `workspace_id`: its Azure resource id, or how that ends.
    """
    parts = workspace_id.split("/")
    return f" ({parts[-1]}, {parts[-5]})"


def taken_by(name: str) -> str | None:
    """The name among ours that `name` is, or would be with a workspace's name after it.

    In Azure capitals say nothing; a rule of an existing workspace has that workspace's name in
    brackets after its own.
    """
    found = name.casefold()
    for ours in NAMES.values():
        if found == ours.casefold() or (
            found.startswith(f"{ours.casefold()} (") and found.endswith(")")
        ):
            return ours
    return None


SUBJECTS: Final[Mapping[str, str]] = {
    "exclusion-alert": "Break-glass exclusion missing in a Conditional Access policy",
    "tamper-alert": "Break-glass account, group or role changed",
    "silence-alert": "Break-glass alarm is blind: no sign-in logs for a day",
}
"""Of the mail by child. An activity log alert has Azure's own, with the rule's name in it."""
