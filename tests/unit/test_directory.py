from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from entra.built_in_roles import (
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
    ROLES,
)
from entra.directory import Directory, Domain, Group, Member, RoleAssignment, User
from entra.errors import GraphError
from tests.unit.graph_stub import StubGraph, ok, refusal

USER = {"id": "0a-1", "userPrincipalName": "x@contoso.com", "displayName": "X"}


def test_domains_tell_initial_and_federated() -> None:
    graph = StubGraph(
        ok(
            {
                "value": [
                    {
                        "id": "c.onmicrosoft.com",
                        "isInitial": True,
                        "isVerified": True,
                        "authenticationType": "Managed",
                    },
                    {"id": "c.com", "isDefault": True, "authenticationType": "Federated"},
                ]
            }
        )
    )
    assert Directory(graph.client).domains() == (
        Domain("c.onmicrosoft.com", True, False, True, True),
        Domain("c.com", False, True, False, False),
    )


def test_a_user_is_found_by_name_or_not_at_all() -> None:
    graph = StubGraph(ok(USER), refusal(404, "Request_ResourceNotFound"))
    directory = Directory(graph.client)
    assert directory.find_user("x@contoso.com") == User("0a-1", "x@contoso.com", "X", True)
    assert directory.find_user("y@contoso.com") is None


def test_a_name_with_special_characters_is_one_step_of_the_path() -> None:
    graph = StubGraph(ok(USER))
    Directory(graph.client).find_user("guest#EXT#@contoso.com")
    assert graph.requests[0].url.raw_path.startswith(b"/v1.0/users/guest%23EXT%23%40contoso.com?")


def test_what_tells_of_an_account_comes_with_the_same_request() -> None:
    answer = USER | {
        "onPremisesSyncEnabled": True,
        "userType": "Guest",
        "assignedLicenses": [{"skuId": "1"}],
        "lastPasswordChangeDateTime": "2026-01-31T12:00:00Z",
    }
    graph = StubGraph(ok(answer))
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    expected = User("0a-1", "x@contoso.com", "X", True, True, True, True, noon)
    assert Directory(graph.client).user("0a-1") == expected
    selected = set(graph.requests[0].url.params["$select"].split(","))
    assert selected >= {*answer, "accountEnabled"}


def test_deleted_users_are_found_by_id_and_by_their_former_name() -> None:
    deleted = {"id": "0A-1", "userPrincipalName": "0a1X@contoso.com"}
    for sought in ("x@contoso.com", "0a-1"):
        graph = StubGraph(ok({"value": [deleted, {"id": "2", "userPrincipalName": "z@c"}]}))
        assert [user.id for user in Directory(graph.client).deleted_users(sought)] == ["0A-1"]


GROUP: dict[str, Any] = {
    "id": "9-9",
    "displayName": "BTG Admins",
    "securityEnabled": True,
    "mailEnabled": False,
    "isAssignableToRole": True,
    "groupTypes": [],
    "onPremisesSyncEnabled": None,
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Group("9-9", "BTG Admins", assignable_to_role=True)),
        (
            {
                "securityEnabled": False,
                "mailEnabled": True,
                "isAssignableToRole": None,
                "groupTypes": ["Unified", "DynamicMembership"],
                "onPremisesSyncEnabled": True,
            },
            Group("9-9", "BTG Admins", False, True, False, True, True),
        ),
    ],
)
def test_a_group_is_told_with_what_makes_it_fit(changes: dict[str, Any], expected: Group) -> None:
    assert Directory(StubGraph(ok(GROUP | changes)).client).group("9-9") == expected


def test_groups_are_found_by_a_name_with_a_quote_in_it() -> None:
    graph = StubGraph(ok({"value": [GROUP]}))
    assert [one.id for one in Directory(graph.client).groups_named("Ada's")] == ["9-9"]
    assert graph.requests[0].url.params["$filter"] == "displayName eq 'Ada''s'"


@pytest.mark.parametrize("sought", ["9-9", "btg admins"])
def test_deleted_groups_are_found_by_name_and_by_id(sought: str) -> None:
    graph = StubGraph(ok({"value": [GROUP, {"id": "2", "displayName": "Others"}]}))
    assert [one.id for one in Directory(graph.client).deleted_groups(sought)] == ["9-9"]


@pytest.mark.parametrize("relation", ["members", "owners"])
def test_members_and_owners_are_listed_with_applications(relation: str) -> None:
    listed = [
        {"@odata.type": "#microsoft.graph.user", "id": "1", "userPrincipalName": "a@c"},
        {"@odata.type": "#microsoft.graph.servicePrincipal", "id": "2", "displayName": "App"},
        {"@odata.type": "#microsoft.graph.group", "id": "3", "displayName": None},
    ]
    graph = StubGraph(ok({"value": listed}))
    assert getattr(Directory(graph.client), relation)("9-9") == (
        Member("1", "a@c", "user"),
        Member("2", "App", "servicePrincipal"),
        Member("3", "3", "group"),
    )
    assert graph.calls == [f"GET /beta/groups/9-9/{relation}"]


def assignment(role_id: str, scope: str = "/") -> dict[str, str]:
    return {"id": f"as-{role_id}", "roleDefinitionId": role_id, "directoryScopeId": scope}


def test_active_roles_are_those_of_the_principal_itself() -> None:
    graph = StubGraph(
        ok({"value": [assignment(GLOBAL_ADMINISTRATOR.upper(), "/administrativeUnits/1")]})
    )
    assert Directory(graph.client).role_assignments("0a-1") == (
        RoleAssignment(
            f"as-{GLOBAL_ADMINISTRATOR.upper()}", GLOBAL_ADMINISTRATOR, "/administrativeUnits/1"
        ),
    )
    assert graph.requests[0].url.params["$filter"] == "principalId eq '0a-1'"


def test_only_a_role_with_an_end_ends() -> None:
    listed = [
        {"roleDefinitionId": "R1", "endDateTime": "2026-01-31T12:00:00Z"},
        {"roleDefinitionId": "R2", "endDateTime": None},
    ]
    graph = StubGraph(ok({"value": listed}))
    ends = Directory(graph.client).role_ends("0a-1")
    assert ends == {"r1": datetime(2026, 1, 31, 12, tzinfo=UTC)}


def test_without_the_licence_for_it_no_role_ends() -> None:
    graph = StubGraph(refusal(400, "AadPremiumLicenseRequired", "The tenant needs P2."))
    assert Directory(graph.client).role_ends("0a-1") == {}


def test_another_refusal_of_the_roles_times_is_raised() -> None:
    with pytest.raises(GraphError, match="BadRequest"):
        Directory(StubGraph(refusal(400, "BadRequest")).client).role_ends("0a-1")


def test_the_groups_of_a_user_are_their_ids_in_lower_case() -> None:
    graph = StubGraph(ok({"value": [{"id": "AB"}, {"id": "c"}]}))
    assert Directory(graph.client).group_ids("0a-1") == {"ab", "c"}
    assert graph.calls == ["GET /v1.0/users/0a-1/transitiveMemberOf"]


def in_groups(*assignable: bool | None) -> httpx.Response:
    return ok(
        {
            "value": [
                {"@odata.type": "#microsoft.graph.directoryRole", "id": "role"},
                *(
                    {
                        "@odata.type": "#microsoft.graph.group",
                        "id": f"group-{number}",
                        "isAssignableToRole": one,
                    }
                    for number, one in enumerate(assignable)
                ),
            ]
        }
    )


def holds(*roles: dict[str, str]) -> httpx.Response:
    return ok({"value": list(roles)})


MIGHTY = assignment(PRIVILEGED_AUTHENTICATION_ADMINISTRATOR)
IN_A_UNIT = assignment(GLOBAL_ADMINISTRATOR, "/administrativeUnits/1")
WEAK = assignment(ROLES["User Administrator"])


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([holds(MIGHTY)], True),
        ([holds(assignment(GLOBAL_ADMINISTRATOR))], True),
        ([holds(WEAK, IN_A_UNIT), in_groups(False)], False),
        ([holds(), in_groups(False, True), holds(MIGHTY)], True),
        ([holds(), in_groups(None), holds(MIGHTY)], True),
        ([holds(), in_groups(True), holds(WEAK)], False),
        ([refusal(403)], None),
        ([holds(), refusal(403)], None),
        ([holds(), refusal(404)], None),
    ],
    ids=[
        "itself",
        "Global Administrator",
        "not everywhere",
        "through a group",
        "through a group that it may not read",
        "a group without the role",
        "roles refused",
        "groups refused",
        "not there yet",
    ],
)
def test_whether_we_may_change_administrators(
    answers: list[httpx.Response], expected: bool | None
) -> None:
    graph = StubGraph(*answers)
    assert Directory(graph.client).may_change_administrators("sp-1") is expected
    assert graph.answers == []
