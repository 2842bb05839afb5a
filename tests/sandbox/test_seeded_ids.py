"""Two servers with the same seed and the same calls: the same ids, lags and delays."""

import re
from typing import Any
from uuid import UUID

import pytest

from sandbox.tenant.clock import Clock
from tests.sandbox.arm_manager import GROUP, WORKSPACE
from tests.sandbox.dispatched import Dispatched
from tests.sandbox.watched_tenant import setting_body
from tests.support.tenant import object_id, small_document

ADA = object_id("users/ada")
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
PLACE = {"location": "westeurope"}
USER = {
    "accountEnabled": True,
    "displayName": "New",
    "mailNickname": "new",
    "userPrincipalName": "new@fabrikam.example",
    "passwordProfile": {"password": "Correct-Horse-4711!"},
}
GROUP_BODY = {
    "displayName": "Wardens",
    "mailEnabled": False,
    "mailNickname": "wardens",
    "securityEnabled": True,
}
LOCATION = {
    "@odata.type": "#microsoft.graph.countryNamedLocation",
    "displayName": "Ours",
    "countriesAndRegions": ["DE"],
}
POLICY = {
    "displayName": "New",
    "state": "disabled",
    "conditions": {
        "users": {"includeUsers": ["All"]},
        "applications": {"includeApplications": ["All"]},
    },
    "grantControls": {"operator": "OR", "builtInControls": ["block"]},
}
ROLE = {
    "principalId": object_id("users/eve"),
    "roleDefinitionId": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",
    "directoryScopeId": "/",
}
CREATES: dict[str, Any] = {
    "/v1.0/users": USER,
    "/v1.0/groups": GROUP_BODY,
    "/v1.0/directory/administrativeUnits": {"displayName": "Unit"},
    "/v1.0/roleManagement/directory/roleAssignments": ROLE,
    f"/v1.0/users/{ADA}/authentication/temporaryAccessPassMethods": {},
    "/v1.0/identity/conditionalAccess/policies": POLICY,
    "/v1.0/identity/conditionalAccess/namedLocations": LOCATION,
    "/v1.0/policies/authenticationStrengthPolicies": {
        "displayName": "Keys",
        "allowedCombinations": ["fido2"],
    },
}
KNOBS: dict[str, Any] = {
    "conditionalAccessRequestsPerSecond": 0,
    "shortListingShare": 0.3,
    "strayNotFoundShare": 0.2,
}


def served(started: float, **knobs: Any) -> tuple[Dispatched, Clock]:
    """A tenant whose clock begins somewhere and stands still but for `advance`."""
    document = small_document()
    document["apps"][0]["graphPermissions"] += [
        *("AdministrativeUnit.ReadWrite.All", "AuditLog.Read.All"),
        "UserAuthenticationMethod.ReadWrite.All",
    ]
    clock = Clock(source=lambda: started)
    return Dispatched(document, clock, {**KNOBS, **knobs}), clock


def story(started: float, **knobs: Any) -> tuple[list[Any], list[Any]]:
    """What a series of calls makes: ids, and what was answered when."""
    asked, clock = served(started, **knobs)
    ids: list[Any] = []
    seen: list[Any] = []
    for path, body in CREATES.items():
        answer = asked.ask("POST", path, body)
        assert answer.status == 201, answer.body
        ids.append(answer.body["id"])
        for _ in range(5):
            clock.advance(0.2)
            read = asked.ask("GET", f"{path}/{ids[-1]}")
            listed = asked.ask("GET", path)
            seen.append((path, read.status, len(listed.body.get("value", []))))
    for path in (GROUP, WORKSPACE):
        made = asked.ask("PUT", path, PLACE)
        assert made.status == 201, made.body
        clock.advance(10)
    ids.append(made.body["properties"]["customerId"])
    setting = "/providers/microsoft.aadiam/diagnosticSettings/all"
    body = setting_body("SignInLogs", "AuditLogs", workspace=WORKSPACE)
    assert asked.ask("PUT", setting, body).status == 200
    clock.advance(600)
    for _ in range(3):
        sign_in = {"user": ADA, "app": "Azure Portal", "password": "wrong"}
        assert asked.ask("POST", "/sandbox/sign-ins", sign_in).status == 200
        clock.advance(30)
    for _ in range(40):
        clock.advance(10)
        seen.append(len(asked.ask("GET", "/sandbox/logs/SigninLogs").body["value"]))
    rows = asked.ask("GET", "/sandbox/logs/SigninLogs").body["value"]
    ids += [(row["Id"], row["CorrelationId"], row["OriginalRequestId"]) for row in rows]
    clock.advance(3600)
    # The token of an hour ago is of no use; the log itself is asked.
    tenant = asked.tenant
    ids += [(record["id"], record["correlationId"]) for record in tenant.directory_log.audits()]
    events = tenant.activity.events(object_id("subscription"))
    ids += [(event.event_id, event.correlation_id) for event in events]
    return ids, seen


def test_the_same_calls_give_the_same_ids_lags_and_delays_whenever_they_come() -> None:
    ids, seen = story(1_800_000_000.0)
    assert story(1_850_000_123.4) == (ids, seen)
    assert len(ids) == len(set(ids)) > 20
    assert {status for _path, status, _count in seen[:40]} == {200, 404}


def test_another_seed_gives_other_ids() -> None:
    ids, _seen = story(1_800_000_000.0)
    others, _seen = story(1_800_000_000.0, randomSeed=2)
    assert not set(ids) & set(others)


def test_an_id_looks_like_one_that_nobody_can_guess() -> None:
    asked, _clock = served(0)
    found = [asked.tenant.ids.new() for _ in range(500)]
    assert len(set(found)) == 500
    assert all(GUID.fullmatch(one) and UUID(one).version == 4 for one in found)


def test_tenants_with_the_same_seed_do_not_share_ids() -> None:
    asked, _clock = served(0)
    other = asked.world.add(small_document("Tailwind", "tailwind.onmicrosoft.com"))
    ours, theirs = ({tenant.ids.new() for _ in range(50)} for tenant in (asked.tenant, other))
    assert not ours & theirs


def test_an_id_never_comes_again_after_a_restart() -> None:
    asked, _clock = served(1_800_000_000.0)
    first = asked.ask("POST", "/v1.0/groups", GROUP_BODY).body["id"]
    saved = asked.tenant.to_document()
    expected = asked.ask("POST", "/v1.0/groups", GROUP_BODY).body["id"]
    again, _clock = served(1_800_000_000.0)
    again.load(saved)
    assert again.ask("POST", "/v1.0/groups", GROUP_BODY).body["id"] == expected != first


@pytest.mark.parametrize("secret", ["temporaryAccessPass", "access_token"])
def test_secrets_stay_random(secret: str) -> None:
    found: set[str] = set()
    for _ in range(2):
        asked, _clock = served(1_800_000_000.0)
        path = f"/v1.0/users/{ADA}/authentication/temporaryAccessPassMethods"
        answer = asked.ask("POST", path, {})
        found.add(answer.body[secret] if secret in answer.body else asked.token())
    assert len(found) == 2
