"""azure-native monitor.ScheduledQueryRule: an alert that runs a query on a schedule."""

from sandbox.plugins.azure_native.arm_resource import LOCATION, Description
from sandbox.plugins.schema import FLAG, TAGS, TEXT, Field, ListOf, MapOf, Number, Record, Text

NEEDED = Field(Text(), required=True)
TEXTS = Field(ListOf(Text()))
CONDITION = Record(
    {
        "query": TEXT,
        "timeAggregation": TEXT,
        "metricMeasureColumn": TEXT,
        "metricName": TEXT,
        "resourceIdColumn": TEXT,
        "operator": TEXT,
        "threshold": Field(Number()),
        "alertSensitivity": TEXT,
        "criterionType": TEXT,
        "ignoreDataBefore": TEXT,
        "minRecurrenceCount": Field(Number()),
        "dimensions": Field(
            ListOf(
                Record(
                    {
                        "name": NEEDED,
                        "operator": NEEDED,
                        "values": Field(ListOf(Text()), required=True),
                    }
                )
            )
        ),
        "failingPeriods": Field(
            Record(
                {
                    "minFailingPeriodsToAlert": Field(Number(), default=1),
                    "numberOfEvaluationPeriods": Field(Number(), default=1),
                }
            )
        ),
    }
)

SCHEDULED_QUERY_RULE = Description(
    token="azure-native:monitor:ScheduledQueryRule",  # noqa: S106 - a type's name
    api_version="2025-01-01-preview",
    path="/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
    "/providers/Microsoft.Insights/scheduledQueryRules/{ruleName}",
    name="ruleName",
    properties={
        "location": LOCATION,
        "tags": TAGS,
        "kind": TEXT,
        "displayName": TEXT,
        "description": TEXT,
        "enabled": FLAG,
        "severity": Field(Number()),
        "scopes": TEXTS,
        "targetResourceTypes": TEXTS,
        "evaluationFrequency": TEXT,
        "windowSize": TEXT,
        "overrideQueryTimeRange": TEXT,
        "muteActionsDuration": TEXT,
        "autoMitigate": FLAG,
        "skipQueryValidation": FLAG,
        "checkWorkspaceAlertsStorageConfigured": FLAG,
        "criteria": Field(Record({"allOf": Field(ListOf(CONDITION))})),
        "resolveConfiguration": Field(Record({"autoResolved": FLAG, "timeToResolve": TEXT})),
        "actions": Field(
            Record(
                {
                    "actionGroups": TEXTS,
                    "actionProperties": Field(MapOf(Text())),
                    "customProperties": Field(MapOf(Text())),
                }
            )
        ),
    },
    outputs=(
        "createdWithApiVersion",
        "etag",
        "isLegacyLogAnalyticsRule",
        "isWorkspaceAlertsStorageConfigured",
        "systemData",
    ),
)
