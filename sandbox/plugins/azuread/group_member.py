"""azuread.GroupMember: one member of one group; its id is `<group>/member/<member>`."""

from sandbox.plugins.azuread.graph import NOT_FOUND, Graph, literal, segment
from sandbox.plugins.errors import PartialError, PluginError, RefusedError
from sandbox.plugins.pause import wait_until
from sandbox.plugins.resource import ResourceType, State
from sandbox.plugins.schema import OBJECT_ID, Record
from sandbox.plugins.values import Properties


class GroupMember(ResourceType):
    """One membership."""

    token = "azuread:index/groupMember:GroupMember"  # noqa: S105 - a type's name
    inputs = Record(
        {
            "groupObjectId": OBJECT_ID,
            "memberObjectId": OBJECT_ID,
        }
    )

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def create(self, inputs: Properties) -> State:
        """Add the member; a membership that stands already belongs to somebody else."""
        group, member = str(inputs["groupObjectId"]), str(inputs["memberObjectId"])
        id = f"{group}/member/{member}"
        path = f"/beta/groups/{segment(group)}"
        if not wait_until(lambda: self.graph.find(path) is not None, self.graph.session.pause):
            raise PluginError(f"adding a member to group {group}: there is no such group")
        if any(found.get("id") == member for found in self.graph.listing(f"{path}/members")):
            raise PluginError(
                f"{member} is a member of group {group} already: take the membership in with "
                f"`pulumi import {self.token} NAME {id}`"
            )
        base = self.graph.session.base
        body = {"@odata.id": f"{base}/beta/directoryObjects/{member}"}
        doing = f"adding a member to group {group}"
        self.graph.write_to_new("POST", f"{path}/members/$ref", body, doing)
        try:
            self.graph.wait_for(lambda: self._stands(group, member), f"membership {id}")
        except PluginError as error:
            raise PartialError(str(error), id=id, outputs=inputs) from None
        return State(id, inputs, inputs)

    def read(self, id: str, old_inputs: Properties, old_outputs: Properties) -> State | None:
        """Whether the membership stands."""
        del old_inputs, old_outputs
        group, member = self._parts(id)
        if not self._stands(group, member):
            return None
        values = {"groupObjectId": group, "memberObjectId": member}
        return State(id, values, values)

    def update(
        self, id: str, old_outputs: Properties, old_inputs: Properties, inputs: Properties
    ) -> Properties:
        """Only after a create whose proof failed: look again."""
        del old_outputs, old_inputs
        group, member = self._parts(id)
        self.graph.wait_for(lambda: self._stands(group, member), f"membership {id}")
        return inputs

    def delete(self, id: str, outputs: Properties) -> None:
        """Remove the member and see it gone."""
        del outputs
        group, member = self._parts(id)
        path = f"/beta/groups/{segment(group)}/members/{segment(member)}/$ref"
        self.graph.remove(path, f"removing a member of group {group}")
        self.graph.wait_for(lambda: not self._stands(group, member), f"end of membership {id}")

    def _stands(self, group: str, member: str) -> bool:
        path = f"/beta/groups/{segment(group)}/members"
        query = {"$filter": f"id eq {literal(member)}"}
        try:
            return any(found.get("id") == member for found in self.graph.listing(path, query))
        except RefusedError as error:
            if error.status == NOT_FOUND:
                return False
            raise

    def _parts(self, id: str) -> tuple[str, str]:
        group, separator, member = id.partition("/member/")
        if not (group and separator and member):
            raise PluginError(f'membership id "{id}" is not of the form <group>/member/<member>')
        return group, member
