"""azure-native monitor.ActivityLogAlert: an alert on what somebody does in the subscription.

Source: Azure REST API, "Activity Log Alerts - Create Or Update" (2020-10-01): the location is set
once, everything else changes in place.
"""

from sandbox.plugins.azure_native.arm_resource import Description, same_location
from sandbox.plugins.schema import TAGS, TEXT, Field, Flag, ListOf, MapOf, Record, Text

NEEDED = Field(Text(), required=True)
TEXTS = Field(ListOf(Text()))
LEAF = {"field": TEXT, "equals": TEXT, "containsAny": TEXTS}
CONDITION = Record({**LEAF, "anyOf": Field(ListOf(Record(LEAF)))})
ACTION = Record({"actionGroupId": NEEDED, "webhookProperties": Field(MapOf(Text()))})

ACTIVITY_LOG_ALERT = Description(
    token="azure-native:monitor:ActivityLogAlert",  # noqa: S106 - a type's name
    api_version="2020-10-01",
    path="/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
    "/providers/Microsoft.Insights/activityLogAlerts/{activityLogAlertName}",
    name="activityLogAlertName",
    properties={
        "location": Field(Text(), default="global", replaces=True, same=same_location),
        "tags": TAGS,
        "description": TEXT,
        "enabled": Field(Flag(), default=True),
        "scopes": Field(ListOf(Text()), required=True),
        "condition": Field(
            Record({"allOf": Field(ListOf(CONDITION), required=True)}), required=True
        ),
        "actions": Field(Record({"actionGroups": Field(ListOf(ACTION))}), required=True),
    },
)
