"""From which kinds of policy the accounts are excluded, one row a kind.

Each table is one test: it compares all rows, so that a failure shows the rows that are wrong.
"""

from typing import Any

import pytest

from entra.exclusion import Scope, is_named, named_by, skip_reason
from entra.policy import Policy
from tests.unit.graph_stub import policy_document

ANYBODY: dict[str, Any] = {"includeUsers": []}
STATES = ("enabled", "disabled", "enabledForReportingButNotEnforced")
TO_NOBODY = "applies to no users"
TO_AGENTS = "applies to agent identities, not to users"
TO_WORKLOADS = "applies to workload identities, not to users"


def policy(**document: Any) -> Policy:
    return Policy.from_document(policy_document(**document))


def reason(found: Policy, scope: Scope = Scope.ALL) -> str | None:
    return skip_reason(found, scope=scope, skip=[])


def conditions(**found: Any) -> dict[str, Any]:
    return {"conditions": found}


def for_nobody(**client_applications: Any) -> dict[str, Any]:
    return {
        "users": {"includeUsers": ["None"]},
        **conditions(clientApplications=client_applications),
    }


PEOPLE: dict[str, dict[str, Any]] = {
    "all users": {"users": {"includeUsers": ["All"]}},
    "single users": {"users": {"includeUsers": ["11111111-1111-4111-8111-111111111111"]}},
    "groups": {"users": {"includeGroups": ["g"], **ANYBODY}},
    "roles": {"users": {"includeRoles": ["r"], **ANYBODY}},
    "guests, the literal": {"users": {"includeUsers": ["GuestsOrExternalUsers"]}},
    "guests, the object": {
        "users": {
            **ANYBODY,
            "includeGuestsOrExternalUsers": {
                "guestOrExternalUserTypes": "internalGuest,b2bCollaborationGuest",
                "externalTenants": {"membershipKind": "all"},
            },
        }
    },
    "all users but guests, the literal": {"users": {"excludeUsers": ["GuestsOrExternalUsers"]}},
    "all users but guests, the object": {
        "users": {"excludeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "serviceProvider"}}
    },
    "nobody by name, but a group": {"users": {"includeUsers": ["None"], "includeGroups": ["g"]}},
    "nobody by name, but a role": {"users": {"includeUsers": ["none"], "includeRoles": ["r"]}},
    "agents' users and a person": {"users": {"includeUsers": ["AllAgentIdUsers", "u"]}},
    "agents' users and a group": {
        "users": {"includeUsers": ["AllAgentIdUsers"], "includeGroups": ["g"]}
    },
    "people who sign in to agents": conditions(
        applications={"includeApplications": ["AllAgentIdResources"]}
    ),
    "an empty choice of workload identities": conditions(
        clientApplications={
            "includeServicePrincipals": [],
            "excludeServicePrincipals": None,
            "servicePrincipalFilter": {"mode": None, "rule": None},
        }
    ),
    "people and workload identities": conditions(
        clientApplications={"includeServicePrincipals": ["ServicePrincipalsInMyTenant"]}
    ),
    "an authentication context": conditions(
        applications={"includeAuthenticationContextClassReferences": ["c1"]}
    ),
    "registering a device": conditions(
        applications={"includeUserActions": ["urn:user:registerdevice"]}
    ),
    "registering security information": conditions(
        applications={"includeUserActions": ["urn:user:registersecurityinfo"]}
    ),
    "locations": conditions(locations={"includeLocations": ["All"]}),
    "legacy authentication": conditions(clientAppTypes=["exchangeActiveSync", "other"]),
    "device code flow": conditions(authenticationFlows={"transferMethods": "deviceCodeFlow"}),
    "insider risk": conditions(insiderRiskLevels="elevated"),
    "user risk": conditions(userRiskLevels=["high"]),
    "sign-in risk": conditions(signInRiskLevels=["high", "medium"]),
    "a device filter": conditions(devices={"deviceFilter": {"mode": "exclude", "rule": "x"}}),
    "made from a template": {"templateId": "c7503427-338e-4c5e-902d-abe252abfb43"},
    "Microsoft-managed": {"name": "Microsoft-managed: Block legacy authentication"},
    "an authentication strength": {
        "grantControls": {"builtInControls": [], "authenticationStrength": {"id": "s"}}
    },
    "terms of use": {"grantControls": {"builtInControls": [], "termsOfUse": ["t"]}},
    "session controls alone": {
        "grantControls": None,
        "sessionControls": {"signInFrequency": {"value": 1, "type": "hours"}},
    },
}

NOT_PEOPLE: dict[str, tuple[dict[str, Any], str]] = {
    "nobody": ({"users": {"includeUsers": ["None"]}}, f"{TO_NOBODY} (users: None)"),
    "nobody, in lower case": ({"users": {"includeUsers": ["none"]}}, f"{TO_NOBODY} (users: None)"),
    "no user chosen": ({"users": ANYBODY}, TO_NOBODY),
    "users not told": (conditions(users=None), TO_NOBODY),
    "everything null": (
        {"users": {"includeUsers": None, "includeGroups": None, "includeRoles": None}},
        TO_NOBODY,
    ),
    "service principals": (for_nobody(includeServicePrincipals=["s"]), TO_WORKLOADS),
    "service principals, users not told": (
        conditions(users=None, clientApplications={"includeServicePrincipals": ["s"]}),
        TO_WORKLOADS,
    ),
    "service principals by a filter": (
        for_nobody(servicePrincipalFilter={"mode": "include", "rule": "x"}),
        TO_WORKLOADS,
    ),
    "service principals left out, none chosen": (
        for_nobody(excludeServicePrincipals=["s"]),
        f"{TO_NOBODY} (users: None)",
    ),
    "agents": (for_nobody(includeAgentIdServicePrincipals=["All"]), TO_AGENTS),
    "agents by a filter": (
        for_nobody(
            includeServicePrincipals=[],
            agentIdServicePrincipalFilter={"mode": "include", "rule": "x"},
        ),
        TO_AGENTS,
    ),
    "agents, as v1.0 shows them": (
        for_nobody(includeServicePrincipals=[], servicePrincipalFilter=None),
        f"{TO_NOBODY} (users: None)",
    ),
    "agents' users": ({"users": {"includeUsers": ["AllAgentIdUsers"]}}, TO_AGENTS),
}


@pytest.mark.parametrize("state", STATES)
def test_every_policy_for_people_is_excluded_from_in_any_state(state: str) -> None:
    found = {kind: reason(policy(**document, state=state)) for kind, document in PEOPLE.items()}
    assert found == dict.fromkeys(PEOPLE)


@pytest.mark.parametrize("scope", Scope)
def test_a_policy_for_nobody_or_no_person_is_skipped_and_says_why(scope: Scope) -> None:
    found = {kind: reason(policy(**document), scope) for kind, (document, _) in NOT_PEOPLE.items()}
    assert found == {kind: why for kind, (_, why) in NOT_PEOPLE.items()}


MFA: dict[str, tuple[dict[str, Any] | None, bool]] = {
    "multifactor authentication": ({"builtInControls": ["mfa"]}, True),
    "multifactor authentication, in capitals": ({"builtInControls": ["MFA"]}, True),
    "either it or a compliant device": (
        {"operator": "OR", "builtInControls": ["compliantDevice", "mfa"]},
        True,
    ),
    "it and a new password": (
        {"operator": "AND", "builtInControls": ["mfa", "passwordChange"]},
        True,
    ),
    "an authentication strength": (
        {"builtInControls": [], "authenticationStrength": {"id": "s", "description": None}},
        True,
    ),
    "either a strength or a compliant device": (
        {"builtInControls": ["compliantDevice"], "authenticationStrength": {"id": "s"}},
        True,
    ),
    "no strength": (
        {"builtInControls": ["compliantDevice"], "authenticationStrength": None},
        False,
    ),
    "an empty strength": (
        {"builtInControls": ["compliantDevice"], "authenticationStrength": {"id": None}},
        False,
    ),
    "a block": ({"builtInControls": ["block"]}, False),
    "a compliant device": ({"builtInControls": ["compliantDevice", "domainJoinedDevice"]}, False),
    "a custom control": ({"builtInControls": None, "customAuthenticationFactors": ["c"]}, False),
    "terms of use": ({"builtInControls": [], "termsOfUse": ["t"]}, False),
    "session controls alone": (None, False),
}


def test_mfa_only_means_policies_that_ask_for_mfa_or_a_strength() -> None:
    policies = {kind: policy(grantControls=controls) for kind, (controls, _) in MFA.items()}
    found = {kind: reason(one, Scope.MFA_ONLY) for kind, one in policies.items()}
    why = "does not ask for multifactor authentication (exclusion scope: mfa-only)"
    assert found == {kind: None if asks else why for kind, (_, asks) in MFA.items()}
    assert {kind: reason(one) for kind, one in policies.items()} == dict.fromkeys(MFA)


def test_the_scopes_are_spelled_as_in_the_settings() -> None:
    assert list(Scope) == ["all", "mfa-only"]


@pytest.mark.parametrize(
    ("entry", "meant"),
    [
        ("AB-1", True),
        (" ab-1 ", True),
        ("Notfallkonten: Schlüssel", True),
        ("notfallkonten: schlu\u0308ssel", True),
        ("Notfallkonten", False),
        ("", False),
        (" ", False),
    ],
)
def test_the_skip_list_takes_ids_and_display_names(entry: str, meant: bool) -> None:
    found = policy(policy_id="AB-1", name="Notfallkonten: Schlüssel ")
    assert is_named(found, ["something else", entry]) is meant
    expected = "listed under skip" if meant else None
    assert skip_reason(found, scope=Scope.ALL, skip=[entry]) == expected


def test_a_name_can_be_listed_as_it_is_and_as_the_preview_tells_it() -> None:
    for entry in ("two\nlines", r"two\nlines"):
        assert is_named(policy(name="Two\nLines"), [entry])


def test_an_empty_entry_means_no_policy_not_even_one_without_a_name() -> None:
    assert not is_named(policy(name=""), ["", " "])


def test_what_is_listed_is_skipped_whatever_else_would_be_the_reason() -> None:
    found = policy(users={"includeUsers": ["None"]}, grant=("block",))
    assert skip_reason(found, scope=Scope.MFA_ONLY, skip=["p1"]) == "listed under skip"


def test_a_policy_listed_by_its_id_stays_listed_when_it_is_renamed() -> None:
    before, after = policy(name="Old name"), policy(name="New name")
    assert is_named(before, ["p1"])
    assert is_named(after, ["p1"])
    assert not is_named(after, ["Old name"])


def test_a_name_that_two_policies_have_means_both() -> None:
    one, two, other = (
        policy(policy_id="1", name="Same"),
        policy(policy_id="2", name="SAME"),
        policy(policy_id="3", name="Another"),
    )
    assert named_by([one, other, two], "same") == [one, two]
    assert named_by([one, other, two], "3") == [other]
    assert named_by([one, other, two], "nobody") == []
