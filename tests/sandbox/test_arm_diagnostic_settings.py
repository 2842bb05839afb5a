"""The tenant's own diagnostic settings, which belong to no subscription."""

from typing import Any

import pytest

from tests.sandbox.arm_manager import SETTINGS, WORKSPACE, Manager, setting


def test_a_diagnostic_setting_of_the_tenant_is_made_read_listed_and_deleted(
    estate: Manager,
) -> None:
    path = f"{SETTINGS}/break-glass"
    made = estate.make(path, setting("SignInLogs", "AuditLogs"))
    assert made["id"].lower() == path.lower()
    assert made["properties"]["workspaceId"] == WORKSPACE
    assert [log["category"] for log in made["properties"]["logs"]] == ["SignInLogs", "AuditLogs"]
    assert estate.ask("GET", path.upper().replace("/PROVIDERS", "/providers")).json() == made
    assert estate.ask("GET", SETTINGS).json()["value"] == [made]
    assert estate.ask("DELETE", path).status_code == 200
    assert estate.refused("GET", path) == (404, "ResourceNotFound")


def test_a_category_reaches_a_sink_through_one_setting_only(estate: Manager) -> None:
    estate.make(f"{SETTINGS}/security", setting("SignInLogs"))
    path = f"{SETTINGS}/break-glass"
    answer = estate.ask(
        "PUT", path, setting("AuditLogs", "SignInLogs", workspace=WORKSPACE.upper())
    )
    assert answer.status_code == 409
    message = answer.json()["error"]["message"]
    assert "is already used in diagnostic setting 'security' for category 'SignInLogs'" in message
    assert estate.refused("GET", path) == (404, "ResourceNotFound")
    assert estate.make(path, setting("AuditLogs"))["name"] == "break-glass"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (setting("SigninLogs2"), 400, "BadRequest"),
        (setting(workspace=""), 400, "BadRequest"),
        (setting(workspace=WORKSPACE + "2"), 404, "ResourceNotFound"),
    ],
)
def test_a_diagnostic_setting_is_checked(
    estate: Manager, body: dict[str, Any], status: int, code: str
) -> None:
    assert estate.refused("PUT", f"{SETTINGS}/x", body) == (status, code)


def test_a_tenant_has_five_diagnostic_settings_at_most(estate: Manager) -> None:
    for number in range(5):
        workspace = f"{WORKSPACE}-{number}"
        estate.make(workspace, {"location": "westeurope"})
        estate.make(f"{SETTINGS}/s{number}", setting("AuditLogs", workspace=workspace))
    assert estate.refused("PUT", f"{SETTINGS}/s5", setting("AuditLogs")) == (409, "Conflict")
