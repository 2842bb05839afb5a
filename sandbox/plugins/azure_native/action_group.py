"""azure-native monitor.ActionGroup: who is told when an alert fires."""

from sandbox.plugins.azure_native.arm_resource import LOCATION, Description
from sandbox.plugins.schema import TAGS, TEXT, Field, Flag, ListOf, Record, Text

NEEDED = Field(Text(), required=True)
OFF = Field(Flag(), default=False)


def _receivers(**fields: Field) -> Field:
    return Field(ListOf(Record({"name": NEEDED, **fields})))


ACTION_GROUP = Description(
    token="azure-native:monitor:ActionGroup",  # noqa: S106 - a type's name
    api_version="2024-10-01-preview",
    path="/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
    "/providers/Microsoft.Insights/actionGroups/{actionGroupName}",
    name="actionGroupName",
    properties={
        "location": LOCATION,
        "tags": TAGS,
        "enabled": Field(Flag(), default=True),
        "groupShortName": NEEDED,
        "emailReceivers": _receivers(emailAddress=NEEDED, useCommonAlertSchema=OFF),
        "smsReceivers": _receivers(countryCode=NEEDED, phoneNumber=NEEDED),
        "voiceReceivers": _receivers(countryCode=NEEDED, phoneNumber=NEEDED),
        "azureAppPushReceivers": _receivers(emailAddress=NEEDED),
        "armRoleReceivers": _receivers(roleId=NEEDED, useCommonAlertSchema=OFF),
        "webhookReceivers": _receivers(
            serviceUri=NEEDED,
            identifierUri=TEXT,
            managedIdentity=TEXT,
            objectId=TEXT,
            tenantId=TEXT,
            useAadAuth=OFF,
            useCommonAlertSchema=OFF,
        ),
    },
    outputs=("systemData",),
)
