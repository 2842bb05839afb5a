# pyright: basic
# The gRPC stubs and the protobuf structs carry no usable types.
"""The azure-native stand-in over real gRPC against the simulated tenant over real HTTP."""

import re

import pytest
from pulumi.runtime.proto import provider_pb2

from sandbox.plugins.azure_native import AZURE_NATIVE
from sandbox.plugins.values import Secret
from tests.support.tenant import arm, running_tenant, small_document

from .plugin_support import Refused, running, urn_of

NONE = provider_pb2.DiffResponse.DIFF_NONE
RESOURCE_GROUP = urn_of("azure-native:resources:ResourceGroup")
WORKSPACE = urn_of("azure-native:operationalinsights:Workspace")
SETTING = urn_of("azure-native:aadiam:DiagnosticSetting")
ACTION_GROUP = urn_of("azure-native:monitor:ActionGroup")
RULE = urn_of("azure-native:monitor:ScheduledQueryRule")
ACTIVITY_ALERT = urn_of("azure-native:monitor:ActivityLogAlert")
WEBHOOK = "https://hooks.example/workflow?sig=kitten-of-the-webhook"


@pytest.fixture
def azure(tenant_server):
    with running(AZURE_NATIVE, tenant_server.environment()) as plugin:
        plugin.configure(location="westeurope")
        yield plugin


def make(plugin, urn, **news):
    inputs = plugin.inputs(urn, news)
    id, state = plugin.create(urn, inputs)
    return inputs, id, state


def make_workspace(azure):
    make(azure, RESOURCE_GROUP, resourceGroupName="rg")
    return make(
        azure,
        WORKSPACE,
        resourceGroupName="rg",
        workspaceName="log-one",
        retentionInDays=31,
        sku={"name": "PerGB2018"},
    )


def holds(found, wanted):
    """Whether everything wanted is there; Azure adds defaults, and writes locations its own way."""
    if isinstance(wanted, dict):
        return all(key in found and holds(found[key], value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(holds, found, wanted))
    return found == wanted or (found, wanted) == ("global", "Global")


def test_the_resources_of_the_alarm_are_made_read_changed_and_deleted(azure, tenant_server):
    _, workspace_id, workspace = make_workspace(azure)
    assert workspace["retentionInDays"] == 31
    assert re.fullmatch(r"[0-9a-f-]{36}", workspace["customerId"])
    logs = [{"category": "SignInLogs", "enabled": True}]
    setting = make(azure, SETTING, name="bg", workspaceId=workspace_id, logs=logs)
    receiver = {"name": "a", "emailAddress": "a@fabrikam.example", "useCommonAlertSchema": True}
    action_group = make(
        azure,
        ACTION_GROUP,
        resourceGroupName="rg",
        actionGroupName="ag",
        groupShortName="bg",
        location="Global",
        emailReceivers=[receiver],
    )
    rule = make(
        azure,
        RULE,
        resourceGroupName="rg",
        ruleName="Break-glass account used",
        scopes=[workspace_id],
        enabled=True,
        severity=0,
        kind="LogAlert",
        evaluationFrequency="PT5M",
        windowSize="PT5M",
        autoMitigate=False,
        skipQueryValidation=True,
        criteria={
            "allOf": [
                {
                    "query": "SigninLogs",
                    "timeAggregation": "Count",
                    "operator": "GreaterThan",
                    "threshold": 0,
                }
            ]
        },
        actions={
            "actionGroups": [action_group[1]],
            "actionProperties": {"Email.Subject": "It was used"},
        },
    )
    for urn, (inputs, id, state) in (
        (SETTING, setting),
        (ACTION_GROUP, action_group),
        (RULE, rule),
    ):
        assert azure.read(urn, id, inputs, state) == (id, state, inputs)
        imported = azure.read(urn, id)[2]
        assert holds(imported, inputs)
    inputs, id, state = rule
    news = azure.inputs(RULE, {**inputs, "severity": 1, "enabled": False}, inputs)
    assert list(azure.diff(RULE, inputs, news).diffs) == ["enabled", "severity"]
    state = azure.update(RULE, id, (inputs, state), news)
    assert (state["severity"], state["enabled"]) == (1, False)
    for urn, made in ((RULE, rule), (ACTION_GROUP, action_group), (SETTING, setting)):
        azure.delete(urn, made[1], made[2])
        assert azure.read(urn, made[1], made[0], made[2])[0] == ""
    azure.delete(WORKSPACE, workspace_id, workspace)
    assert azure.read(WORKSPACE, workspace_id)[0] == ""


def test_a_change_in_the_portal_shows_as_drift(azure, tenant_server):
    inputs, id, state = make_workspace(azure)
    with arm(tenant_server) as portal:
        url = f"{id}?api-version=2023-09-01"
        held = portal.get(url).json()
        held["properties"]["retentionInDays"] = 90
        portal.put(url, json=held).raise_for_status()
    _, _, drifted = azure.read(WORKSPACE, id, inputs, state)
    assert drifted == {**inputs, "retentionInDays": 90}
    answer = azure.diff(WORKSPACE, drifted, inputs)
    assert list(answer.diffs) == ["retentionInDays"]
    assert list(answer.replaces) == []


def test_another_location_or_name_is_another_resource(azure):
    inputs = {"resourceGroupName": "rg", "workspaceName": "log-one", "location": "westeurope"}
    answer = azure.diff(WORKSPACE, inputs, {**inputs, "location": "northeurope"})
    assert list(answer.replaces) == ["location"]
    assert answer.deleteBeforeReplace
    assert azure.diff(WORKSPACE, inputs, {**inputs, "location": "West Europe"}).changes == NONE


def test_what_exists_already_is_not_taken_over(azure):
    make_workspace(azure)
    inputs = azure.inputs(RESOURCE_GROUP, {"resourceGroupName": "rg"})
    with pytest.raises(Refused, match="cannot create already existing resource"):
        azure.create(RESOURCE_GROUP, inputs)


def test_the_services_refusal_names_its_code(azure):
    inputs = azure.inputs(WORKSPACE, {"resourceGroupName": "nowhere", "workspaceName": "log-one"})
    with pytest.raises(Refused, match='Status=404 Code="ResourceGroupNotFound"'):
        azure.create(WORKSPACE, inputs)


def test_a_resource_provider_is_registered_when_the_subscription_lacks_it():
    document = small_document()
    document["subscriptions"][0]["registeredProviders"] = []
    with running_tenant(document) as server, running(AZURE_NATIVE, server.environment()) as azure:
        azure.configure(location="westeurope")
        _, id, _ = make_workspace(azure)
        assert azure.read(WORKSPACE, id)[0] == id


def make_action_group(azure, **more):
    return make(
        azure,
        ACTION_GROUP,
        resourceGroupName="rg",
        actionGroupName="ag",
        groupShortName="bg",
        location="Global",
        **more,
    )


def activity_alert(action_group, **more):
    watched = action_group.partition("/resourceGroups/")[0]
    names = ["Microsoft.Insights/scheduledQueryRules/write", "…/delete", "…/disable/action"]
    either = [{"field": "operationName", "equals": name} for name in names]
    leaves = [{"field": "category", "equals": "Administrative"}, {"anyOf": either}]
    action = {"actionGroupId": action_group, "webhookProperties": {"customer": "Contoso"}}
    return {
        "resourceGroupName": "rg",
        "activityLogAlertName": "Break-glass alarm changed",
        "scopes": [watched],
        "condition": {"allOf": leaves},
        "actions": {"actionGroups": [action]},
        "tags": {"stack": "prod"},
        **more,
    }


def test_an_alert_on_the_alert_is_made_read_imported_changed_and_deleted(azure, tenant_server):
    make(azure, RESOURCE_GROUP, resourceGroupName="rg")
    action_group = make_action_group(azure)[1]
    inputs, id, state = make(azure, ACTIVITY_ALERT, **activity_alert(action_group))
    assert (inputs["location"], inputs["enabled"], state["tags"]) == (
        "global",
        True,
        {"stack": "prod"},
    )
    assert azure.read(ACTIVITY_ALERT, id, inputs, state) == (id, state, inputs)
    assert holds(azure.read(ACTIVITY_ALERT, id)[2], inputs)
    news = azure.inputs(
        ACTIVITY_ALERT, activity_alert(action_group, description="Look", enabled=False), inputs
    )
    answer = azure.diff(ACTIVITY_ALERT, inputs, news)
    assert (list(answer.diffs), list(answer.replaces)) == (["description", "enabled"], [])
    state = azure.update(ACTIVITY_ALERT, id, (inputs, state), news)
    assert (state["description"], state["enabled"]) == ("Look", False)
    azure.delete(ACTIVITY_ALERT, id, state)
    assert azure.read(ACTIVITY_ALERT, id, news, state)[0] == ""


@pytest.mark.parametrize("left_out", ["scopes", "condition", "actions", "resourceGroupName"])
def test_an_alert_on_the_alert_needs_what_azure_needs(azure, left_out):
    news = activity_alert("/subscriptions/s/resourceGroups/rg/…")
    del news[left_out]
    _, (failure,) = azure.check(ACTIVITY_ALERT, news)
    assert failure.startswith(f'missing property "{left_out}"')


def test_the_address_of_a_webhook_stays_a_secret_in_every_state(azure, tenant_server):
    make(azure, RESOURCE_GROUP, resourceGroupName="rg")
    hook = {"name": "chat", "serviceUri": Secret(WEBHOOK), "useCommonAlertSchema": True}
    inputs, id, state = make_action_group(azure, webhookReceivers=[hook])
    _, read, read_inputs = azure.read(ACTION_GROUP, id, inputs, state)
    changed = azure.inputs(ACTION_GROUP, {**inputs, "groupShortName": "alarm"}, inputs)
    updated = azure.update(ACTION_GROUP, id, (inputs, state), changed)
    previewed = azure.update(ACTION_GROUP, id, (inputs, state), changed, preview=True)
    for found in (inputs, state, read, read_inputs, changed, updated, previewed):
        assert WEBHOOK not in repr(found)
    assert state["webhookReceivers"].value[0]["serviceUri"] == WEBHOOK
    assert azure.diff(ACTION_GROUP, read_inputs, inputs).changes == NONE


def test_a_refusal_does_not_tell_the_address_of_a_webhook(azure, tenant_server):
    make(azure, RESOURCE_GROUP, resourceGroupName="rg")
    hook = {"name": "chat", "serviceUri": Secret(WEBHOOK)}
    inputs = azure.inputs(
        ACTION_GROUP,
        {
            "resourceGroupName": "rg",
            "groupShortName": "a name much too long",
            "location": "Global",
            "webhookReceivers": [hook],
        },
    )
    with pytest.raises(Refused) as refused:
        azure.create(ACTION_GROUP, inputs)
    assert "sig=" not in refused.value.message


def test_the_logs_move_to_another_workspace_without_a_new_setting(azure, tenant_server):
    _, first, _ = make_workspace(azure)
    second = make(azure, WORKSPACE, resourceGroupName="rg", workspaceName="log-two")[1]
    logs = [{"category": "SignInLogs", "enabled": True}]
    inputs, id, state = make(azure, SETTING, name="bg", workspaceId=first, logs=logs)
    news = azure.inputs(SETTING, {**inputs, "workspaceId": second}, inputs)
    answer = azure.diff(SETTING, inputs, news)
    assert (list(answer.diffs), list(answer.replaces)) == (["workspaceId"], [])
    assert azure.update(SETTING, id, (inputs, state), news)["workspaceId"] == second
