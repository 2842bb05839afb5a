"""Questions to Azure Resource Manager: answers, pages, rights, and what cannot be told."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from entra.errors import IdentityError
from entra.resource_manager import DiagnosticSetting, ResourceManager
from tests.unit.test_identity import identity

GROUP = "/subscriptions/s-1/resourceGroups/rg-x"
WRITE = "microsoft.aadiam/diagnosticSettings/write"


def asking(answer: Callable[[httpx.Request], httpx.Response]) -> ResourceManager:
    transport = httpx.MockTransport(answer)
    return ResourceManager(identity("a token"), transport=transport, sleep=lambda _: None)


def answering(status: int, document: dict[str, Any]) -> ResourceManager:
    return asking(lambda _: httpx.Response(status, json=document))


def test_azure_says_whether_there_is_a_resource() -> None:
    assert answering(404, {}).find(GROUP, api_version="1") is None
    there = {"id": GROUP}
    assert answering(200, there).find(GROUP, api_version="1") == there


@pytest.mark.parametrize("status", [403, 503])
def test_a_look_up_that_fails_is_one_line_and_no_answer(status: int) -> None:
    with pytest.raises(IdentityError, match=str(status)) as caught:
        answering(status, {"error": {"code": "No"}}).find(GROUP, api_version="1")
    assert "\n" not in str(caught.value)


def test_a_listing_is_read_to_its_last_page_and_from_our_host_alone() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        more = {"nextLink": "https://elsewhere.example/things?api-version=1&page=2"}
        page = "page=2" in str(request.url)
        return httpx.Response(200, json={"value": [{"id": page}], **({} if page else more)})

    found = asking(answer).listing("/things", api_version="1")
    assert [one["id"] for one in found] == [False, True]
    assert [httpx.URL(url).host for url in asked] == ["management.azure.com"] * 2


@pytest.mark.parametrize("status", [401, 403])
def test_the_scope_of_the_diagnostic_settings_is_named_when_it_is_closed(status: int) -> None:
    with pytest.raises(
        IdentityError, match=r"'Contributor' at scope '/providers/Microsoft\.aadiam'"
    ):
        answering(status, {"error": {}}).diagnostic_settings()


def test_a_diagnostic_setting_tells_where_it_sends_what() -> None:
    logs = [{"category": "SignInLogs", "enabled": True}, {"category": "AuditLogs"}]
    value = [
        {"id": "/x/siem", "name": "siem", "properties": {"workspaceId": "w", "logs": logs}},
        {"name": "archive", "properties": {"storageAccountId": "s", "logs": None}},
    ]
    assert answering(200, {"value": value}).diagnostic_settings() == (
        DiagnosticSetting("/x/siem", "siem", "w", ("SignInLogs",)),
        DiagnosticSetting(
            "/providers/microsoft.aadiam/diagnosticSettings/archive", "archive", None, ()
        ),
    )


@pytest.mark.parametrize(
    ("roles", "may"),
    [
        ([{"actions": ["*"], "notActions": []}], True),
        ([{"actions": ["Microsoft.AADIAM/*"]}], True),
        ([{"actions": ["*/read"]}], False),
        ([{"actions": ["*"], "notActions": ["microsoft.aadiam/*/write"]}], False),
        ([{"actions": ["*/read"]}, {"actions": ["microsoft.aadiam/diagnosticSettings/*"]}], True),
        ([], False),
    ],
)
def test_what_a_role_allows_is_read_with_its_exceptions(
    roles: list[dict[str, Any]], may: bool
) -> None:
    assert answering(200, {"value": roles}).may("/providers/Microsoft.aadiam", WRITE) is may


def test_a_scope_that_tells_no_permissions_is_no_refusal() -> None:
    assert answering(404, {}).may("/providers/Microsoft.aadiam", WRITE) is None


@pytest.mark.parametrize(
    ("state", "registered"),
    [("Registered", True), ("Registering", True), ("NotRegistered", False)],
)
def test_a_provider_that_is_about_to_be_registered_counts(state: str, registered: bool) -> None:
    azure = answering(200, {"registrationState": state})
    assert azure.is_registered("s-1", "Microsoft.Insights") is registered
