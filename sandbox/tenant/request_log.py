"""What was asked of the services: for tests and for the curious. Never headers, never bodies."""

import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

_MOST_UNKNOWN = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `path` and `query` are as sent; `ms` is how long the answer took.

    `status` 0 means that it got no answer. `actor` is "app" for a call with a token,
    "administrator" for one through the control face, None for login and metadata; `app` is the
    calling application's id.
    """

    number: int
    method: str
    path: str
    query: str
    status: int
    ms: float
    throttled: bool
    tenant: str | None
    actor: str | None
    app: str | None


@dataclass
class Unknown:
    """A call that no service here knows, and how often it came. `query` is that of the first."""

    method: str
    path: str
    query: str
    tenant: str | None
    count: int = 0


class RequestLog:
    """The last requests in order, and every call that is not simulated; thread-safe."""

    def __init__(self, keep: int = 20_000) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=keep)
        self._unknown: dict[tuple[str, str, str | None], Unknown] = {}
        self._count = 0

    def add(
        self,
        *,
        method: str,
        path: str,
        query: str,
        status: int,
        ms: float,
        tenant: str | None,
        actor: str | None,
        app: str | None,
    ) -> None:
        """Record a request that has had its answer, or will never have one (`status` 0)."""
        with self._lock:
            self._count += 1
            self._entries.append(
                Entry(
                    number=self._count,
                    method=method,
                    path=path,
                    query=query,
                    status=status,
                    ms=round(ms, 1),
                    throttled=status == 429,
                    tenant=tenant,
                    actor=actor,
                    app=app,
                )
            )

    def add_unknown(self, method: str, path: str, query: str, tenant: str | None = None) -> None:
        """Record a call that no service here knows; the first thousand different ones."""
        with self._lock:
            key = (method, path, tenant)
            if key not in self._unknown and len(self._unknown) >= _MOST_UNKNOWN:
                return
            self._unknown.setdefault(key, Unknown(method, path, query, tenant)).count += 1

    def entries(self, tenant: str | None = None) -> list[dict[str, Any]]:
        """All that is kept, oldest first; of one tenant, or all."""
        with self._lock:
            found = [entry for entry in self._entries if tenant in (None, entry.tenant)]
        return [asdict(entry) for entry in found]

    @property
    def count(self) -> int:
        """Number of the newest request."""
        return self._count

    def unknown(self, tenant: str | None = None) -> list[dict[str, Any]]:
        """The calls that no service knew, in the order in which they first came."""
        with self._lock:
            return [
                asdict(call) for call in self._unknown.values() if tenant in (None, call.tenant)
            ]

    def clear(self, tenant: str | None = None) -> None:
        """Forget the requests of one tenant, or all; numbering goes on."""
        with self._lock:
            kept = [e for e in self._entries if tenant not in (None, e.tenant)]
            self._entries.clear()
            self._entries.extend(kept)
            self._unknown = {
                key: call
                for key, call in self._unknown.items()
                if tenant not in (None, call.tenant)
            }
