"""What a refresh dropped from the state although Azure has it.

One 404, where the service's replicas do not agree yet, is enough: the refresh at the beginning of a
run drops the resource, protected or not, and the run would make it anew, which Azure's provider
refuses because it is there. The program cannot see the state as the refresh left it; the engine
asks before it makes something.
"""

from collections.abc import Callable, Sequence
from typing import Final

import pulumi

from components.azure_resources import API_VERSIONS, DIAGNOSTICS_TYPE, AzureReader, is_in_state
from components.kept_monitoring import WantedChild
from components.stack_memory import StackMemory
from entra.errors import EntraError

DIAGNOSTICS_VERSION: Final = "2017-04-01"

StandsInAzure = Callable[[str], str | None]
"""A child's suffix, as in `use-alert` → the Azure resource id of what has its name now, if any."""


def setting_of_the_tenant(name: str) -> WantedChild:
    """The diagnostic setting, which is in no subscription."""
    path = f"/providers/microsoft.aadiam/diagnosticSettings/{name}"
    return WantedChild("diagnostic-setting", DIAGNOSTICS_TYPE, path, "global")


def stands_in_azure(
    azure: AzureReader, wanted: Sequence[WantedChild], memory: StackMemory
) -> StandsInAzure:
    """Asks for one of `wanted` at a time; what cannot be told is not there.

    What the state had elsewhere is not asked for: it is made anew there, and `find_kept` has looked
    whether something is in its way.
    """
    versions = {**API_VERSIONS, DIAGNOSTICS_TYPE: DIAGNOSTICS_VERSION}
    children = {
        child.suffix: child for child in wanted if is_in_state(memory, child.type_, child.id)
    }

    def stands(suffix: str) -> str | None:
        child = children.get(suffix)
        if child is None:
            return None
        try:
            found = azure.find(child.id, api_version=versions[child.type_])
        except EntraError:
            return None  # Whoever makes it is told by Azure itself.
        return child.id if found else None

    return stands


def is_gone(component: str, stands: StandsInAzure) -> pulumi.ResourceHook:
    """A hook of what the state knew before this run: called exactly when the engine would make it.

    Raises RunError, one line, when Azure has it. What is gone is made anew. A rule that is replaced
    gets another name, and an action group another place: the state never had that one.
    """

    def check(hook: pulumi.ResourceHookArgs) -> None:
        resource_id = stands(hook.name.removeprefix(f"{component}-"))
        if resource_id is not None:
            raise pulumi.RunError(
                f"this run's refresh did not find {resource_id}, and Azure has it: it was left as"
                " it is; run pulumi up again, which takes it in"
            )

    options = pulumi.ResourceHookOptions(on_dry_run=True)
    return pulumi.ResourceHook(f"{component}-is-gone", check, options)
