"""Sign-ins on the seed tenant with an emergency account, for the tests of several files."""

from typing import Any

from sandbox.tenant.access.sign_ins import SignInRequest, sign_in
from sandbox.tenant.directory.passwords import hash_secret
from sandbox.tenant.tenant import Tenant
from tests.sandbox.seed_tenant import StillClock, seed
from tests.support.tenant import passkey

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
    keys: list[Any] = whole.setdefault("authenticationMethods", [])
    keys.extend(passkey(user["id"]) for user in whole["users"])
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
