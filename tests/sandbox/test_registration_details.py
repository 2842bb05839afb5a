"""The report of registered authentication methods."""

from typing import Any

from tests.sandbox.permission_table_accounts import METHODS, method
from tests.support.tenant import JSON, graph, object_id, passkey, running_tenant, small_document

REPORT = "/v1.0/reports/authenticationMethods/userRegistrationDetails"
EVE, ADA = object_id("users/eve"), object_id("users/ada")


def document(**changes: Any) -> JSON:
    made = small_document()
    made["apps"][0]["graphPermissions"].append("AuditLog.Read.All")
    made["authenticationMethods"] = [passkey(EVE), passkey(ADA)]
    return made | changes


def report(found: JSON, query: str = "") -> dict[str, JSON]:
    with running_tenant(found) as server, graph(server) as client:
        rows = client.get(REPORT + query).raise_for_status().json()["value"]
    return {row["id"]: row for row in rows}


def test_a_passkey_is_listed_as_bound_to_its_device() -> None:
    rows = report(document())
    eve = rows[EVE]
    assert eve["methodsRegistered"] == ["passKeyDeviceBound"]
    assert (eve["isMfaRegistered"], eve["isMfaCapable"], eve["isPasswordlessCapable"]) == (
        True,
    ) * 3
    assert (eve["isAdmin"], rows[ADA]["isAdmin"]) == (False, True)
    assert eve["userPrincipalName"] == "eve@fabrikam.onmicrosoft.com"
    bo = rows[object_id("users/bo")]
    assert bo["methodsRegistered"] == []
    assert (bo["isMfaRegistered"], bo["isMfaCapable"], bo["isPasswordlessCapable"]) == (False,) * 3


def test_disabled_accounts_have_no_row() -> None:
    rows = report(document())
    assert object_id("users/old") not in rows
    assert len(rows) == len(small_document()["users"]) - 1


def test_a_method_that_the_tenant_does_not_allow_is_registered_and_of_no_use() -> None:
    refused = document(authenticationMethodsPolicy={"Fido2": {"state": "disabled"}})
    eve = report(refused)[EVE]
    assert eve["isMfaRegistered"]
    assert not eve["isMfaCapable"]


def test_the_report_can_be_filtered() -> None:
    assert set(report(document(), "?$filter=isMfaRegistered eq true")) == {EVE, ADA}


def test_the_report_needs_its_permission_and_a_licence() -> None:
    without = document()
    without["apps"][0]["graphPermissions"].remove("AuditLog.Read.All")
    for found, code in (
        (without, "Authorization_RequestDenied"),
        (document(subscribedSkus=[]), "Authentication_RequestFromNonPremiumTenantOrB2CTenant"),
    ):
        with running_tenant(found) as server, graph(server) as client:
            answer = client.get(REPORT)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, code)


def test_other_methods_have_the_report_s_own_names() -> None:
    made = document()
    made["authenticationMethods"] = [
        *(method(kind, EVE) for kind in METHODS),
        method("email", ADA),
    ]
    rows = report(made)
    assert rows[EVE]["methodsRegistered"] == [
        *("mobilePhone", "email", "microsoftAuthenticatorPush", "softwareOneTimePasscode"),
        *("windowsHelloForBusiness", "macOsSecureEnclaveKey", "hardwareOneTimePasscode"),
    ]
    capable = ("isMfaRegistered", "isMfaCapable", "isPasswordlessCapable")
    assert [rows[EVE][name] for name in capable] == [True] * 3
    assert rows[ADA]["methodsRegistered"] == ["email"]
    assert [rows[ADA][name] for name in capable] == [False] * 3
