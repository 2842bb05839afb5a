"""The tenant that is audited, and the auditor in it: an application that may only read."""

import copy
import os
import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sandbox.api.server import TenantServer
from tests.support.tenant import (
    AT_ONCE,
    GLOBAL_ADMINISTRATOR,
    JSON,
    object_id,
    small_document,
)

AUDITOR = object_id("auditor")
AUDITOR_PERMISSIONS = (
    "AuditLog.Read.All",
    "Directory.Read.All",
    "Policy.Read.All",
    "RoleManagement.Read.Directory",
    "UserAuthenticationMethod.Read.All",
)
EXCHANGE_ADMINISTRATOR = "29232cdf-9323-42fd-ade2-1d097af3e4de"
USER_ADMINISTRATOR = "fe930be7-5e62-47db-91af-98c3a49a38b1"
OFFICE_LICENCE = "6fd2c87f-b296-42f0-b197-1e91e994b900"
"""Office 365 E3: a mailbox, among other things."""


def audited_document() -> JSON:
    """The small tenant with policies of every kind, and the auditor's application.

    Its own administrators activate their roles when they need them, as auditors ask for: ada and
    bo as Global Administrators, four others with less. Hal's helpdesk role alone is active.
    """
    document = small_document()
    document["roleAssignments"] = [
        role for role in document["roleAssignments"] if role["principalId"] == _user("hal")
    ]
    document["roleEligibilitySchedules"] = [
        *(eligible(_user(name), GLOBAL_ADMINISTRATOR) for name in ("ada", "bo")),
        *(eligible(_user(name), USER_ADMINISTRATOR) for name in ("fay", "gus")),
        *(eligible(_user(name), EXCHANGE_ADMINISTRATOR) for name in ("ida", "jon")),
    ]
    document["subscribedSkus"].append(
        {
            "id": object_id("skus/office"),
            "skuId": OFFICE_LICENCE,
            "skuPartNumber": "ENTERPRISEPACK",
            "prepaidUnits": {"enabled": 25},
            "servicePlans": [
                {
                    "servicePlanName": "EXCHANGE_S_ENTERPRISE",
                    "servicePlanId": "efb87545-963c-4e0d-99df-69c6916d9eb0",
                }
            ],
        }
    )
    document["apps"].append(
        {
            "appId": AUDITOR,
            "objectId": object_id("auditor/object"),
            "displayName": "Auditor",
            "graphPermissions": list(AUDITOR_PERMISSIONS),
        }
    )
    document["conditionalAccessPolicies"] += [
        _policy(
            "admins",
            {"includeRoles": [EXCHANGE_ADMINISTRATOR]},
            grantControls={
                "operator": "OR",
                "authenticationStrength": {"id": "00000000-0000-0000-0000-000000000004"},
            },
        ),
        _policy("staff", {"includeGroups": [object_id("groups/staff")]}, state="disabled"),
        _policy(
            "guests",
            {
                "includeGuestsOrExternalUsers": {
                    "guestOrExternalUserTypes": "b2bCollaborationGuest",
                    "externalTenants": {
                        "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
                        "membershipKind": "all",
                    },
                }
            },
        ),
        _policy(
            "context",
            {"includeUsers": ["All"]},
            applications={"includeAuthenticationContextClassReferences": ["c1"]},
        ),
        _policy(
            "workloads",
            {"includeUsers": ["None"]},
            state="disabled",
            clientApplications={"includeServicePrincipals": ["ServicePrincipalsInMyTenant"]},
            grantControls={"operator": "OR", "builtInControls": ["block"]},
        ),
    ]
    return document


def _user(name: str) -> str:
    return object_id(f"users/{name}")


def eligible(user: str, role: str) -> JSON:
    """A role that a user may activate, without an end."""
    return {
        "id": object_id(f"eligible/{role}/{user}"),
        "principalId": user,
        "roleDefinitionId": role,
        "startDateTime": "2025-03-01T08:00:00Z",
    }


def _policy(
    name: str,
    users: JSON,
    *,
    state: str = "enabled",
    grantControls: JSON | None = None,  # noqa: N803
    **conditions: JSON,
) -> JSON:
    return {
        "id": object_id(f"policies/{name}"),
        "displayName": f"For {name}",
        "state": state,
        "createdDateTime": "2025-03-01T08:00:00Z",
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": {"includeApplications": ["All"]},
            "users": users,
            **conditions,
        },
        "grantControls": grantControls or {"operator": "OR", "builtInControls": ["mfa"]},
    }


@dataclass(frozen=True)
class Audited:
    """A served tenant, and what the auditor needs to reach it."""

    server: TenantServer
    tenant_id: str
    secret: str

    def environment(self) -> dict[str, str]:
        """This process's variables without any identity but the auditor's."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ARM_", "AZURE_"))
        }
        auditor = {"ARM_CLIENT_ID": AUDITOR, "ARM_CLIENT_SECRET": self.secret}
        return kept | self.server.environment() | auditor | {"AUDITED_URL": self.server.url}


@contextmanager
def audited(document: Mapping[str, Any]) -> Generator[Audited]:
    """Serve a tenant with a new secret for the auditor."""
    found = copy.deepcopy(dict(document))
    with TenantServer([found], knobs=AT_ONCE) as server:
        secret = secrets.token_urlsafe(24)
        tenant = server.world.default
        tenant.apps.set_secret(AUDITOR, secret)
        yield Audited(server, tenant.id, secret)
