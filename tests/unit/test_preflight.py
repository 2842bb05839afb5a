import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from entra.endpoints import CLOUDS
from entra.errors import IdentityError
from entra.identity import Identity
from entra.preflight import TenantFacts, check_tenant
from tests.unit.graph_stub import refusal, token
from tests.unit.test_identity import CLIENT, TENANT, StubCredential

OTHER = "99999999-9999-4999-8999-999999999999"
SUBSCRIPTION = "33333333-3333-4333-8333-333333333333"
PREMIUM = {
    "capabilityStatus": "Enabled",
    "servicePlans": [{"servicePlanName": "AAD_PREMIUM"}],
}


class Clouds:
    """Graph and Resource Manager of one tenant; ``change`` puts another answer in place."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.roles = ["Policy.Read.All", "Directory.Read.All"]
        self.token_tenant = TENANT
        self._lock = threading.Lock()
        self.answers: dict[str, Callable[[], httpx.Response]] = {}
        self.change("/v1.0/organization", {"value": [{"id": TENANT, "displayName": "Contoso Ltd"}]})
        domain = {"id": "contoso.onmicrosoft.com", "isInitial": True, "isVerified": True}
        self.change("/v1.0/domains", {"value": [domain]})
        self.change("/v1.0/subscribedSkus", {"value": [PREMIUM]})
        path = "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy"
        self.change(path, {"isEnabled": False})
        self.change(f"/subscriptions/{SUBSCRIPTION}", {"tenantId": TENANT})

    def change(self, path: str, document: dict[str, Any], status: int = 200) -> None:
        self.answers[path] = lambda: httpx.Response(status, json=document)

    def handle(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.asked.append(request.url.path)
        return self.answers[request.url.path]()

    def check(self, subscription: str | None = SUBSCRIPTION, **settings: Any) -> TenantFacts:
        stub = StubCredential(
            token({"tid": self.token_tenant, "oid": "our-object-id", "roles": self.roles})
        )
        identity = Identity(
            TENANT, CLIENT, subscription, CLOUDS["public"], stub, "ARM_CLIENT_SECRET"
        )
        return check_tenant(
            identity,
            tenant_id=settings.get("tenant_id", TENANT),
            subscription_id=subscription,
            permissions=settings.get("permissions", ["Policy.Read.All"]),
            reading=settings.get("reading", ()),
            transport=httpx.MockTransport(self.handle),
        )


def test_a_tenants_name_cannot_disturb_the_terminal() -> None:
    facts = replace(Clouds().check(), display_name="Contoso\x1b[2K\u202e")
    assert str(facts) == r"Contoso\x1b[2K\u202e (contoso.onmicrosoft.com)"


def test_a_right_tenant_is_told_by_name_with_five_requests_and_none_for_policies() -> None:
    clouds = Clouds()
    facts = clouds.check()
    assert str(facts) == "Contoso Ltd (contoso.onmicrosoft.com)"
    assert facts.has_premium
    assert not facts.security_defaults
    assert facts.own_object_id == "our-object-id"
    assert len(clouds.asked) == 5
    assert not [path for path in clouds.asked if "conditionalAccess" in path]


def test_security_defaults_are_noted() -> None:
    clouds = Clouds()
    path = "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy"
    clouds.change(path, {"isEnabled": True})
    assert clouds.check().security_defaults


def test_without_a_subscription_azure_is_not_asked() -> None:
    clouds = Clouds()
    clouds.check(subscription=None)
    assert not [path for path in clouds.asked if not path.startswith("/v1.0/")]


def test_settings_of_another_tenant_stop_everything_before_the_first_request() -> None:
    clouds = Clouds()
    with pytest.raises(
        IdentityError, match=f"azuread:tenantId is {OTHER}, but the identity in ARM_TENANT_ID"
    ):
        clouds.check(tenant_id=OTHER)
    assert clouds.asked == []


def test_a_token_of_another_tenant_stops_everything() -> None:
    clouds = Clouds()
    clouds.token_tenant = OTHER
    with pytest.raises(IdentityError, match="the Microsoft Graph token belongs to tenant 9999"):
        clouds.check()
    assert clouds.asked == []


def test_a_subscription_of_another_tenant_is_refused() -> None:
    clouds = Clouds()
    clouds.change(f"/subscriptions/{SUBSCRIPTION}", {"tenantId": OTHER})
    with pytest.raises(IdentityError, match=f"subscription {SUBSCRIPTION} belongs to tenant 9999"):
        clouds.check()


def test_a_subscription_that_cannot_be_seen_says_which_role_is_missing() -> None:
    clouds = Clouds()
    clouds.change(f"/subscriptions/{SUBSCRIPTION}", {"error": {}}, 404)
    with pytest.raises(IdentityError, match=r"azure-native:subscriptionId is .* 'Contributor'"):
        clouds.check()


def test_missing_permissions_are_listed_with_where_to_grant_them() -> None:
    clouds = Clouds()
    with pytest.raises(IdentityError) as caught:
        clouds.check(permissions=["Policy.Read.All", "User.ReadWrite.All", "Other.Write"])
    assert "grant the application permissions User.ReadWrite.All, Other.Write (" in str(
        caught.value
    )
    assert "Grant admin consent" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert clouds.asked == []


def test_a_greater_permission_contains_a_smaller_one() -> None:
    clouds = Clouds()
    clouds.roles.append("Directory.ReadWrite.All")
    clouds.check(permissions=["User.ReadWrite.All", "Organization.Read.All"])


@pytest.mark.parametrize(
    "skus",
    [
        [],
        [{"capabilityStatus": "Suspended", "servicePlans": [{"servicePlanName": "AAD_PREMIUM"}]}],
        [{"capabilityStatus": "Enabled", "servicePlans": [{"servicePlanName": "EXCHANGE_S"}]}],
    ],
)
def test_without_a_working_premium_licence_there_is_none(skus: list[dict[str, Any]]) -> None:
    clouds = Clouds()
    clouds.change("/v1.0/subscribedSkus", {"value": skus})
    assert not clouds.check().has_premium


def test_the_p2_licence_is_as_good() -> None:
    clouds = Clouds()
    plan = {"capabilityStatus": "Warning", "servicePlans": [{"servicePlanName": "AAD_PREMIUM_P2"}]}
    clouds.change("/v1.0/subscribedSkus", {"value": [plan]})
    assert clouds.check().has_premium


def test_a_lookup_that_graph_refuses_is_an_error_and_no_missing_licence() -> None:
    clouds = Clouds()
    clouds.answers["/v1.0/subscribedSkus"] = lambda: refusal(403, "Authorization_RequestDenied")
    with pytest.raises(Exception, match="403 Authorization_RequestDenied"):
        clouds.check()


READER = ["Policy.Read.All", "Directory.Read.All", "RoleManagement.Read.Directory"]
WANTED: dict[str, Any] = {"permissions": ["User.ReadWrite.All"], "reading": READER}


def test_whoever_can_only_read_may_preview() -> None:
    clouds = Clouds()
    clouds.roles = READER
    assert not clouds.check(**WANTED).may_write
    clouds.roles = ["User.ReadWrite.All"]
    assert clouds.check(**WANTED).may_write


@pytest.mark.parametrize(
    "roles",
    [
        READER[1:],  # cannot read all of it either
        [*READER, "Group.ReadWrite.All"],  # was meant to write
    ],
)
def test_half_of_what_is_needed_is_told_in_a_preview_too(roles: list[str]) -> None:
    clouds = Clouds()
    clouds.roles = roles
    with pytest.raises(IdentityError, match="permission User\\.ReadWrite\\.All"):
        clouds.check(**WANTED)


def test_a_reader_is_stopped_where_something_is_to_be_written() -> None:
    clouds = Clouds()
    clouds.roles = READER
    with pytest.raises(IdentityError, match="permission User\\.ReadWrite\\.All"):
        clouds.check(permissions=WANTED["permissions"])
