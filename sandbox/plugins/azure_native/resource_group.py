"""azure-native resources.ResourceGroup: the box of the Azure resources."""

from sandbox.plugins.azure_native.arm_resource import LOCATION, Description
from sandbox.plugins.schema import TAGS, TEXT

RESOURCE_GROUP = Description(
    token="azure-native:resources:ResourceGroup",  # noqa: S106 - a type's name
    api_version="2024-03-01",
    path="/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}",
    name="resourceGroupName",
    properties={"location": LOCATION, "managedBy": TEXT, "tags": TAGS},
    outputs=("properties",),
)
