"""What stops an emergency access account, and the way out of each: pure, from facts looked up.

Sources: Microsoft Learn, "Manage emergency access accounts in Microsoft Entra ID", "Plan for
mandatory Microsoft Entra multifactor authentication", "Configure a Temporary Access Pass", "How to
enable passkeys (FIDO2)", "Enable per-user multifactor authentication", "Set up certificate-based
authentication". The portals' menus are as these pages name them.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from entra.authentication import ACCESS_PASS, PASSKEY, PASSWORD, Method
from entra.authentication_policy import AuthenticationPolicy
from entra.built_in_roles import role_name
from entra.obstacle_facts import AccountFacts, Obstacle

CLOCKS_DIFFER: Final = timedelta(minutes=1)
"""A password's moment that is no later than this after our own is our own change."""
_AS_HIGHEST: Final = "as Privileged Authentication Administrator"
_POLICIES: Final = "Entra admin centre → Authentication methods → Policies"
_METHOD_NAMES: Final = {
    "email": "an e-mail address",
    "external": "an external method",
    "hardwareOath": "a hardware OATH token",
    "microsoftAuthenticator": "Microsoft Authenticator",
    "passwordlessMicrosoftAuthenticator": "Microsoft Authenticator (passwordless)",
    "phone": "a phone",
    "platformCredential": "a platform credential",
    "qrCodePin": "a QR code",
    "softwareOath": "an authenticator app's codes (OATH)",
    "windowsHelloForBusiness": "Windows Hello for Business",
}


def obstacles_of(facts: AccountFacts) -> Iterator[Obstacle]:
    """Everything that stops one account, the gravest first."""
    for rule in (
        _disabled,
        _synced_since_made,
        _role_that_ends,
        _changed_password,
        _no_strong_method,
        _passkeys_forbidden,
        _forbidden_keys,
        _per_user_mfa,
        _access_pass,
        _foreign_methods,
        _licence,
    ):
        for problem, remedy in rule(facts):
            yield Obstacle(facts.account.name, f"{facts.named} {problem}", remedy)


_Found = Iterable[tuple[str, str]]


def _disabled(facts: AccountFacts) -> _Found:
    if facts.user.enabled:
        return
    by_hand = (
        f"Entra admin centre → Users → {facts.named} → Edit properties → Settings → Account"
        f" enabled → Save ({_AS_HIGHEST})"
    )
    if facts.user.synced:
        remedy = (
            "it is enabled where it comes from: on premises, Active Directory Users and Computers →"
            " the account → Enable Account, then on the synchronisation server"
            " Start-ADSyncSyncCycle -PolicyType Delta; if it is kept disabled until the emergency,"
            " write these steps down beside its password and practise them"
        )
    elif facts.account.made:
        remedy = (
            "find out who disabled it (Entra admin centre → Audit logs → Disable account), then"
            " pulumi up, which enables it (the deploying application needs the role Privileged"
            f" Authentication Administrator), or by hand: {by_hand}"
        )
    else:
        remedy = by_hand
    yield "is disabled: nobody can sign in with it", remedy


def _synced_since_made(facts: AccountFacts) -> _Found:
    if facts.user.synced and not facts.account.synced_allowed:
        yield (
            "is synchronised from an on-premises directory: whoever runs that directory decides"
            " about it, and it fails with it",
            "take the on-premises account out of what Microsoft Entra Connect synchronises (move it"
            " to an organisational unit that is left out), run Start-ADSyncSyncCycle -PolicyType"
            f" Delta, then restore it at once: breakglass account restore {facts.user.id} (or Entra"
            f" admin centre → Users → Deleted users → {facts.named}): restored, it is a cloud"
            " account again, with its id and passkeys",
        )


def _role_that_ends(facts: AccountFacts) -> _Found:
    for role_id, end in sorted(facts.role_ends.items()):
        name = role_name(role_id) or role_id
        yield (
            f"loses the role {name} on {end:%Y-%m-%d %H:%M} UTC: somebody gave the role an end",
            "Entra admin centre → ID Governance → Privileged Identity Management → Microsoft Entra"
            f" roles → Assignments → Active assignments → {name}, {facts.named} → Update →"
            " Permanently assigned → Save (as Privileged Role Administrator)",
        )


def _changed_password(facts: AccountFacts) -> _Found:
    ours, now = facts.account.password_recorded, facts.user.password_changed
    if ours is None or now is None or now <= ours + CLOCKS_DIFFER:
        return
    yield (
        f"got another password on {now:%Y-%m-%d %H:%M} UTC, not from this stack: the one in the"
        " safe does not open it",
        "find out who did it (Entra admin centre → Audit logs → Reset user password, Change user"
        f" password, target {facts.named}) and treat it as an attack until you know; then make a"
        ' new one: pulumi config set --path "break-glass:accounts.passwordRotation" with a value'
        " not used before (where 'named' sets it for the account, there), and pulumi up",
    )


def _no_strong_method(facts: AccountFacts) -> _Found:
    if facts.methods is None or facts.of_kind(PASSKEY):
        return
    certificates = facts.policy.certificates if facts.policy else None
    single = facts.has_certificate and certificates is not None and not certificates.counts_as_mfa
    if facts.has_certificate and not single:
        return
    has = "no passkey or certificate"
    if single:
        has = "only a certificate that counts as one factor"
    elif facts.certificate_ids is None:
        has = "no passkey (and whether it has a certificate cannot be told)"
    on_behalf = f"/v1.0/users/{facts.user.id}/authentication/fido2Methods"
    yield (
        f"has {has} registered: the MFA that Microsoft enforces itself, whatever policies exclude,"
        " stops it in the Azure, Entra, Intune and Microsoft 365 admin portals",
        "; ".join(_numbered(_registration(facts)))
        + f"; or register a key on its behalf, without signing in as it: Graph, GET {on_behalf}"
        f"/creationOptions, then POST {on_behalf} (UserAuthMethod-Passkey.ReadWrite.All)"
        + (
            "; or let the certificate count: Authentication methods → Policies → Certificate-based"
            " authentication → Configure → Multifactor authentication"
            if single
            else ""
        ),
    )


def _registration(facts: AccountFacts) -> Iterator[str]:
    """The steps from no passkey to two, with what the tenant's policy still needs for them."""
    policy = facts.policy
    if policy and not policy.passkeys.allows(facts.who):
        yield f"{_POLICIES} → Passkey (FIDO2) → {_passkeys_off(policy, facts.who)[1]}"
    if policy and not policy.passkeys.self_service:
        yield f"{_POLICIES} → Passkey (FIDO2) → Configure → Allow self-service set up: Yes"
    if policy and not policy.access_passes.allows(facts.who):
        yield (
            f"{_POLICIES} → Temporary Access Pass → Enable and target → Enable → Include → add the"
            " group of the emergency access accounts, or one with this account in it → Save"
        )
    yield (
        f"Entra admin centre → Users → {facts.named} → Authentication methods → Add authentication"
        f" method → Temporary Access Pass → Add, and note the pass ({_AS_HIGHEST})"
    )
    yield (
        "in a private browser window open My Sign-Ins → Security info"
        f" (https://mysignins.microsoft.com/security-info) as {facts.named} with that pass"
    )
    yield (
        "Add sign-in method → Passkey (or Security key): register two hardware keys for two safes,"
        " named after the safe and not after a person"
    )
    yield "delete the pass where it was made, and sign in once to the Azure portal with each key"


def _numbered(steps: Iterable[str]) -> Iterator[str]:
    return (f"{number}. {step}" for number, step in enumerate(steps, start=1))


def _passkeys_forbidden(facts: AccountFacts) -> _Found:
    if facts.policy is None or facts.policy.passkeys.allows(facts.who):
        return
    if facts.has_certificate and not facts.of_kind(PASSKEY):
        return
    why, step = _passkeys_off(facts.policy, facts.who)
    yield (
        f"may not use a passkey: the tenant's policy for Passkey (FIDO2) does not allow it, {why}",
        f"{_POLICIES} → Passkey (FIDO2) → {step} (as Authentication Policy Administrator)",
    )


def _passkeys_off(policy: AuthenticationPolicy, who: frozenset[str]) -> tuple[str, str]:
    """Why the policy allows an account no passkey, and what makes it do so."""
    if not policy.passkeys.enabled:
        return "the method is off", "Enable and target → Enable → Include: All users → Save"
    if policy.passkeys.excludes(who):
        return (
            "a group that it is in is excluded",
            "Enable and target → Exclude → remove that group, or take the account out of it",
        )
    return (
        "it is in none of the groups that the method is for",
        "Enable and target → Include → add the group of the emergency access accounts → Save",
    )


def _forbidden_keys(facts: AccountFacts) -> _Found:
    if facts.policy is None or not facts.policy.passkeys.allows(facts.who):
        return
    for key in facts.of_kind(PASSKEY):
        allowed = facts.policy.passkeys.allows_key(facts.who, key.aa_guid, synced=key.synced)
        if key.aa_guid and not allowed:
            yield (
                f"may not use its passkey '{key.detail or key.id}': the tenant's policy does not"
                f" allow keys of this make (AAGUID {key.aa_guid})",
                "Entra admin centre → Authentication methods → Policies → Passkey (FIDO2) →"
                " Configure → Target specific passkeys: allow this AAGUID (as Authentication Policy"
                " Administrator), or register a key of an allowed make and delete this one",
            )


def _per_user_mfa(facts: AccountFacts) -> _Found:
    if facts.per_user_mfa in (None, "disabled"):
        return
    yield (
        f"has per-user MFA {facts.per_user_mfa}: every sign-in asks for it, and no exclusion from"
        " Conditional Access policies changes that",
        "Entra admin centre → Users → All users → Per-user MFA → select"
        f" {facts.named} → Disable MFA ({_AS_HIGHEST})",
    )


def _access_pass(facts: AccountFacts) -> _Found:
    for one in facts.of_kind(ACCESS_PASS):
        state = (
            "that can be used now" if one.usable else f"that is left over ({one.detail or 'old'})"
        )
        harm = "whoever knows it signs in with it" if one.usable else "auditors find fault with it"
        yield (
            f"has a Temporary Access Pass {state}: {harm}",
            f"Entra admin centre → Users → {facts.named} → Authentication methods → Temporary"
            f" Access Pass → Delete ({_AS_HIGHEST}); if it is there to register a passkey, do that"
            " first",
        )


def _foreign_methods(facts: AccountFacts) -> _Found:
    wanted = (PASSWORD, PASSKEY, ACCESS_PASS)
    foreign = [method for method in facts.methods or () if method.kind not in wanted]
    if foreign:
        listed = ", ".join(dict.fromkeys(_told(method) for method in foreign))
        yield (
            f"has methods registered that belong to a person or a device: {listed}",
            "find out who registered them (Entra admin centre → Audit logs → User registered"
            f" security info), then Entra admin centre → Users → {facts.named} → Authentication"
            f" methods → … beside each → Delete ({_AS_HIGHEST})",
        )


def _told(method: Method) -> str:
    name = _METHOD_NAMES.get(method.kind, method.kind)
    return f"{name} ({method.detail})" if method.detail else name


def _licence(facts: AccountFacts) -> _Found:
    if facts.user.licensed:
        yield (
            "has a licence assigned: it can get a mailbox, which can be written to and attacked",
            f"Microsoft 365 admin centre → Users → Active users → {facts.named} → Licenses and apps"
            " → clear all → Save changes; a licence that comes from a group goes when the account"
            " leaves that group",
        )
