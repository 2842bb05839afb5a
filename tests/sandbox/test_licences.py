"""What a tenant's licences open, and how the services refuse without them."""

from typing import Any

import pytest

from sandbox.tenant.azure.diagnostic_settings import may_be_exported
from sandbox.tenant.clock import Clock
from sandbox.tenant.directory.licences import (
    can_export_sign_ins,
    has_conditional_access,
    has_risk_conditions,
    has_workload_identities,
    require_sign_in_report,
)
from sandbox.tenant.directory.store import Directory
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.tenant import Tenant
from tests.support.tenant import graph, object_id, running_tenant, small_document

POLICIES = "/v1.0/identity/conditionalAccess/policies"
LOCATIONS = "/v1.0/identity/conditionalAccess/namedLocations"
NOT_LICENSED = (
    "Your tenant is not licensed for this feature. Please upgrade your subscription to access it."
)
EVERYBODY: dict[str, Any] = {
    "displayName": "Block everybody",
    "state": "enabled",
    "conditions": {
        "users": {"includeUsers": ["All"]},
        "applications": {"includeApplications": ["All"]},
    },
    "grantControls": {"operator": "OR", "builtInControls": ["block"]},
}


def document(*plans: str, status: str = "Enabled") -> dict[str, Any]:
    sku = {
        "id": object_id("skus/one"),
        "skuPartNumber": "ONE",
        "capabilityStatus": status,
        "servicePlans": [{"servicePlanName": plan} for plan in plans],
    }
    return small_document() | {"subscribedSkus": [sku] if plans else []}


def condition(**conditions: Any) -> dict[str, Any]:
    return EVERYBODY | {"conditions": EVERYBODY["conditions"] | conditions}


@pytest.mark.parametrize(
    ("plans", "status", "opened"),
    [
        ((), "Enabled", ""),
        (("EXCHANGE_S_STANDARD",), "Enabled", ""),
        (("AAD_PREMIUM",), "Enabled", "p1"),
        (("AAD_PREMIUM",), "Warning", "p1"),
        (("AAD_PREMIUM",), "Suspended", ""),
        (("AAD_PREMIUM_P2",), "Enabled", "p1 p2"),
        (("AAD_PREMIUM", "AAD_WRKLDID_P1"), "Enabled", "p1 workloads"),
        (("AAD_PREMIUM_P2", "AAD_WRKLDID_P2"), "Enabled", "p1 p2 workloads"),
    ],
)
def test_service_plans_open_features(plans: tuple[str, ...], status: str, opened: str) -> None:
    directory = Directory.from_document(document(*plans, status=status), Clock())
    features = set(opened.split())
    assert has_conditional_access(directory) is can_export_sign_ins(directory) is ("p1" in features)
    assert has_risk_conditions(directory) is ("p2" in features)
    assert has_workload_identities(directory) is ("workloads" in features)


@pytest.mark.parametrize(("plans", "arrive"), [((), False), (("AAD_PREMIUM",), True)])
def test_sign_ins_are_exported_with_p1_only_and_audits_always(
    plans: tuple[str, ...], arrive: bool
) -> None:
    azure = Tenant.from_document(document(*plans), Clock()).azure
    assert azure.has_premium() is arrive
    assert may_be_exported("SignInLogs", premium=azure.has_premium()) is arrive
    assert may_be_exported("NonInteractiveUserSignInLogs", premium=azure.has_premium()) is arrive
    assert may_be_exported("AuditLogs", premium=azure.has_premium())


def test_the_sign_in_report_needs_p1() -> None:
    require_sign_in_report(Directory.from_document(document("AAD_PREMIUM"), Clock()))
    with pytest.raises(ServiceError) as caught:
        require_sign_in_report(Directory.from_document(document(), Clock()))
    assert caught.value.status == 403
    assert caught.value.code == "Authentication_RequestFromNonPremiumTenantOrB2CTenant"


def test_without_p1_policies_can_be_seen_and_deleted_only() -> None:
    with running_tenant(document()) as server, graph(server) as client:
        mfa = f"{POLICIES}/{object_id('policies/mfa')}"
        body = {
            "@odata.type": "#microsoft.graph.countryNamedLocation",
            "displayName": "Ours",
            "countriesAndRegions": ["DE"],
        }
        deleted = "/v1.0/identity/conditionalAccess/deletedItems/policies"
        off = object_id("policies/off")
        client.delete(f"{POLICIES}/{off}").raise_for_status()
        for answer in (
            client.post(POLICIES, json=EVERYBODY),
            client.patch(mfa, json={"state": "disabled"}),
            client.post(f"{deleted}/{off}/restore"),
            client.post(LOCATIONS, json=body),
        ):
            assert answer.status_code == 403
            error = answer.json()["error"]
            assert (error["code"], error["message"]) == ("AccessDenied", NOT_LICENSED)
        assert len(client.get(POLICIES).json()["value"]) == 3
        assert client.get(mfa).json()["state"] == "enabled"
        assert client.delete(mfa).status_code == 204


@pytest.mark.parametrize(
    ("conditions", "plan", "number"),
    [
        ({"userRiskLevels": ["high"]}, "AAD_PREMIUM_P2", "1039"),
        ({"signInRiskLevels": ["high", "medium"]}, "AAD_PREMIUM_P2", "1039"),
        (
            {"clientApplications": {"includeServicePrincipals": ["ServicePrincipalsInMyTenant"]}},
            "AAD_WRKLDID_P1",
            "1150",
        ),
    ],
)
def test_some_conditions_need_a_licence_of_their_own(
    conditions: dict[str, Any], plan: str, number: str
) -> None:
    with running_tenant(document("AAD_PREMIUM")) as server, graph(server) as client:
        refused = client.post(POLICIES, json=condition(**conditions))
        assert refused.status_code == 400
        assert refused.json()["error"]["message"].startswith(f"{number}: Cannot create or update")
        mfa = f"{POLICIES}/{object_id('policies/mfa')}"
        assert client.patch(mfa, json={"conditions": conditions}).status_code == 400
    with running_tenant(document("AAD_PREMIUM", plan)) as server, graph(server) as client:
        assert client.post(POLICIES, json=condition(**conditions)).status_code == 201


@pytest.mark.parametrize(("plans", "status"), [((), 403), (("AAD_PREMIUM",), 201)])
def test_a_role_assignable_group_needs_p1(plans: tuple[str, ...], status: int) -> None:
    group = {
        "displayName": "BTG Admins",
        "mailNickname": "btg",
        "mailEnabled": False,
        "securityEnabled": True,
        "isAssignableToRole": True,
    }
    with running_tenant(document(*plans)) as server, graph(server) as client:
        assert client.post("/v1.0/groups", json=group).status_code == status
        assert client.post("/v1.0/groups", json=group | {"isAssignableToRole": False}).is_success


def test_the_licences_of_a_user_are_listed_with_the_plans_that_are_not_disabled() -> None:
    found = small_document()
    sku = found["subscribedSkus"][0]
    first, second = sku["servicePlans"]
    eve = next(user for user in found["users"] if user["id"] == object_id("users/eve"))
    eve["assignedLicenses"] = [{"skuId": sku["skuId"], "disabledPlans": [second["servicePlanId"]]}]
    with running_tenant(found) as server, graph(server) as client:
        (licence,) = client.get(f"/v1.0/users/{eve['id']}/licenseDetails").json()["value"]
        none = client.get(f"/v1.0/users/{object_id('users/ada')}/licenseDetails").json()["value"]
        unknown = client.get(f"/v1.0/users/{object_id('nobody')}/licenseDetails")
    assert (licence["skuId"], licence["skuPartNumber"]) == (sku["skuId"], "EMSPREMIUM")
    assert {
        plan["servicePlanName"]: plan["provisioningStatus"] for plan in licence["servicePlans"]
    } == {
        first["servicePlanName"]: "Success",
        second["servicePlanName"]: "Disabled",
    }
    assert none == []
    assert unknown.status_code == 404
