# pyright: basic
# The Automation API's own annotations leave dictionaries and callbacks without their types.
"""One customer's stack through Pulumi's Automation API, without what the API does too much.

Out of the box it makes the stack the selected one of the folder (of which many are at work), asks
for every output and setting *in clear* after each operation, and looks up the version of the CLI
for every stack. None of that happens here.

Source: the Automation API of the Python SDK 3.272 (`pulumi.automation`).
"""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation._stack import StackInitMode
from semver import VersionInfo

from fleet.errors import FleetError

OLDEST = VersionInfo(3, 181)
"""The first CLI that tells events of a refresh and a destroy as it does of an update."""
PREVIEWS_TAKE_NO_LOCK = VersionInfo(3, 231)
"""The first whose preview of a destroy takes no lock of a backend of one's own; of a refresh 3.230.

Source: `backend/diy/backend.go` of 3.230 and 3.231.
"""


class KnownPulumi(automation.PulumiCommand):
    """A CLI whose version was looked up before, once for all stacks."""

    def __init__(self, executable: Path, version: str) -> None:
        self.command = str(executable)
        self.version = VersionInfo.parse(version)
        self.previews_lock = self.version < PREVIEWS_TAKE_NO_LOCK
        """Whether a preview of a refresh or a destroy may take the stack's lock."""


def version_of(executable: Path) -> str:
    """What `pulumi version` says. Raises FleetError when there is none, or too old a one."""
    try:
        done = subprocess.run(
            [str(executable), "version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        version = VersionInfo.parse(done.stdout.strip().removeprefix("v"))
    except (OSError, subprocess.SubprocessError, ValueError):
        raise FleetError(
            f"{executable} is no Pulumi CLI that works: `{executable} version` told no version;"
            ' install it anew (Pulumi documentation, "Download & install Pulumi")'
        ) from None
    if version < OLDEST:
        raise FleetError(f"Pulumi CLI {version} is too old: expected {OLDEST} or newer; update it")
    return str(version)


class _Workspace(automation.LocalWorkspace):
    def select_stack(self, stack_name: str) -> None:
        """Nothing: every command names its stack, and a missing one is told by the first."""


class CustomerStack(automation.Stack):
    """A stack that must exist; its secrets stay encrypted."""

    def __init__(self, name: str, folder: Path, pulumi: KnownPulumi) -> None:
        workspace = _Workspace(work_dir=str(folder), pulumi_command=pulumi)
        super().__init__(name, workspace, StackInitMode.SELECT)

    def outputs(self) -> Any:
        """None: the API would ask for the secret ones in clear. See ``exported``."""
        return {}

    def info(self, show_secrets: bool = False) -> Any:  # noqa: ARG002  (the API's name)
        """Nothing of the history, for the same reason: events tell how it ended."""
        return automation.UpdateSummary("", datetime.now(UTC), "", {}, {}, "")

    def exported(self) -> str:
        """The state as `pulumi stack export` prints it, secrets encrypted."""
        return self._ask("stack", "export")

    def _ask(self, *arguments: str) -> str:
        command = [*arguments, "--stack", self.name]
        workspace = self.workspace
        return workspace.pulumi_command.run(command, workspace.work_dir, {}).stdout


@dataclass(frozen=True)
class Operation:
    """How an operation is previewed, and how it is then done; the first of them asks nobody."""

    preview: Callable[..., Any]
    change: Callable[..., Any] | None


def operation_of(stack: CustomerStack, name: str) -> Operation:
    """The two steps of `preview`, `up`, `refresh` or `destroy`."""
    return {
        "preview": lambda: Operation(stack.preview, None),
        "up": lambda: Operation(stack.preview, stack.up),
        "refresh": lambda: Operation(stack.preview_refresh, stack.refresh),
        "destroy": lambda: Operation(stack.preview_destroy, stack.destroy),
    }[name]()
