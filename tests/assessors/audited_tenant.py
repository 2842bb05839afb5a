"""The tenant that is audited, and the auditor in it: an application that may only read."""

import copy
import os
import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sandbox.api.server import TenantServer
from tests.support.tenant import AT_ONCE, JSON, object_id, small_document

AUDITOR = object_id("auditor")
AUDITOR_PERMISSIONS = (
    "AuditLog.Read.All",
    "Directory.Read.All",
    "Policy.Read.All",
    "UserAuthenticationMethod.Read.All",
)
EXCHANGE_ADMINISTRATOR = "29232cdf-9323-42fd-ade2-1d097af3e4de"


def audited_document() -> JSON:
    """The small tenant with policies of every kind, and the auditor's application."""
    document = small_document()
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
