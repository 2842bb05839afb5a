"""What was asked of the services: for tests and for the curious. Never headers, never bodies."""

import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One request. `path` and `query` are as sent; `ms` is how long the answer took.

    `actor` is "app" for a call with a token, "administrator" for one through the control face,
    None for login and metadata; `app` is the calling application's id.
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


class RequestLog:
    """The last requests in order; thread-safe."""

    def __init__(self, keep: int = 20_000) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=keep)
        self._unknown: deque[dict[str, Any]] = deque(maxlen=1_000)
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
        """Record an answered request. `status` 0 means that the connection was dropped."""
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

    def add_unknown(self, method: str, path: str, query: str) -> None:
        """Record a request for a path that no face knows."""
        with self._lock:
            self._unknown.append({"method": method, "path": path, "query": query})

    def entries(self) -> list[dict[str, Any]]:
        """All that is kept, oldest first."""
        with self._lock:
            return [asdict(entry) for entry in self._entries]

    def unknown(self) -> list[dict[str, Any]]:
        """Requests that no face knew, oldest first."""
        with self._lock:
            return list(self._unknown)

    def clear(self) -> None:
        """Forget everything; numbering goes on."""
        with self._lock:
            self._entries.clear()
            self._unknown.clear()
