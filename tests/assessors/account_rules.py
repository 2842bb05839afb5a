"""Rules of public assessors on the accounts themselves: how many, whose, with which licence, role.

Written from the assessors' published texts: CIS Microsoft 365 Foundations Benchmark 1.1.1 (cloud
only), 1.1.3 (two to four Global Administrators) and 1.1.4 (licences without applications); Maester
MT.1026 and MT.1028; CISA SCuBA's baseline for Entra ID, MS.AAD.7.1 to 7.4, with `RoleExclusions`
for those who are declared; CIPP's test CIS_1_1_2, which goes by names; Microsoft's Zero Trust
Assessment 21835 as strictly as it was read before it took any phishing-resistant method besides
others: exactly two accounts, passkeys and certificates only, no left-over Temporary Access Pass.
As in `rules`, a rule returns its findings, one sentence each; none means that the tenant passes.

Read otherwise than by the assessor: Maester finds a mailbox in `provisionedPlans` of the user,
here it is a plan of Exchange among the user's licences; of the roles that it calls control plane
Global Administrator alone is looked at.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from tests.assessors.evidence import EmergencyAccess, Evidence
from tests.assessors.rules import CERTIFICATE, FIDO2, zero_trust_accounts
from tests.support.tenant import GLOBAL_ADMINISTRATOR

PASSWORD = "#microsoft.graph.passwordAuthenticationMethod"
SMALL_LICENCES = frozenset({"AAD_PREMIUM", "AAD_PREMIUM_P2"})
FEWEST, MOST = 2, 4
FEWEST_TO_CISA, MOST_TO_CISA = 2, 8
HIGHLY_PRIVILEGED = frozenset(
    {
        GLOBAL_ADMINISTRATOR,
        "e8611ab8-c189-46e8-94e1-60213ab1f814",  # Privileged Role Administrator
        "fe930be7-5e62-47db-91af-98c3a49a38b1",  # User Administrator
        "f28a1f50-f6e7-4571-818b-6a12f2af6b6c",  # SharePoint Administrator
        "29232cdf-9323-42fd-ade2-1d097af3e4de",  # Exchange Administrator
        "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2",  # Hybrid Identity Administrator
        "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",  # Application Administrator
        "158c047a-c907-4556-b7ef-446551a6b5f7",  # Cloud Application Administrator
    }
)
"""The roles that CISA's baseline calls so."""
_NAMES_OF_CIPP = re.compile("breakglass|break-glass|emergency|cipp-bg|bg-admin", re.IGNORECASE)


def cis_1_1_1(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """Nobody with a role, active or eligible, comes from a directory on premises."""
    del told
    return [
        f"{name} is synced"
        for name, user in _holders(evidence)
        if user.get("onPremisesSyncEnabled")
    ]


def cis_1_1_3(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """Two to four users are Global Administrators now."""
    del told
    held = _users_with(evidence, GLOBAL_ADMINISTRATOR, active_only=True)
    return _counted(held, FEWEST, MOST)


def cis_1_1_4(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """A permanent administrator has no licence, or one that opens Entra ID alone."""
    del told
    return [
        f"{evidence.users[user]['userPrincipalName']} has {licence['skuPartNumber']}"
        for user, licences in evidence.licences.items()
        for licence in licences
        if licence["skuPartNumber"] not in SMALL_LICENCES
    ]


def maester_mt_1026(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """No permanent administrator is a hybrid user."""
    del told
    found = [evidence.users[user] for user in evidence.administrators]
    return [
        f"{user['userPrincipalName']} is a hybrid user"
        for user in found
        if user.get("onPremisesSyncEnabled") and user.get("onPremisesImmutableId") is not None
    ]


def maester_mt_1028(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """No permanent administrator has a mailbox."""
    del told
    return [
        f"{evidence.users[user]['userPrincipalName']} has a mailbox"
        for user, licences in evidence.licences.items()
        if any(
            plan["servicePlanName"].startswith("EXCHANGE")
            and plan["provisioningStatus"] == "Success"
            for licence in licences
            for plan in licence["servicePlans"]
        )
    ]


def zero_trust_21835_strictly(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """Exactly two, and nothing but passkeys and certificates is registered besides the password."""
    del told
    found = [
        user
        for user in zero_trust_accounts(evidence)
        if evidence.methods[user] <= {FIDO2, CERTIFICATE, PASSWORD}
    ]
    return _counted(found, 2, 2)


def cipp_cis_1_1_2(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """Two cloud-only Global Administrators have a name that says what they are for."""
    del told
    found = [
        user
        for user in _users_with(evidence, GLOBAL_ADMINISTRATOR, active_only=True)
        if _NAMES_OF_CIPP.search(evidence.users[user]["userPrincipalName"])
        and not evidence.users[user].get("onPremisesSyncEnabled")
    ]
    return [] if len(found) >= FEWEST else [f"{len(found)} accounts are named for emergencies"]


def scuba_7_1(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """Two to eight users are Global Administrators, now or when they activate it."""
    del told
    return _counted(_users_with(evidence, GLOBAL_ADMINISTRATOR), FEWEST_TO_CISA, MOST_TO_CISA)


def scuba_7_2(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """At least as many users have only lesser ones of the highly privileged roles."""
    del told
    all_powerful = _users_with(evidence, GLOBAL_ADMINISTRATOR)
    lesser = _users_with(evidence, *HIGHLY_PRIVILEGED) - all_powerful
    if len(all_powerful) <= len(lesser):
        return []
    return [f"{len(all_powerful)} Global Administrators to {len(lesser)} with lesser roles"]


def scuba_7_3(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """Nobody with a highly privileged role has an identity on premises."""
    del told
    held = _users_with(evidence, *HIGHLY_PRIVILEGED)
    return [
        f"{name} is not cloud-only"
        for name, user in _holders(evidence)
        if user["id"] in held and user.get("onPremisesImmutableId") is not None
    ]


def scuba_7_4(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """Nobody who is not declared holds a highly privileged role without an end."""
    declared = {*told.users, *told.groups}
    return [
        f"{role['principalId']} holds {role['roleDefinitionId']} for good"
        for role in evidence.active
        if role["roleDefinitionId"] in HIGHLY_PRIVILEGED
        and role["endDateTime"] is None
        and role["principalId"] not in declared
    ]


def _holders(evidence: Evidence) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Users with any role, active or eligible, by their names."""
    held = {role["principalId"] for role in (*evidence.active, *evidence.eligible)}
    for user_id in sorted((held | set(evidence.roles)) & set(evidence.users)):
        user = evidence.users[user_id]
        yield user["userPrincipalName"], user


def _users_with(evidence: Evidence, *roles: str, active_only: bool = False) -> set[str]:
    """Users who hold one of these roles; without `active_only` also who may activate it."""
    wanted = set(roles)
    found = {holder for holder, held in evidence.roles.items() if held & wanted}
    if not active_only:
        found |= {
            role["principalId"] for role in evidence.eligible if role["roleDefinitionId"] in wanted
        }
    return found & set(evidence.users)


def _counted(accounts: Iterable[str], fewest: int, most: int) -> list[str]:
    number = len(list(accounts))
    return [] if fewest <= number <= most else [f"{number} instead of {fewest} to {most} accounts"]


ACCOUNT_RULES: Mapping[str, Callable[[Evidence, EmergencyAccess], list[str]]] = {
    "CIS 1.1.1": cis_1_1_1,
    "CIS 1.1.3": cis_1_1_3,
    "CIS 1.1.4": cis_1_1_4,
    "Maester MT.1026": maester_mt_1026,
    "Maester MT.1028": maester_mt_1028,
    "Zero Trust Assessment 21835, strictly": zero_trust_21835_strictly,
    "CISA SCuBA 7.1": scuba_7_1,
    "CISA SCuBA 7.2": scuba_7_2,
    "CISA SCuBA 7.3": scuba_7_3,
    "CISA SCuBA 7.4": scuba_7_4,
}
