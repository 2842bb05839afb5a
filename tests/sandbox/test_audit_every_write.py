"""Every write through Graph makes its audit record: a new route without one fails here."""

import copy
from typing import Any

import pytest

from sandbox.api.faces import GRAPH_ROUTERS
from sandbox.tenant.clock import Clock
from tests.sandbox import permission_table, permission_table_accounts, permission_table_policies
from tests.sandbox.dispatched import BASE_URL, Answer, Dispatched
from tests.sandbox.permission_table import EVE, GONE_LOCATION, GONE_POLICY, IT, UNIT
from tests.sandbox.test_permissions import document
from tests.support.software_key import SoftwareKey
from tests.support.tenant import AT_ONCE, object_id

JSON = dict[str, Any]
ADA, FAY = object_id("users/ada"), object_id("users/fay")
CASES = {
    case.route: case
    for case in (
        *permission_table.cases(),
        *permission_table_policies.cases(),
        *permission_table_accounts.cases(),
    )
    if not case.route.startswith("GET ")
}
QUESTIONS = (
    *("checkMemberGroups", "getMemberGroups", "checkMemberObjects", "getMemberObjects"),
    *("getByIds", "conditionalAccess/evaluate"),
)
"""How routes end that ask and change nothing, though by POST."""

DEFAULTS = "PATCH /policies/identitySecurityDefaultsEnforcementPolicy"
PASSKEYS = "POST /users/{id}/authentication/fido2Methods"
NEW_MEMBER = {
    "@odata.type": "#microsoft.graph.group",
    "displayName": "New",
    "mailNickname": "new",
    "mailEnabled": False,
    "securityEnabled": True,
}
BODIES: dict[str, JSON] = {
    DEFAULTS: {"isEnabled": True},
    "POST /administrativeUnits/{id}/members": NEW_MEMBER,
    "POST /directory/administrativeUnits/{id}/members": NEW_MEMBER,
}
"""Bodies that change something, where the permission table's do not."""


def writes() -> list[str]:
    return sorted(
        {
            f"{route.method} /{route.template.split('/', 2)[2]}"
            for router in GRAPH_ROUTERS
            for route in router.routes
            if route.method != "GET" and not route.template.endswith(QUESTIONS)
        }
    )


def tenant_of(route: str) -> Dispatched:
    found = document()
    names = {name for case in CASES.values() for name in case.names}
    found["apps"][0] |= {"graphPermissions": sorted(names)}
    if route == DEFAULTS:
        for policy in found["conditionalAccessPolicies"]:
            policy["state"] = "disabled"
    knobs = {**AT_ONCE, "directoryLogDelaySeconds": 0, "deletedItemsDays": 365}
    return Dispatched(found, Clock(source=lambda: 1_750_000_000.0), knobs)


def records(asked: Dispatched) -> list[JSON]:
    return list(asked.tenant.directory_log.audits())


def write(asked: Dispatched, route: str) -> Answer:
    case = CASES[route]
    body = BODIES.get(route, case.body)
    if route == PASSKEYS:
        options = asked.ask("GET", f"/v1.0/users/{EVE}/authentication/fido2Methods/creationOptions")
        body = SoftwareKey().answer(options.body)
    return asked.ask(route.partition(" ")[0], f"/beta{case.path}", body)


@pytest.mark.parametrize("route", writes())
def test_a_write_leaves_a_record_of_who_did_what_to_what(route: str) -> None:
    asked = tenant_of(route)
    answer = write(asked, route)
    assert answer.status in (200, 201, 204), answer.body
    made = records(asked)
    assert made
    for record in made:
        assert record["initiatedBy"]["app"]["displayName"] == "Break-glass deployment"
        assert record["targetResources"][0]["id"]
        assert record["activityDisplayName"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_leaves_none(question: str) -> None:
    routes = [route for route in CASES if route.endswith(question)]
    assert routes
    for route in routes:
        asked = tenant_of(route)
        assert write(asked, route).status == 200
        assert records(asked) == []


FIDO2 = "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/fido2"
_TYPE = "#microsoft.graph.fido2AuthenticationMethodConfiguration"
DISABLED = {"@odata.type": _TYPE, "state": "disabled"}
GONE = "/v1.0/identity/conditionalAccess/deletedItems"
ACTS: dict[str, tuple[str, str, JSON | None, str, str, str]] = {
    "a method that is switched off": (
        *("PATCH", FIDO2, DISABLED, "Authentication Methods Policy Update"),
        *("ApplicationManagement", "Update"),
    ),
    "a policy deleted for good": (
        *("DELETE", f"{GONE}/policies/{GONE_POLICY}", None),
        *("Hard Delete conditional access policy", "Policy", "Delete"),
    ),
    "a location deleted for good": (
        *("DELETE", f"{GONE}/namedLocations/{GONE_LOCATION}", None),
        *("Hard Delete named location", "Policy", "Delete"),
    ),
    "a restored policy": (
        *("POST", f"{GONE}/policies/{GONE_POLICY}/restore", {}),
        *("Restore conditional access policy", "Policy", "Restore"),
    ),
    "a restored location": (
        *("POST", f"{GONE}/namedLocations/{GONE_LOCATION}/restore", {}),
        *("Restore named location", "Policy", "Restore"),
    ),
    "a deleted policy": (
        *("DELETE", f"/v1.0/identity/conditionalAccess/policies/{object_id('policies/mfa')}"),
        *(None, "Delete conditional access policy", "Policy", "Delete"),
    ),
}


@pytest.mark.parametrize("act", list(ACTS))
def test_an_act_on_a_policy_has_one_record_with_its_name(act: str) -> None:
    method, path, body, name, category, operation = ACTS[act]
    asked = tenant_of("")
    assert asked.ask(method, path, body).status in (200, 204)
    (record,) = records(asked)
    assert record["activityDisplayName"] == name
    assert (record["category"], record["operationType"]) == (category, operation)


def test_a_changed_method_is_told_with_its_old_and_its_new_configuration() -> None:
    asked = tenant_of("")
    for state in ("disabled", "enabled"):
        asked.ask("PATCH", FIDO2, DISABLED | {"state": state})
    (value,) = records(asked)[0]["targetResources"][0]["modifiedProperties"]
    assert '"state":"disabled"' in value["oldValue"]
    assert '"state":"enabled"' in value["newValue"]


KINDS = {
    "policies": "conditionalAccessPolicies",
    "namedLocations": "namedLocations",
}


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_replica_learns_late_of_what_was_deleted_for_good(kind: str) -> None:
    asked = tenant_of("")
    asked.tenant.behaviour.turn({"readLagSeconds": 60, "replicas": 1})
    gone = {"policies": GONE_POLICY, "namedLocations": GONE_LOCATION}[kind]
    path = f"{GONE}/{kind}/{gone}"
    assert asked.ask("DELETE", path).status == 204
    assert asked.ask("GET", path).status == 200
    asked.world.clock.advance(301)
    assert asked.ask("GET", path).status == 404


def test_a_replica_learns_late_of_a_method_that_is_switched_off() -> None:
    asked = tenant_of("")
    asked.tenant.behaviour.turn({"readLagSeconds": 60, "replicas": 1})
    assert asked.ask("PATCH", FIDO2, DISABLED).status == 204
    assert asked.ask("GET", FIDO2).body["state"] == "enabled"
    asked.world.clock.advance(301)
    assert asked.ask("GET", FIDO2).body["state"] == "disabled"


def bound(*users: str) -> JSON:
    return {"members@odata.bind": [f"{BASE_URL}/v1.0/directoryObjects/{user}" for user in users]}


def members(asked: Dispatched) -> list[str]:
    return copy.deepcopy(asked.tenant.directory.groups[IT]["members"])


def test_members_bound_in_an_update_are_members_and_each_is_recorded() -> None:
    asked = tenant_of("")
    before = members(asked)
    assert asked.ask("PATCH", f"/v1.0/groups/{IT}", bound(ADA, FAY)).status == 204
    assert members(asked) == [*before, ADA, FAY]
    made = records(asked)
    assert [record["activityDisplayName"] for record in made] == ["Add member to group"] * 2
    assert {record["targetResources"][0]["id"] for record in made} == {ADA, FAY}


MANY = [object_id(f"users/{number}") for number in range(21)]
REFUSED: dict[str, tuple[JSON, int]] = {
    "somebody who is a member already": (bound(ADA, object_id("users/hal")), 400),
    "somebody who does not exist": (bound(ADA, object_id("users/nobody")), 404),
    "more than twenty": (bound(*MANY), 400),
    "what is no list": ({"members@odata.bind": "x"}, 400),
    "owners": ({"owners@odata.bind": [f"{BASE_URL}/v1.0/users/{ADA}"]}, 400),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_an_update_that_cannot_bind_all_binds_nobody(case: str) -> None:
    body, status = REFUSED[case]
    asked = tenant_of("")
    before = members(asked)
    answer = asked.ask("PATCH", f"/v1.0/groups/{IT}", body | {"description": "changed"})
    assert answer.status == status, answer.body
    assert members(asked) == before
    assert asked.tenant.directory.groups[IT].get("description") != "changed"
    assert records(asked) == []


def test_a_replica_that_lacks_the_member_refuses_the_update() -> None:
    asked = tenant_of("")
    asked.tenant.behaviour.turn({"readLagSeconds": 60, "replicas": 1})
    made = asked.ask("POST", "/v1.0/users", CASES["POST /users"].body).body["id"]
    assert asked.ask("PATCH", f"/v1.0/groups/{IT}", bound(made)).status == 404
    assert UNIT not in members(asked)
    asked.world.clock.advance(301)
    assert asked.ask("PATCH", f"/v1.0/groups/{IT}", bound(made)).status == 204
