"""Grant controls, authentication strengths, session controls."""

from typing import Any

from tests.sandbox.evaluation_table.case import Case, Group, Object, policy, thing
from tests.sandbox.evaluation_table.tenant import OTHER_KIND
from tests.support.tenant import KEY_KIND

MULTIFACTOR = "00000000-0000-0000-0000-000000000002"
PASSWORDLESS = "00000000-0000-0000-0000-000000000003"
PHISHING_RESISTANT = "00000000-0000-0000-0000-000000000004"
PUSH = "password,microsoftAuthenticatorPush"
TERMS = thing("terms")
COMPLIANT = {"isCompliant": True}
HYBRID = {"trustType": "ServerAD"}


def strength(strength_id: str) -> Object:
    return policy(grant={"authenticationStrength": {"id": strength_id}})


def enters(says: str, rule: Object, **sign_in: Any) -> Case:
    return Case(says, [rule], sign_in, "allowed", ["applied"], "0")


def asked(says: str, rule: Object, **sign_in: Any) -> Case:
    return Case(says, [rule], sign_in, "mfa", ["applied"], "50074")


def refused(says: str, code: str, rule: Object, **sign_in: Any) -> Case:
    return Case(says, [rule], sign_in, "blocked", ["applied"], code)


def undecided(says: str, names: str, rule: Object, **sign_in: Any) -> Case:
    return Case(says, [rule], sign_in, "allowed", ["notEvaluated"], names=names)


BOTH = ("mfa", "compliantDevice")

CONTROLS = (
    Group(
        "Microsoft Learn, Conditional Access: Grant (Block access; Grant access)",
        (
            refused("block prevents access", "53003", policy("block"), mfa=True),
            refused(
                "block is no alternative to a grant", "53003", policy("block", "mfa"), mfa=True
            ),
            asked("MFA is asked for", policy("mfa")),
            enters("MFA done", policy("mfa"), mfa=True),
            enters(
                "Windows Hello for Business satisfies MFA",
                policy("mfa"),
                method="windowsHelloForBusiness",
            ),
            refused("a compliant device", "53000", policy("compliantDevice")),
            refused(
                "registered is not compliant", "53000", policy("compliantDevice"), device=HYBRID
            ),
            enters("compliant", policy("compliantDevice"), device=COMPLIANT),
            refused(
                "a joined device is not hybrid joined",
                "53001",
                policy("domainJoinedDevice"),
                device=COMPLIANT,
            ),
            enters("hybrid joined", policy("domainJoinedDevice"), device=HYBRID),
            asked("all selected controls", policy(*BOTH, operator="AND"), device=COMPLIANT),
            refused("one of them missing", "53000", policy(*BOTH, operator="AND"), mfa=True),
            enters("all of them there", policy(*BOTH, operator="AND"), device=COMPLIANT, mfa=True),
            enters("one of the selected controls", policy(*BOTH), device=COMPLIANT),
            enters("or the other", policy(*BOTH), mfa=True),
            asked("of which the user can still give one", policy(*BOTH)),
        ),
    ),
    Group(
        "Microsoft Learn, Conditional Access: Grant (Require approved client app; Require app "
        "protection policy; Require password change; Require risk remediation; Terms of use)",
        (
            refused(
                "approved client apps are for iOS and Android only",
                "53002",
                policy("approvedApplication"),
                device=COMPLIANT,
                approvedApp=True,
            ),
            enters(
                "an approved client app on a registered phone",
                policy("approvedApplication"),
                device=COMPLIANT,
                platform="iOS",
                approvedApp=True,
            ),
            refused(
                "the device must be registered",
                "53002",
                policy("approvedApplication"),
                platform="iOS",
                approvedApp=True,
            ),
            undecided(
                "whether an app is approved has to be said",
                "approvedApplication",
                policy("approvedApplication"),
                device=COMPLIANT,
                platform="android",
            ),
            enters(
                "an app protection policy",
                policy("compliantApplication"),
                device=COMPLIANT,
                platform="android",
                protectedApp=True,
            ),
            refused(
                "no app protection policy",
                "53009",
                policy("compliantApplication"),
                device=COMPLIANT,
                platform="android",
                protectedApp=False,
            ),
            enters(
                "one of both is enough",
                policy("approvedApplication", "compliantApplication"),
                device=COMPLIANT,
                platform="iOS",
                protectedApp=True,
            ),
            asked(
                "before a password change the user completes MFA",
                policy("mfa", "passwordChange", operator="AND", userRiskLevels=["high"]),
                userRisk="high",
            ),
            enters(
                "and changes the password then",
                policy("mfa", "passwordChange", operator="AND", userRiskLevels=["high"]),
                userRisk="high",
                mfa=True,
            ),
            asked(
                "risk remediation takes a strong authentication",
                policy("riskRemediation", userRiskLevels=["high"]),
                userRisk="high",
            ),
            enters(
                "terms of use are shown after sign-in",
                policy(grant={"termsOfUse": [TERMS]}),
            ),
            asked(
                "MFA is validated before terms of use",
                policy("mfa", operator="AND", grant={"termsOfUse": [TERMS]}),
                termsAccepted=True,
            ),
            undecided(
                "custom controls redirect to another service",
                "customAuthenticationFactors",
                policy(grant={"customAuthenticationFactors": ["RequireOther"]}),
                mfa=True,
            ),
        ),
    ),
    Group(
        "Microsoft Learn, Overview of Microsoft Entra authentication strengths (Built-in "
        "authentication strengths)",
        (
            enters("MFA strength takes password and push", strength(MULTIFACTOR), method=PUSH),
            enters(
                "a one-time Temporary Access Pass too",
                strength(MULTIFACTOR),
                method="temporaryAccessPassOneTime",
            ),
            asked("a password alone is no MFA", strength(MULTIFACTOR)),
            asked("passwordless is not password and push", strength(PASSWORDLESS), method=PUSH),
            enters(
                "phone sign-in is passwordless", strength(PASSWORDLESS), method="deviceBasedPush"
            ),
            asked(
                "phone sign-in is not phishing-resistant",
                strength(PHISHING_RESISTANT),
                method="deviceBasedPush",
            ),
            enters("a passkey is", strength(PHISHING_RESISTANT), method="fido2"),
            enters(
                "a multifactor certificate is",
                strength(PHISHING_RESISTANT),
                method="x509CertificateMultiFactor",
            ),
            asked(
                "a custom strength takes its combinations only",
                strength(thing("strengths/Push")),
                method="fido2",
            ),
            enters(
                "in any order of writing",
                strength(thing("strengths/Push")),
                method="microsoftAuthenticatorPush,password",
            ),
            enters(
                "a strength can be limited to some passkeys",
                strength(thing("strengths/One kind of key")),
                method="fido2",
                aaguid=KEY_KIND,
            ),
            asked(
                "another kind of passkey is not enough",
                strength(thing("strengths/One kind of key")),
                method="fido2",
                aaguid=OTHER_KIND,
            ),
            undecided(
                "a passkey of unknown kind cannot be decided",
                "authenticationStrength",
                strength(thing("strengths/One kind of key")),
                method="fido2",
            ),
        ),
    ),
    Group(
        "Microsoft Learn, Conditional Access: Session",
        (
            Case(
                "a policy may have session controls only",
                [
                    policy(
                        session={
                            "signInFrequency": {"isEnabled": True, "value": 4, "type": "hours"}
                        }
                    )
                ],
                {},
                "allowed",
                ["applied"],
                "0",
                names="applies session controls: signInFrequency (every 4 hours)",
            ),
            enters(
                "session controls beside a grant",
                policy("mfa", session={"persistentBrowser": {"isEnabled": True, "mode": "never"}}),
                mfa=True,
            ),
        ),
    ),
)
