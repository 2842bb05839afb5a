"""A small tenant of one's own for a test: its document, its server, clients with a token."""

import copy
import ssl
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

import httpx

from sandbox.api.server import TenantServer
from sandbox.api.tokens import RESOURCE_MANAGER_AUDIENCE

JSON = dict[str, Any]

PERMISSIONS = (
    "Application.Read.All",
    "Directory.Read.All",
    "Domain.Read.All",
    "Group.ReadWrite.All",
    "Organization.Read.All",
    "Policy.Read.All",
    "Policy.ReadWrite.ConditionalAccess",
    "RoleManagement.ReadWrite.Directory",
    "User.ReadWrite.All",
    "UserAuthenticationMethod.Read.All",
)
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"


AT_ONCE: Mapping[str, object] = {
    "conditionalAccessRequestsPerSecond": 0,
    "readLagSeconds": 0,
    "diagnosticSettingLagSeconds": 0,
    "operationSeconds": 0,
    "providerRegistrationSeconds": 0,
    "logDelaySpreadSeconds": 0,
    "firstRowsDelaySeconds": 0,
    "alertJitterSeconds": 0,
}
"""Knobs of a tenant without waits and limits."""


def object_id(name: str, domain: str = "fabrikam.onmicrosoft.com") -> str:
    """The id that `small_document` gives to a thing, for example `object_id("users/ada")`."""
    return str(uuid5(NAMESPACE_DNS, f"{domain}/{name}"))


def small_document(name: str = "Fabrikam", domain: str = "fabrikam.onmicrosoft.com") -> JSON:
    """A tenant of ten users, two groups and four Conditional Access policies.

    Users: ada and bo are Global Administrators (bo through no group), hal is a helpdesk
    administrator, seven others are ordinary; `old@` is disabled. Ids: `object_id("tenant")`,
    `("subscription")`, `("app")`, `("users/ada")`, `("groups/staff")`, `("policies/mfa")`.
    """

    def identity(thing: str) -> str:
        return object_id(thing, domain)

    users = [
        {
            "id": identity(f"users/{first}"),
            "displayName": first.title(),
            "userPrincipalName": f"{first}@{domain}",
            "mailNickname": first,
            "accountEnabled": first != "old",
        }
        for first in ("ada", "bo", "hal", "eve", "fay", "gus", "ida", "jon", "kim", "old")
    ]
    return {
        "tenant": {"id": identity("tenant"), "displayName": name, "countryLetterCode": "DE"},
        "domains": [
            {"id": domain, "isInitial": True, "isDefault": False, "isVerified": True},
            {"id": f"{name.lower()}.example", "isDefault": True, "isVerified": True},
            {"id": f"new.{name.lower()}.example", "isVerified": False},
        ],
        "subscribedSkus": [
            {
                "id": identity("skus/p1"),
                "skuId": "b05e124f-c7cc-45a0-a6aa-8cf78c946968",
                "skuPartNumber": "EMSPREMIUM",
                "capabilityStatus": "Enabled",
                "consumedUnits": 10,
                "prepaidUnits": {"enabled": 25, "suspended": 0, "warning": 0},
                "servicePlans": [
                    {
                        "servicePlanName": "AAD_PREMIUM",
                        "servicePlanId": "41781fb2-bc02-4b7c-bd55-b576c07bb09d",
                    },
                    {
                        "servicePlanName": "AAD_PREMIUM_P2",
                        "servicePlanId": "eec0eb4f-6444-4f95-aba0-50c24d67f998",
                    },
                ],
            }
        ],
        "apps": [
            {
                "appId": identity("app"),
                "objectId": identity("app/object"),
                "displayName": "Break-glass deployment",
                "graphPermissions": list(PERMISSIONS),
                "directoryRoles": ["Privileged Authentication Administrator"],
                "azureRoles": [
                    {"scope": f"/subscriptions/{identity('subscription')}", "role": "Contributor"},
                    {"scope": "/providers/Microsoft.aadiam", "role": "Contributor"},
                ],
            }
        ],
        "users": users,
        "groups": [
            {
                "id": identity("groups/staff"),
                "displayName": "Staff",
                "mailNickname": "staff",
                "members": [user["id"] for user in users],
            },
            {
                "id": identity("groups/it"),
                "displayName": "IT",
                "mailNickname": "it",
                "members": [identity("users/hal"), identity("users/bo")],
            },
        ],
        "roleAssignments": [
            _role(identity, "ada", GLOBAL_ADMINISTRATOR),
            _role(identity, "bo", GLOBAL_ADMINISTRATOR),
            _role(identity, "hal", "729827e3-9c14-49f7-bb1b-9608f156bbb8"),
        ],
        "conditionalAccessPolicies": [
            _policy(identity("policies/mfa"), "Require MFA for all users", ["mfa"]),
            _policy(
                identity("policies/legacy"),
                "Block legacy authentication",
                ["block"],
                clientAppTypes=["exchangeActiveSync", "other"],
            ),
            _policy(
                identity("policies/report"),
                "Report only: compliant devices",
                ["compliantDevice"],
                state="enabledForReportingButNotEnforced",
                excludeUsers=[identity("users/bo")],
                excludeGroups=[identity("groups/it")],
            ),
            _policy(identity("policies/off"), "Switched off", ["block"], state="disabled"),
        ],
        "subscriptions": [
            {
                "subscriptionId": identity("subscription"),
                "displayName": f"{name} production",
                "registeredProviders": ["Microsoft.Insights", "Microsoft.OperationalInsights"],
            }
        ],
    }


KEY_KIND = "cb69481e-8ff7-4039-93ec-0a2729a154a8"


def passkey(user_id: str, kind: str = KEY_KIND) -> JSON:
    """A passkey of a user, for a tenant document's `authenticationMethods`."""
    name = f"{user_id}/{kind}"
    return {
        "id": object_id(f"passkeys/{name}"),
        "@odata.type": "#microsoft.graph.fido2AuthenticationMethod",
        "userId": user_id,
        "credentialId": object_id(f"credentials/{name}"),
        "displayName": "Security key",
        "createdDateTime": "2025-03-01T08:00:00Z",
        "aaGuid": kind,
    }


def _role(identity: Any, user: str, role: str) -> JSON:
    return {
        "id": identity(f"roles/{user}"),
        "principalId": identity(f"users/{user}"),
        "roleDefinitionId": role,
        "directoryScopeId": "/",
    }


def _policy(
    policy_id: str,
    name: str,
    controls: list[str],
    *,
    state: str = "enabled",
    clientAppTypes: list[str] | None = None,  # noqa: N803
    excludeUsers: list[str] | None = None,  # noqa: N803
    excludeGroups: list[str] | None = None,  # noqa: N803
) -> JSON:
    return {
        "id": policy_id,
        "displayName": name,
        "state": state,
        "createdDateTime": "2025-03-01T08:00:00Z",
        "conditions": {
            "clientAppTypes": clientAppTypes or ["all"],
            "applications": {"includeApplications": ["All"]},
            "users": {
                "includeUsers": ["All"],
                "excludeUsers": excludeUsers or [],
                "excludeGroups": excludeGroups or [],
            },
        },
        "grantControls": {"operator": "OR", "builtInControls": controls},
    }


@contextmanager
def running_tenant(
    document: Mapping[str, Any] | None = None, **knobs: object
) -> Generator[TenantServer]:
    """A server for one tenant on a free port, stopped at the end.

    It answers at once and without limits, but for what `knobs` say.
    """
    with TenantServer([document or small_document()], knobs={**AT_ONCE, **knobs}) as server:
        yield server


def http(server: TenantServer) -> httpx.Client:
    """A client without a token: for login, metadata and the control face."""
    context = ssl.create_default_context(cafile=str(server.ca_path))
    return httpx.Client(base_url=server.url, verify=context, timeout=30)


def token(server: TenantServer, audience: str, tenant_id: str | None = None) -> str:
    """An access token of a tenant's first application."""
    variables = server.environment(tenant_id)
    form = {
        "grant_type": "client_credentials",
        "client_id": variables["ARM_CLIENT_ID"],
        "client_secret": variables["ARM_CLIENT_SECRET"],
        "scope": f"{audience}/.default",
    }
    with http(server) as client:
        answer = client.post(f"/{variables['ARM_TENANT_ID']}/oauth2/v2.0/token", data=form)
        return answer.raise_for_status().json()["access_token"]


def graph(server: TenantServer, tenant_id: str | None = None) -> httpx.Client:
    """A client with a Graph token; paths start with `/v1.0` or `/beta`."""
    client = http(server)
    client.headers["Authorization"] = f"Bearer {token(server, server.url, tenant_id)}"
    return client


def arm(server: TenantServer, tenant_id: str | None = None) -> httpx.Client:
    """A client with a Resource Manager token."""
    client = http(server)
    bearer = token(server, RESOURCE_MANAGER_AUDIENCE, tenant_id)
    client.headers["Authorization"] = f"Bearer {bearer}"
    return client


def without_permission(document: JSON, permission: str) -> JSON:
    """The document with its application lacking one Graph permission."""
    changed = copy.deepcopy(document)
    changed["apps"][0]["graphPermissions"].remove(permission)
    return changed
