"""azuread.DirectoryRoleAssignment: a directory role given to a principal, for good.

Calls: Graph, "Create unifiedRoleAssignment". Nothing of it can be changed: every change is a new
assignment.
"""

from typing import Any

from sandbox.plugins.azuread.graph import Graph, object_id_of, segment
from sandbox.plugins.errors import PartialError, PluginError
from sandbox.plugins.resource import ResourceType, State
from sandbox.plugins.schema import OBJECT_ID, Field, Record, Text
from sandbox.plugins.values import Properties

COLLECTION = "/roleManagement/directory/roleAssignments"
PATH = f"/v1.0{COLLECTION}"


class DirectoryRoleAssignment(ResourceType):
    """One assignment."""

    token = "azuread:index/directoryRoleAssignment:DirectoryRoleAssignment"  # noqa: S105
    inputs = Record(
        {
            "roleId": OBJECT_ID,
            "principalObjectId": OBJECT_ID,
            "directoryScopeId": Field(Text(), default="/", replaces=True),
        }
    )

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def create(self, inputs: Properties) -> State:
        """Assign, again while Graph does not find a principal that was made a moment ago."""
        body = {
            "@odata.type": "#microsoft.graph.unifiedRoleAssignment",
            "directoryScopeId": inputs["directoryScopeId"],
            "principalId": inputs["principalObjectId"],
            "roleDefinitionId": inputs["roleId"],
        }
        made = self.graph.write_to_new("POST", PATH, body, "creating directory role assignment")
        id = f"{COLLECTION}/{made['id']}"
        try:
            self.graph.wait_for(lambda: self._get(id) is not None, f"role assignment {id}")
        except PluginError as error:
            raise PartialError(str(error), id=id, outputs=inputs) from None
        return State(id, inputs, inputs)

    def read(self, id: str, old_inputs: Properties, old_outputs: Properties) -> State | None:
        """The assignment as Graph has it."""
        del old_inputs, old_outputs
        found = self._get(id)
        if found is None:
            return None
        values = {
            "roleId": found["roleDefinitionId"],
            "principalObjectId": found["principalId"],
            "directoryScopeId": found.get("directoryScopeId") or "/",
        }
        return State(id, values, values)

    def update(
        self, id: str, old_outputs: Properties, old_inputs: Properties, inputs: Properties
    ) -> Properties:
        """Only after a create whose proof failed: look again."""
        del old_outputs, old_inputs
        self.graph.wait_for(lambda: self._get(id) is not None, f"role assignment {id}")
        return inputs

    def delete(self, id: str, outputs: Properties) -> None:
        """Take the role away; as with the real provider, nothing waits for it to be gone."""
        del outputs
        self.graph.remove(_path(id), "deleting directory role assignment")

    def _get(self, id: str) -> dict[str, Any] | None:
        return self.graph.find(_path(id))


def _path(id: str) -> str:
    """The assignment's path in Graph; its id in state is that path without the version."""
    return f"{PATH}/{segment(object_id_of(id, COLLECTION, 'role assignment'))}"
