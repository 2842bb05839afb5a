"""What `breakglass status` says: one line for each thing that it looked at, and what it asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from entra.resource_manager import DiagnosticSetting


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

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        self._found: dict[str, Mapping[str, Any] | None] = {}

    def find(self, resource_id: str, *, api_version: str) -> Mapping[str, Any] | None:
        """A resource, None when there is none. Raises IdentityError."""
        key = resource_id.casefold()
        if key not in self._found:
            self._found[key] = self._azure.find(resource_id, api_version=api_version)
        return self._found[key]

    def diagnostic_settings(self) -> tuple[DiagnosticSetting, ...]:
        """The tenant's diagnostic settings. Raises IdentityError."""
        return self._azure.diagnostic_settings()


def last_name(resource_id: str) -> str:
    """How messages name an Azure resource."""
    return resource_id.rpartition("/")[2]
