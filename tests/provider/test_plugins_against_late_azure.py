# pyright: basic
# The gRPC stubs and the protobuf structs carry no usable types.
"""The azure-native stand-in against a tenant whose reads are late and whose operations fail."""

import pytest

from sandbox.plugins.azure_native import AZURE_NATIVE
from tests.support.tenant import running_tenant

from .plugin_support import Refused, running, urn_of

RESOURCE_GROUP = urn_of("azure-native:resources:ResourceGroup")
WORKSPACE = urn_of("azure-native:operationalinsights:Workspace")
SETTING = urn_of("azure-native:aadiam:DiagnosticSetting")


@pytest.fixture
def late():
    knobs = {"diagnosticSettingLagSeconds": 3600, "operationSeconds": 0.1}
    with (
        running_tenant(**knobs) as server,
        running(AZURE_NATIVE, server.environment()) as plugin,
    ):
        plugin.configure(location="westeurope")
        yield plugin, server.world


def make(plugin, urn, **news):
    inputs = plugin.inputs(urn, news)
    return inputs, *plugin.create(urn, inputs)


def make_workspace(plugin):
    make(plugin, RESOURCE_GROUP, resourceGroupName="rg")
    return make(plugin, WORKSPACE, resourceGroupName="rg", workspaceName="log-one")


def test_a_setting_that_cannot_be_read_yet_is_made_nevertheless(late):
    plugin, world = late
    _, workspace_id, workspace = make_workspace(plugin)
    assert workspace["provisioningState"] == "Succeeded"
    logs = [{"category": "SignInLogs", "enabled": True}]
    _, setting_id, setting = make(
        plugin, SETTING, name="export", workspaceId=workspace_id, logs=logs
    )
    assert setting["workspaceId"] == workspace_id
    assert plugin.read(SETTING, setting_id, setting)[0] == ""
    world.advance(3600)
    assert setting_id in str(world.default.azure.tenant_settings())


def test_a_workspace_whose_creation_fails_is_told_of_and_kept_in_the_state(late):
    plugin, world = late
    world.default.behaviour.failed_operation_share = 1
    with pytest.raises(Refused, match='operation failed Code="InternalServerError"') as refused:
        make_workspace(plugin)
    assert refused.value.kept is not None
    assert refused.value.kept.id.endswith("/workspaces/log-one")
