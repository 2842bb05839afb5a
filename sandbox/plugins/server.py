# pyright: basic
# The gRPC stubs and the protobuf structs carry no usable types.
"""The `ResourceProvider` service of all stand-ins: the engine's calls, turned into calls of the
resource types, and their errors into one line each.

Calls and their meaning: Pulumi documentation, "Pulumi Protobuf: ResourceProvider". Not served,
because a Python program never asks for them: schema, mappings, construct, call, parameterize.
"""

import functools
import json
import os
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from sandbox.plugins.configuration import settings_from, unknown_keys
from sandbox.plugins.differences import differences
from sandbox.plugins.errors import PartialError, PluginError, one_line
from sandbox.plugins.pause import CancellablePause
from sandbox.plugins.resource import (
    Naming,
    Package,
    ResourceType,
    unknown_function,
    unknown_type,
)
from sandbox.plugins.schema import complete
from sandbox.plugins.values import (
    Properties,
    Secret,
    contains_unknown,
    mark,
    reveal,
    secret_keys,
)
from sandbox.plugins.wire import Refusal, from_struct, to_struct

THREADS = 32
DIFF_KINDS = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


def _answers(method):
    """Every error of a call becomes one line; one that we did not foresee names its place only,
    because its own words may hold a secret."""

    @functools.wraps(method)
    def answer(self, request, context):
        try:
            return method(self, request)
        except PartialError as error:
            secrets = self.secret_keys_of(request)
            kept = provider_pb2.ErrorResourceInitFailed(
                id=error.id,
                properties=to_struct(mark(error.outputs, secrets)),
                reasons=[str(error)],
            )
            refusal = Refusal(str(error), kept)
        except PluginError as error:
            refusal = Refusal(str(error))
        except Exception as error:  # noqa: BLE001
            place = traceback.extract_tb(error.__traceback__)[-1]
            refusal = Refusal(
                f"the sandbox's stand-in for the {self.package.name} provider failed in "
                f"{method.__name__}: {type(error).__name__} at {Path(place.filename).name}:"
                f"{place.lineno}; this is a defect of the sandbox"
            )
        return context.abort_with_status(refusal)

    return answer


class StandIn(provider_pb2_grpc.ResourceProviderServicer):
    """One provider, serving one engine.

    Args:
        package: which provider.
        environ: where the `ARM_*` variables are, the process's own by default.
        pause: waits between tries; tests give one that does not wait.
    """

    def __init__(self, package: Package, environ: Mapping[str, str] = os.environ, pause=None):
        self.package = package
        self.environ = environ
        self.pause = CancellablePause() if pause is None else pause
        self.types: Mapping[str, ResourceType] = {}

    def type_of(self, urn: str) -> ResourceType:
        """The resource type of a URN (`urn:pulumi:stack::project::parents$type::name`)."""
        token = urn.split("::")[2].rpartition("$")[2]
        found = self.types.get(token)
        if found is None:
            raise unknown_type(self.package, token)
        return found

    def secret_keys_of(self, request) -> frozenset[str]:
        """The properties that a request carries as secrets, and those that are always secret."""
        keys = self.type_of(request.urn).secrets
        for name in ("properties", "inputs", "olds", "news", "old_inputs"):
            if name in request.DESCRIPTOR.fields_by_name:
                keys |= secret_keys(from_struct(getattr(request, name)))
        return keys

    @_answers
    def Handshake(self, request):  # noqa: N802, ARG002
        """What this provider understands."""
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True,
            accept_resources=True,
            accept_outputs=True,
            supports_autonaming_configuration=True,
        )

    @_answers
    def GetPluginInfo(self, request):  # noqa: N802, ARG002
        """The version of the SDK package that is installed beside this plugin."""
        return plugin_pb2.PluginInfo(version=version(self.package.distribution))

    @_answers
    def CheckConfig(self, request):  # noqa: N802
        """Configuration keys that cannot be honoured are refused by name."""
        config = _configuration(request.news)
        failures = [
            provider_pb2.CheckFailure(
                property=key,
                reason=f"the sandbox's stand-in for the {self.package.name} provider cannot "
                f"honour the setting {key}: remove it",
            )
            for key in unknown_keys(config)
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @_answers
    def DiffConfig(self, request):  # noqa: N802
        """Any setting changes in place: the real providers never replace themselves either."""
        old = _configuration(request.old_inputs or request.olds)
        new = _configuration(request.news)
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        return provider_pb2.DiffResponse(changes=_changes(bool(changed)), diffs=changed)

    @_answers
    def Configure(self, request):  # noqa: N802
        """Find the sandbox and sign in; nothing but the sandbox is served."""
        config = _configuration(request.args)
        settings = settings_from(
            config, self.environ, plugin=self.package.name, needs=self.package.needs
        )
        self.types = self.package.connect(settings, self.pause)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True,
            acceptResources=True,
            acceptOutputs=True,
            supportsPreview=True,
            supports_autonaming_configuration=True,
        )

    @_answers
    def Invoke(self, request):  # noqa: N802
        """Functions: none is known."""
        raise unknown_function(self.package, request.tok)

    @_answers
    def Check(self, request):  # noqa: N802
        """Inputs checked against the type's table, defaults and names filled in."""
        kind = self.type_of(request.urn)
        marked, problems = complete(
            kind.inputs, from_struct(request.news), plugin=self.package.name
        )
        if not problems:
            plain = reveal(marked)
            naming = _naming(request)
            settled, problems = kind.settle(plain, reveal(from_struct(request.olds)), naming)
            secrets = secret_keys(marked) | kind.secrets
            marked = {
                key: marked[key]
                if key in marked and plain[key] == value and key not in kind.secrets
                else _marked(value, key in secrets)
                for key, value in settled.items()
            }
        return provider_pb2.CheckResponse(
            inputs=to_struct(marked),
            failures=[
                provider_pb2.CheckFailure(property=problem.name, reason=one_line(problem.reason))
                for problem in problems
            ],
        )

    @_answers
    def Diff(self, request):  # noqa: N802
        """Old inputs against new ones; `read` has put the service's drift into the old ones."""
        kind = self.type_of(request.urn)
        found = differences(
            kind.inputs,
            reveal(from_struct(request.old_inputs)),
            reveal(from_struct(request.news)),
        )
        replaces = any(difference.replaces for difference in found)
        return provider_pb2.DiffResponse(
            changes=_changes(bool(found)),
            diffs=sorted({_top(difference.path) for difference in found}),
            replaces=sorted({_top(entry.path) for entry in found if entry.replaces}),
            detailedDiff={
                entry.path: provider_pb2.PropertyDiff(
                    kind=DIFF_KINDS[entry.change, entry.replaces], inputDiff=True
                )
                for entry in found
            },
            hasDetailedDiff=True,
            deleteBeforeReplace=replaces and kind.delete_before_replace,
        )

    @_answers
    def Create(self, request):  # noqa: N802
        """Make it, or say what it would be."""
        kind = self.type_of(request.urn)
        inputs = reveal(from_struct(request.properties))
        secrets = self.secret_keys_of(request)
        if request.preview:
            outputs = kind.preview(inputs, None)
            return provider_pb2.CreateResponse(properties=to_struct(mark(outputs, secrets)))
        _require_known(inputs)
        state = kind.create(inputs)
        return provider_pb2.CreateResponse(
            id=state.id, properties=to_struct(mark(state.outputs, secrets))
        )

    @_answers
    def Read(self, request):  # noqa: N802
        """As the service has it; an empty answer when it is gone."""
        kind = self.type_of(request.urn)
        secrets = self.secret_keys_of(request)
        inputs = reveal(from_struct(request.inputs))
        state = kind.read(request.id, inputs, reveal(from_struct(request.properties)))
        if state is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=state.id,
            properties=to_struct(mark(state.outputs, secrets)),
            inputs=to_struct(mark(state.inputs, secrets)),
        )

    @_answers
    def Update(self, request):  # noqa: N802
        """Change it, or say what it would be."""
        kind = self.type_of(request.urn)
        inputs = reveal(from_struct(request.news))
        old_outputs = reveal(from_struct(request.olds))
        secrets = self.secret_keys_of(request)
        if request.preview:
            outputs = kind.preview(inputs, old_outputs)
        else:
            _require_known(inputs)
            old_inputs = reveal(from_struct(request.old_inputs))
            outputs = kind.update(request.id, old_outputs, old_inputs, inputs)
        return provider_pb2.UpdateResponse(properties=to_struct(mark(outputs, secrets)))

    @_answers
    def Delete(self, request):  # noqa: N802
        """Delete it."""
        kind = self.type_of(request.urn)
        kind.delete(request.id, reveal(from_struct(request.properties)))
        return empty_pb2.Empty()

    @_answers
    def Cancel(self, request):  # noqa: N802, ARG002
        """End every wait; what is under way ends with an error."""
        if isinstance(self.pause, CancellablePause):
            self.pause.cancel()
        return empty_pb2.Empty()


def _configuration(struct) -> dict[str, str]:
    """Provider configuration: strings, and everything else as JSON text."""
    values = reveal(from_struct(struct))
    return {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in values.items()
        if not contains_unknown(value)
    }


def _naming(request) -> Naming:
    name = request.name or request.urn.rpartition("::")[2]
    if not request.HasField("autonaming"):
        return Naming(name)
    options = request.autonaming
    disabled = options.mode == provider_pb2.CheckRequest.AutonamingOptions.Mode.DISABLE
    return Naming(name, options.proposed_name, allowed=not disabled)


def _marked(value, secret: bool):
    return Secret(value) if secret else value


def _changes(some: bool):
    return provider_pb2.DiffResponse.DIFF_SOME if some else provider_pb2.DiffResponse.DIFF_NONE


def _top(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]


def _require_known(inputs: Properties) -> None:
    for key, value in inputs.items():
        if contains_unknown(value):
            raise PluginError(
                f'property "{key}" is still not known: this is a defect of the engine'
            )


def serve(package: Package, environ: Mapping[str, str] = os.environ, pause=None):
    """Start a server on a free port of this machine.

    Returns:
        The running gRPC server, and its port.
    """
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(max_workers=THREADS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(
        StandIn(package, environ, pause), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port
