"""Long-running operations: their duration, their failures, both ways of polling, a restart."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.api.server import TenantServer
from sandbox.tenant.azure.ids import ResourceId
from sandbox.tenant.directory.applications import AzureRole
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.tenant import Tenant
from tests.sandbox.arm_manager import ACTION_GROUP, GROUP, WORKSPACE, Manager
from tests.sandbox.seed_tenant import StillClock
from tests.sandbox.watched_tenant import action_group_body
from tests.support.tenant import object_id, small_document

SUBSCRIPTION = object_id("subscription")
WORKSPACE_ID = ResourceId(
    "Microsoft.OperationalInsights", "workspaces", "log-Watch", SUBSCRIPTION, "rg-Watch"
)
PLACE = {"location": "westeurope"}


@pytest.fixture
def slow(manager: Manager, control: httpx.Client) -> Manager:
    """A tenant with a resource group, in which operations take 40 seconds from now on."""
    manager.make(GROUP, PLACE)
    turn(control, operationSeconds=40)
    return manager


def turn(control: httpx.Client, **knobs: Any) -> None:
    control.patch("/sandbox/behaviour", json=knobs).raise_for_status()


def advance(control: httpx.Client, seconds: float) -> None:
    control.post("/sandbox/clock", json={"advanceSeconds": seconds}).raise_for_status()


def state(manager: Manager, path: str) -> str:
    return manager.ask("GET", path).json()["properties"]["provisioningState"]


def test_a_new_workspace_is_polled_both_ways_until_it_is_there(
    slow: Manager, control: httpx.Client
) -> None:
    answer = slow.ask("PUT", WORKSPACE, PLACE)
    assert answer.status_code == 201
    assert answer.json()["properties"]["provisioningState"] == "Creating"
    assert answer.headers["Retry-After"] == "15"
    status, result = (answer.headers[name] for name in ("Azure-AsyncOperation", "Location"))
    assert slow.http.get(status).json()["status"] == "InProgress"
    assert slow.http.get(result).status_code == 202
    assert state(slow, WORKSPACE) == "Creating"
    advance(control, 39.5)
    waiting = slow.http.get(status)
    assert 50 <= int(waiting.headers["retry-after-ms"]) <= 500
    assert "Retry-After" not in waiting.headers
    advance(control, 0.5)
    assert slow.http.get(status).json()["status"] == "Succeeded"
    assert slow.http.get(result).json()["id"] == WORKSPACE
    assert state(slow, WORKSPACE) == "Succeeded"


def test_an_accepted_operation_may_fail(slow: Manager, control: httpx.Client) -> None:
    turn(control, failedOperationShare=1)
    answer = slow.ask("PUT", WORKSPACE, PLACE)
    assert answer.status_code == 201
    advance(control, 40)
    ended = slow.http.get(answer.headers["Azure-AsyncOperation"])
    assert (ended.status_code, ended.json()["status"]) == (200, "Failed")
    assert set(ended.json()["error"]) == {"code", "message"}
    assert state(slow, WORKSPACE) == "Failed"
    turn(control, failedOperationShare=0)
    assert slow.ask("PUT", WORKSPACE, PLACE).status_code == 200
    assert state(slow, WORKSPACE) == "Succeeded"


def test_a_group_is_there_until_its_deletion_ends_and_takes_no_writes(
    slow: Manager, control: httpx.Client
) -> None:
    slow.make(ACTION_GROUP, action_group_body())
    answer = slow.ask("DELETE", GROUP)
    assert answer.status_code == 202
    assert "Azure-AsyncOperation" not in answer.headers
    assert slow.http.get(answer.headers["Location"]).status_code == 202
    assert state(slow, GROUP) == "Deleting"
    assert slow.ask("GET", ACTION_GROUP).status_code == 200
    for path, body in ((GROUP, PLACE), (ACTION_GROUP, action_group_body())):
        assert slow.refused("PUT", path, body) == (409, "ResourceGroupBeingDeleted")
    again = slow.ask("DELETE", GROUP)
    assert again.headers["Location"] == answer.headers["Location"]
    advance(control, 40)
    assert slow.http.get(answer.headers["Location"]).status_code == 200
    assert slow.refused("GET", GROUP) == (404, "ResourceGroupNotFound")
    assert slow.refused("GET", ACTION_GROUP) == (404, "ResourceGroupNotFound")


def test_a_deletion_that_fails_leaves_the_group_as_it_was(
    slow: Manager, control: httpx.Client
) -> None:
    turn(control, failedOperationShare=1)
    answer = slow.ask("DELETE", GROUP)
    advance(control, 40)
    ended = slow.http.get(answer.headers["Location"])
    assert (ended.status_code, ended.json()["error"]["code"]) == (
        409,
        "ResourceGroupDeletionBlocked",
    )
    assert state(slow, GROUP) == "Succeeded"
    assert slow.ask("PUT", GROUP, PLACE).status_code == 200


def test_an_operation_survives_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "tenant.json"
    clock = StillClock()
    before = Tenant.from_document(small_document(), clock, {"operationSeconds": 40})
    before.azure.put_group(SUBSCRIPTION, "rg-Watch", PLACE)
    made = before.azure.put(WORKSPACE_ID, PLACE, "2023-09-01", "app")
    assert made.operation is not None
    deletion = before.azure.delete_group(SUBSCRIPTION, "rg-Watch")
    data.write_text(json.dumps(before.to_document()), "utf-8")
    after = Tenant.from_document(json.loads(data.read_text("utf-8")), clock)
    operations = after.azure.operations
    assert operations.seconds_left(operations.get(made.operation.id)) == 40
    assert after.azure.group(SUBSCRIPTION, "rg-Watch")["properties"] == {
        "provisioningState": "Deleting"
    }
    clock.advance(40)
    assert operations.seconds_left(operations.get(deletion.id)) == 0
    with pytest.raises(ServiceError, match="ResourceGroupNotFound"):
        after.azure.group(SUBSCRIPTION, "rg-Watch")
    (kept,) = after.azure.deleted_workspaces.below(f"/subscriptions/{SUBSCRIPTION}")
    assert kept["name"] == "log-Watch"


def test_the_same_seed_fails_the_same_operations() -> None:
    def failures(seed: int) -> list[bool]:
        knobs = {"randomSeed": seed, "failedOperationShare": 0.5}
        operations = Tenant.from_document(small_document(), StillClock(), knobs).azure.operations
        return [operations.start(f"/{number}", "Creating").fails for number in range(20)]

    assert failures(1) == failures(1) != failures(2)
    assert 0 < sum(failures(1)) < 20


def test_an_operation_that_nobody_started_is_not_found(manager: Manager) -> None:
    manager.make(GROUP, PLACE)
    location = manager.ask("PUT", WORKSPACE, PLACE).headers["Location"]
    assert manager.http.get(location).status_code == 200
    unknown = location.replace("operationResults/", "operationResults/0")
    assert manager.http.get(unknown).status_code == 404


def test_an_operation_is_polled_only_by_who_may_read_its_resource(
    slow: Manager, tenant_server: TenantServer
) -> None:
    creation = slow.ask("PUT", WORKSPACE, PLACE)
    polled = [creation.headers[name] for name in ("Azure-AsyncOperation", "Location")]
    polled.append(slow.ask("DELETE", GROUP).headers["Location"])
    app = tenant_server.world.default.apps.all()[0]
    app.azure_roles = [AzureRole(scope=f"{GROUP}-other", role="Owner")]
    assert [slow.http.get(url).status_code for url in polled] == [403, 403, 403]
    app.azure_roles = [AzureRole(scope=GROUP, role="Reader")]
    assert [slow.http.get(url).status_code for url in polled] == [200, 202, 202]
