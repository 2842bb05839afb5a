"""One ARM resource type, from a short description of it: azure-native has no code per type either.

Create: GET must say 404, PUT, wait, GET. Update: PUT, wait, GET. Read: GET, 404 means gone.
Delete: DELETE, wait; 404 is a success.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sandbox.plugins.azure_native.arm import Arm, poll_after
from sandbox.plugins.azure_native.drift import drifted, writable
from sandbox.plugins.errors import PartialError, PluginError
from sandbox.plugins.resource import Naming, ResourceType, State
from sandbox.plugins.schema import Field, Problem, Record, Text
from sandbox.plugins.session import Answer
from sandbox.plugins.values import UNKNOWN, Properties

TOP_LEVEL = frozenset({"location", "tags", "identity", "kind", "managedBy"})
UNSETTLED = frozenset({"accepted", "creating", "provisioning", "updating"})
LONGEST_SETTLING_SECONDS = 600.0
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def same_location(old: object, new: object) -> bool:
    """ "West Europe" and "westeurope" are one location."""
    return str(old).replace(" ", "").lower() == str(new).replace(" ", "").lower()


LOCATION = Field(Text(), replaces=True, same=same_location)
NAME = Field(Text(), replaces=True)
RESOURCE_GROUP_NAME = Field(Text(), required=True, replaces=True)


@dataclass(frozen=True)
class Description:
    """What differs from type to type.

    `path` holds the inputs that make the id, in braces; `subscriptionId` is the provider's.
    `properties` are the inputs beside those of the path; all but a few well-known ones go into the
    body's `properties`. `outputs` are what the service adds.
    """

    token: str
    api_version: str
    path: str
    name: str
    properties: Mapping[str, Field]
    outputs: tuple[str, ...] = ()

    def path_fields(self) -> dict[str, Field]:
        """The inputs of the path."""
        names = [name for name in PLACEHOLDER.findall(self.path) if name != "subscriptionId"]
        return {name: NAME if name == self.name else RESOURCE_GROUP_NAME for name in names}

    def record(self) -> Record:
        """All inputs."""
        return Record({**self.path_fields(), **self.properties})

    def id_of(self, inputs: Properties, subscription_id: str) -> str:
        """The resource id that inputs make."""
        values = {**inputs, "subscriptionId": subscription_id}
        return PLACEHOLDER.sub(lambda match: str(values[match.group(1)]), self.path)

    def body_of(self, inputs: Properties) -> Properties:
        """What is PUT: inputs that are not of the path, most of them as `properties`."""
        body: Properties = {}
        properties: Properties = {}
        for key, value in inputs.items():
            if key in self.path_fields():
                continue
            (body if key in TOP_LEVEL else properties)[key] = value
        return {**body, "properties": properties} if properties else body


class ArmResource(ResourceType):
    """A described type against one subscription."""

    delete_before_replace = True

    def __init__(self, description: Description, arm: Arm) -> None:
        self.description = description
        self.arm = arm
        self.inputs = description.record()
        self.computed = ("name", "type", *description.outputs)

    def settle(
        self, inputs: Properties, old_inputs: Properties, naming: Naming
    ) -> tuple[Properties, list[Problem]]:
        """A name that was left out is made up once and then kept; so is the location."""
        settled = dict(inputs)
        name = self.description.name
        if name not in settled:
            if not naming.allowed and name not in old_inputs:
                reason = f'missing property "{name}": auto-naming is switched off, give a name'
                return inputs, [Problem(name, reason)]
            made_up = naming.proposed or f"{naming.urn_name}{secrets.token_hex(4)}"
            settled[name] = old_inputs.get(name, made_up)
        if "location" in self.inputs.fields and "location" not in settled:
            settled["location"] = self._location(settled, old_inputs)
        return settled, []

    def preview(self, inputs: Properties, old_outputs: Properties | None) -> Properties:
        """What the program sets is known; of the rest, an update keeps name, type, location."""
        known = {key: value for key, value in inputs.items() if key in self.description.properties}
        known["azureApiVersion"] = self.description.api_version
        name = inputs.get(self.description.name)
        if isinstance(name, str):
            known["name"] = name
        for key in ("name", "type", "location"):
            if old_outputs and key in old_outputs:
                known[key] = old_outputs[key]
        return {**dict.fromkeys(self.computed, UNKNOWN), **known}

    def create(self, inputs: Properties) -> State:
        """PUT what must not exist yet."""
        id = self.description.id_of(inputs, self.arm.subscription_id)
        if self.arm.find(id, self.description.api_version):
            raise PluginError(
                f"cannot create already existing resource '{id}': take it in with "
                f"`pulumi import {self.description.token} NAME {id}`"
            )
        answer = self._put(id, inputs)
        id = str(answer.content.get("id") or id)
        return State(id, self._settled(id, answer), inputs)

    def read(self, id: str, old_inputs: Properties, old_outputs: Properties) -> State | None:
        """GET; what changed since the last time is drift of the inputs."""
        found = self.arm.find(id, self.description.api_version)
        if found is None:
            return None
        outputs = self._outputs(found)
        record = Record(self.description.properties)
        now = cast(Properties, writable(record, outputs))
        if old_outputs:
            before = cast(Properties, writable(record, old_outputs))
            path = {key: old_inputs[key] for key in self._path_names() if key in old_inputs}
            rest = {key: value for key, value in old_inputs.items() if key not in path}
            return State(id, outputs, {**path, **cast(Properties, drifted(rest, before, now))})
        return State(id, outputs, {**self._path_values(id), **now})

    def update(
        self, id: str, old_outputs: Properties, old_inputs: Properties, inputs: Properties
    ) -> Properties:
        """PUT all of it."""
        del old_outputs, old_inputs
        return self._settled(id, self._put(id, inputs))

    def delete(self, id: str, outputs: Properties) -> None:
        """DELETE."""
        del outputs
        self.arm.delete(id, self.description.api_version)

    def _path_names(self) -> list[str]:
        return list(self.description.path_fields())

    def _put(self, id: str, inputs: Properties) -> Answer:
        return self.arm.put(id, self.description.api_version, self.description.body_of(inputs))

    def _path_values(self, id: str) -> Properties:
        pattern = PLACEHOLDER.sub(r"(?P<\1>[^/]+)", self.description.path)
        match = re.fullmatch(pattern, id, re.IGNORECASE)
        if match is None:
            raise PluginError(
                f'resource id "{id}" is not of the form {self.description.path}, which '
                f"{self.description.token} has"
            )
        return {key: value for key, value in match.groupdict().items() if key != "subscriptionId"}

    def _location(self, inputs: Properties, old_inputs: Properties) -> Any:
        if "location" in old_inputs:
            return old_inputs["location"]
        if self.arm.location:
            return self.arm.location
        group = inputs.get("resourceGroupName", UNKNOWN)
        if self.description.name == "resourceGroupName":
            raise PluginError('missing property "location": give one, or set azure-native:location')
        return UNKNOWN if group is UNKNOWN else self.arm.location_of(str(group))

    def _settled(self, id: str, answer: Answer) -> Properties:
        """Wait for the operation and for the resource itself, then read it."""
        kept = self._outputs(answer.content)
        try:
            self.arm.wait_for(answer)
            waited = 0.0
            while True:
                found = self.arm.find(id, self.description.api_version)
                if found is None:
                    # A reader that lags behind; the provider then keeps what PUT answered.
                    return kept
                state = cast(Properties, found.get("properties") or {}).get("provisioningState", "")
                if str(state).lower() not in UNSETTLED:
                    break
                if waited >= LONGEST_SETTLING_SECONDS:
                    raise PluginError(f"{id} is still {state} after {waited:.0f} seconds")
                seconds = poll_after(answer)
                self.arm.session.pause(seconds)
                waited += seconds
        except PluginError as error:
            raise PartialError(str(error), id=id, outputs=kept) from None
        if str(state).lower() == "failed":
            message = f"{id} is in provisioning state Failed"
            raise PartialError(message, id=id, outputs=self._outputs(found))
        return self._outputs(found)

    def _outputs(self, found: Properties) -> Properties:
        flat = {**cast(Properties, found.get("properties") or {}), **found}
        names = {"name", "type", *self.description.properties, *self.description.outputs}
        outputs = {key: flat[key] for key in names if flat.get(key) is not None}
        return {**outputs, "azureApiVersion": self.description.api_version}
