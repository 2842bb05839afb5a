"""What `breakglass status` says: one line for each thing that it looked at, and what it asks."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Protocol

from entra.resource_manager import DiagnosticSetting

DOUBT_SECONDS: Final = (1.0, 2.0)
"""How long a 404 for what the state has is doubted: one answer of a replica that lags behind is no
reason for an alarm."""


class Mark(Enum):
    """How something stands."""

    RIGHT = "✓"
    WAITING = "–"
    WRONG = "✗"
    UNKNOWN = "?"


@dataclass(frozen=True)
class Finding:
    """One line of the status."""

    mark: Mark
    subject: str
    words: str

    def __str__(self) -> str:
        return f"{self.mark.value} {self.subject}: {self.words}"


class Azure(Protocol):
    """What is asked of ``entra.resource_manager.ResourceManager``."""

    def find(self, resource_id: str, *, api_version: str) -> Mapping[str, Any] | None:
        """A resource, None when there is none. Raises IdentityError."""
        ...

    def diagnostic_settings(self) -> tuple[DiagnosticSetting, ...]:
        """The tenant's diagnostic settings. Raises IdentityError."""
        ...


class AskedOnce:
    """Azure, where no resource is asked for twice. Not for several threads."""

    def __init__(self, azure: Azure, sleep: Callable[[float], None] = time.sleep) -> None:
        self._azure = azure
        self._sleep = sleep
        self._found: dict[str, Mapping[str, Any] | None] = {}

    def find(self, resource_id: str, *, api_version: str) -> Mapping[str, Any] | None:
        """A resource, None when there is none. Raises IdentityError."""
        key = resource_id.casefold()
        if key not in self._found:
            found = self._azure.find(resource_id, api_version=api_version)
            for pause in DOUBT_SECONDS if found is None else ():
                self._sleep(pause)
                found = self._azure.find(resource_id, api_version=api_version)
                if found is not None:
                    break
            self._found[key] = found
        return self._found[key]

    def diagnostic_settings(self) -> tuple[DiagnosticSetting, ...]:
        """The tenant's diagnostic settings. Raises IdentityError."""
        return self._azure.diagnostic_settings()


def last_name(resource_id: str) -> str:
    """How messages name an Azure resource."""
    return resource_id.rpartition("/")[2]
