"""Sign-ins on the seed tenant: the answer, what the platform asks, and the row in the logs."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from sandbox.tenant.access.sign_ins import SignInRequest, sign_in
from sandbox.tenant.directory.passwords import hash_secret
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.tenant import Tenant
from tests.sandbox.seed_tenant import StillClock, seed

ADMINISTRATOR = "adm.aisha.rahman@contoso.onmicrosoft.com"
EMPLOYEE = "amelia.clarke@contoso.com"
GUEST = "marcus_adeyemi-audit.co.uk#EXT#@contoso.onmicrosoft.com"
FORMER = "beatriz.romero@contoso.com"
PASSWORD = "Correct-Horse-7-Battery"
GROUP = "7c1d7b0e-3c52-4e0b-9a7f-0b1f5a3d9e42"
EMERGENCY = "wren.hollow@contoso.onmicrosoft.com"


class Recorder:
    """Takes the rows of sign-ins in place of the tenant's logs."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, dict[str, Any]]] = []

    def emit(self, category: str, row: dict[str, Any]) -> None:
        if category != "AuditLogs":
            self.rows.append((category, row))


def tenant_with_emergency_account(**document: Any) -> tuple[Tenant, Recorder]:
    """The seed with an account whose group is excluded from every policy that is for users."""
    whole = seed() | document
    user_id = "0d2f6f7e-8f0e-4a3e-9d8e-1c9f0a5b7c33"
    whole["users"].append(
        {
            "id": user_id,
            "displayName": "Wren Hollow",
            "userPrincipalName": EMERGENCY,
            "mailNickname": "wren.hollow",
            "passwordHash": hash_secret(PASSWORD),
        }
    )
    whole["groups"].append(
        {"id": GROUP, "displayName": "BTG Admins", "isAssignableToRole": True, "members": [user_id]}
    )
    whole["roleAssignments"].append(
        {
            "id": "6b0c7a55-41de-4e0c-8a4c-6f0d0f2f6f11",
            "principalId": user_id,
            "roleDefinitionId": "62e90394-69f5-4237-9190-012177145e10",
        }
    )
    for policy in whole["conditionalAccessPolicies"]:
        policy["conditions"]["users"]["excludeGroups"].append(GROUP)
    tenant = Tenant.from_document(whole, StillClock())
    recorder = Recorder()
    tenant.logs.emit = recorder.emit  # pyright: ignore[reportAttributeAccessIssue]
    return tenant, recorder


def answer(tenant: Tenant, user: str, **facts: Any) -> dict[str, Any]:
    return sign_in(tenant, SignInRequest.model_validate({"user": user, **facts}))


def test_no_policy_applies_to_an_excluded_account_and_the_platform_is_told_apart() -> None:
    tenant, _ = tenant_with_emergency_account()
    found = answer(tenant, EMERGENCY, password=PASSWORD)
    assert found["decision"] == "allowed"
    assert found["policiesApplied"] == []
    assert found["notEvaluated"] == []
    assert len(found["policies"]) == 19
    assert "a password alone is not enough" in found["platformAsks"]
    assert "passkey (FIDO2)" in found["platformAsks"]
    assert found["resultType"] == "50072"


def test_with_its_passkey_the_account_is_in() -> None:
    tenant, recorder = tenant_with_emergency_account()
    found = answer(tenant, EMERGENCY, method="fido2")
    assert (found["decision"], found["resultType"]) == ("allowed", "0")
    assert found["platformAsks"] is None
    assert recorder.rows[0][1]["AuthenticationRequirement"] == "multiFactorAuthentication"


def test_outside_the_guarded_portals_the_platform_asks_for_nothing() -> None:
    tenant, _ = tenant_with_emergency_account()
    found = answer(tenant, EMERGENCY, app="One Outlook Web", password=PASSWORD)
    assert (found["platformAsks"], found["resultType"]) == (None, "0")


def test_command_line_tools_sign_in_with_a_password_and_the_platform_stops_their_writes() -> None:
    tenant, _ = tenant_with_emergency_account()
    found = answer(tenant, EMERGENCY, app="Microsoft Azure CLI", password=PASSWORD)
    assert "create, update and delete" in found["platformAsks"]
    assert (found["decision"], found["resultType"]) == ("allowed", "0")


def test_an_ordinary_administrator_is_asked_for_mfa_by_named_policies() -> None:
    tenant, _ = tenant_with_emergency_account()
    found = answer(tenant, ADMINISTRATOR)
    assert (found["decision"], found["resultType"]) == ("mfa", "50074")
    applied = {p["displayName"][:5]: p["grantControls"] for p in found["policiesApplied"]}
    assert applied["CA001"] == ["mfa"]
    assert applied["CA016"] == ["authenticationStrength"]
    assert {p["result"] for p in found["policies"]} == {
        "applied",
        "notApplied",
        "reportOnly",
        "disabled",
    }
    assert all(p["reason"] for p in found["policies"])


def test_a_policy_that_blocks_everybody_stops_the_emergency_account_until_it_is_excluded() -> None:
    tenant, recorder = tenant_with_emergency_account()
    area = tenant.conditional_access
    made = area.create_policy(
        {
            "displayName": "Block everybody",
            "state": "enabled",
            "conditions": {
                "users": {"includeUsers": ["All"]},
                "applications": {"includeApplications": ["All"]},
            },
            "grantControls": {"operator": "OR", "builtInControls": ["block"]},
        }
    )
    stopped = answer(tenant, EMERGENCY, method="fido2")
    assert (stopped["decision"], stopped["resultType"]) == ("blocked", "53003")
    assert [p["displayName"] for p in stopped["policiesApplied"]] == ["Block everybody"]
    assert recorder.rows[0][1]["ConditionalAccessStatus"] == "failure"

    area.update_policy(made["id"], {"conditions": {"users": {"excludeGroups": [GROUP]}}})
    assert answer(tenant, EMERGENCY, method="fido2")["resultType"] == "0"


@pytest.mark.parametrize(
    ("user", "facts", "result"),
    [
        (EMERGENCY, {"password": "Wrong-Horse-7-Battery"}, "50126"),
        (EMERGENCY, {"success": False}, "50126"),
        (FORMER, {}, "50057"),
        (EMPLOYEE, {"location": "BR", "mfa": True}, "53003"),
        ("peter.hughes@contoso.com", {"app": "OfficeHome", "mfa": True}, "53000"),
        (EMPLOYEE, {"app": "OfficeHome", "interactive": False}, "50076"),
    ],
)
def test_a_sign_in_that_fails_is_told_by_its_code_and_logged(
    user: str, facts: dict[str, Any], result: str
) -> None:
    tenant, recorder = tenant_with_emergency_account()
    found = answer(tenant, user, **facts)
    assert found["resultType"] == result
    ((_, row),) = recorder.rows
    assert (row["ResultType"], row["ResultSignature"]) == (result, "FAILURE")
    assert row["ResultDescription"]
    assert row["UserId"] == found["userId"]


def test_the_row_says_who_where_what_and_how() -> None:
    tenant, recorder = tenant_with_emergency_account()
    place = {"ip": "203.0.113.9", "country": "gb"}
    found = answer(tenant, "conor.o'sullivan@contoso.com", mfa=True, location=place)
    ((category, row),) = recorder.rows
    assert (category, found["table"]) == ("SignInLogs", "SigninLogs")
    assert found["row"] == row
    expected = {
        "UserPrincipalName": "conor.o'sullivan@contoso.com",
        "UserDisplayName": "Conor O'Sullivan",
        "AppDisplayName": "Azure Portal",
        "AppId": "c44b4083-3bb0-49c1-b47d-974e53cbdf3c",
        "ResourceDisplayName": "Windows Azure Service Management API",
        "IPAddress": "203.0.113.9",
        "Location": "GB",
        "ClientAppUsed": "Browser",
        "IsInteractive": True,
        "ResultType": "0",
        "ConditionalAccessStatus": "success",
        "AuthenticationRequirement": "multiFactorAuthentication",
    }
    assert {key: row[key] for key in expected} == expected
    results = {p["displayName"][:5]: p["result"] for p in row["ConditionalAccessPolicies"]}
    assert results["CA001"] == "success"
    assert results["CA009"] == "notApplied"
    assert results["CA012"] == "reportOnlySuccess"
    assert results["CA017"] == "notEnabled"


@pytest.mark.parametrize("name", [EMERGENCY, GUEST])
def test_a_user_principal_name_is_found_in_any_case_and_logged_in_lower_case(name: str) -> None:
    tenant, recorder = tenant_with_emergency_account()
    answer(tenant, name.upper())
    assert recorder.rows[0][1]["UserPrincipalName"] == name.lower()


def test_an_invited_guest_is_held_against_the_policies_for_guests() -> None:
    tenant, _ = tenant_with_emergency_account()
    applied = answer(tenant, GUEST, app="OfficeHome")["policiesApplied"]
    assert "CA005" in {policy["displayName"][:5] for policy in applied}


def test_non_interactive_sign_ins_go_to_their_own_table_with_objects_as_text() -> None:
    tenant, recorder = tenant_with_emergency_account()
    found = answer(tenant, EMERGENCY, method="fido2", interactive=False)
    ((category, row),) = recorder.rows
    assert category == "NonInteractiveUserSignInLogs"
    assert found["table"] == "AADNonInteractiveUserSignInLogs"
    assert row["IsInteractive"] is False
    assert len(json.loads(row["ConditionalAccessPolicies"])) == 19


@pytest.mark.parametrize("interactive", [True, False])
def test_the_tenants_real_logs_take_the_row(interactive: bool) -> None:
    tenant = Tenant.from_document(seed(), StillClock())
    assert answer(tenant, EMPLOYEE, interactive=interactive)["row"]["UserId"]


def test_with_security_defaults_administrators_do_mfa_and_no_policy_is_asked() -> None:
    tenant, _ = tenant_with_emergency_account(securityDefaults={"isEnabled": True})
    found = answer(tenant, EMERGENCY, app="OfficeHome")
    assert (found["decision"], found["policies"]) == ("mfa", [])
    assert found["platformAsks"].startswith("Security defaults are on")
    assert answer(tenant, EMERGENCY, app="OfficeHome", method="fido2")["decision"] == "allowed"
    assert answer(tenant, EMPLOYEE, app="OfficeHome")["decision"] == "allowed"
    assert answer(tenant, EMPLOYEE, app="OfficeHome", clientApp="other")["decision"] == "blocked"


@pytest.mark.parametrize(
    ("user", "facts", "named"),
    [("nobody@contoso.com", {}, "nobody"), (EMPLOYEE, {"app": "Azure Portl"}, "Azure Portal")],
)
def test_an_unknown_user_or_app_is_refused_by_name(
    user: str, facts: dict[str, Any], named: str
) -> None:
    tenant, recorder = tenant_with_emergency_account()
    with pytest.raises(ServiceError, match=named) as caught:
        answer(tenant, user, **facts)
    assert caught.value.status == 404
    assert recorder.rows == []


def test_a_password_is_neither_in_the_answer_nor_in_an_error() -> None:
    tenant, recorder = tenant_with_emergency_account()
    found = answer(tenant, EMERGENCY, password=PASSWORD)
    assert PASSWORD not in json.dumps([found, recorder.rows])
    request = SignInRequest(user=EMERGENCY, password=PASSWORD)
    assert PASSWORD not in repr(request)
    with pytest.raises(ValidationError) as caught:
        SignInRequest.model_validate({"user": EMERGENCY, "password": [PASSWORD]})
    assert PASSWORD not in str(caught.value)
