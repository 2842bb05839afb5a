"""What an Entra ID P1 licence decides: whether a run goes on without it, and what it leaves out.

Sources: Microsoft, "Stream activity logs to an endpoint" (sign-in logs need P1), "Use Microsoft
Entra groups to manage role assignments" (P1), "What is Conditional Access?" (without the licence a
policy can be viewed and deleted, not changed; it goes on to apply).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from components.break_glass_group import TYPE as GROUP_TYPE
from components.policy_exclusion import TYPE as EXCLUSION_TYPE
from components.stack_memory import StackMemory
from entra.exclusion import Scope, skip_reason
from entra.policy import Policy, told
from entra.preflight import TenantFacts
from settings import Settings

DIAGNOSTIC_SETTING_TYPE: Final = "azure-native:aadiam:DiagnosticSetting"
REQUIRE: Final = "pulumi config set break-glass:premium required"
RELEASE: Final = "pulumi config set break-glass:premium absent"
WAYS_OUT: Final = (
    "three ways out: buy one P1 licence for the tenant; protect the account with another MFA"
    " provider by hand; keep a synced, disabled user that is enabled in an emergency"
    " (docs/without-premium.md)"
)
LEFT_OUT: Final = (
    "the alarm on use, the silence alert and the sign-in logs in the workspace: without an Entra ID"
    " P1 licence sign-ins cannot be exported",
    "the exclusion alert: without the licence nobody can create or change a Conditional Access"
    " policy",
    "the group: without the licence it could not be role-assignable, and whoever may edit an"
    " ordinary group could let himself past every policy",
)
"""What `premium: absent` leaves out, and why."""


def check_licence(settings: Settings, tenant: TenantFacts, memory: StackMemory) -> None:
    """Compare `break-glass:premium` with the licence that the tenant has.

    Raises RunError in one line when a new stack requires a licence that is not there, and for
    settings that cannot be kept without one. What stands because of a licence stays when that
    lapses: then it is only warned.
    """
    if settings.premium == "absent":
        _refuse_what_needs_the_licence(settings)
        if tenant.has_premium:
            pulumi.log.warn(
                f"break-glass:premium holds absent, but {tenant} has an Entra ID P1 licence: no use"
                f" of the accounts rings as long as it says so; {REQUIRE}; pulumi up"
            )
    elif not tenant.has_premium and _stands(memory):
        pulumi.log.warn(
            f"{tenant} has no Entra ID P1 licence any more: nothing is taken away, but no sign-in"
            " is exported, so no use of the accounts rings, and Conditional Access policies cannot"
            f" be changed; {WAYS_OUT}"
        )
    elif not tenant.has_premium:
        raise pulumi.RunError(
            f"{tenant} has no Entra ID P1 licence, which sign-in logs and role-assignable groups"
            f" need: nothing was changed; {WAYS_OUT}; to make the accounts without what needs the"
            f" licence: {RELEASE}"
        )


def refuse_fixed_policies(
    settings: Settings, tenant: TenantFacts, policies: Sequence[Policy], memory: StackMemory
) -> None:
    """Raises RunError for policies from which the accounts would have to be excluded and cannot.

    A policy that outlived the licence goes on to apply and cannot be changed: the run would end
    midway, with accounts that it stops.
    """
    if settings.premium == "required" or tenant.has_premium:
        return
    known = {str(outputs.get("policyId")) for outputs in memory(EXCLUSION_TYPE).values()}
    choice = settings.exclusion
    fixed = [
        policy
        for policy in policies
        if policy.id not in known
        and skip_reason(policy, scope=Scope(choice.scope), skip=choice.skip) is None
    ]
    if fixed:
        names = ", ".join(f"{told(policy.display_name)} ({policy.id})" for policy in fixed)
        raise pulumi.RunError(
            f"{tenant} has Conditional Access policies and no Entra ID P1 licence, without which"
            " they can be deleted but not changed, so the accounts cannot be excluded: nothing was"
            " changed; delete them (Entra admin centre → Conditional Access), buy one P1 licence"
            f" ({REQUIRE}), or name under break-glass:exclusion.skip those that may stop the"
            f" accounts: {names}"
        )


def left_out(settings: Settings) -> list[str]:
    """What this stack goes without, for its outputs; empty with `premium: required`."""
    return [] if settings.premium == "required" else list(LEFT_OUT)


def _refuse_what_needs_the_licence(settings: Settings) -> None:
    if settings.group.existing is not None:
        raise pulumi.RunError(
            f"break-glass:group.existing holds {settings.group.existing}, but break-glass:premium"
            " holds absent, which leaves the group out: nothing was changed; pulumi config rm"
            f' --path "break-glass:group.existing", or {REQUIRE}'
        )
    if not settings.exclusion.users:
        raise pulumi.RunError(
            "break-glass:exclusion.users holds false, but break-glass:premium holds absent, which"
            " leaves the group out, so nobody would be excluded: nothing was changed; pulumi config"
            f' set --path "break-glass:exclusion.users" true, or {REQUIRE}'
        )


def _stands(memory: StackMemory) -> bool:
    """Whether something is in the stack that only a licence makes possible."""
    groups = (outputs.get("groupId") for outputs in memory(GROUP_TYPE).values())
    settings = memory(DIAGNOSTIC_SETTING_TYPE).values()
    return any(groups) or any(_exports_sign_ins(outputs) for outputs in settings)


def _exports_sign_ins(setting: Mapping[str, Any]) -> bool:
    return any("signin" in str(log.get("category")).casefold() for log in setting.get("logs") or ())
