"""Who may write Conditional Access policies now, among all processes of a user on one machine.

A write replaces whole lists, so between the read that it rests on and the write no other stack of
this machine may write: each keeps the turn from the one to the other. That alone is not enough: a
replica of the directory may show for some seconds a policy as it was before the write of the turn
before. So what was written of late is kept beside the lock, and whoever reads for a write can tell
whether the answer knows it. Processes on other machines, and administrators in a portal, are not
seen by this.

Errors: ``LimiterError`` (see ``entra.errors``).
"""

import json
import os
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self, cast

from entra.errors import EntraError, LimiterError
from entra.exclusion import Change, Entries, live_entries
from entra.machine_lock import (
    LOCK_TIMEOUT_SECONDS,
    MachineLock,
    cache_folder,
    file_name_of,
    unusable,
)
from entra.policy import Policy

REMEMBERED_SECONDS = 30.0
"""So long a read that does not know a write is doubted. Microsoft names no limit ("Microsoft Entra
architecture": eventual consistency); that seconds do is assumed."""


@dataclass(frozen=True)
class Written:
    """What a write made of one policy's exclusion lists."""

    lists: Entries
    """Both lists, complete."""
    rests_on: str
    """``Policy.modified`` of what was read before the write."""

    @classmethod
    def of(cls, policy: Policy, change: Change) -> Self:
        """What ``change`` makes of ``policy``."""
        lists = live_entries(policy)
        groups = lists.groups if change.exclude_groups is None else change.exclude_groups
        users = lists.users if change.exclude_users is None else change.exclude_users
        return cls(Entries(groups, users), policy.modified)

    def is_known_to(self, policy: Policy) -> bool:
        """Whether ``policy`` was read from a replica that knows this write.

        One that differs from it does so if somebody changed the policy since, which its time says.
        """
        live = live_entries(policy)
        same = not (live - self.lists) and not (self.lists - live)
        return same or _is_later(policy.modified, self.rests_on)


class WriteTurn:
    """The one writer at a time of a tenant, and what was written of late."""

    def __init__(
        self,
        name: str,
        *,
        folder: Path,
        clock: Callable[[], float] = time.time,
        timeout: float = LOCK_TIMEOUT_SECONDS,
    ) -> None:
        self._folder = folder
        self._file = folder / f"{name}.written"
        self._clock = clock
        what = "the turn to write Conditional Access policies"
        self._lock = MachineLock(folder, f"{name}.write", what=what, timeout=timeout)

    @contextmanager
    def held(self) -> Generator[None]:
        """Wait for the turn and keep it until the block ends; the same thread may nest it.

        Raises LimiterError when one process kept it for 15 minutes, or the folder is unusable.
        """
        with self._lock.held():
            yield

    @contextmanager
    def writing(self, policy_id: str, written: Written) -> Generator[None]:
        """Write inside the block, with the turn held.

        Noted before, because we may be killed in it, and after; taken back after an error that
        leaves no doubt. Raises LimiterError.
        """
        before = self._notes()
        self._note(policy_id, written)
        try:
            yield
        except EntraError as error:
            if not error.in_doubt:
                self._keep(before)
            raise
        with suppress(LimiterError):  # it is noted already, as of before the write
            self._note(policy_id, written)

    def last_written(self, policy_id: str) -> Written | None:
        """What was last written to a policy, if it was of late. Raises LimiterError."""
        try:
            note = self._notes()[policy_id.casefold()]
            lists = Entries(tuple(note["groups"]), tuple(note["users"]))
            return Written(lists, str(note["restsOn"]))
        except (LookupError, TypeError):
            return None

    def _note(self, policy_id: str, written: Written) -> None:
        note = {
            "at": self._clock(),
            "groups": list(written.lists.groups),
            "users": list(written.lists.users),
            "restsOn": written.rests_on,
        }
        self._keep({**self._notes(), policy_id.casefold(): note})

    def _notes(self) -> dict[str, dict[str, Any]]:
        """Of each policy written of late; nothing when the file is broken."""
        try:
            found: Any = json.loads(self._file.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        except OSError as error:
            raise unusable(self._folder, error) from None
        notes = cast("dict[str, Any]", found if isinstance(found, dict) else {})
        return {policy_id: note for policy_id, note in notes.items() if self._is_of_late(note)}

    def _is_of_late(self, note: Any) -> bool:
        # A clock that was set back leaves notes of the future behind: their age is unknown.
        try:
            return abs(self._clock() - float(note["at"])) <= REMEMBERED_SECONDS
        except (LookupError, TypeError, ValueError):
            return False

    def _keep(self, notes: Mapping[str, Mapping[str, Any]]) -> None:
        new = self._file.with_name(f"{self._file.name}.new")
        try:
            new.write_text(json.dumps(notes), encoding="ascii")
            new.replace(self._file)
        except OSError as error:
            raise unusable(self._folder, error) from None


def write_turn_for(
    tenant_id: str, graph: str, environ: Mapping[str, str] = os.environ
) -> WriteTurn:
    """The write turn of one tenant at one Graph address. Raises LimiterError."""
    folder = cache_folder(environ) / "limiter"
    return WriteTurn(file_name_of(tenant_id, graph), folder=folder)


def _is_later(one: str, other: str) -> bool:
    """Whether one of Graph's times is later; what was never changed has none."""
    if not other:
        return bool(one)
    try:
        return datetime.fromisoformat(one) > datetime.fromisoformat(other)
    except (ValueError, TypeError):
        return False
