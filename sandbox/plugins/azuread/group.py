"""azuread.Group: a security group, role-assignable if wished.

Calls: Graph beta, "Create group". As the real provider does: the caller becomes the owner unless
owners are given, and the new group is renamed to a temporary name and back, which makes Graph's
replicas catch up. Members are their own resources (`azuread.GroupMember`).
"""

import uuid
from typing import Any

from sandbox.plugins.azuread.graph import NOT_FOUND, Graph, literal, object_id_of, segment
from sandbox.plugins.errors import PartialError, PluginError, RefusedError
from sandbox.plugins.resource import Naming, ResourceType, State
from sandbox.plugins.schema import TEXT, Field, Flag, ListOf, Problem, Record, Text
from sandbox.plugins.values import Properties

FLAGS = {
    "assignableToRole": "isAssignableToRole",
    "mailEnabled": "mailEnabled",
    "securityEnabled": "securityEnabled",
}
READ_ONLY_TEXTS = {
    "mail": "mail",
    "mailNickname": "mailNickname",
    "onpremisesDomainName": "onPremisesDomainName",
    "onpremisesNetbiosName": "onPremisesNetBiosName",
    "onpremisesSamAccountName": "onPremisesSamAccountName",
    "onpremisesSecurityIdentifier": "onPremisesSecurityIdentifier",
    "preferredLanguage": "preferredLanguage",
    "visibility": "visibility",
}
READ_ONLY_LISTS = {
    "behaviors": "resourceBehaviorOptions",
    "provisioningOptions": "resourceProvisioningOptions",
    "proxyAddresses": "proxyAddresses",
    "types": "groupTypes",
}


class Group(ResourceType):
    """One group."""

    token = "azuread:index/group:Group"  # noqa: S105 - a type's name
    inputs = Record(
        {
            "displayName": Field(Text(), required=True),
            "description": TEXT,
            "securityEnabled": Field(Flag(), default=False, replaces=True),
            "assignableToRole": Field(Flag(), default=False, replaces=True),
            "mailEnabled": Field(Flag(), default=False),
            "owners": Field(ListOf(Text()), same=lambda old, new: sorted(old) == sorted(new)),
            "preventDuplicateNames": Field(Flag(), default=False),
        }
    )
    computed = ("objectId", "owners", "members", *READ_ONLY_TEXTS, *READ_ONLY_LISTS)

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def settle(
        self, inputs: Properties, old_inputs: Properties, naming: Naming
    ) -> tuple[Properties, list[Problem]]:
        """A group is for security or for mail; mail groups are not among what the sandbox has."""
        del old_inputs, naming
        if inputs["mailEnabled"] is True:
            reason = (
                'property "mailEnabled" is true, expected false: the sandbox\'s stand-in for the '
                "azuread provider makes security groups only"
            )
            return inputs, [Problem("mailEnabled", reason)]
        if inputs["securityEnabled"] is False:
            reason = '"mailEnabled" or "securityEnabled" must be true: set securityEnabled'
            return inputs, [Problem("securityEnabled", reason)]
        return inputs, []

    def create(self, inputs: Properties) -> State:
        """Make the group, rename it there and back, and wait until Graph shows it."""
        name = str(inputs["displayName"])
        if inputs["preventDuplicateNames"]:
            self._refuse_duplicate(name)
        made = self.graph.write(
            "POST", "/beta/groups", self._body(inputs), f'creating group "{name}"'
        )
        object_id = str(made["id"])
        id = f"/groups/{object_id}"
        done = {**inputs, "objectId": object_id}
        try:
            for step in (f"TERRAFORM_UPDATE_{uuid.uuid4()}", name):
                done["displayName"] = "" if step != name else name
                self.graph.write_to_new(
                    "PATCH",
                    _path(id),
                    {"@odata.type": "#microsoft.graph.group", "displayName": step},
                    f'updating group "{name}"',
                )
            state = self._settled(id, inputs, f'group "{name}"')
        except PluginError as error:
            raise PartialError(str(error), id=id, outputs=done) from None
        return State(id, state.outputs, inputs)

    def read(self, id: str, old_inputs: Properties, old_outputs: Properties) -> State | None:
        """The group as Graph has it, with its owners and members."""
        del old_outputs
        path = _path(id)
        found = self.graph.find(path)
        if found is None:
            return None
        try:
            owners = self._ids(f"{path}/owners")
            members = self._ids(f"{path}/members")
            self._ids(f"{path}/memberOf")
        except RefusedError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        values: Properties = {
            "displayName": found.get("displayName") or "",
            "description": found.get("description") or "",
            "preventDuplicateNames": bool(old_inputs.get("preventDuplicateNames")),
            **{key: bool(found.get(name)) for key, name in FLAGS.items()},
        }
        inputs = dict(values)
        if not values["description"] and "description" not in old_inputs:
            del inputs["description"]
        if "owners" in old_inputs:
            inputs["owners"] = owners
        outputs = {
            **values,
            **{key: found.get(name) or "" for key, name in READ_ONLY_TEXTS.items()},
            **{key: found.get(name) or [] for key, name in READ_ONLY_LISTS.items()},
            "onpremisesSyncEnabled": bool(found.get("onPremisesSyncEnabled")),
            "objectId": str(found["id"]),
            "owners": owners,
            "members": members,
        }
        return State(id, outputs, inputs)

    def update(
        self, id: str, old_outputs: Properties, old_inputs: Properties, inputs: Properties
    ) -> Properties:
        """Send what differs; owners are added before others are taken away."""
        del old_inputs
        name = str(inputs["displayName"])
        path = _path(id)
        body: Properties = {}
        for key in ("displayName", "description"):
            wanted = inputs.get(key, "")
            if wanted != (old_outputs.get(key) or ""):
                body[key] = wanted or None
        if "displayName" in body and inputs["preventDuplicateNames"]:
            self._refuse_duplicate(name)
        if body:
            body["@odata.type"] = "#microsoft.graph.group"
            self.graph.write("PATCH", path, body, f'updating group "{name}"')
        if "owners" in inputs:
            self._own(path, old_outputs.get("owners") or [], inputs["owners"], name)
        return self._settled(id, inputs, f'change of group "{name}"').outputs

    def delete(self, id: str, outputs: Properties) -> None:
        """Delete the group (Graph keeps it for 30 days) and see it gone."""
        name = outputs.get("displayName", id)
        path = _path(id)
        if self.graph.is_gone(path):
            return
        self.graph.remove(path, f'deleting group "{name}"')
        self.graph.wait_for(lambda: self.graph.find(path) is None, f'deletion of group "{name}"')

    def _body(self, inputs: Properties) -> dict[str, Any]:
        base = self.graph.session.base
        owners = inputs.get("owners") or [self.graph.session.claims().get("oid", "")]
        body = {
            "@odata.type": "#microsoft.graph.group",
            "displayName": inputs["displayName"],
            "groupTypes": [],
            "mailNickname": uuid.uuid4().hex[:10],
            "owners@odata.bind": [f"{base}/beta/directoryObjects/{owner}" for owner in owners],
            **{name: inputs[key] for key, name in FLAGS.items()},
        }
        if inputs.get("description"):
            body["description"] = inputs["description"]
        return body

    def _refuse_duplicate(self, name: str) -> None:
        query = {"$filter": f"displayName eq {literal(name)}"}
        for found in self.graph.listing("/beta/groups", query):
            raise PluginError(
                f'a group named "{name}" exists already, with object id {found.get("id")}: choose '
                f"another name, or take it in with `pulumi import {self.token} NAME "
                f"/groups/{found.get('id')}`"
            )

    def _settled(self, id: str, inputs: Properties, what: str) -> State:
        """The group, once Graph goes on showing it as it was made or changed."""
        wanted = {key: inputs[key] for key in ("displayName", "owners") if key in inputs}
        wanted["description"] = inputs.get("description") or ""

        def shown() -> State | None:
            state = self.read(id, inputs, {})
            if state is None:
                return None
            known = {key: state.outputs[key] for key in wanted}
            for values in (known, wanted):
                if "owners" in values:
                    values["owners"] = sorted(values["owners"])
            return state if known == wanted else None

        return self.graph.settled(shown, what)

    def _ids(self, path: str) -> list[str]:
        return [str(found.get("id")) for found in self.graph.listing(path)]

    def _own(self, path: str, old: list[str], new: list[str], name: str) -> None:
        base = self.graph.session.base
        for owner in new:
            if owner not in old:
                body = {"@odata.id": f"{base}/beta/directoryObjects/{owner}"}
                self.graph.write("POST", f"{path}/owners/$ref", body, f'owners of group "{name}"')
        for owner in old:
            if owner not in new:
                self.graph.remove(
                    f"{path}/owners/{segment(owner)}/$ref", f'owners of group "{name}"'
                )


def _path(id: str) -> str:
    """The group's path in Graph; a group's id in state is `/groups/{object id}`."""
    return f"/beta/groups/{segment(object_id_of(id, '/groups', 'group'))}"
