"""What a killed run leaves behind: a lock on the stack, resources that were just being made."""

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from cli import tenant_process
from cli.failure import CommandFailed
from cli.workspace import PROJECT, STACK, SandboxFolder

# Making one of these again finds what is already there; of all else, a second one is refused.
_SAFE_TO_REPEAT = "PolicyExclusion"


def locks(folder: SandboxFolder) -> list[Path]:
    """The locks of runs that ended without releasing them.

    Raises CommandFailed when the run that holds one is still alive.
    """
    place = folder.state / ".pulumi" / "locks" / "organization" / PROJECT / STACK
    found = sorted(place.glob("*.json"))
    for lock in found:
        holder = _living_holder(lock)
        if holder is not None:
            raise CommandFailed(
                f"Another Pulumi run (process {holder}) works on this stack. "
                "Wait for it to end, or end it, then try again."
            )
    return found


def half_made(folder: SandboxFolder) -> list[str]:
    """Names of the resources of which nobody knows whether they were made before the run died."""
    state = folder.state / ".pulumi" / "stacks" / PROJECT / f"{STACK}.json"
    if not state.is_file():
        return []
    try:
        document: dict[str, Any] = json.loads(state.read_text(encoding="utf-8"))
    except ValueError:
        return ["its own record"]
    return sorted(_being_made(document))


def begin_anew(folder: SandboxFolder) -> None:
    """Forget the simulated tenant and the stack together, as if they had never been."""
    locks(folder)
    tenant_process.stop(folder)
    shutil.rmtree(folder.state)
    for path in (folder.tenant_data, folder.stack_config):
        path.unlink(missing_ok=True)


def _being_made(document: dict[str, Any]) -> Iterator[str]:
    checkpoint: dict[str, Any] = document.get("checkpoint") or {}
    latest: dict[str, Any] = checkpoint.get("latest") or {}
    operations: list[dict[str, Any]] = latest.get("pending_operations") or []
    for operation in operations:
        urn = str(operation["resource"]["urn"])
        if operation["type"] == "creating" and _SAFE_TO_REPEAT not in urn:
            yield urn.rpartition("::")[2]


def _living_holder(lock: Path) -> int | None:
    try:
        holder: dict[str, Any] = json.loads(lock.read_text(encoding="utf-8"))
        process = psutil.Process(int(holder["pid"]))
        alive = "pulumi" in process.name().lower() and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, KeyError, psutil.Error):
        return None
    return process.pid if alive and holder.get("hostname") == socket.gethostname() else None
