# pyright: basic
# gRPC-facing: reads the generated protobuf messages of the resource monitor, which carry no types.
"""The one harness for unit tests of components and of the whole program.

`run_program` runs a function as a Pulumi program against a monitor that records every
registration as the engine would see it. Pulumi's own mocks hide most of that (`protect`,
`retain_on_delete`, `ignore_changes`, parents, dependencies, secrets): hence this one.

    run = run_program(lambda: BreakGlassGroup("group", BreakGlassGroupArgs(member_ids=["1"])))
    assert run.one("azuread:index/group:Group").inputs["displayName"] == "BTG Admins"

Each call has an event loop, settings and configuration of its own; `ARM_*`, `AZURE_*` and
`PULUMI_*` variables are taken out of the environment while the program runs. With `preview=True`
the monitor answers as the engine does before anything exists: ids and computed outputs are unknown.
Assertions belong after the run, on the `Recording`: there is no `apply` whose failure can get lost.

Resource hooks and transforms do not run here; that a hook is attached is seen in
`Registration.hooks`, and `Recording.hooks` lets a test call it.
"""

import asyncio
import contextvars
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from unittest import mock
from uuid import NAMESPACE_OID, uuid5

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime import rpc
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import engine_pb2, resource_pb2
from pulumi.runtime.settings import (
    SETTINGS,
    get_root_resource,
    reset_options,
)
from pulumi.runtime.stack import run_pulumi_func

from tests.unit.recording import UNKNOWN, Recording, Registration

__all__ = [
    "UNKNOWN",
    "Recording",
    "Registration",
    "hermetic_environment",
    "object_id",
    "run_program",
]

PROJECT: Final = "break-glass"
STACK: Final = "unit"

SECRET_SIGNATURE: Final = rpc._special_secret_sig
SIGNATURE_KEY: Final = rpc._special_sig_key
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


def _plain(value: Any) -> tuple[Any, bool]:
    """Unwraps secrets and unknowns; the second value says whether a secret was in it."""
    if isinstance(value, dict):
        if value.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
            return _plain(value.get("value"))[0], True
        items = {key: _plain(item) for key, item in value.items()}
        return {key: item[0] for key, item in items.items()}, any(s for _, s in items.values())
    if isinstance(value, list):
        parts = [_plain(item) for item in value]
        return [part[0] for part in parts], any(part[1] for part in parts)
    if value == rpc.UNKNOWN:
        return UNKNOWN, False
    if isinstance(value, float) and value.is_integer():
        return int(value), False
    return value, False


def _properties(struct: Any) -> tuple[dict[str, Any], frozenset[str]]:
    parts = {key: _plain(item) for key, item in json_format.MessageToDict(struct).items()}
    values = {key: part[0] for key, part in parts.items()}
    return values, frozenset(key for key, part in parts.items() if part[1])


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
        arguments, _ = _properties(request.args)
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
        inputs, secrets = _properties(request.object)
        answered = self.respond(request.type, request.name, inputs) if self.respond else None
        identifier, outputs = "", dict(inputs)
        if request.custom and (answered or not self.preview):
            response = answered or default_response(request.type, request.name, inputs)
            identifier, outputs = response[0], outputs | response[1]
        registration = self._registration(request, urn, inputs, secrets, outputs)
        self.recording.registrations.append(registration)
        self.resources[urn] = self.ResourceRegistration(urn, identifier, outputs)
        response = resource_pb2.RegisterResourceResponse(urn=urn, id=identifier)
        json_format.ParseDict(
            _on_the_wire(outputs, secrets | set(request.additionalSecretOutputs)), response.object
        )
        return response

    def RegisterResourceOutputs(self, request):  # noqa: N802
        values, _ = _properties(request.outputs)
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
            aliases=tuple(alias.urn or alias.spec.name for alias in request.aliases),
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


def _on_the_wire(values: dict[str, Any], secrets: Collection[str]) -> dict[str, Any]:
    """The engine's form: unknowns become its marker, the values of `secrets` are wrapped."""
    return {
        key: {SIGNATURE_KEY: SECRET_SIGNATURE, "value": _marked(value)}
        if key in secrets
        else _marked(value)
        for key, value in values.items()
    }


def _marked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _marked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_marked(item) for item in value]
    return rpc.UNKNOWN if value is UNKNOWN else value


class _RecordingEngine(pulumi_mocks.MockEngine):
    def __init__(self, recording: Recording):
        super().__init__(None)
        self.recording = recording

    def Log(self, request):  # noqa: N802
        if request.severity != engine_pb2.DEBUG:
            self.recording.messages.append((SEVERITIES[request.severity], request.message))


class _RecordingCallbacks:
    """Takes the place of the server through which the engine calls hooks back."""

    def __init__(self, recording: Recording):
        self.recording = recording

    def register_resource_hook(self, hook: pulumi.ResourceHook) -> None:
        self.recording.hooks[hook.name] = hook


@contextmanager
def hermetic_environment(variables: Mapping[str, str] | None = None) -> Iterator[None]:
    """Takes this machine's `ARM_*`, `AZURE_*` and `PULUMI_*` variables away for a while.

    `PULUMI_ERROR_OUTPUT_STRING` is set: an `Output` that is formatted into a string raises.
    """
    foreign = ("ARM_", "AZURE_", "AZUREAD_", "PULUMI_", "BREAK_GLASS_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    kept |= {"PULUMI_ERROR_OUTPUT_STRING": "true", **(variables or {})}
    with mock.patch.dict(os.environ, kept, clear=True):
        yield


def run_program(
    program: Callable[[], Any],
    *,
    preview: bool = False,
    config: Mapping[str, str] | None = None,
    secret_config: Sequence[str] = (),
    respond: Respond | None = None,
    calls: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] | None = None,
    environment: Mapping[str, str] | None = None,
    expect_error: bool = False,
) -> Recording:
    """Runs `program` to its end and hands back what it did.

    `config` is the stack's configuration (`"break-glass:protect": "true"`, objects as JSON) and
    `secret_config` names the keys of it that are marked secret. `respond` answers registrations,
    `calls` answers functions by token; `readStackResourceOutputs` is empty unless given. What the
    program raises is raised here, or kept in `error` with `expect_error=True` (no error is then a
    failure).
    """
    return contextvars.copy_context().run(
        _run_in_context,
        program,
        preview,
        dict(config or {}),
        list(secret_config),
        respond,
        dict(calls or {}),
        environment,
        expect_error,
    )


def _run_in_context(
    program: Callable[[], Any],
    preview: bool,
    config: dict[str, str],
    secret_config: list[str],
    respond: Respond | None,
    calls: dict[str, Callable[[dict[str, Any]], dict[str, Any]]],
    environment: Mapping[str, str] | None,
    expect_error: bool,
) -> Recording:
    recording = Recording()
    answers = {"pulumi:pulumi:readStackResourceOutputs": lambda _: {"outputs": {}}, **calls}
    monitor = RecordingMonitor(recording, preview=preview, respond=respond, calls=answers)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # A failed program leaves futures that nobody asks; its error is raised from here anyway.
    loop.set_exception_handler(lambda _loop, _context: None)
    try:
        with hermetic_environment(environment):
            reset_options(project=PROJECT, stack=STACK, preview=preview)
            set_all_config(config, secret_config)
            pulumi_mocks.set_mocks(
                monitor.mocks, project=PROJECT, stack=STACK, preview=preview, monitor=monitor
            )
            setattr(SETTINGS, "engine", _RecordingEngine(recording))  # noqa: B010
            setattr(SETTINGS, "callbacks", _RecordingCallbacks(recording))  # noqa: B010
            try:
                loop.run_until_complete(_run(program, recording))
            except BaseException as error:
                if not expect_error:
                    raise
                recording.error = error
    finally:
        loop.close()
        asyncio.set_event_loop(None)
    assert not expect_error or recording.error is not None, "the program raised no error"
    return recording


async def _run(program: Callable[[], Any], recording: Recording) -> None:
    values: dict[str, Any] = {}

    def body() -> None:
        values["returned"] = program()

    await run_pulumi_func(body)
    root = get_root_resource()
    exported = dict(getattr(root, "outputs", {}))
    recording.value, _ = await _resolve(values["returned"])
    for name, value in exported.items():
        recording.outputs[name], secret = await _resolve(value)
        if secret:
            recording.secret_outputs.add(name)


async def _resolve(value: Any) -> tuple[Any, bool]:
    if isinstance(value, pulumi.Resource):
        return value, False
    output = pulumi.Output.from_input(value)
    known = await output.is_known()
    return (await output.future() if known else UNKNOWN), await output.is_secret()
