"""Which features a tenant's licences open, and how each service refuses without them.

Sources: Microsoft Learn, "Conditional Access: license requirements" (with P1 gone, policies can be
viewed and deleted, not created or changed), "Microsoft Entra ID Protection: license requirements"
(risk conditions: P2), "Stream activity logs: license requirements" (sign-in logs: P1), "Use
Microsoft Entra groups to manage role assignments" (P1), "Conditional Access for workload
identities". The refusals of Conditional Access and of the sign-in report are those that clients
have met; for `licence_missing` that is a tenant with Entra ID Free.
"""

from sandbox.tenant.directory.store import Directory
from sandbox.tenant.errors import ServiceError

P2 = frozenset({"AAD_PREMIUM_P2"})
GOVERNANCE = frozenset({"Entra_Identity_Governance", "ENTRA_IDENTITY_GOVERNANCE"})
WORKLOAD_IDENTITIES = frozenset({"AAD_WRKLDID_P1", "AAD_WRKLDID_P2"})


def service_plans(directory: Directory) -> frozenset[str]:
    """The names of all service plans that the tenant owns now, or may still use for a while."""
    return frozenset(
        str(plan.get("servicePlanName"))
        for sku in directory.subscribed_skus
        if sku.get("capabilityStatus", "Enabled") in ("Enabled", "Warning")
        for plan in sku.get("servicePlans", [])
    )


def has_conditional_access(directory: Directory) -> bool:
    """Conditional Access: Entra ID P1."""
    return directory.has_premium


def has_risk_conditions(directory: Directory) -> bool:
    """Conditions on user and sign-in risk: Entra ID P2."""
    return bool(P2 & service_plans(directory))


def has_privileged_identity_management(directory: Directory) -> bool:
    """Eligible and time-bound roles: Entra ID P2 or Entra ID Governance."""
    return bool((P2 | GOVERNANCE) & service_plans(directory))


def has_workload_identities(directory: Directory) -> bool:
    """Policies for service principals: Workload ID Premium."""
    return bool(WORKLOAD_IDENTITIES & service_plans(directory))


def can_export_sign_ins(directory: Directory) -> bool:
    """Whether a diagnostic setting brings sign-ins anywhere: Entra ID P1.

    A setting that names sign-in categories is taken without a licence too (assumed: only the need
    of a licence is documented); no row of those categories comes.
    """
    return directory.has_premium


def require_sign_in_report(directory: Directory) -> None:
    """Raise ServiceError 403 for `/auditLogs/signIns` without Entra ID P1."""
    if not directory.has_premium:
        raise ServiceError(
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
        )


def licence_missing() -> ServiceError:
    """Conditional Access's answer to a write in a tenant without Entra ID P1."""
    return ServiceError(
        403,
        "AccessDenied",
        "Your tenant is not licensed for this feature. Please upgrade your subscription to access "
        "it.",
    )
