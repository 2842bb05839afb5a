# pyright: basic
# The gRPC stubs and the protobuf structs carry no usable types.
import os
import subprocess
import sys
from importlib.metadata import version

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.plugins.__main__ import PACKAGES
from sandbox.plugins.errors import PartialError
from sandbox.plugins.pause import CancellablePause
from sandbox.plugins.resource import Naming, Package, ResourceType, State
from sandbox.plugins.schema import TEXT, Field, Problem, Record, Text
from sandbox.plugins.values import UNKNOWN, Secret
from sandbox.plugins.wire import from_struct, to_struct

from .plugin_support import Refused, Waits, running, urn_of

TOKEN = "toy:index/safe:Safe"
SAFE = urn_of(TOKEN)
CODE = "open-sesame-4711"


class Safe(ResourceType):
    """A safe whose code is a secret."""

    token = TOKEN
    inputs = Record(
        {
            "name": Field(Text(), required=True, replaces=True),
            "code": TEXT,
            "room": Field(Text(), default="cellar"),
        }
    )
    computed = ("serial",)
    secrets = frozenset({"code"})
    delete_before_replace = True

    def __init__(self, pause):
        self.pause = pause

    def settle(self, inputs, old_inputs, naming: Naming):
        if inputs["room"] == "roof":
            return inputs, [Problem("room", "a safe\nfalls from the roof")]
        return {**inputs, "name": naming.proposed or inputs["name"]}, []

    def create(self, inputs):
        outputs = {**inputs, "serial": "1"}
        if inputs["name"] == "broken":
            raise PartialError(f"the {inputs['name']} door jams", id="s1", outputs=outputs)
        if inputs["name"] == "defect":
            raise KeyError(inputs["code"])
        if inputs["name"] == "slow":
            self.pause(60)
        return State("s1", outputs, inputs)

    def read(self, id, old_inputs, old_outputs):
        if id == "gone":
            return None
        return State(id, {**old_outputs, "room": "attic"}, {**old_inputs, "room": "attic"})

    def update(self, id, old_outputs, old_inputs, inputs):
        return {**old_outputs, **inputs}

    def delete(self, id, outputs):
        if not isinstance(outputs.get("code", ""), str):
            raise TypeError


TOY = Package("toy", "pulumi-random", (), (TOKEN,), lambda _, pause: {TOKEN: Safe(pause)})
ENVIRON = {"ARM_METADATA_HOSTNAME": "localhost:1"}


@pytest.fixture
def plugin():
    with running(TOY, ENVIRON) as plugin:
        plugin.configure()
        yield plugin


def safe(plugin, **news):
    return plugin.inputs(SAFE, {"name": "s", **news})


def test_it_says_what_it_understands(plugin):
    answer = plugin.call("Handshake", provider_pb2.ProviderHandshakeRequest())
    assert answer.accept_secrets
    assert answer.accept_outputs
    answer = plugin.configure()
    assert answer.acceptSecrets
    assert answer.supportsPreview


def test_its_version_is_that_of_the_installed_sdk(plugin):
    assert plugin.call("GetPluginInfo", empty_pb2.Empty()).version == version("pulumi-random")


def test_an_unknown_type_is_refused_by_name(plugin):
    with pytest.raises(
        Refused, match=r"does not know the resource type toy:index/door:Door: it kn"
    ):
        plugin.check(urn_of("toy:index/door:Door"), {})


def test_an_unknown_function_is_refused_by_name(plugin):
    with pytest.raises(Refused, match="does not know the function toy:index/getSafe:getSafe"):
        plugin.call("Invoke", provider_pb2.InvokeRequest(tok="toy:index/getSafe:getSafe"))


def test_an_unknown_property_is_refused_by_name(plugin):
    _, failures = plugin.check(SAFE, {"name": "s", "colour": "red"})
    assert len(failures) == 1
    assert failures[0].startswith('unknown property "colour"')


def test_an_unknown_setting_is_refused_by_name(plugin):
    request = provider_pb2.CheckRequest(news=to_struct({"oidcToken": "x", "tenantId": "t"}))
    (failure,) = plugin.call("CheckConfig", request).failures
    assert failure.property == "oidcToken"


def test_a_problem_is_one_line(plugin):
    _, failures = plugin.check(SAFE, {"name": "s", "room": "roof"})
    assert failures == ["a safe falls from the roof"]


def test_a_secret_input_stays_a_secret_all_the_way(plugin):
    inputs = safe(plugin, code=Secret(CODE))
    assert inputs["code"] == Secret(CODE)
    assert inputs["room"] == "cellar"
    id, state = plugin.create(SAFE, inputs)
    assert state["code"] == Secret(CODE)
    assert state["serial"] == "1"
    _, state, read_inputs = plugin.read(SAFE, id, inputs, state)
    assert state["code"] == read_inputs["code"] == Secret(CODE)
    updated = plugin.update(SAFE, id, (inputs, state), safe(plugin, code=Secret("other-code")))
    assert updated["code"] == Secret("other-code")
    plugin.delete(SAFE, id, updated)


def test_a_property_that_is_always_secret_is_marked_even_when_it_arrives_plain(plugin):
    assert safe(plugin, code=CODE)["code"] == Secret(CODE)


def test_any_property_that_arrives_secret_leaves_secret(plugin):
    inputs = safe(plugin, room=Secret("cellar 2"))
    assert plugin.create(SAFE, inputs)[1]["room"] == Secret("cellar 2")


def test_a_preview_knows_the_inputs_and_not_what_is_computed(plugin):
    id, state = plugin.create(SAFE, safe(plugin, code=Secret(UNKNOWN)), preview=True)
    assert id == ""
    assert state["serial"] is UNKNOWN
    assert state["name"] == "s"
    assert state["code"] == Secret(UNKNOWN)


def test_a_preview_of_an_update_keeps_what_is_computed(plugin):
    state = {"name": "s", "room": "cellar", "serial": "1"}
    news = safe(plugin, room="vault")
    updated = plugin.update(SAFE, "s1", (safe(plugin), state), news, preview=True)
    assert updated == {"name": "s", "room": "vault", "serial": "1"}


def test_a_difference_is_shown_where_it_is(plugin):
    answer = plugin.diff(SAFE, safe(plugin, code=CODE), safe(plugin, code="x", room="vault"))
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(answer.diffs) == ["code", "room"]
    assert list(answer.replaces) == []
    assert answer.detailedDiff["room"].kind == provider_pb2.PropertyDiff.UPDATE
    assert not answer.deleteBeforeReplace


def test_a_secret_mark_alone_is_no_difference(plugin):
    answer = plugin.diff(SAFE, {"name": "s", "code": CODE}, {"name": "s", "code": Secret(CODE)})
    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_change_that_cannot_be_made_in_place_replaces(plugin):
    answer = plugin.diff(SAFE, {"name": "s"}, {"name": UNKNOWN})
    assert list(answer.replaces) == ["name"]
    assert answer.detailedDiff["name"].kind == provider_pb2.PropertyDiff.UPDATE_REPLACE
    assert answer.deleteBeforeReplace


def test_what_is_gone_reads_as_an_empty_id(plugin):
    assert plugin.read(SAFE, "gone")[0] == ""


def test_what_was_half_made_is_kept_with_its_secrets(plugin):
    inputs = safe(plugin, name="broken", code=Secret(CODE))
    with pytest.raises(Refused) as caught:
        plugin.create(SAFE, inputs)
    assert caught.value.message == "the broken door jams"
    kept = caught.value.kept
    assert kept is not None
    assert kept.id == "s1"
    assert list(kept.reasons) == ["the broken door jams"]
    assert from_struct(kept.properties) == {
        "name": "broken",
        "room": "cellar",
        "serial": "1",
        "code": Secret(CODE),
    }


def test_an_error_that_nobody_foresaw_names_its_place_and_no_value(plugin, capfd):
    with pytest.raises(Refused) as caught:
        plugin.create(SAFE, safe(plugin, name="defect", code=Secret(CODE)))
    assert "KeyError at test_plugin_server.py:" in caught.value.message
    printed = "".join(capfd.readouterr())
    assert CODE not in caught.value.message + printed


def test_a_proposed_name_reaches_the_type(plugin):
    naming = provider_pb2.CheckRequest.AutonamingOptions(proposed_name="wished")
    inputs, _ = plugin.check(SAFE, {"name": "s"}, autonaming=naming)
    assert inputs["name"] == "wished"


def test_cancel_ends_what_is_waiting():
    with running(TOY, ENVIRON, CancellablePause()) as plugin:
        plugin.configure()
        inputs = safe(plugin, name="slow")
        future = plugin.stub.Create.future(
            provider_pb2.CreateRequest(urn=SAFE, properties=to_struct(inputs))
        )
        plugin.call("Cancel", empty_pb2.Empty())
        with pytest.raises(grpc.RpcError) as caught:
            future.result(timeout=30)
        assert caught.value.details() == "cancelled"


def test_a_plugin_that_is_not_configured_serves_nothing():
    with running(TOY, ENVIRON) as plugin, pytest.raises(Refused, match="does not know"):
        plugin.check(SAFE, {"name": "s"})


@pytest.mark.parametrize("name", ["random", "azuread", "azure-native"])
def test_no_stand_in_serves_a_real_tenant(name):
    environ = {
        "ARM_METADATA_HOSTNAME": "management.azure.com",
        "ARM_TENANT_ID": "t",
        "ARM_CLIENT_ID": "c",
        "ARM_CLIENT_SECRET": CODE,
        "ARM_SUBSCRIPTION_ID": "s",
    }
    with running(PACKAGES[name], environ, Waits()) as plugin:
        with pytest.raises(Refused, match="serve the sandbox only") as caught:
            plugin.configure()
        assert CODE not in caught.value.message
    environ["ARM_METADATA_HOSTNAME"] = ""
    missing = pytest.raises(Refused, match=f"{name}:metadataHost is not set")
    with running(PACKAGES[name], environ, Waits()) as plugin, missing:
        plugin.configure()


@pytest.mark.parametrize("name", ["random", "azuread", "azure-native"])
def test_as_a_process_it_prints_its_port_and_nothing_else(name):
    command = [
        sys.executable,
        "-u",
        "-m",
        "sandbox.plugins",
        name,
        "--logtostderr",
        "not-an-engine",
    ]
    environ = {**os.environ, "ARM_CLIENT_SECRET": CODE, "ARM_METADATA_HOSTNAME": "localhost:1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    ) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                info = stub.GetPluginInfo(empty_pb2.Empty())
                with pytest.raises(grpc.RpcError):
                    stub.Configure(provider_pb2.ConfigureRequest())
        finally:
            process.kill()
            out, errors = process.communicate()
    assert info.version == version(PACKAGES[name].distribution)
    assert (out, errors) == ("", "")


def test_a_plugin_whose_engine_has_vanished_ends_itself(monkeypatch):
    from sandbox.plugins import __main__ as program

    waits = Waits()
    monkeypatch.setattr(program.time, "sleep", waits)
    program.wait_for_the_end_of("127.0.0.1:1")
    assert len(waits) == program.ENGINE_MISSES


def test_a_name_that_is_no_provider_is_said(capsys):
    from sandbox.plugins.__main__ import main

    assert main(["aws"]) == 2
    assert "random,azuread,azure-native" in capsys.readouterr().err
