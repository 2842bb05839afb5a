"""Authentication strengths: Microsoft's own stay as they are, a tenant's can be changed."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.tenant.access.policies import ConditionalAccess
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.changes import Changes
from sandbox.tenant.errors import ServiceError
from tests.sandbox.seed_tenant import StillClock, conditional_access, seed
from tests.support.tenant import graph, running_tenant

STRENGTHS = "/v1.0/policies/authenticationStrengthPolicies"
BESIDE_POLICIES = "/v1.0/identity/conditionalAccess/authenticationStrength/policies"
POLICIES = "/v1.0/identity/conditionalAccess/policies"
PHISHING_RESISTANT = "00000000-0000-0000-0000-000000000004"
KEYS_ONLY = "e5dbd7a5-82f4-40bf-b45c-d6d48f4ef571"
NEW = {"displayName": "Keys or certificates", "allowedCombinations": ["fido2", "password, sms"]}


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with running_tenant(seed()) as server, graph(server) as opened:
        yield opened


def refusal(action: Any, *arguments: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        action(*arguments)
    return caught.value


@pytest.mark.parametrize("address", [STRENGTHS, BESIDE_POLICIES])
def test_a_strength_is_made_changed_and_deleted(client: httpx.Client, address: str) -> None:
    made = client.post(address, json=NEW)
    assert made.status_code == 201
    strength = made.json()
    assert strength["policyType"] == "custom"
    assert strength["requirementsSatisfied"] == "mfa"
    assert strength["allowedCombinations"] == ["fido2", "password,sms"]
    own = f"{address}/{strength['id']}"
    assert client.patch(own, json={"description": "Sealed"}).status_code == 204
    result = client.post(
        f"{own}/updateAllowedCombinations", json={"allowedCombinations": ["fido2"]}
    ).json()
    assert result["previousCombinations"] == ["fido2", "password,sms"]
    assert result["currentCombinations"] == ["fido2"]
    assert result["conditionalAccessReferences"] == []
    found = client.get(own).json()
    assert (found["description"], found["allowedCombinations"]) == ("Sealed", ["fido2"])
    assert client.delete(own).status_code == 204
    assert client.get(own).status_code == 404
    assert client.delete(own).status_code == 404


def test_a_strength_in_use_tells_who_demands_it_and_cannot_be_deleted(
    client: httpx.Client,
) -> None:
    strength = client.post(STRENGTHS, json=NEW).raise_for_status().json()["id"]
    used = f"{STRENGTHS}/{strength}"
    policy = {
        "displayName": "Keys for everybody",
        "state": "disabled",
        "conditions": {
            "users": {"includeUsers": ["All"]},
            "applications": {"includeApplications": ["All"]},
        },
        "grantControls": {"operator": "OR", "authenticationStrength": {"id": strength}},
    }
    using = client.post(POLICIES, json=policy).raise_for_status().json()["id"]
    usage = client.get(f"{used}/usage").json()
    assert ([found["id"] for found in usage["mfa"]], usage["none"]) == ([using], [])
    refused = client.delete(used)
    assert refused.status_code == 400
    assert using in refused.json()["error"]["message"]
    weaker = {"allowedCombinations": ["password"]}
    assert client.post(f"{used}/updateAllowedCombinations", json=weaker).status_code == 400
    stronger = {"allowedCombinations": ["x509CertificateMultiFactor"]}
    changed = client.post(f"{used}/updateAllowedCombinations", json=stronger).json()
    assert changed["conditionalAccessReferences"] == [using]
    client.delete(f"{POLICIES}/{using}").raise_for_status()
    assert client.get(f"{used}/usage").json() == {"mfa": [], "none": []}
    assert client.delete(used).status_code == 204


def test_microsofts_own_strengths_cannot_be_changed_or_deleted() -> None:
    strengths = conditional_access().strength_policies
    for error in (
        refusal(strengths.update, PHISHING_RESISTANT, {"displayName": "Ours"}),
        refusal(
            strengths.update_combinations,
            PHISHING_RESISTANT,
            {"allowedCombinations": ["fido2"]},
            [],
        ),
        refusal(strengths.delete, PHISHING_RESISTANT, []),
    ):
        assert error.status == 400
        assert "built-in" in error.message


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"displayName": ""}, "displayName"),
        ({"displayName": "PHISHING-resistant MFA"}, "exists already"),
        ({"allowedCombinations": []}, "allowedCombinations"),
        ({"allowedCombinations": ["fingerprint"]}, "fingerprint"),
    ],
)
def test_what_graph_does_not_take_is_refused_by_name(changes: dict[str, Any], named: str) -> None:
    error = refusal(conditional_access().strength_policies.create, NEW | changes)
    assert (error.status, error.code) == (400, "BadRequest")
    assert named in error.message


def test_combinations_change_by_their_own_action_only() -> None:
    strengths = conditional_access().strength_policies
    error = refusal(strengths.update, KEYS_ONLY, {"allowedCombinations": ["fido2"]})
    assert "allowedCombinations" in error.message


@pytest.mark.parametrize(
    ("combinations", "satisfied"),
    [(["fido2"], "mfa"), (["password,sms", "fido2"], "mfa"), (["fido2", "password"], "none")],
)
def test_one_single_factor_takes_the_claim_away(combinations: list[str], satisfied: str) -> None:
    body = NEW | {"allowedCombinations": combinations}
    made = conditional_access().strength_policies.create(body)
    assert made["requirementsSatisfied"] == satisfied


def test_a_tenant_takes_fifteen_custom_strengths_and_no_more() -> None:
    area = ConditionalAccess(StillClock(), Behaviour())
    for number in range(15):
        area.strength_policies.create(NEW | {"displayName": f"Custom {number}"})
    assert "15" in refusal(area.strength_policies.create, NEW).message


def test_every_change_of_a_strength_is_recorded() -> None:
    changes = Changes(StillClock())
    area = ConditionalAccess(StillClock(), Behaviour(), changes)
    kinds: list[tuple[str, bool, bool]] = []
    changes.listen(
        lambda request: kinds.extend(
            (c.kind, c.before is None, c.after is None) for c in request.changes
        )
    )
    made = area.strength_policies.create(NEW)["id"]
    area.strength_policies.update(made, {"displayName": "Other"})
    area.strength_policies.delete(made, [])
    kind = "authenticationStrength"
    assert kinds == [(kind, True, False), (kind, False, False), (kind, False, True)]


def test_only_the_address_beside_the_policies_counts_against_their_limit() -> None:
    knobs = {"conditionalAccessRequestsPerSecond": 0.001}
    with running_tenant(seed(), **knobs) as server, graph(server) as client:
        assert client.get(BESIDE_POLICIES).status_code == 200
        assert client.get(BESIDE_POLICIES).status_code == 429
        assert client.get(STRENGTHS).status_code == 200


def test_every_tenant_has_microsofts_own_strengths() -> None:
    with running_tenant() as server, graph(server) as client:
        found = {item["id"][-1]: item for item in client.get(STRENGTHS).json()["value"]}
        demanding = {
            "displayName": "Phishing-resistant",
            "state": "enabled",
            "conditions": {
                "clientAppTypes": ["all"],
                "applications": {"includeApplications": ["All"]},
                "users": {"includeUsers": ["All"]},
            },
            "grantControls": {
                "operator": "OR",
                "authenticationStrength": {"id": PHISHING_RESISTANT},
            },
        }
        assert client.post(POLICIES, json=demanding).status_code == 201
    assert sorted(found) == ["2", "3", "4"]
    assert {item["policyType"] for item in found.values()} == {"builtIn"}
    assert [len(found[number]["allowedCombinations"]) for number in "234"] == [19, 4, 3]
    assert "password,x509CertificateSingleFactor" in found["2"]["allowedCombinations"]
    assert "password,x509CertificateMultiFactor" in found["2"]["allowedCombinations"]


def test_a_document_cannot_change_microsofts_own() -> None:
    weaker = {
        "id": PHISHING_RESISTANT,
        "displayName": "Mine",
        "policyType": "custom",
        "allowedCombinations": ["password"],
    }
    document = {"authenticationStrengths": [weaker]}
    area = ConditionalAccess.from_document(document, StillClock(), Behaviour())
    kept = area.strength_policies.get(PHISHING_RESISTANT)
    assert (kept["policyType"], len(kept["allowedCombinations"])) == ("builtIn", 3)
    assert area.to_document()["authenticationStrengths"] == []
