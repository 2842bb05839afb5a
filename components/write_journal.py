"""What a stack is adding to policies right now, kept on this machine until its state knows it.

The engine saves what a write added only after the write. A run that is killed in between leaves
our entries in a policy and no word of them in the state; the next run would take them for somebody
else's and leave them there for good. The same is true of a write that the service may have carried
out and never answered. So each write is noted here first, with what the state said then. It counts
as ours as long as the state still says that: one that was saved since, by whichever machine, knows
better.

Object ids only, one file for each policy of a stack. A file that is missing, broken or cannot be
written is as good as none: no error, only the undo after a killed run knows less.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from components.exclusion_state import entries, properties_of
from entra.exclusion import Entries
from entra.machine_lock import cache_folder, file_name_of


class WriteJournal:
    """The notes of one tenant. ``stack`` is "project/stack/component"; "" keeps no notes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def noted(self, stack: str, policy_id: str, saved: Entries | None) -> Entries:
        """What the stack put, or was about to put, into a policy, as far as is known.

        ``saved``: what its state says is ours; None when it has no state of the policy.
        """
        if not stack:
            return Entries()
        try:
            found: Any = json.loads(self._file(stack, policy_id).read_bytes())
            note = cast("Mapping[str, Any]", found)
            if (note["stack"], note["policyId"]) != (stack, policy_id):
                return Entries()
            before = None if note["before"] is None else entries(note["before"])
            return entries(note["added"]) if before == saved else Entries()
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return Entries()

    def note(self, stack: str, policy_id: str, added: Entries, *, before: Entries | None) -> None:
        """Remember what in a policy is the stack's; nothing, if nothing is.

        ``before``: what its state says until this is saved; None when it has none of the policy.
        """
        if not stack:
            return
        if not added:
            self.forget(stack, policy_id)
            return
        told = {
            "stack": stack,
            "policyId": policy_id,
            "before": None if before is None else properties_of(before),
            "added": properties_of(added),
        }
        file = self._file(stack, policy_id)
        new = file.with_suffix(".new")
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with new.open("w", encoding="utf-8") as stream:
                json.dump(told, stream)
                stream.flush()
                os.fsync(stream.fileno())
            new.replace(file)

    def forget(self, stack: str, policy_id: str) -> None:
        """The state knows it by now, or nothing is left of it."""
        with suppress(OSError):
            self._file(stack, policy_id).unlink(missing_ok=True)

    def settle(self, stack: str, policy_id: str, saved: Entries) -> None:
        """Forget a note that says no more than ``saved``, the state, or is older than it."""
        if not self.noted(stack, policy_id, saved) - saved:
            self.forget(stack, policy_id)

    def _file(self, stack: str, policy_id: str) -> Path:
        name = hashlib.sha256(json.dumps([stack, policy_id]).encode()).hexdigest()
        return self._folder / f"{name[:32]}.json"


def journal_for(
    tenant_id: str, graph: str, environ: Mapping[str, str] = os.environ
) -> WriteJournal:
    """The journal of one tenant at one Graph address."""
    return WriteJournal(cache_folder(environ) / "journal" / file_name_of(tenant_id, graph))
