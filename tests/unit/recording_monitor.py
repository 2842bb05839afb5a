# pyright: basic
# gRPC-facing: reads the generated protobuf messages of the resource monitor, which carry no types.
"""The engine's side of a recorded program: the resource monitor, its log, its callbacks.

Each registration is answered as the engine would, and kept as it would see it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import NAMESPACE_OID, uuid5

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime.proto import engine_pb2, resource_pb2

from tests.unit.engine_values import on_the_wire, plain_properties
from tests.unit.recording import Recording, Registration

PROJECT: Final = "break-glass"
STACK: Final = "unit"
SEVERITIES: Final = {
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}

Respond = Callable[[str, str, dict[str, Any]], tuple[str, dict[str, Any]] | None]
"""(type, name, inputs) → (id, further outputs), or None for the default answer.

An answer in a preview is that of a resource which exists already. Raise in it to have the
registration fail."""


def object_id(name: str) -> str:
    """The object id that a user or group of that resource name gets."""
    return str(uuid5(NAMESPACE_OID, name))


def default_response(type_: str, name: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Id and computed outputs of a resource that has just been made."""
    identifier = f"{name}-id"
    match type_:
        case "random:index/randomString:RandomString":
            length = int(inputs["length"])
            return ("k7q2v9x4m3p8t6w5" * 16)[:length], {
                "result": ("k7q2v9x4m3p8t6w5" * 16)[:length]
            }
        case "random:index/randomPassword:RandomPassword":
            return "none", {"result": f"Password-of-{name}!"}
        case "azuread:index/user:User" | "azuread:index/group:Group":
            return f"/objects/{object_id(name)}", {"objectId": object_id(name)}
        case _ if type_.startswith("azure-native:"):
            return f"/azure/{identifier}", {"name": name}
        case _:
            return identifier, {}


class _NoMocks(pulumi_mocks.Mocks):
    """`MockMonitor` demands one; the recording monitor answers by itself."""

    def call(self, args):
        raise NotImplementedError

    def new_resource(self, args):
        raise NotImplementedError


class RecordingMonitor(pulumi_mocks.MockMonitor):
    """Answers like the engine and keeps every request."""

    def __init__(
        self,
        recording: Recording,
        *,
        preview: bool,
        respond: Respond | None,
        calls: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]],
    ):
        super().__init__(_NoMocks())
        self.recording = recording
        self.preview = preview
        self.respond = respond
        self.calls = calls

    def Invoke(self, request):  # noqa: N802
        arguments, _ = plain_properties(request.args)
        self.recording.invokes.append((request.tok, arguments))
        if request.tok not in self.calls:
            raise AssertionError(f"the program calls {request.tok}; the test gave no answer for it")
        answer = self.calls[request.tok](arguments)
        returned = json_format.ParseDict(
            answer, resource_pb2.ResourceInvokeResponse().__getattribute__("return")
        )
        return resource_pb2.ResourceInvokeResponse(**{"return": returned})

    def RegisterResource(self, request):  # noqa: N802
        urn = self._urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if urn in self.resources:
            raise AssertionError(f"two resources have the URN {urn}")
        inputs, secrets = plain_properties(request.object)
        answered = self.respond(request.type, request.name, inputs) if self.respond else None
        identifier, computed = "", dict[str, Any]()
        if request.custom and (answered or not self.preview):
            identifier, computed = answered or default_response(request.type, request.name, inputs)
        outputs = inputs | computed
        registration = self._registration(request, urn, inputs, secrets, outputs)
        self.recording.registrations.append(registration)
        self.resources[urn] = self.ResourceRegistration(urn, identifier, outputs)
        # The inputs go back as they came; what the engine adds, and what becomes a secret, is new.
        made_secret = set(request.additionalSecretOutputs) & outputs.keys()
        wire = on_the_wire(
            {key: outputs[key] for key in computed.keys() | made_secret},
            secrets | made_secret,
        )
        response = resource_pb2.RegisterResourceResponse(
            urn=urn, id=identifier, object=request.object
        )
        response.object.update(wire)
        return response

    def RegisterResourceOutputs(self, request):  # noqa: N802
        values, _ = plain_properties(request.outputs)
        for registration in self.recording.registrations:
            if registration.urn == request.urn:
                registration.outputs.update(values)
        return super().RegisterResourceOutputs(request)

    def _registration(self, request, urn, inputs, secrets, outputs) -> Registration:
        parent = request.parent
        return Registration(
            number=len(self.recording.registrations),
            type=request.type,
            name=request.name,
            urn=urn,
            inputs=inputs,
            secret_inputs=secrets,
            parent="" if "pulumi:pulumi:Stack::" in parent else parent,
            parent_name="" if "pulumi:pulumi:Stack::" in parent else parent.split("::")[-1],
            custom=request.custom,
            protect=request.protect if request.HasField("protect") else None,
            retain_on_delete=(
                request.retainOnDelete if request.HasField("retainOnDelete") else None
            ),
            depends_on=frozenset(request.dependencies),
            property_dependencies={
                key: frozenset(value.urns) for key, value in request.propertyDependencies.items()
            },
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
            ignore_changes=tuple(request.ignoreChanges),
            replace_on_changes=tuple(request.replaceOnChanges),
            delete_before_replace=(
                request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None
            ),
            import_id=request.importId,
            hooks={
                moment.name: tuple(names)
                for moment, names in request.hooks.ListFields()
                if isinstance(names, Sequence)
            },
            outputs=outputs,
        )

    @staticmethod
    def _urn(parent: str, type_: str, name: str) -> str:
        chain = parent.split("::")[2] if parent else ""
        prefix = "" if chain in ("", "pulumi:pulumi:Stack") else f"{chain}$"
        return f"urn:pulumi:{STACK}::{PROJECT}::{prefix}{type_}::{name}"


class RecordingEngine(pulumi_mocks.MockEngine):
    def __init__(self, recording: Recording):
        super().__init__(None)
        self.recording = recording

    def Log(self, request):  # noqa: N802
        if request.severity != engine_pb2.DEBUG:
            self.recording.messages.append((SEVERITIES[request.severity], request.message))


class RecordingCallbacks:
    """Takes the place of the server through which the engine calls hooks back."""

    def __init__(self, recording: Recording):
        self.recording = recording

    def register_resource_hook(self, hook: pulumi.ResourceHook) -> None:
        self.recording.hooks[hook.name] = hook
