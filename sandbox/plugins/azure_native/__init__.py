"""The stand-in for the azure-native provider: the Azure resources of the alarm, over ARM."""

from collections.abc import Mapping

from sandbox.plugins.azure_native.action_group import ACTION_GROUP
from sandbox.plugins.azure_native.activity_log_alert import ACTIVITY_LOG_ALERT
from sandbox.plugins.azure_native.arm import Arm
from sandbox.plugins.azure_native.arm_resource import ArmResource
from sandbox.plugins.azure_native.diagnostic_setting import DIAGNOSTIC_SETTING
from sandbox.plugins.azure_native.resource_group import RESOURCE_GROUP
from sandbox.plugins.azure_native.scheduled_query_rule import SCHEDULED_QUERY_RULE
from sandbox.plugins.azure_native.workspace import WORKSPACE
from sandbox.plugins.configuration import Settings
from sandbox.plugins.endpoints import find_sandbox, http_client
from sandbox.plugins.pause import Pause
from sandbox.plugins.resource import Package, ResourceType

DESCRIPTIONS = (
    RESOURCE_GROUP,
    WORKSPACE,
    DIAGNOSTIC_SETTING,
    ACTION_GROUP,
    SCHEDULED_QUERY_RULE,
    ACTIVITY_LOG_ALERT,
)


def _connect(settings: Settings, pause: Pause) -> Mapping[str, ResourceType]:
    client = http_client(settings.certificates)
    endpoints = find_sandbox(settings.metadata_host, client)
    arm = Arm.open(settings, endpoints, client, pause)
    return {kind.token: ArmResource(kind, arm) for kind in DESCRIPTIONS}


AZURE_NATIVE = Package(
    name="azure-native",
    distribution="pulumi-azure-native",
    needs=("tenantId", "clientId", "clientSecret", "subscriptionId"),
    tokens=tuple(kind.token for kind in DESCRIPTIONS),
    connect=_connect,
)
