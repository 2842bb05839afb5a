"""azure-native aadiam.DiagnosticSetting: which of the tenant's logs go to the workspace."""

from sandbox.plugins.azure_native.arm_resource import Description
from sandbox.plugins.schema import TEXT, Field, Flag, ListOf, Number, Record

LOG = Record(
    {
        "category": TEXT,
        "enabled": Field(Flag(), required=True),
        "retentionPolicy": Field(
            Record(
                {
                    "days": Field(Number(whole=True), required=True),
                    "enabled": Field(Flag(), required=True),
                }
            )
        ),
    }
)

DIAGNOSTIC_SETTING = Description(
    token="azure-native:aadiam:DiagnosticSetting",  # noqa: S106 - a type's name
    api_version="2017-04-01",
    path="/providers/microsoft.aadiam/diagnosticSettings/{name}",
    name="name",
    properties={
        "workspaceId": TEXT,
        "storageAccountId": TEXT,
        "eventHubAuthorizationRuleId": TEXT,
        "eventHubName": TEXT,
        "serviceBusRuleId": TEXT,
        "logs": Field(ListOf(LOG)),
    },
)
