"""What security defaults make of a sign-in: Microsoft's fixed rules in place of Conditional Access.

Source: Microsoft Learn, "Security defaults in Microsoft Entra ID", section "Enforced security
policies". What Microsoft finds necessary for an ordinary user is not disclosed and stays open.
"""

from dataclasses import dataclass

from sandbox.tenant.access.evaluation import Decision
from sandbox.tenant.access.microsoft_apps import AZURE_MANAGEMENT
from sandbox.tenant.access.sign_in_context import SignInContext
from sandbox.tenant.directory.roles import role_id

ADMINISTRATORS = frozenset(
    role_id(name)
    for name in (
        "Global Administrator",
        "Application Administrator",
        "Authentication Administrator",
        "Authentication Policy Administrator",
        "Billing Administrator",
        "Cloud Application Administrator",
        "Conditional Access Administrator",
        "Exchange Administrator",
        "Helpdesk Administrator",
        "Identity Governance Administrator",
        "Password Administrator",
        "Privileged Authentication Administrator",
        "Privileged Role Administrator",
        "Security Administrator",
        "SharePoint Administrator",
        "User Administrator",
    )
)
"""The roles whose holders do multifactor authentication at every sign-in."""
SYNCHRONIZATION = role_id("Directory Synchronization Accounts")
"""The account of Entra Connect is left alone."""

INTRODUCTION = (
    "Security defaults are on, so no Conditional Access policy is in force and nobody can be "
    "excluded: administrators do multifactor authentication at every sign-in, everybody does so "
    "for Azure management, legacy authentication is blocked."
)
WHEN_NECESSARY = (
    "Security defaults: Microsoft asks users for multifactor authentication when it finds it "
    "necessary (location, device, role, task); whether it does so here is not evaluated by the "
    "simulated tenant"
)


@dataclass(frozen=True)
class DefaultsVerdict:
    """What security defaults decide; `open_question` is what cannot be decided here."""

    decision: Decision
    open_question: str | None = None


def defaults_verdict(context: SignInContext) -> DefaultsVerdict:
    """Hold a sign-in against security defaults; guests are users like all others."""
    if context.service_principal_id is not None or SYNCHRONIZATION in context.roles:
        return DefaultsVerdict("allowed")
    if context.is_legacy:
        return DefaultsVerdict("blocked")
    if context.mfa_done:
        return DefaultsVerdict("allowed")
    if context.roles & ADMINISTRATORS:
        return DefaultsVerdict("mfa")
    if AZURE_MANAGEMENT in (context.resource_id, context.app_id):
        return DefaultsVerdict("mfa")
    return DefaultsVerdict("allowed", WHEN_NECESSARY)
