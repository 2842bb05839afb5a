"""azure-native operationalinsights.Workspace: the Log Analytics workspace of the sign-in logs."""

from sandbox.plugins.azure_native.arm_resource import LOCATION, Description
from sandbox.plugins.schema import FLAG, TAGS, TEXT, Field, Number, Record

WORKSPACE = Description(
    token="azure-native:operationalinsights:Workspace",  # noqa: S106 - a type's name
    api_version="2023-09-01",
    path="/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}"
    "/providers/Microsoft.OperationalInsights/workspaces/{workspaceName}",
    name="workspaceName",
    properties={
        "location": LOCATION,
        "tags": TAGS,
        "retentionInDays": Field(Number(whole=True)),
        "sku": Field(
            Record(
                {
                    "name": Field(TEXT.kind, required=True),
                    "capacityReservationLevel": Field(Number(whole=True)),
                }
            )
        ),
        "features": Field(
            Record(
                {
                    "disableLocalAuth": FLAG,
                    "enableDataExport": FLAG,
                    "enableLogAccessUsingOnlyResourcePermissions": FLAG,
                    "immediatePurgeDataOn30Days": FLAG,
                }
            )
        ),
        "workspaceCapping": Field(Record({"dailyQuotaGb": Field(Number())})),
        "publicNetworkAccessForIngestion": TEXT,
        "publicNetworkAccessForQuery": TEXT,
    },
    outputs=(
        "createdDate",
        "customerId",
        "etag",
        "modifiedDate",
        "privateLinkScopedResources",
        "provisioningState",
        "systemData",
    ),
)
