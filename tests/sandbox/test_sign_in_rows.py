"""The rows that sign-ins leave, column by column."""

import json
from typing import Any

import pytest

from sandbox.tenant.access import sign_in_details as details
from sandbox.tenant.access.evaluation import PolicyResult
from sandbox.tenant.access.sign_ins import SignInRequest, sign_in
from sandbox.tenant.tenant import Tenant
from tests.sandbox.seed_tenant import StillClock, seed
from tests.sandbox.signing_in import (
    ADMINISTRATOR,
    EMERGENCY,
    EMPLOYEE,
    GUEST,
    answer,
    tenant_with_emergency_account,
)


def policy_entries(row: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entry["displayName"][:5]: entry for entry in row["ConditionalAccessPolicies"]}


def test_the_row_lists_each_policy_as_the_service_writes_it() -> None:
    tenant, recorder = tenant_with_emergency_account()
    answer(tenant, EMPLOYEE, location="BR", mfa=True, app="OfficeHome")
    entries = policy_entries(recorder.rows[0][1])
    assert entries["CA009"]["result"] == "failure"
    assert entries["CA009"]["enforcedGrantControls"] == ["Block"]
    # application 1, users 2, location 8, the address as Entra sees it 1024
    assert entries["CA009"]["conditionsSatisfied"] == 1035
    assert entries["CA009"]["conditionsNotSatisfied"] == 0
    assert entries["CA003"]["result"] == "notApplied"
    assert entries["CA003"]["enforcedGrantControls"] == ["Block"]
    assert entries["CA003"]["conditionsNotSatisfied"] == 16
    assert entries["CA001"]["conditionsNotSatisfied"] == 2
    assert entries["CA017"] | {"id": "", "displayName": ""} == {
        "id": "",
        "displayName": "",
        "enforcedGrantControls": [],
        "enforcedSessionControls": [],
        "result": "notEnabled",
        "conditionsSatisfied": 0,
        "conditionsNotSatisfied": 0,
    }


def test_the_row_tells_the_steps_of_the_authentication() -> None:
    tenant, recorder = tenant_with_emergency_account()
    answer(tenant, ADMINISTRATOR, password=None)
    answer(tenant, EMERGENCY, password="Wrong-Horse-7-Battery")
    answer(tenant, EMPLOYEE, mfa=True, app="OfficeHome")
    told = [
        [
            (step["authenticationMethod"], step["succeeded"], step["authenticationStepRequirement"])
            for step in json.loads(row["AuthenticationDetails"])
        ]
        for _, row in recorder.rows
    ]
    assert told == [
        [
            ("Password", True, "Primary authentication"),
            ("", False, "Multifactor authentication"),
        ],
        [("Password", False, "Primary authentication")],
        [
            ("Password", True, "Primary authentication"),
            ("Mobile app notification", True, "Multifactor authentication"),
        ],
    ]
    asked_by = [json.loads(row["AuthenticationRequirementPolicies"]) for _, row in recorder.rows]
    assert asked_by[0][0]["requirementProvider"] == "multiConditionalAccess"
    assert asked_by[1] == []


def test_a_device_code_sign_in_shows_its_protocol_and_no_device() -> None:
    tenant, recorder = tenant_with_emergency_account()
    device = {"isCompliant": True, "displayName": "L-1", "trustType": "ServerAD"}
    answer(tenant, EMPLOYEE, device=device)
    answer(tenant, EMPLOYEE, device=device, authenticationFlow="deviceCodeFlow")
    (_, direct), (_, by_code) = recorder.rows
    assert direct["DeviceDetail"]["trustType"] == "Hybrid Azure AD joined"
    assert direct["DeviceDetail"]["isCompliant"] is True
    assert (direct["AuthenticationProtocol"], direct["OriginalTransferMethod"]) == ("none", "none")
    assert by_code["DeviceDetail"]["displayName"] == ""
    assert by_code["AuthenticationProtocol"] == "deviceCode"
    assert by_code["OriginalTransferMethod"] == "deviceCodeFlow"


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


def test_the_tenants_real_logs_take_the_rows_of_passkeys_and_service_principals() -> None:
    tenant = Tenant.from_document(seed(), StillClock())
    found = answer(
        tenant,
        ADMINISTRATOR,
        method="fido2",
        device={"isCompliant": True},
        app="OfficeHome",
        authenticationContext="c1",
    )
    assert len(found["rows"]) == 2
    own = tenant.apps.all()[0].app_id
    found = sign_in(tenant, SignInRequest(service_principal=own))
    assert found["table"] == "AADServicePrincipalSignInLogs"


@pytest.mark.parametrize(
    ("facts", "said", "method"),
    [
        ({"mfa": True}, "MFA completed in Azure AD", "Mobile app notification"),
        ({"method": "password,sms"}, "MFA completed in Azure AD", "Text message"),
        (
            {"method": "fido2"},
            "MFA requirement satisfied by strong authentication",
            "FIDO2 security key",
        ),
        ({}, "MFA required in Azure AD", None),
        (
            {"mfa": True, "interactive": False},
            "MFA requirement satisfied by claim in the token",
            None,
        ),
    ],
)
def test_the_row_tells_what_became_of_multifactor_authentication(
    facts: dict[str, Any], said: str, method: str | None
) -> None:
    tenant, _ = tenant_with_emergency_account()
    row = answer(tenant, EMPLOYEE, app="OfficeHome", **facts)["row"]
    status, detail = row["Status"], row["MfaDetail"]
    if not row["IsInteractive"]:
        status, detail = json.loads(status), json.loads(detail)
    assert status["additionalDetails"] == said
    assert detail.get("authMethod") == method


def test_a_sign_in_without_multifactor_authentication_says_nothing_of_it() -> None:
    tenant, _ = tenant_with_emergency_account()
    row = answer(tenant, EMERGENCY, app="OfficeHome")["row"]
    assert row["Status"] == {"errorCode": 0, "failureReason": "Other."}
    assert row["MfaDetail"] == {}


def test_the_row_tells_place_browser_tenants_and_token() -> None:
    tenant, _ = tenant_with_emergency_account()
    row = answer(tenant, EMERGENCY, app="OfficeHome", location="FR", platform="macOS")["row"]
    assert row["LocationDetails"] == {
        "city": "Paris",
        "state": "Ile-de-France",
        "countryOrRegion": "FR",
        "geoCoordinates": {"latitude": 48.8566, "longitude": 2.3522},
    }
    assert row["DeviceDetail"]["browser"] == "Safari 18.1"
    assert "Macintosh" in row["UserAgent"]
    assert (row["HomeTenantId"], row["ResourceTenantId"]) == (tenant.id, tenant.id)
    other = answer(tenant, EMERGENCY, app="OfficeHome")["row"]
    assert len(row["UniqueTokenIdentifier"]) == 22
    assert row["UniqueTokenIdentifier"] != other["UniqueTokenIdentifier"]


def test_what_is_not_there_stays_empty_in_the_row() -> None:
    tenant, _ = tenant_with_emergency_account()
    facts = {"location": "AQ", "clientApp": "other", "success": False}
    row = answer(tenant, EMPLOYEE, app="OfficeHome", **facts)["row"]
    assert (row["LocationDetails"]["city"], row["LocationDetails"]["geoCoordinates"]) == ("", {})
    assert (row["DeviceDetail"]["browser"], row["UserAgent"]) == ("", "")
    assert row["UniqueTokenIdentifier"] == ""


def test_a_guests_home_tenant_is_another() -> None:
    tenant, _ = tenant_with_emergency_account()
    home = "11111111-2222-4333-8444-555555555555"
    assert answer(tenant, GUEST, app="OfficeHome", homeTenant=home)["row"]["HomeTenantId"] == home
    assert answer(tenant, GUEST, app="OfficeHome")["row"]["HomeTenantId"] == ""


@pytest.mark.parametrize(
    ("condition", "flag"),
    [
        ("application", 1),
        ("userActions", 1),
        ("authenticationContext", 1),
        ("users", 2),
        ("devicePlatform", 4),
        ("location", 1032),
        ("clientApps", 16),
        ("signInRisk", 32),
        ("userRisk", 64),
        ("time", 128),
        ("devices", 256),
        ("workloadIdentities", 8192),
        ("insiderRisk", 0),
    ],
)
def test_conditions_are_written_as_the_flags_of_the_service(condition: str, flag: int) -> None:
    held = PolicyResult(
        "id", "Policy", "enabled", "notApplied", "", condition, satisfied=("users", condition)
    )
    entry = details.policy(held)
    assert entry["conditionsNotSatisfied"] == flag
    met = 0 if condition == "application" else flag | 2
    assert entry["conditionsSatisfied"] == met
