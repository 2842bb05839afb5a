"""What an earlier life of the stack left in Azure: taken in again, or left to its owner."""

from typing import Any

import httpx
import pulumi
import pytest

from components.kept_logs import (
    GROUP_TYPE,
    WORKSPACE_TYPE,
    KeptLogs,
    WantedLogs,
    find_kept_logs,
    stack_tags,
)
from components.monitoring_arguments import Notify, SignInMonitoringArgs
from components.sign_in_monitoring import MonitoringTools, SignInMonitoring
from entra.errors import IdentityError
from entra.resource_manager import ResourceManager
from tests.unit.harness import Recording, run_program
from tests.unit.test_identity import identity
from tests.unit.test_monitoring import ACCOUNTS, RECEIVERS

WANTED = WantedLogs("s-1", "rg-x", "log-x", "westeurope")
GROUP = "/subscriptions/s-1/resourceGroups/rg-x"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-x"
GROUP_IN_STATE = {GROUP_TYPE: {"urn:group": {"name": "RG-x"}}}
WORKSPACE_IN_STATE = {WORKSPACE_TYPE: {"urn:workspace": {"name": "log-x"}}}


class Azure:
    """Resources by id, and what was asked for."""

    def __init__(self, **tags_by_kind: dict[str, str]) -> None:
        self.asked: list[str] = []
        self.resources: dict[str, dict[str, Any]] = {}
        for kind, tags in tags_by_kind.items():
            resource_id = {"group": GROUP, "workspace": WORKSPACE}[kind]
            self.resources[resource_id] = {
                "id": resource_id,
                "name": resource_id.rpartition("/")[2],
                "location": "West Europe",
                "tags": tags,
            }

    def find(self, resource_id: str, *, api_version: str) -> dict[str, Any] | None:
        assert api_version
        self.asked.append(resource_id)
        return self.resources.get(resource_id)


def look(azure: Azure, memory: dict[str, dict[str, dict[str, str]]] | None = None) -> KeptLogs:
    """As the stack `prod` of the project `break-glass`."""
    remembered = memory or {}

    def program() -> KeptLogs:
        return find_kept_logs(azure, WANTED, lambda type_: remembered.get(type_, {}))

    return run_program(program).value


def refusal(azure: Azure) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        look(azure)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def ours() -> dict[str, str]:
    return {"cost": "it", **run_program(stack_tags).value}


def test_what_carries_the_stacks_tag_is_taken_in_again() -> None:
    found = look(Azure(group=ours(), workspace=ours()))
    assert found == KeptLogs(GROUP, WORKSPACE)


def test_a_new_subscription_holds_nothing_and_is_asked_once() -> None:
    azure = Azure()
    assert look(azure) == KeptLogs()
    assert azure.asked == [GROUP]


def test_a_workspace_that_is_gone_is_made_anew_in_the_kept_group() -> None:
    assert look(Azure(group=ours())) == KeptLogs(GROUP, None)


def test_what_is_in_state_is_not_looked_for() -> None:
    azure = Azure(group={}, workspace={})
    assert look(azure, {**GROUP_IN_STATE, **WORKSPACE_IN_STATE}) == KeptLogs()
    assert azure.asked == []


def test_each_is_taken_in_by_itself() -> None:
    azure = Azure(group=ours(), workspace=ours())
    assert look(azure, GROUP_IN_STATE) == KeptLogs(None, WORKSPACE)
    assert look(azure, WORKSPACE_IN_STATE) == KeptLogs(GROUP, None)


@pytest.mark.parametrize("tags", [{}, {"break-glass": "break-glass/another"}])
def test_somebody_elses_group_is_named_and_left_alone(tags: dict[str, str]) -> None:
    told = refusal(Azure(group=tags, workspace=ours()))
    assert told.startswith("break-glass:monitoring.resourceGroup.name holds 'rg-x'")
    assert "this stack did not make" in told
    assert "choose another name" in told


def test_somebody_elses_workspace_is_named_and_left_alone() -> None:
    told = refusal(Azure(group=ours(), workspace={}))
    assert told.startswith("break-glass:monitoring.workspace.name holds 'log-x'")


def test_a_resource_without_tags_is_somebody_elses() -> None:
    azure = Azure(group={})
    azure.resources[GROUP]["tags"] = None
    assert "this stack did not make" in refusal(azure)


@pytest.mark.parametrize("change", [{"location": "northeurope"}, {"name": "RG-X"}])
def test_logs_kept_elsewhere_are_not_replaced(change: dict[str, str]) -> None:
    """The engine would replace them: name and region of a resource cannot change."""
    azure = Azure(group=ours())
    azure.resources[GROUP] |= change
    told = refusal(azure)
    assert f"{next(iter(change.values()))!r}" in told
    assert "set both as they are there" in told


def monitoring(kept: dict[str, str]) -> Recording:
    args = SignInMonitoringArgs(ACCOUNTS, location="westeurope", notify=Notify(RECEIVERS))
    tools = MonitoringTools(kept)
    return run_program(lambda: SignInMonitoring("monitoring", args, tools=tools) and None)


def test_kept_logs_are_imported_and_stay_kept() -> None:
    run = monitoring({"resource-group": GROUP, "workspace": WORKSPACE})
    assert run.one("ResourceGroup").import_id == GROUP
    assert run.one("Workspace").import_id == WORKSPACE
    assert run.one("ResourceGroup").retain_on_delete
    assert run.one("Workspace").retain_on_delete


def test_new_logs_carry_the_stacks_tag_and_are_not_imported() -> None:
    run = monitoring({})
    for type_ in ("ResourceGroup", "Workspace"):
        assert run.one(type_).import_id == ""
        assert run.one(type_).inputs["tags"] == run_program(stack_tags).value


def azure_that_answers(status: int, document: dict[str, Any]) -> ResourceManager:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json=document)

    transport = httpx.MockTransport(answer)
    return ResourceManager(identity("a token"), transport=transport, sleep=lambda _: None)


def test_azure_says_whether_there_is_a_resource() -> None:
    assert azure_that_answers(404, {}).find(GROUP, api_version="1") is None
    there = {"id": GROUP}
    assert azure_that_answers(200, there).find(GROUP, api_version="1") == there


@pytest.mark.parametrize("status", [403, 503])
def test_a_look_up_that_fails_is_one_line_and_no_answer(status: int) -> None:
    with pytest.raises(IdentityError, match=str(status)) as caught:
        azure_that_answers(status, {"error": {"code": "No"}}).find(GROUP, api_version="1")
    assert "\n" not in str(caught.value)
