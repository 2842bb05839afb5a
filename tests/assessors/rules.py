"""Rules of public assessors on emergency access exclusions, each as one function of the evidence.

A rule returns its findings, one sentence each; none means that the tenant passes. Written from the
assessors' published texts: Maester's pages and tests MT.1005, MT.1035, MT.1038 and MT.1066;
Microsoft's Zero Trust Assessment 21835 "Emergency access accounts are configured appropriately";
CIPP's test E8_Admin_07; CISA SCuBA's baseline for Entra ID (exclusions have to be declared under
`CapExclusions`); CIS Microsoft 365 Foundations Benchmark 1.1.2 and the group's part of 2.2.1.
What they ask besides, such as that sign-ins are watched, is not asked here.
"""

from collections.abc import Callable, Mapping

from tests.assessors.evidence import EmergencyAccess, Evidence, listed, named
from tests.support.tenant import JSON

FIDO2 = "#microsoft.graph.fido2AuthenticationMethod"
CERTIFICATE = "#microsoft.graph.x509CertificateAuthenticationMethod"
FEWEST, MOST = 2, 4
"""How many emergency access accounts there may be."""


def excluded(policy: JSON, kind: str) -> list[str]:
    """The ids that a policy excludes; `kind` is Users, Groups or Roles."""
    return listed(policy, f"exclude{kind}")


def maester_mt_1005(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """Every policy in any state excludes every declared account and group, by its own id."""
    findings: list[str] = []
    for policy in evidence.policies:
        if _is_beyond_mt_1005(policy):
            continue
        lacking = [user for user in told.users if user not in excluded(policy, "Users")]
        lacking += [group for group in told.groups if group not in excluded(policy, "Groups")]
        findings += [f"{policy['displayName']} does not exclude {name}" for name in lacking]
    return findings


def _is_beyond_mt_1005(policy: JSON) -> bool:
    conditions = policy["conditions"]
    workloads: JSON = conditions.get("clientApplications") or {}
    return bool(
        conditions["applications"].get("includeAuthenticationContextClassReferences")
        or workloads.get("includeServicePrincipals")
        or workloads.get("includeAgentIdServicePrincipals")
    )


def maester_mt_1035(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """The declared groups that policies in use name can only be changed by privileged roles."""
    used = {
        group
        for policy in evidence.policies
        if policy["state"] != "disabled"
        for group in named(policy, "Groups")
    }
    found = [
        evidence.groups[group] for group in told.groups if group in used & set(evidence.groups)
    ]
    return [
        f"anybody who manages groups can change {group['displayName']}"
        for group in found
        if not group.get("isAssignableToRole") and not group.get("isManagementRestricted")
    ]


def maester_mt_1066(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """No policy in any state names a user, group or role that is not there (MT.1038: groups)."""
    del told
    return [
        f"{policy['displayName']} names {name}, which does not exist"
        for policy in evidence.policies
        for kind in ("Users", "Groups", "Roles")
        for name in named(policy, kind)
        if name in evidence.missing
    ]


def zero_trust_21835(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """Two to four cloud-only Global Administrators with a passkey are out of all enabled policies.

    As the assessor does, an account that a policy includes by its role counts as targeted even
    where the policy excludes the account itself.
    """
    del told
    return _counted(len(zero_trust_accounts(evidence)), "emergency access accounts")


def zero_trust_accounts(evidence: Evidence) -> list[str]:
    """Whom the Zero Trust Assessment takes for an emergency access account."""
    return [
        user
        for user in evidence.administrators
        if not evidence.users[user].get("onPremisesSyncEnabled")
        and evidence.methods[user] & {FIDO2, CERTIFICATE}
        and not any(
            _targets_as_21835_sees_it(policy, user, evidence)
            for policy in evidence.policies
            if policy["state"] == "enabled"
        )
    ]


def _targets_as_21835_sees_it(policy: JSON, user: str, evidence: Evidence) -> bool:
    included = listed(policy, "includeUsers")
    targeted = ("All" in included or user in included) and user not in excluded(policy, "Users")
    parents = evidence.parents[user]
    if not targeted and not parents & set(excluded(policy, "Groups")):
        targeted = bool(parents & set(listed(policy, "includeGroups")))
    roles = evidence.roles[user]
    if roles & set(excluded(policy, "Roles")):
        return False
    return targeted or bool(roles & set(listed(policy, "includeRoles")))


def cipp_e8_admin_07(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """Two to four Global Administrators of the initial domain; an MFA policy excludes one by id."""
    del told
    accounts = {
        user
        for user in evidence.administrators
        if evidence.users[user]["userPrincipalName"].endswith("onmicrosoft.com")
        and evidence.users[user]["accountEnabled"]
    }
    findings = _counted(len(accounts), "Global Administrators of the onmicrosoft.com domain")
    if not any(
        accounts & set(excluded(policy, "Users"))
        for policy in evidence.policies
        if policy["state"] == "enabled" and asks_for_mfa(policy)
    ):
        findings.append("no enabled policy that asks for MFA excludes one of them")
    return findings


def asks_for_mfa(policy: JSON) -> bool:
    """Whether a policy's grant controls hold MFA or an authentication strength."""
    controls: JSON = policy.get("grantControls") or {}
    return bool(
        "mfa" in (controls.get("builtInControls") or []) or controls.get("authenticationStrength")
    )


def scuba_exclusions(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """Enabled policies for all users exclude nobody who is not declared, and no role."""
    findings: list[str] = []
    for policy in evidence.policies:
        everybody = listed(policy, "includeUsers") == ["All"]
        if policy["state"] != "enabled" or not everybody:
            continue
        undeclared = set(excluded(policy, "Users")) - set(told.users)
        undeclared |= set(excluded(policy, "Groups")) - set(told.groups)
        undeclared |= set(excluded(policy, "Roles"))
        findings += [f"{policy['displayName']} excludes {name}" for name in sorted(undeclared)]
    return findings


def cis_1_1_2(evidence: Evidence, told: EmergencyAccess) -> list[str]:
    """Two declared cloud-only, unlicensed administrators of the initial domain, one of them free.

    Free: excluded from every policy that can exclude users. And the group is a protected one.
    """
    findings = _counted(len(told.users), "declared accounts")
    for user in told.users:
        account = evidence.users.get(user)
        if account is None:
            findings.append(f"{user} does not exist")
        elif (
            account.get("onPremisesSyncEnabled")
            or account.get("assignedLicenses")
            or not account["userPrincipalName"].endswith(".onmicrosoft.com")
            or user not in evidence.administrators
        ):
            findings.append(f"{account['userPrincipalName']} is no emergency access account")
    applicable = [
        policy for policy in evidence.policies if not policy["conditions"].get("clientApplications")
    ]
    if not any(all(user in excluded(p, "Users") for p in applicable) for user in told.users):
        findings.append("no account is excluded from all policies")
    findings += [
        f"{group} cannot hold roles"
        for group in told.groups
        if not evidence.groups.get(group, {}).get("isAssignableToRole")
    ]
    return findings


def _counted(number: int, of: str) -> list[str]:
    if FEWEST <= number <= MOST:
        return []
    return [f"{number} {of}; {FEWEST} to {MOST} are expected"]


RULES: Mapping[str, Callable[[Evidence, EmergencyAccess], list[str]]] = {
    "Maester MT.1005": maester_mt_1005,
    "Maester MT.1035": maester_mt_1035,
    "Maester MT.1066": maester_mt_1066,
    "Zero Trust Assessment 21835": zero_trust_21835,
    "CIPP E8_Admin_07": cipp_e8_admin_07,
    "CISA SCuBA": scuba_exclusions,
    "CIS 1.1.2": cis_1_1_2,
}
