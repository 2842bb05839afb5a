"""What a resource type and a provider package are to the server. Values here are plain: the server
takes secret marks off before a call and puts them back after it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from sandbox.plugins.configuration import Settings
from sandbox.plugins.errors import PluginError
from sandbox.plugins.pause import Pause
from sandbox.plugins.schema import Problem, Record
from sandbox.plugins.values import UNKNOWN, Properties


@dataclass(frozen=True)
class Naming:
    """The engine's wish for a name that the program left out (Pulumi's auto-naming settings).

    `urn_name` is the resource's name in the program; `proposed` is empty when the engine has no
    wish; `allowed` is False when the user switched auto-naming off.
    """

    urn_name: str
    proposed: str = ""
    allowed: bool = True


@dataclass(frozen=True)
class State:
    """A resource as it is: its id, its outputs, and the inputs that would make it so."""

    id: str
    outputs: Properties
    inputs: Properties


class ResourceType(ABC):
    """One resource type: its table of inputs, and the calls that make, read, change, delete it."""

    token: ClassVar[str] = ""
    inputs: Record
    computed: tuple[str, ...] = ()
    """Outputs that nobody knows before the resource is made."""
    secrets: frozenset[str] = frozenset()
    """Properties that are secret even when they did not arrive so."""
    delete_before_replace: bool = False

    def settle(
        self,
        inputs: Properties,
        old_inputs: Properties,  # noqa: ARG002 - for those types that keep a name
        naming: Naming,  # noqa: ARG002
    ) -> tuple[Properties, list[Problem]]:
        """Inputs that the type derives from others, and rules between several inputs.

        `inputs` are complete and well-typed, but may hold what is not known yet.
        """
        return inputs, []

    def preview(self, inputs: Properties, old_outputs: Properties | None) -> Properties:
        """The outputs as far as they are known before a create (`None`) or an update."""
        if old_outputs is None:
            return {**dict.fromkeys(self.computed, UNKNOWN), **inputs}
        return {**old_outputs, **inputs}

    @abstractmethod
    def create(self, inputs: Properties) -> State:
        """Make it. Raises PartialError once it exists and something after that failed."""

    @abstractmethod
    def read(self, id: str, old_inputs: Properties, old_outputs: Properties) -> State | None:
        """As the service has it; None when it is gone. Both olds are empty on `pulumi import`."""

    @abstractmethod
    def update(
        self, id: str, old_outputs: Properties, old_inputs: Properties, inputs: Properties
    ) -> Properties:
        """Change it; the new outputs."""

    @abstractmethod
    def delete(self, id: str, outputs: Properties) -> None:
        """Delete it; one that is gone already is a success."""


@dataclass(frozen=True)
class Package:
    """A provider: its name, the SDK package whose version it stands in for, and its types.

    `needs` are the configuration keys without which it cannot work; `connect` builds the types.
    """

    name: str
    distribution: str
    needs: tuple[str, ...]
    tokens: tuple[str, ...]
    connect: Callable[[Settings, Pause], Mapping[str, ResourceType]]


def unknown_type(package: Package, token: str) -> PluginError:
    """The error for a resource type that this stand-in does not know."""
    return PluginError(
        f"the sandbox's stand-in for the {package.name} provider does not know the resource type "
        f"{token}: it knows {', '.join(package.tokens)}; for others install the real plugin"
    )


def unknown_function(package: Package, token: str) -> PluginError:
    """The error for a function; the stack calls none, so none is known."""
    return PluginError(
        f"the sandbox's stand-in for the {package.name} provider does not know the function "
        f"{token}: it knows none; for functions install the real plugin"
    )
