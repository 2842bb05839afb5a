"""Each property of a Conditional Access policy takes what Graph documents, and nothing else."""

import copy
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

import pytest

from sandbox.tenant.access.policies import ConditionalAccess
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.errors import DocumentError, ServiceError
from tests.sandbox.seed_tenant import StillClock
from tests.support.tenant import JSON, graph, object_id, running_tenant, small_document

POLICIES = "/beta/identity/conditionalAccess/policies"
GUID = "11111111-2222-4333-8444-555555555555"
UNLIMITED = Behaviour(conditional_access_requests_per_second=0)
RULE = {"mode": "include", "rule": 'device.model -eq "x"'}
GUESTS = {
    "guestOrExternalUserTypes": "internalGuest,serviceProvider",
    "externalTenants": {"membershipKind": "enumerated", "members": [GUID]},
}

WHOLE: JSON = {
    "id": GUID,
    "templateId": None,
    "displayName": "Everything",
    "createdDateTime": None,
    "modifiedDateTime": None,
    "state": "enabledForReportingButNotEnforced",
    "conditions": {
        "userRiskLevels": ["high"],
        "signInRiskLevels": ["medium"],
        "servicePrincipalRiskLevels": ["low"],
        "insiderRiskLevels": "minor,elevated",
        "agentIdRiskLevels": "high",
        "clientAppTypes": ["browser"],
        "platforms": {"includePlatforms": ["all"], "excludePlatforms": ["iOS"]},
        "locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]},
        "devices": {
            "includeDevices": [],
            "excludeDevices": [],
            "includeDeviceStates": [],
            "excludeDeviceStates": [],
            "deviceFilter": RULE,
        },
        "clientApplications": {
            "includeServicePrincipals": ["ServicePrincipalsInMyTenant"],
            "excludeServicePrincipals": [GUID],
            "servicePrincipalFilter": RULE,
            "includeAgentIdServicePrincipals": [],
            "excludeAgentIdServicePrincipals": [],
            "agentIdServicePrincipalFilter": RULE,
        },
        "authenticationFlows": {"transferMethods": "deviceCodeFlow,authenticationTransfer"},
        "times": {},
        "applications": {
            "includeApplications": ["All"],
            "excludeApplications": ["Office365", GUID],
            "includeUserActions": [],
            "includeAuthenticationContextClassReferences": ["c1"],
            "applicationFilter": RULE,
        },
        "users": {
            "includeUsers": ["All"],
            "excludeUsers": [GUID],
            "includeGroups": [GUID],
            "excludeGroups": [GUID],
            "includeRoles": [GUID],
            "excludeRoles": [GUID],
            "includeGuestsOrExternalUsers": GUESTS,
            "excludeGuestsOrExternalUsers": GUESTS,
        },
    },
    "grantControls": {
        "operator": "OR",
        "builtInControls": ["mfa"],
        "customAuthenticationFactors": [],
        "termsOfUse": [GUID],
        "authenticationStrength": None,
    },
    "sessionControls": {
        "applicationEnforcedRestrictions": {"isEnabled": True},
        "cloudAppSecurity": {"isEnabled": True, "cloudAppSecurityType": "monitorOnly"},
        "persistentBrowser": {"isEnabled": True, "mode": "never"},
        "signInFrequency": {
            "isEnabled": True,
            "value": 4,
            "type": "hours",
            "authenticationType": "primaryAndSecondaryAuthentication",
            "frequencyInterval": "timeBased",
        },
        "continuousAccessEvaluation": {"mode": "strictLocation"},
        "secureSignInSession": {"isEnabled": True},
        "disableResilienceDefaults": False,
        "globalSecureAccessFilteringProfile": {"isEnabled": True, "profileId": "p"},
    },
}
JUNK: tuple[Any, ...] = (5, True, "x", [5], [{}], {"a": 1}, [None], -1, [[]])
# What fits a property although it stands in the list of junk.
FITS = {
    "id": ("x",),
    "templateId": ("x",),
    "createdDateTime": ("x",),
    "modifiedDateTime": ("x",),
    "displayName": ("x",),
    "rule": ("x",),
    "profileId": ("x",),
    "isEnabled": (True,),
    "disableResilienceDefaults": (True,),
    "value": (5,),
    "times": ({"a": 1},),
}


def places(part: JSON, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in part.items():
        yield (*path, name)
        if isinstance(value, dict):
            yield from places(cast("JSON", value), (*path, name))


def changed(path: tuple[str, ...], value: object, policy: JSON = WHOLE) -> JSON:
    copied = copy.deepcopy(policy)
    holder = copied
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = value
    return copied


def fits(path: tuple[str, ...], value: object) -> bool:
    return any(type(value) is type(known) and value == known for known in FITS.get(path[-1], ()))


def area() -> ConditionalAccess:
    return ConditionalAccess(StillClock(), UNLIMITED)


def test_the_policy_of_this_table_is_taken_whole() -> None:
    made = area().create_policy(WHOLE)
    assert made["conditions"]["clientApplications"] == WHOLE["conditions"]["clientApplications"]


@pytest.mark.parametrize("path", list(places(WHOLE)), ids=".".join)
def test_a_property_of_a_wrong_type_or_value_is_refused_by_its_path(path: tuple[str, ...]) -> None:
    kept = area()
    made = kept.create_policy(WHOLE)
    for value in JUNK:
        if fits(path, value):
            continue
        body = changed(path, value)
        writes = (
            partial(kept.create_policy, body),
            partial(kept.update_policy, made["id"], body),
        )
        for write in writes:
            with pytest.raises(ServiceError) as caught:
                write()
            assert (caught.value.status, caught.value.code) == (400, "BadRequest"), value
            assert caught.value.message.startswith(("1007: ", "Invalid ")), value
        with pytest.raises(DocumentError, match=r"conditionalAccessPolicies(: |\[0\]\.id)"):
            ConditionalAccess.from_document(
                {"conditionalAccessPolicies": [body]}, StillClock(), UNLIMITED
            )
    assert kept.policies() == [made]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (
            "conditions.platforms",
            5,
            "'conditions.platforms' is 5, must be an object.",
        ),
        (
            "conditions.clientAppTypes",
            ["browser", "fax"],
            "'conditions.clientAppTypes' holds \"fax\", each entry must be one of all, browser",
        ),
        (
            "grantControls.operator",
            "XOR",
            "'grantControls.operator' is \"XOR\", must be one of AND, OR",
        ),
        ("conditions.users.includeRoles", ["Admins"], 'holds "Admins", each entry must be an id.'),
        (
            "conditions.applications.includeApplications",
            ["Teams"],
            "one of All, None, Office365, MicrosoftAdminPortals, AllAgentIdResources, an id.",
        ),
        ("conditions.devices.deviceFilter", {"mode": "include"}, "deviceFilter.rule' is required"),
        ("grantControls.authenticationStrength", {}, "authenticationStrength.id' is required"),
        ("sessionControls.signInFrequency.value", 0, "is 0, must be a whole number, 1 or more."),
        (
            "conditions.userRiskLevels",
            None,
            "'conditions.userRiskLevels' is null, must be an array.",
        ),
        ("conditions.platforms.forms", [], "Invalid property 'conditions.platforms.forms'."),
    ],
)
def test_the_refusal_says_what_was_found_and_what_is_expected(
    path: str, value: object, words: str
) -> None:
    with pytest.raises(ServiceError) as caught:
        area().create_policy(changed(tuple(path.split(".")), value))
    assert words in caught.value.message


def test_whatever_is_tried_sign_ins_and_what_if_still_answer() -> None:
    asked = {
        "signInIdentity": {
            "@odata.type": "#microsoft.graph.userSignIn",
            "userId": object_id("users/ada"),
        },
        "signInContext": {
            "@odata.type": "#microsoft.graph.applicationContext",
            "includeApplications": ["00000003-0000-0ff1-ce00-000000000000"],
        },
        "signInConditions": {"clientAppType": "browser", "devicePlatform": "windows"},
    }
    parts = [path for path in places(WHOLE) if path[0] in ("conditions", "grantControls")]
    with running_tenant() as server, graph(server) as client:
        made = client.post(POLICIES, json=small_policy()).json()
        for path in parts:
            body = changed(path, {"a": 1})
            assert path[-1] == "times" or client.post(POLICIES, json=body).status_code == 400, path
            client.patch(f"{POLICIES}/{made['id']}", json=body)
        answer = client.post("/beta/identity/conditionalAccess/evaluate", json=asked)
        assert answer.status_code == 200
        assert len(answer.json()["value"]) == 5


def small_policy() -> JSON:
    return {
        "displayName": "Small",
        "state": "enabled",
        "conditions": {
            "users": {"includeUsers": ["All"]},
            "applications": {"includeApplications": ["All"]},
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
    }


@pytest.mark.parametrize("rule", ["(" * 3000, "-not " * 600 + 'device.model -eq "x"'])
def test_a_filter_nested_too_deeply_is_not_evaluated_but_breaks_no_sign_in(rule: str) -> None:
    document = small_document()
    policy: JSON = {"id": GUID, **small_policy()}
    policy["conditions"]["devices"] = {"deviceFilter": {"mode": "include", "rule": rule}}
    document["conditionalAccessPolicies"] = [policy]
    with running_tenant(document) as server, graph(server) as client:
        body = {"user": f"ada@{document['domains'][0]['id']}"}
        answer = client.post("/sandbox/sign-ins", json=body)
        assert answer.status_code == 200, answer.text
        assert "deviceFilter" in answer.text


LOCATION: JSON = {
    "@odata.type": "#microsoft.graph.ipNamedLocation",
    "id": GUID,
    "displayName": "Office",
    "isTrusted": True,
    "ipRanges": [
        {"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "198.51.100.0/24"}
    ],
}
STRENGTH: JSON = {
    "id": GUID,
    "displayName": "Keys",
    "policyType": "custom",
    "requirementsSatisfied": "mfa",
    "allowedCombinations": ["fido2"],
    "combinationConfigurations": [{"appliesToCombinations": ["fido2"], "allowedAAGUIDs": []}],
}
GONE = {"deletedDateTime": StillClock().timestamp()}


@pytest.mark.parametrize(
    ("key", "whole", "wrong"),
    [
        ("conditionalAccessPolicies", WHOLE, {"id": None}),
        ("deletedConditionalAccessPolicies", WHOLE | GONE, {"conditions": 5}),
        ("deletedConditionalAccessPolicies", WHOLE | GONE, {"deletedDateTime": 5}),
        ("namedLocations", LOCATION, {"displayName": 5}),
        ("namedLocations", LOCATION, {"ipRanges": [5]}),
        ("namedLocations", LOCATION, {"@odata.type": None}),
        ("deletedNamedLocations", LOCATION | GONE, {"isTrusted": "x"}),
        ("deletedNamedLocations", LOCATION | GONE, {"deletedDateTime": "soon"}),
        ("authenticationStrengths", STRENGTH, {"displayName": None}),
        ("authenticationStrengths", STRENGTH, {"description": 5}),
        ("authenticationStrengths", STRENGTH, {"policyType": 5}),
        ("authenticationStrengths", STRENGTH, {"requirementsSatisfied": []}),
        ("authenticationStrengths", STRENGTH, {"allowedCombinations": [5]}),
        ("authenticationStrengths", STRENGTH, {"combinationConfigurations": [5]}),
        (
            "authenticationStrengths",
            STRENGTH,
            {"combinationConfigurations": [{"allowedAAGUIDs": [5]}]},
        ),
    ],
)
def test_a_document_brings_in_nothing_that_would_break_a_sign_in(
    key: str, whole: JSON, wrong: JSON
) -> None:
    clock = StillClock()
    kept = ConditionalAccess.from_document({key: [whole]}, clock, UNLIMITED).to_document()
    assert [item["id"] for item in kept[key]] == [GUID]
    for items in ([whole | wrong], [5], 5):
        with pytest.raises(DocumentError, match=key):
            ConditionalAccess.from_document({key: items}, clock, UNLIMITED)
