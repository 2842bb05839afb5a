"""Graph's What If over HTTP: the documented request and answer, permissions, the request limit."""

from typing import Any

import pytest

from tests.support.tenant import (
    JSON,
    graph,
    object_id,
    running_tenant,
    small_document,
    without_permission,
)

PATH = "/beta/identity/conditionalAccess/evaluate"
USER = {"@odata.type": "#microsoft.graph.userSignIn", "userId": object_id("users/eve")}
SHAREPOINT = {
    "@odata.type": "#microsoft.graph.applicationContext",
    "includeApplications": ["00000003-0000-0ff1-ce00-000000000000"],
}
CONDITIONS: JSON = {"devicePlatform": "windows", "clientAppType": "browser"}


def body(**parts: Any) -> JSON:
    return {
        "signInIdentity": USER,
        "signInContext": SHAREPOINT,
        "signInConditions": CONDITIONS,
        **parts,
    }


def rule(name: str, **parts: Any) -> JSON:
    conditions: JSON = {
        "clientAppTypes": ["all"],
        "applications": {"includeApplications": ["All"]},
        "users": {"includeUsers": ["All"]},
        **parts,
    }
    return {
        "id": object_id(f"policies/{name}"),
        "displayName": name,
        "state": "enabled",
        "conditions": conditions,
        "grantControls": {"operator": "OR", "builtInControls": ["block"]},
    }


def office_365_from_the_states_at_high_risk() -> JSON:
    """The policy of the What If page's table of differences."""
    document = small_document()
    states = object_id("places/us")
    document["namedLocations"] = [
        {
            "@odata.type": "#microsoft.graph.countryNamedLocation",
            "id": states,
            "displayName": "United States",
            "countriesAndRegions": ["US"],
            "includeUnknownCountriesAndRegions": False,
            "countryLookupMethod": "clientIpAddress",
        }
    ]
    document["conditionalAccessPolicies"] = [
        rule(
            "example",
            applications={"includeApplications": ["Office365"]},
            locations={"includeLocations": [states], "excludeLocations": []},
            signInRiskLevels=["high"],
        )
    ]
    return document


def reasons(document: JSON, asked: JSON, path: str = PATH) -> dict[str, str]:
    with running_tenant(document) as server, graph(server) as client:
        answer = client.post(path, json=asked)
        assert answer.status_code == 200, answer.text
        found = answer.json()["value"]
        assert all(p["policyApplies"] == (p["analysisReasons"] == "notSet") for p in found)
        return {p["displayName"]: p["analysisReasons"] for p in found}


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_every_policy_says_whether_it_would_apply_and_why_not(version: str) -> None:
    found = reasons(small_document(), body(), f"/{version}/identity/conditionalAccess/evaluate")
    assert found == {
        "Require MFA for all users": "notSet",
        "Block legacy authentication": "clientApps",
        "Report only: compliant devices": "notSet",
        "Switched off": "policyNotEnabled",
    }


def test_only_the_applied_ones_come_back_when_asked_so_with_the_whole_policy() -> None:
    with running_tenant() as server, graph(server) as client:
        answer = client.post(PATH, json=body(appliedPoliciesOnly=True)).json()
        assert [p["displayName"] for p in answer["value"]] == [
            "Require MFA for all users",
            "Report only: compliant devices",
        ]
        assert answer["@odata.context"] == (
            f"{server.url}/beta/$metadata#Collection(microsoft.graph.whatIfAnalysisResult)"
        )
        listed = client.get("/beta/identity/conditionalAccess/policies").json()["value"][0]
        assert listed.items() <= answer["value"][0].items()


@pytest.mark.parametrize(
    ("target", "conditions", "reason"),
    [
        ("no-such-application", {}, "application"),
        ("00000003-0000-0ff1-ce00-000000000000", {}, "location"),
        ("00000003-0000-0ff1-ce00-000000000000", {"country": "US"}, "signInRisk"),
        (
            "00000003-0000-0ff1-ce00-000000000000",
            {"country": "US", "signInRiskLevel": "high"},
            "notSet",
        ),
        ("Office365", {"country": "US", "signInRiskLevel": "high"}, "application"),
    ],
)
def test_the_pages_own_examples(target: str, conditions: JSON, reason: str) -> None:
    context = {**SHAREPOINT, "includeApplications": [target]}
    asked = body(signInContext=context, signInConditions={**CONDITIONS, **conditions})
    assert reasons(office_365_from_the_states_at_high_risk(), asked) == {"example": reason}


def test_an_authentication_context_and_a_user_action_are_targets_of_their_own() -> None:
    document = small_document()
    document["conditionalAccessPolicies"] = [
        rule("everything"),
        rule("context", applications={"includeAuthenticationContextClassReferences": ["c37"]}),
        rule("action", applications={"includeUserActions": ["urn:user:registersecurityinfo"]}),
    ]
    context = {"@odata.type": "#microsoft.graph.authContext", "authenticationContextValue": "c37"}
    assert reasons(document, body(signInContext=context)) == {
        "everything": "application",
        "context": "notSet",
        "action": "userActions",
    }
    action = {
        "@odata.type": "#microsoft.graph.userActionContext",
        "userAction": "registerSecurityInformation",
    }
    assert reasons(document, body(signInContext=action)) == {
        "everything": "notSet",
        "context": "authenticationContext",
        "action": "notSet",
    }


def test_a_service_principal_and_its_risk() -> None:
    document = small_document()
    own = {"includeServicePrincipals": ["ServicePrincipalsInMyTenant"]}
    nobody = {"includeUsers": ["None"]}
    document["conditionalAccessPolicies"] = [
        rule("workloads", users=nobody, clientApplications=own),
        rule("people"),
    ]
    identity = {
        "@odata.type": "#microsoft.graph.servicePrincipalSignIn",
        "servicePrincipalId": object_id("app/object"),
    }
    assert reasons(document, body(signInIdentity=identity)) == {
        "workloads": "notSet",
        "people": "workloadIdentities",
    }


def test_an_external_user_is_described_by_type_and_tenant() -> None:
    document = small_document()
    partner = object_id("tenants/partner")
    guests = {
        "guestOrExternalUserTypes": "serviceProvider",
        "externalTenants": {
            "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
            "membershipKind": "enumerated",
            "members": [partner],
        },
    }
    document["conditionalAccessPolicies"] = [
        rule("partners", users={"includeGuestsOrExternalUsers": guests})
    ]
    described = {**USER, "externalUserType": "serviceProvider"}
    known = {**described, "externalTenantId": partner}
    assert reasons(document, body(signInIdentity=known)) == {"partners": "notSet"}
    assert reasons(document, body(signInIdentity=described)) == {"partners": "notEnoughInformation"}
    assert reasons(document, body()) == {"partners": "users"}


def test_a_device_is_described_as_filters_know_it() -> None:
    document = small_document()
    device = {"deviceFilter": {"mode": "exclude", "rule": 'device.isCompliant -eq "True"'}}
    joined = {"deviceFilter": {"mode": "exclude", "rule": 'device.trustType -eq "AzureAD"'}}
    document["conditionalAccessPolicies"] = [
        rule("compliant", devices=device),
        rule("joined", devices=joined),
    ]
    info = {"isCompliant": True, "trustType": "EntraID", "systemLabels": ["M365Managed"]}
    asked = body(signInConditions={**CONDITIONS, "deviceInfo": info})
    assert reasons(document, asked) == {"compliant": "devices", "joined": "devices"}
    assert reasons(document, body()) == {"compliant": "notSet", "joined": "notSet"}


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"signInIdentity": {"@odata.type": "#microsoft.graph.userSignin"}}, "signInIdentity"),
        ({"signInContext": {**SHAREPOINT, "includeApplications": []}}, "includeApplications"),
        ({"signInConditions": {"devicePlatform": "amiga"}}, "signInConditions.devicePlatform"),
        ({"signInConditions": {"platform": "windows"}}, "signInConditions.platform"),
        ({"appliedPolicies": True}, "appliedPolicies"),
    ],
)
def test_a_wrong_body_is_refused_by_the_name_of_its_key(parts: JSON, named: str) -> None:
    with running_tenant() as server, graph(server) as client:
        answer = client.post(PATH, json=body(**parts))
        assert answer.status_code == 400
        assert named in answer.json()["error"]["message"]
        assert "\n" not in answer.json()["error"]["message"]


def test_an_unknown_user_is_not_found() -> None:
    with running_tenant() as server, graph(server) as client:
        unknown = {**USER, "userId": object_id("users/nobody")}
        assert client.post(PATH, json=body(signInIdentity=unknown)).status_code == 404


def test_a_caller_without_a_policy_permission_is_refused() -> None:
    document = without_permission(small_document(), "Policy.Read.All")
    with running_tenant(document) as server, graph(server) as client:
        assert client.post(PATH, json=body()).status_code == 200
    document = without_permission(document, "Policy.ReadWrite.ConditionalAccess")
    with running_tenant(document) as server, graph(server) as client:
        assert client.post(PATH, json=body()).status_code == 403


def test_it_counts_against_the_tenants_one_request_a_second() -> None:
    knobs = {"conditionalAccessRequestsPerSecond": 0.001}
    with running_tenant(small_document(), **knobs) as server, graph(server) as client:
        assert client.post(PATH, json=body()).status_code == 200
        assert client.get("/v1.0/identity/conditionalAccess/policies").status_code == 429
        assert client.post(PATH, json=body()).status_code == 429
