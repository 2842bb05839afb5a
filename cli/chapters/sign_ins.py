"""Two sign-ins: a break-glass account, and an ordinary administrator beside it."""

from typing import Any

from cli.chapters.stage import Stage, count
from cli.control_face import SignInAnswer
from cli.facts import AdminSignIn, BreakGlassSignIn
from cli.failure import CommandFailed
from cli.screen import plain
from cli.stack_outputs import StackOutputs

_APP = "Azure Portal"


def break_glass_sign_in(stage: Stage, outputs: StackOutputs) -> BreakGlassSignIn:
    """Sign in with the first account and the password that the stack keeps for it."""
    answer = sign_in_as_break_glass(stage, outputs)
    applied = len(answer.policies_applied) or "none"
    stage.screen.chapter("1  A break-glass account signs in")
    tell = stage.screen.good if not answer.policies_applied else stage.screen.bad
    tell(
        f"{plain(answer.user)}, password only, at the {_APP}: [bold]Conditional Access "
        f"{_says(answer.decision)}[/]. Of {count(len(answer.policies), 'policy')}, "
        f"{applied} applied."
    )
    for name in answer.not_evaluated:
        stage.screen.bad(f"The simulated tenant did not judge: {plain(name)}")
    if answer.platform_asks:
        stage.screen.say(
            "[yellow]![/] The portal itself still asks for MFA, of excluded accounts too: register "
            "a passkey (FIDO2) for each, a password alone does not open it."
        )
    return BreakGlassSignIn(
        decision=answer.decision,
        policies_applied=len(answer.policies_applied),
        platform_asks=answer.platform_asks,
    )


def _says(decision: str) -> str:
    words = {"allowed": "lets it in", "mfa": "asks for MFA", "blocked": "blocks it"}
    return words.get(decision, decision)


def sign_in_as_break_glass(stage: Stage, outputs: StackOutputs) -> SignInAnswer:
    """One sign-in with the real password; it goes from Pulumi to the tenant and nowhere else."""
    account = outputs.accounts[0].user_principal_name
    password = stage.pulumi.password(account)
    answer = stage.tenant.sign_in(user=account, password=password, app=_APP)
    if answer.result_type == "50126":
        raise CommandFailed(
            f"The tenant does not take the password that Pulumi holds for {account}."
        )
    return answer


def admin_sign_in(stage: Stage, outputs: StackOutputs) -> AdminSignIn:
    """The same sign-in by an administrator of the tenant."""
    ours = {account.object_id for account in outputs.accounts}
    admin = ordinary_administrator(stage.tenant.document(), ours)
    answer = stage.tenant.sign_in(user=admin, app=_APP)
    policy = answer.deciding_policy()
    stage.screen.chapter("2  An ordinary administrator signs in the same way")
    words = {"mfa": "must first pass MFA", "blocked": "is blocked"}
    said = words.get(answer.decision, "is let in")
    tell = stage.screen.good if answer.decision in words else stage.screen.bad
    tell(f"{plain(answer.user)} [bold]{said}[/]" + (f", by '{plain(policy)}'." if policy else "."))
    return AdminSignIn(decision=answer.decision, policy=policy)


def ordinary_administrator(document: dict[str, Any], ours: set[str]) -> str:
    """Name of the tenant's first enabled Global Administrator that is not one of our accounts.

    Raises CommandFailed when there is none.
    """
    template = "62e90394-69f5-4237-9190-012177145e10"
    holders = {
        assignment["principalId"]
        for assignment in document["roleAssignments"]
        if assignment["roleDefinitionId"] == template
    }
    names = sorted(
        user["userPrincipalName"]
        for user in document["users"]
        if user["id"] in holders - ours and user.get("accountEnabled", True)
    )
    if not names:
        raise CommandFailed("The tenant has no Global Administrator besides the new accounts.")
    return names[0]
