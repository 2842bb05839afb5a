import json
from typing import Any

import httpx
import pytest

from sandbox.plugins.azure_native import DESCRIPTIONS
from sandbox.plugins.azure_native.action_group import ACTION_GROUP
from sandbox.plugins.azure_native.arm import Arm
from sandbox.plugins.azure_native.arm_resource import ArmResource, Description
from sandbox.plugins.azure_native.diagnostic_setting import DIAGNOSTIC_SETTING
from sandbox.plugins.azure_native.resource_group import RESOURCE_GROUP
from sandbox.plugins.azure_native.scheduled_query_rule import SCHEDULED_QUERY_RULE
from sandbox.plugins.azure_native.workspace import WORKSPACE
from sandbox.plugins.configuration import Settings
from sandbox.plugins.endpoints import Endpoints
from sandbox.plugins.errors import PartialError, PluginError, RefusedError
from sandbox.plugins.resource import Naming
from sandbox.plugins.schema import complete
from sandbox.plugins.values import UNKNOWN, Properties

from .plugin_support import Waits

BASE = "https://localhost:8443"
SECRET = "kitten-of-the-client-secret"
GROUP_ID = "/subscriptions/s/resourceGroups/rg"
WORKSPACE_ID = f"{GROUP_ID}/providers/Microsoft.OperationalInsights/workspaces/w"
ID_IN_LOWER_CASE = WORKSPACE_ID.lower()


class FakeArm:
    """Resources by lower-case id; what comes next can be set aside in `next`."""

    def __init__(self) -> None:
        self.resources: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.bodies: list[Any] = []
        self.next: list[httpx.Response] = []
        self.operations: list[httpx.Response] = []
        self.after_operations: dict[str, dict[str, Any]] = {}
        self.waits = Waits()

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("openid-configuration"):
            return httpx.Response(200, json={"token_endpoint": f"{BASE}/t/oauth2/v2.0/token"})
        if path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "x", "expires_in": 3599})
        self.calls.append(f"{request.method} {path}?{request.url.query.decode()}")
        if "/operations/" in path:
            answer = self.operations.pop(0)
            if not self.operations:
                self.resources.update(self.after_operations)
            return answer
        if request.method != "GET" and self.next:
            return self.next.pop(0)
        return self.resource(request, path)

    def resource(self, request: httpx.Request, path: str) -> httpx.Response:
        key = path.lower()
        if request.method == "PUT":
            body = json.loads(request.content)
            self.bodies.append(body)
            self.resources[key] = {"id": path, "name": path.rpartition("/")[2], "type": "T", **body}
            return httpx.Response(201, json=self.resources[key])
        if request.method == "DELETE":
            return httpx.Response(200 if self.resources.pop(key, None) else 404)
        if key in self.resources:
            return httpx.Response(200, json=self.resources[key])
        error = {"code": "ResourceNotFound", "message": f"no {path}"}
        return httpx.Response(404, json={"error": error})

    def open(self, location: str = "") -> Arm:
        settings = Settings("localhost:8443", "t", "c", SECRET, "s", location)
        client = httpx.Client(transport=httpx.MockTransport(self.handle))
        return Arm.open(settings, Endpoints(BASE, BASE, BASE, "https://arm"), client, self.waits)


@pytest.fixture
def arm() -> FakeArm:
    return FakeArm()


def inputs_of(resource: ArmResource, olds: Properties | None = None, **given: Any) -> Properties:
    inputs, problems = complete(resource.inputs, given, plugin="azure-native")
    assert problems == []
    settled, problems = resource.settle(inputs, olds or {}, Naming("log"))
    assert problems == []
    return settled


def workspace(arm: FakeArm, **given: Any) -> tuple[ArmResource, Properties]:
    resource = ArmResource(WORKSPACE, arm.open())
    given = {"location": "westeurope", **given}
    inputs = inputs_of(resource, None, resourceGroupName="rg", workspaceName="w", **given)
    return resource, inputs


def test_create_looks_first_then_writes_then_reads(arm: FakeArm) -> None:
    resource, inputs = workspace(arm, retentionInDays=31, tags={"a": "b"})
    state = resource.create(inputs)
    path = "/subscriptions/s/resourcegroups/rg/providers/Microsoft.OperationalInsights/workspaces/w"
    version = "api-version=2023-09-01"
    assert arm.calls == [f"{method} {path}?{version}" for method in ("GET", "PUT", "GET")]
    assert arm.bodies == [
        {"location": "westeurope", "tags": {"a": "b"}, "properties": {"retentionInDays": 31}}
    ]
    assert state.outputs["name"] == "w"
    assert state.outputs["retentionInDays"] == 31
    assert state.outputs["azureApiVersion"] == "2023-09-01"


def test_what_exists_already_is_not_taken_over_silently(arm: FakeArm) -> None:
    resource, inputs = workspace(arm)
    resource.create(inputs)
    arm.calls.clear()
    with pytest.raises(
        PluginError, match=r"cannot create already existing resource .*`pulumi impo"
    ):
        resource.create(inputs)
    assert [call.partition(" ")[0] for call in arm.calls] == ["GET"]


def test_a_name_with_spaces_is_escaped_on_the_way(arm: FakeArm) -> None:
    resource = ArmResource(SCHEDULED_QUERY_RULE, arm.open())
    inputs = inputs_of(
        resource, resourceGroupName="rg", ruleName="Account used #1", location="westeurope"
    )
    state = resource.create(inputs)
    assert state.id.endswith("/scheduledQueryRules/Account used #1")
    resource.delete(state.id, {})
    assert arm.resources == {}


def test_an_error_names_the_status_the_code_and_the_words(arm: FakeArm) -> None:
    resource, inputs = workspace(arm)
    error = {"code": "AuthorizationFailed", "message": "The client does not\nhave authorization."}
    arm.next = [httpx.Response(403, json={"error": error})]
    with pytest.raises(RefusedError) as caught:
        resource.create(inputs)
    assert str(caught.value) == (
        'Status=403 Code="AuthorizationFailed" Message="The client does not have authorization."'
    )


def test_a_resource_provider_that_is_not_registered_is_registered(arm: FakeArm) -> None:
    resource, inputs = workspace(arm)
    error = {"code": "MissingSubscriptionRegistration", "message": "not registered"}
    arm.next = [
        httpx.Response(409, json={"error": error}),
        httpx.Response(200, json={"registrationState": "Registering"}),
    ]
    path = "/subscriptions/s/providers/microsoft.operationalinsights"
    arm.resources[path] = {"registrationState": "Registered"}
    resource.create(inputs)
    assert f"POST {path}/register?api-version=2019-05-01".lower() in map(str.lower, arm.calls)
    assert arm.waits == [1]


def operation(http_status: int, **body: Any) -> httpx.Response:
    return httpx.Response(http_status, json=body, headers={"retry-after-ms": "50"})


def test_a_long_write_is_polled_until_it_ends(arm: FakeArm) -> None:
    resource, inputs = workspace(arm)
    address = {"Azure-AsyncOperation": f"{BASE}/operations/1", "retry-after-ms": "50"}
    arm.next = [httpx.Response(201, json={"id": WORKSPACE_ID}, headers=address)]
    arm.operations = [operation(200, status="InProgress"), operation(200, status="Succeeded")]
    arm.after_operations = {ID_IN_LOWER_CASE: {"id": WORKSPACE_ID, "name": "w", "etag": "1"}}
    state = resource.create(inputs)
    assert arm.waits == [0.05, 0.05]
    assert state.id == WORKSPACE_ID
    assert state.outputs["etag"] == "1"


def test_a_long_write_that_fails_keeps_what_was_made(arm: FakeArm) -> None:
    resource, inputs = workspace(arm)
    address = {"Azure-AsyncOperation": f"{BASE}/operations/1"}
    made = {"id": WORKSPACE_ID, "name": "w", "properties": {"provisioningState": "Creating"}}
    arm.next = [httpx.Response(201, json=made, headers=address)]
    error = {"code": "Conflict", "message": "name is taken"}
    arm.operations = [operation(200, status="Failed", error=error)]
    with pytest.raises(PartialError, match='Code="Conflict" Message="name is taken"') as caught:
        resource.create(inputs)
    assert caught.value.id == WORKSPACE_ID
    assert caught.value.outputs["name"] == "w"


def test_a_delete_is_polled_at_its_location_until_it_ends(arm: FakeArm) -> None:
    resource, inputs = workspace(arm)
    state = resource.create(inputs)
    arm.next = [httpx.Response(202, headers={"Location": f"{BASE}/operations/2"})]
    arm.operations = [operation(202), operation(200)]
    resource.delete(state.id, {})
    assert arm.operations == []
    assert arm.waits == [1, 0.05]


def test_the_poll_address_must_be_the_services_own(arm: FakeArm) -> None:
    resource, inputs = workspace(arm)
    state = resource.create(inputs)
    arm.next = [httpx.Response(202, headers={"Location": "https://example.com/operations/2"})]
    with pytest.raises(PluginError, match="the token stays here"):
        resource.delete(state.id, {})


def test_deleting_what_is_gone_is_a_success(arm: FakeArm) -> None:
    resource, _ = workspace(arm)
    resource.delete(WORKSPACE_ID, {})
    assert len(arm.calls) == 1


def test_a_resource_that_is_still_being_made_is_waited_for(arm: FakeArm) -> None:
    resource, inputs = workspace(arm)
    reads = iter(["Creating", "Updating", "Succeeded"])
    plain = arm.resource

    def slow(request: httpx.Request, path: str) -> httpx.Response:
        answer = plain(request, path)
        if request.method == "GET" and answer.status_code == 200:
            body = {**answer.json(), "properties": {"provisioningState": next(reads)}}
            return httpx.Response(200, json=body)
        return answer

    arm.resource = slow  # type: ignore[method-assign]
    assert resource.create(inputs).outputs["provisioningState"] == "Succeeded"
    assert len(arm.waits) == 2


def test_a_change_at_the_service_shows_as_drift_and_its_defaults_do_not(arm: FakeArm) -> None:
    resource, inputs = workspace(arm, retentionInDays=31)
    state = resource.create(inputs)
    held = arm.resources[state.id.lower()]
    held["properties"].update(retentionInDays=30, customerId="c")
    held["tags"] = {"by": "policy"}
    read = resource.read(state.id, inputs, state.outputs)
    assert read is not None
    assert read.inputs == {**inputs, "retentionInDays": 30, "tags": {"by": "policy"}}
    assert read.outputs["customerId"] == "c"
    again = resource.read(state.id, read.inputs, read.outputs)
    assert again is not None
    assert again.inputs == read.inputs


def test_what_is_gone_reads_as_gone(arm: FakeArm) -> None:
    resource, inputs = workspace(arm)
    assert resource.read(WORKSPACE_ID, inputs, {"name": "w"}) is None


def test_a_resource_can_be_imported_by_its_id(arm: FakeArm) -> None:
    resource, inputs = workspace(arm, retentionInDays=31)
    resource.create(inputs)
    arm.resources[ID_IN_LOWER_CASE]["properties"]["provisioningState"] = "Succeeded"
    read = resource.read(WORKSPACE_ID, {}, {})
    assert read is not None
    assert read.inputs == inputs


def test_an_id_of_another_type_cannot_be_imported(arm: FakeArm) -> None:
    arm.resources["/providers/x/y/z"] = {"id": "z"}
    resource, _ = workspace(arm)
    with pytest.raises(PluginError, match=r"is not of the form .*workspaceName"):
        resource.read("/providers/x/y/z", {}, {})


def test_a_name_that_is_left_out_is_made_up_once_and_kept(arm: FakeArm) -> None:
    resource = ArmResource(RESOURCE_GROUP, arm.open("westeurope"))
    first = inputs_of(resource)
    assert first["resourceGroupName"].startswith("log")
    assert len(first["resourceGroupName"]) == len("log") + 8
    assert inputs_of(resource)["resourceGroupName"] != first["resourceGroupName"]
    assert inputs_of(resource, first) == first


def test_auto_naming_that_is_switched_off_asks_for_a_name(arm: FakeArm) -> None:
    resource = ArmResource(RESOURCE_GROUP, arm.open("westeurope"))
    _, (problem,) = resource.settle({}, {}, Naming("log", allowed=False))
    assert problem.name == "resourceGroupName"


def test_the_location_comes_from_the_setting_or_from_the_resource_group(arm: FakeArm) -> None:
    given: Properties = {"resourceGroupName": "rg", "workspaceName": "w"}
    assert inputs_of(ArmResource(WORKSPACE, arm.open("norwayeast")), **given)["location"] == (
        "norwayeast"
    )
    arm.resources[GROUP_ID.lower()] = {"id": GROUP_ID, "location": "swedencentral"}
    resource = ArmResource(WORKSPACE, arm.open())
    assert inputs_of(resource, **given)["location"] == "swedencentral"
    assert inputs_of(resource, resourceGroupName=UNKNOWN, workspaceName="w")["location"] is UNKNOWN


def test_a_preview_says_unknown_for_what_only_azure_knows(arm: FakeArm) -> None:
    resource, inputs = workspace(arm)
    outputs = resource.preview(inputs, None)
    assert outputs["customerId"] is UNKNOWN
    assert outputs["name"] == "w"
    assert arm.calls == []
    old = {"name": "w", "type": "T", "location": "westeurope", "customerId": "c"}
    assert resource.preview(inputs, old)["type"] == "T"


def test_one_location_can_be_written_in_two_ways() -> None:
    location = WORKSPACE.record().fields["location"]
    assert location.same("West Europe", "westeurope")
    assert not location.same("West Europe", "northeurope")


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=lambda found: found.token)
def test_name_group_and_location_replace_and_nothing_else_does(description: Description) -> None:
    replaced = {name for name, field in description.record().fields.items() if field.replaces}
    expected = {description.name, "resourceGroupName", "location"} & set(
        description.record().fields
    )
    assert replaced == expected


def test_the_tenant_level_setting_needs_no_subscription_or_location(arm: FakeArm) -> None:
    resource = ArmResource(DIAGNOSTIC_SETTING, arm.open())
    logs = [{"category": "SignInLogs", "enabled": True}]
    state = resource.create(inputs_of(resource, name="break-glass", workspaceId="w", logs=logs))
    assert state.id == "/providers/microsoft.aadiam/diagnosticSettings/break-glass"
    assert arm.bodies == [{"properties": {"workspaceId": "w", "logs": logs}}]


def test_an_action_group_gets_its_defaults(arm: FakeArm) -> None:
    resource = ArmResource(ACTION_GROUP, arm.open("westeurope"))
    receiver = {"name": "n", "emailAddress": "a@example.com"}
    inputs = inputs_of(
        resource, resourceGroupName="rg", groupShortName="bg", emailReceivers=[receiver]
    )
    assert inputs["enabled"] is True
    assert inputs["emailReceivers"] == [{**receiver, "useCommonAlertSchema": False}]


def test_a_tenant_that_the_login_does_not_know_is_said() -> None:
    client = httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(400, json={"error": "invalid"}))
    )
    settings = Settings("localhost:8443", "t", "c", SECRET, "s")
    with pytest.raises(PluginError, match="cannot sign in to tenant t") as caught:
        Arm.open(settings, Endpoints(BASE, BASE, BASE, "https://arm"), client, Waits())
    assert SECRET not in str(caught.value)
