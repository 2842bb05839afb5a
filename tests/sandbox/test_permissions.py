"""Permission by permission: every Graph route opens for what Microsoft's page lists, and only that.

The table is in `permission_table`, `permission_table_policies` and `permission_table_accounts`; a
new route has to be entered.
"""

import copy
import json
from typing import Any

import pytest

from sandbox.api.dispatch import Dispatcher
from sandbox.api.faces import GRAPH_ROUTERS
from sandbox.api.incoming import Incoming
from sandbox.tenant.clock import Clock
from sandbox.tenant.tenant import World
from tests.sandbox import permission_table, permission_table_accounts, permission_table_policies
from tests.sandbox.permission_table import (
    ADA,
    EVE,
    GONE_GROUP,
    GONE_LOCATION,
    GONE_POLICY,
    GONE_USER,
    IT,
    LOCATION,
    PASS,
    PASSKEY,
    STRENGTH,
    UNIT,
    UNIT_ROLE,
    Case,
)
from tests.sandbox.permission_table_policies import COUNTRIES
from tests.support.tenant import AT_ONCE, object_id, small_document

CASES = (
    permission_table.cases() + permission_table_policies.cases() + permission_table_accounts.cases()
)
BY_ROUTE = {case.route: case for case in CASES}
EVERYTHING = {name for case in CASES for name in case.names}
BASE_URL = "https://graph.test"
SECRET = "a-secret-of-this-test"
PASSWORD = {"passwordProfile": {"password": "Correct-Horse-7-Battery"}}


def document() -> dict[str, Any]:
    """The small tenant with one object of every kind that a route names."""
    made = small_document()
    then = "2025-03-01T08:00:00Z"
    made["groups"][1] |= {"owners": [ADA, object_id("users/bo")]}
    for user in made["users"]:
        if user["id"] == EVE:
            user["manager"] = ADA
    name = "gone@fabrikam.onmicrosoft.com"
    made["deletedUsers"] = [{"id": GONE_USER, "displayName": "Gone", "userPrincipalName": name}]
    made["deletedGroups"] = [{"id": GONE_GROUP, "displayName": "Gone"}]
    made["administrativeUnits"] = [
        {"id": UNIT, "displayName": "Unit", "members": [EVE], "isMemberManagementRestricted": False}
    ]
    made["roleAssignments"].append(
        {
            "id": UNIT_ROLE,
            "principalId": object_id("users/gus"),
            "roleDefinitionId": "fe930be7-5e62-47db-91af-98c3a49a38b1",
            "directoryScopeId": f"/administrativeUnits/{UNIT}",
        }
    )
    policy = copy.deepcopy(made["conditionalAccessPolicies"][3])
    made["deletedConditionalAccessPolicies"] = [
        policy | {"id": GONE_POLICY, "deletedDateTime": then}
    ]
    made["namedLocations"] = [COUNTRIES | {"id": LOCATION}]
    made["deletedNamedLocations"] = [COUNTRIES | {"id": GONE_LOCATION, "deletedDateTime": then}]
    made["authenticationStrengths"] = [
        {
            "id": STRENGTH,
            "displayName": "Keys",
            "policyType": "custom",
            "requirementsSatisfied": "mfa",
            "allowedCombinations": ["fido2"],
        }
    ]
    made["authenticationMethods"] = [
        {
            "id": PASS,
            "@odata.type": "#microsoft.graph.temporaryAccessPassAuthenticationMethod",
            "userId": EVE,
            "createdDateTime": then,
            "startDateTime": then,
            "lifetimeInMinutes": 60,
            "isUsableOnce": True,
        },
        {
            "id": PASSKEY,
            "@odata.type": "#microsoft.graph.fido2AuthenticationMethod",
            "userId": EVE,
            "credentialId": PASSKEY,
            "createdDateTime": then,
        },
        *map(permission_table_accounts.method, permission_table_accounts.METHODS),
    ]
    made["roleEligibilitySchedules"] = [permission_table_accounts.eligibility()]
    return made


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets are checked hundreds of times here."""
    monkeypatch.setattr("sandbox.tenant.directory.passwords._COST", {"n": 2, "r": 1, "p": 1})


class Asker:
    """Asks a tenant of its own as an application with chosen permissions, the tenant as new."""

    def __init__(self, found: dict[str, Any] | None = None) -> None:
        self._document: dict[str, Any] = (found or document()) | {
            "behaviour": {"deletedItemsDays": 365}
        }
        self._world = World(Clock(source=lambda: 1_750_000_000.0), AT_ONCE)
        self._world.add(self._document)
        self._dispatcher = Dispatcher(self._world, BASE_URL)

    def ask(self, case: Case, permissions: list[str]) -> tuple[int, dict[str, Any]]:
        """The status and the body of the answer."""
        fresh = copy.deepcopy(self._document)
        fresh["apps"][0] |= {"graphPermissions": permissions, "directoryRoles": []}
        tenant = self._world.add(fresh)
        tenant.apps.set_secret(object_id("app"), SECRET)
        method = case.route.partition(" ")[0]
        version = "v1.0" if case.route in V1 else "beta"
        headers = {
            "authorization": f"Bearer {self._token()}",
            "content-type": "application/json",
            "consistencylevel": "eventual",
        }
        body = b"" if case.body is None else json.dumps(case.body).encode()
        return self._answer(Incoming(method, f"/{version}{case.path}", "", headers, body))

    def _token(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": object_id("app"),
            "client_secret": SECRET,
            "scope": f"{BASE_URL}/.default",
        }
        encoded = "&".join(f"{key}={value}" for key, value in form.items()).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        path = f"/{object_id('tenant')}/oauth2/v2.0/token"
        return self._answer(Incoming("POST", path, "", headers, encoded))[1]["access_token"]

    def _answer(self, incoming: Incoming) -> tuple[int, dict[str, Any]]:
        response = self._dispatcher.answer(incoming).response
        assert response is not None
        return response.status, response.body


def templates(version: str) -> dict[str, tuple[str, ...]]:
    """The routes of one version with their permissions."""
    start = f"/{version}/"
    return {
        f"{route.method} {route.template.removeprefix(start[:-1])}": route.permissions
        for router in GRAPH_ROUTERS
        for route in router.routes
        if route.template.startswith(start)
    }


V1, BETA = templates("v1.0"), templates("beta")


def test_every_route_is_in_the_table_and_nothing_else() -> None:
    assert len(BY_ROUTE) == len(CASES)
    assert sorted(V1.keys() | BETA.keys()) == sorted(BY_ROUTE)


def test_no_route_is_open_to_everybody_or_differs_between_the_versions() -> None:
    for route, permissions in (V1 | BETA).items():
        assert permissions, route
        assert len(set(permissions)) == len(permissions), route
        if route in V1 and route in BETA:
            assert V1[route] == BETA[route], route


@pytest.mark.parametrize("route", BY_ROUTE)
def test_each_alternative_opens_a_route(route: str) -> None:
    case, asker = BY_ROUTE[route], Asker()
    for alternative in case.alternatives:
        status, body = asker.ask(case, alternative.split(" and "))
        assert status not in (401, 403), (alternative, body)
        if case.status is not None:
            assert status == case.status, (alternative, body)


@pytest.mark.parametrize("route", BY_ROUTE)
def test_without_its_permissions_a_route_is_closed_whatever_else_is_granted(route: str) -> None:
    case, asker = BY_ROUTE[route], Asker()
    assert asker.ask(case, [])[0] == 403
    status, body = asker.ask(case, sorted(EVERYTHING - case.names))
    assert status == 403
    error = body["error"]
    assert error["code"] == expected_code(route)
    assert error["message"]


@pytest.mark.parametrize(
    "route", [r for r, case in BY_ROUTE.items() if any(" and " in a for a in case.alternatives)]
)
def test_permissions_that_are_needed_together_do_not_open_a_route_alone(route: str) -> None:
    case, asker = BY_ROUTE[route], Asker()
    for alternative in case.alternatives:
        names = alternative.split(" and ")
        for missing in names if len(names) > 1 else ():
            others = [name for name in names if name != missing]
            assert asker.ask(case, others)[0] == 403, missing


def expected_code(route: str) -> str:
    path = route.partition(" ")[2]
    if path.startswith(("/identity/conditionalAccess", "/policies/identitySecurityDefaults")):
        return "AccessDenied"
    if path.startswith(("/policies/authenticationStrength", "/users/{id}/authentication/")):
        return "accessDenied"
    if path.startswith("/auditLogs"):
        return "Authentication_MSGraphPermissionMissing"
    return "Authorization_RequestDenied"


@pytest.mark.parametrize(
    ("permissions", "change", "status"),
    [
        (["User.EnableDisableAccount.All", "User.Read.All"], {"accountEnabled": False}, 204),
        (["User.EnableDisableAccount.All", "User.Read.All"], {"city": "Kiel"}, 403),
        (["User.EnableDisableAccount.All"], {"accountEnabled": False}, 403),
        (["User-Phone.ReadWrite.All"], {"mobilePhone": "+49 1"}, 204),
        (["User-Phone.ReadWrite.All"], {"mobilePhone": "+49 1", "city": "Kiel"}, 403),
        (["User-Mail.ReadWrite.All"], {"otherMails": ["e@example.com"]}, 204),
        (["User-PasswordProfile.ReadWrite.All"], PASSWORD, 204),
        (["User.ReadWrite.All"], PASSWORD, 403),
        (["Directory.ReadWrite.All"], {"city": "Kiel"}, 204),
    ],
)
def test_some_permissions_open_one_property_of_a_user(
    permissions: list[str], change: dict[str, Any], status: int
) -> None:
    case = Case("PATCH /users/{id}", (), {"id": EVE}, change)
    assert Asker().ask(case, permissions)[0] == status


@pytest.mark.parametrize(
    ("group", "permissions", "status"),
    [(False, ["GroupMember.ReadWrite.All"], 204), (True, ["GroupMember.ReadWrite.All"], 403)],
)
def test_a_role_assignable_group_needs_the_management_of_roles_besides(
    group: bool, permissions: list[str], status: int
) -> None:
    found = document()
    found["groups"][1]["isAssignableToRole"] = group
    body = {"@odata.id": f"{BASE_URL}/v1.0/directoryObjects/{EVE}"}
    case = Case("POST /groups/{id}/members/$ref", (), {"id": IT}, body)
    asker = Asker(found)
    assert asker.ask(case, permissions)[0] == status
    assert asker.ask(case, [*permissions, "RoleManagement.ReadWrite.Directory"])[0] == 204
