"""Sign-ins on the seed tenant: the answer, what the platform asks, and the row in the logs."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from sandbox.tenant.access.sign_ins import SignInRequest, sign_in
from sandbox.tenant.errors import ServiceError
from tests.sandbox.signing_in import (
    ADMINISTRATOR,
    EMERGENCY,
    EMPLOYEE,
    FORMER,
    GROUP,
    GUEST,
    PASSWORD,
    answer,
    tenant_with_emergency_account,
)
from tests.support.tenant import http, running_tenant


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


def test_with_its_passkey_the_account_is_in_and_the_token_is_logged_as_non_interactive() -> None:
    tenant, recorder = tenant_with_emergency_account()
    found = answer(tenant, EMERGENCY, method="fido2")
    assert (found["decision"], found["resultType"]) == ("allowed", "0")
    assert found["platformAsks"] is None
    assert recorder.rows[0][1]["AuthenticationRequirement"] == "multiFactorAuthentication"
    (first, row), (second, token) = recorder.rows
    assert (first, second) == ("SignInLogs", "NonInteractiveUserSignInLogs")
    assert row["CorrelationId"] == token["CorrelationId"]
    assert row["Id"] != token["Id"]
    assert (row["IsInteractive"], token["IsInteractive"]) == (True, False)
    assert [entry["table"] for entry in found["rows"]] == [
        "SigninLogs",
        "AADNonInteractiveUserSignInLogs",
    ]


def test_a_sign_in_without_a_passkey_or_without_success_leaves_one_row() -> None:
    tenant, recorder = tenant_with_emergency_account()
    answer(tenant, EMPLOYEE, mfa=True, app="OfficeHome")
    answer(tenant, FORMER, method="fido2")
    assert [category for category, _ in recorder.rows] == ["SignInLogs", "SignInLogs"]


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


@pytest.mark.parametrize("name", [EMERGENCY, GUEST])
def test_a_user_principal_name_is_found_in_any_case_and_logged_in_lower_case(name: str) -> None:
    tenant, recorder = tenant_with_emergency_account()
    answer(tenant, name.upper())
    assert recorder.rows[0][1]["UserPrincipalName"] == name.lower()


def test_an_invited_guest_is_held_against_the_policies_for_guests() -> None:
    tenant, _ = tenant_with_emergency_account()
    applied = answer(tenant, GUEST, app="OfficeHome")["policiesApplied"]
    assert "CA005" in {policy["displayName"][:5] for policy in applied}


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


def test_a_service_principal_signs_in_under_its_own_name_and_the_platform_lets_it() -> None:
    tenant, _ = tenant_with_emergency_account()
    own = tenant.apps.all()[0]
    found = sign_in(tenant, SignInRequest(service_principal=own.display_name, app="Azure Portal"))
    assert (found["decision"], found["platformAsks"]) == ("allowed", None)
    assert found["row"]["ServicePrincipalId"] == own.object_id
    assert found["row"]["AppId"] == own.app_id
    assert "UserPrincipalName" not in found["row"]
    with pytest.raises(ServiceError, match="Unknown servicePrincipal 'x'") as caught:
        sign_in(tenant, SignInRequest(service_principal="x"))
    assert caught.value.status == 404


def test_without_the_platforms_own_demand_a_password_opens_the_portal() -> None:
    tenant, _ = tenant_with_emergency_account(behaviour={"platformAsksForMultifactor": False})
    found = answer(tenant, EMERGENCY, password=PASSWORD)
    assert (found["platformAsks"], found["resultType"]) == (None, "0")


def test_a_risky_user_without_methods_may_not_enrol() -> None:
    tenant, _ = tenant_with_emergency_account()
    found = answer(tenant, ADMINISTRATOR, mfaRegistered=False, signInRisk="high")
    assert (found["decision"], found["resultType"]) == ("blocked", "53004")
    assert answer(tenant, ADMINISTRATOR, mfaRegistered=False)["resultType"] == "50072"
    quiet = answer(tenant, ADMINISTRATOR, mfaRegistered=False, interactive=False)
    assert quiet["resultType"] == "50079"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"user": EMPLOYEE, "mfaDone": True}, "mfaDone: Extra inputs are not permitted"),
        ({"user": EMPLOYEE, "clientApp": "edge"}, "clientApp: Input should be 'browser'"),
        ({"user": EMPLOYEE, "method": "carrier pigeon"}, "method: 'carrier pigeon' is no"),
        (
            {"user": EMPLOYEE, "location": "Brazil"},
            "location.country: 'Brazil' is no country code, expected two letters",
        ),
        ({"user": EMPLOYEE, "device": {"trustType": "x"}}, "device.trustType: Input should be"),
        (
            {"user": EMPLOYEE, "device": {"extensionAttributes": {"attribute1": "x"}}},
            "device.extensionAttributes: 'attribute1', expected extensionAttribute1",
        ),
        ({"user": EMPLOYEE, "authenticationContext": "c0"}, "authenticationContext: String"),
        ({"app": "Azure Portal"}, "expected 'user' or 'servicePrincipal', one of them"),
        ({"user": EMPLOYEE, "servicePrincipal": "x"}, "expected 'user' or 'servicePrincipal'"),
    ],
)
def test_a_wrong_body_is_refused_in_one_line_that_names_the_key(
    body: dict[str, Any], said: str
) -> None:
    with running_tenant() as server, http(server) as client:
        refusal = client.post("/sandbox/sign-ins", json=body)
        message = refusal.json()["error"]["message"]
    assert refusal.status_code == 400
    assert message.startswith(f"sign-in request: {said}")
    assert "\n" not in message


def test_the_answer_explains_itself_as_what_if_does() -> None:
    tenant, _ = tenant_with_emergency_account()
    explained = {p["displayName"][:5]: p for p in answer(tenant, EMERGENCY)["policies"]}
    assert {p["policyApplies"] for p in explained.values()} == {False}
    assert explained["CA001"]["analysisReasons"] == "users"
    assert explained["CA017"]["analysisReasons"] == "policyNotEnabled"
    explained = {p["displayName"][:5]: p for p in answer(tenant, ADMINISTRATOR)["policies"]}
    applies = explained["CA001"]
    assert (applies["policyApplies"], applies["analysisReasons"]) == (True, "notSet")
    assert (applies["grantOperator"], applies["grantControls"]) == ("OR", ["mfa"])
    assert explained["CA003"]["analysisReasons"] == "clientApps"
    assert explained["CA003"]["grantControls"] == ["block"]
    assert explained["CA013"]["sessionControls"] == {
        "persistentBrowser": "never",
        "signInFrequency": "every 1 hours",
    }
