"""Report-only, several policies at once, security defaults, what the platform itself demands."""

from typing import Any

from tests.sandbox.evaluation_table.case import Case, Group, for_users, policy, thing
from tests.sandbox.evaluation_table.signals import from_clients
from tests.sandbox.evaluation_table.targets import AZURE_MANAGEMENT

REPORT_ONLY = "enabledForReportingButNotEnforced"
NO_GLASS = {"includeUsers": ["All"], "excludeGroups": [thing("groups/Break glass")]}
COMPLIANT = {"isCompliant": True}
PORTAL = "Azure Portal"
INTUNE = "Microsoft Intune admin center"
CONSOLE = "Microsoft Azure CLI"


def reported(says: str, word: str, *controls: str, **sign_in: Any) -> Case:
    return Case(says, [policy(*controls, state=REPORT_ONLY)], sign_in, "allowed", [word], "0")


def by_default(says: str, decision: str, code: str, **sign_in: Any) -> Case:
    return Case(
        says,
        [policy("mfa", state=REPORT_ONLY)],
        sign_in,
        decision,
        [],
        code,
        security_defaults=True,
    )


def on_platform(says: str, code: str, asks: str, *, knob: bool = True, **sign_in: Any) -> Case:
    knobs = {"platformAsksForMultifactor": knob}
    return Case(says, [], sign_in, "allowed", [], code, asks=asks, behaviour=knobs)


OUTCOMES = (
    Group(
        "Microsoft Learn, Analyze Conditional Access policy impact (Policy evaluation results)",
        (
            reported("success: the controls are satisfied", "reportOnlySuccess", "mfa", mfa=True),
            reported("user action required: MFA", "reportOnlyInterrupted", "mfa"),
            reported("failure: a block", "reportOnlyFailure", "block"),
            reported(
                "failure: a device that is not compliant", "reportOnlyFailure", "compliantDevice"
            ),
            reported(
                "success: a device that is",
                "reportOnlySuccess",
                "compliantDevice",
                device=COMPLIANT,
            ),
            Case(
                "not applied: not all conditions were satisfied",
                [for_users(includeUsers=["None"]) | {"state": REPORT_ONLY}],
                {},
                "allowed",
                ["users"],
                "0",
            ),
            Case(
                "a disabled policy does nothing",
                [policy("block", state="disabled")],
                {},
                "allowed",
                ["policyNotEnabled"],
                "0",
            ),
        ),
    ),
    Group(
        "Microsoft Learn, Building a Conditional Access policy (multiple policies; all policies "
        "that apply must be satisfied)",
        (
            Case("no policy, no demand", [], {}, "allowed", [], "0"),
            Case(
                "one policy's MFA and the other's compliant device",
                [policy("mfa"), policy("compliantDevice")],
                {"mfa": True},
                "blocked",
                ["applied", "applied"],
                "53000",
            ),
            Case(
                "all satisfied",
                [policy("mfa"), policy("compliantDevice")],
                {"mfa": True, "device": COMPLIANT},
                "allowed",
                ["applied", "applied"],
                "0",
            ),
            Case(
                "one that still has to be satisfied",
                [policy("mfa"), policy("compliantDevice")],
                {"device": COMPLIANT},
                "mfa",
                ["applied", "applied"],
                "50074",
            ),
            Case(
                "a block wins over satisfied grants",
                [policy("mfa"), policy("block")],
                {"mfa": True},
                "blocked",
                ["applied", "applied"],
                "53003",
            ),
            Case(
                "a device demand beside a block: the block is told",
                [policy("compliantDevice"), policy("block")],
                {},
                "blocked",
                ["applied", "applied"],
                "53003",
            ),
            Case(
                "a policy that does not apply demands nothing",
                [policy("mfa"), from_clients("other")],
                {"mfa": True},
                "allowed",
                ["applied", "clientApps"],
                "0",
            ),
            Case(
                "report-only and disabled ones do not add to it",
                [policy("block", state=REPORT_ONLY), policy("block", state="disabled")],
                {},
                "allowed",
                ["reportOnlyFailure", "policyNotEnabled"],
                "0",
            ),
            Case(
                "one exclusion does not lift another policy",
                [policy("block", users=NO_GLASS), policy("block")],
                {"user": "glass"},
                "blocked",
                ["users", "applied"],
                "53003",
            ),
            Case(
                "excluded from all of them, the break-glass account is in",
                [policy("block", users=NO_GLASS), policy("mfa", users=NO_GLASS)],
                {"user": "glass"},
                "allowed",
                ["users", "users"],
                "0",
            ),
            Case(
                "a refresh without a person is told to come back with MFA",
                [policy("mfa")],
                {"interactive": False},
                "mfa",
                ["applied"],
                "50076",
            ),
        ),
    ),
    Group(
        "Microsoft Learn, Security defaults in Microsoft Entra ID (Enforced security policies)",
        (
            by_default("administrators do MFA", "mfa", "50074", user="ada"),
            by_default("through a group too", "mfa", "50074", user="bo"),
            by_default("break-glass accounts as well", "mfa", "50074", user="glass"),
            by_default("administrators with MFA done", "allowed", "0", user="ada", method="fido2"),
            by_default("users do MFA when necessary", "allowed", "0"),
            by_default("guests are treated the same", "allowed", "0", user="gus"),
            by_default("legacy authentication is blocked", "blocked", "530035", clientApp="other"),
            by_default(
                "so is Exchange ActiveSync", "blocked", "530035", clientApp="exchangeActiveSync"
            ),
            by_default("any user does MFA for Azure", "mfa", "50074", app=CONSOLE),
            by_default(
                "this does not include Microsoft Graph", "allowed", "0", app="Graph Explorer"
            ),
            by_default(
                "the synchronization account is excluded",
                "allowed",
                "0",
                user="sync",
                app=CONSOLE,
            ),
            by_default(
                "users register before anything else",
                "mfa",
                "50072",
                user="ada",
                mfaRegistered=False,
            ),
        ),
    ),
    Group(
        "Microsoft Learn, Planning for mandatory multifactor authentication for Azure and other "
        "admin portals",
        (
            on_platform("the Azure portal demands MFA", "50072", "multifactor", app=PORTAL),
            on_platform("the Intune admin center too", "50072", "multifactor", app=INTUNE),
            on_platform(
                "who has a method is asked for it",
                "50074",
                "multifactor",
                app=PORTAL,
                mfaRegistered=True,
            ),
            on_platform(
                "break-glass accounts are not exempt",
                "50072",
                "passkey (FIDO2)",
                app=PORTAL,
                user="glass",
            ),
            on_platform(
                "a passkey satisfies it", "0", "", app=PORTAL, user="glass", method="fido2"
            ),
            on_platform("Azure CLI: writes only", "0", "create, update and delete", app=CONSOLE),
            on_platform(
                "workload identities are not impacted",
                "0",
                "",
                app=CONSOLE,
                servicePrincipal="Nightly job",
            ),
            on_platform("other applications are not enforced", "0", ""),
            on_platform("postponed for the tenant", "0", "", app=PORTAL, knob=False),
            Case(
                "an exclusion from Conditional Access does not lift it",
                [policy("mfa", users=NO_GLASS, apps={"includeApplications": [AZURE_MANAGEMENT]})],
                {"user": "glass", "app": PORTAL},
                "allowed",
                ["users"],
                "50072",
                asks="apart from Conditional Access",
            ),
        ),
    ),
)
