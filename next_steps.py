"""What still stands between the accounts and their use, in the order in which to do it."""

from settings import Settings
from survey import Survey


def next_steps(settings: Settings, found: Survey) -> list[str]:
    """One sentence each, for the stack's outputs.

    Source: Microsoft, "Manage emergency access accounts" and "Plan for mandatory multifactor
    authentication".
    """
    steps = [
        "Have a passkey (FIDO2) registered for each account: Microsoft's admin portals ask"
        " everybody for MFA, excluded or not, so a password alone does not open them.",
        "Write the passwords down and put them, and the passkeys, into two safes in separate"
        " places: pulumi stack output passwords --show-secrets",
        _drill(settings, found),
        "Guard this stack's state and its key like the accounts themselves: together they hold the"
        " passwords.",
    ]
    if found.tenant.security_defaults:
        steps.insert(
            0,
            "Security defaults are on: no Conditional Access policy applies, and every"
            " administrator is asked for MFA, these accounts too: their passkeys open the tenant.",
        )
    if found.obstacles:
        steps.append(
            "See what else stands between the accounts and their use, with the remedies: pulumi"
            " stack output obstacles --json"
        )
    steps += [
        f"{name} retires and has no role of this stack any more: take it out of"
        " break-glass:accounts and run pulumi up, which ends its exclusions and its membership, and"
        " deletes it if the stack made it."
        for name in found.accounts.retiring
    ]
    return steps


def _drill(settings: Settings, found: Survey) -> str:
    """How to prove that the accounts work, and that somebody hears of it."""
    if settings.premium == "absent":
        return (
            "No use of the accounts rings, because the tenant has no Entra ID P1 licence: look at"
            " their sign-in logs every week (Entra admin centre → Users → the account → Sign-in"
            " logs; kept for seven days), and sign in once with each every 90 days. One licence,"
            " break-glass:premium required and pulumi up add the alarm: docs/without-premium.md"
        )
    drill = (
        "Sign in once with each account and see that the alarm reaches every receiver, who may have"
        " to confirm a code that Microsoft mails first; in a new workspace the first log rows can"
        " take three days (breakglass status says whether they came). Repeat every 90 days."
    )
    if found.tenant.has_premium:
        return drill
    return (
        "Renew the Entra ID P1 licence: without it no sign-in arrives and no use of the accounts"
        f" rings. Then: {drill}"
    )
