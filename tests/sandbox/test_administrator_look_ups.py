"""Who administers the tenant, looked up in the simulated tenant over HTTP."""

from typing import Any

import pytest

from entra.administrators import AdministratorDirectory
from entra.built_in_roles import GLOBAL_ADMINISTRATOR, ROLES
from entra.client import GraphClient
from entra.identity import Identity
from sandbox.api.server import TenantServer
from tests.support.tenant import (
    JSON,
    graph,
    http,
    object_id,
    running_tenant,
    small_document,
)

DOMAIN = "fabrikam.onmicrosoft.com"
HELPDESK = ROLES["Helpdesk Administrator"]
BOTH = (GLOBAL_ADMINISTRATOR, HELPDESK)


def with_mail(*names: str, **more: Any) -> JSON:
    """The small tenant, in which these people have a mailbox."""
    document = {**small_document(), **more}
    for user in document["users"]:
        if user["mailNickname"] in names:
            user["mail"] = f"{user['mailNickname']}@fabrikam.example"
    return document


def asking(server: TenantServer) -> AdministratorDirectory:
    client = GraphClient(Identity.from_environment(server.environment()))
    return AdministratorDirectory(client, sleep=lambda _: None)


def found(document: JSON, *roles: str, left_out: tuple[str, ...] = ()) -> tuple[list[str], int]:
    """Names of those to be told, and the number of requests."""
    with running_tenant(document) as server, http(server) as control:
        directory = asking(server)
        control.delete("/sandbox/requests")
        holders = directory.holders(roles, left_out)
        assert {*holders.without_mailbox}.isdisjoint(
            one.user_principal_name for one in holders.administrators
        )
        requests = control.get("/sandbox/requests").json()["value"]
        asked = [one["path"] for one in requests if "/v1.0/" in one["path"]]
        return [one.user_principal_name for one in holders.administrators], len(asked)


def upn(name: str) -> str:
    return f"{name}@{DOMAIN}"


def test_holders_of_all_roles_are_found_with_three_requests() -> None:
    assert found(with_mail("ada", "bo", "hal", "eve"), *BOTH) == (
        [upn("ada"), upn("bo"), upn("hal")],
        3,
    )


def test_only_the_chosen_roles_count() -> None:
    assert found(with_mail("ada", "bo", "hal"), HELPDESK)[0] == [upn("hal")]


def test_who_has_no_mailbox_is_told_apart() -> None:
    with running_tenant(with_mail("ada")) as server:
        holders = asking(server).holders(BOTH, ())
    assert [one.address for one in holders.administrators] == ["ada@fabrikam.example"]
    assert holders.without_mailbox == (upn("bo"), upn("hal"))


@pytest.mark.parametrize("left_out", [object_id("users/ada").upper(), upn("ada").upper()])
def test_a_break_glass_account_is_left_out_by_id_or_name(left_out: str) -> None:
    names, _ = found(with_mail("ada", "bo"), GLOBAL_ADMINISTRATOR, left_out=(left_out.lower(),))
    assert names == [upn("bo")]
    assert found(with_mail("ada"), GLOBAL_ADMINISTRATOR, left_out=(left_out,)) == ([], 3)


def test_a_disabled_administrator_is_left_out() -> None:
    document = with_mail("ada", "bo")
    document["users"][0]["accountEnabled"] = False
    assert found(document, GLOBAL_ADMINISTRATOR)[0] == [upn("bo")]


def test_a_role_for_a_part_of_the_tenant_does_not_count() -> None:
    document = with_mail("ada", "bo")
    document["roleAssignments"][0]["directoryScopeId"] = "/administrativeUnits/u-1"
    assert found(document, GLOBAL_ADMINISTRATOR)[0] == [upn("bo")]


def test_a_groups_members_are_administrators_too() -> None:
    document = with_mail("ada", "eve")
    group = object_id("groups/admins")
    members = [object_id("users/eve")]
    document["groups"].append(
        {
            "id": group,
            "displayName": "Admins",
            "mailNickname": "admins",
            "isAssignableToRole": True,
            "members": members,
        }
    )
    document["roleAssignments"].append(
        {
            "id": object_id("roles/admins"),
            "principalId": group,
            "roleDefinitionId": GLOBAL_ADMINISTRATOR,
            "directoryScopeId": "/",
        }
    )
    # Both kinds of roles, users, groups, the group's members, those users.
    assert found(document, GLOBAL_ADMINISTRATOR) == ([upn("ada"), upn("eve")], 6)
    with running_tenant(document) as server:
        assert asking(server).is_administrator(upn("eve"), [GLOBAL_ADMINISTRATOR])


@pytest.mark.parametrize("licensed", [True, False])
def test_who_may_take_a_role_is_told_where_the_licence_lets_it_be_read(licensed: bool) -> None:
    document = with_mail("ada", "eve")
    with running_tenant(document) as server, http(server) as control, graph(server) as client:
        role = f"/sandbox/users/{object_id('users/eve')}/roles/{GLOBAL_ADMINISTRATOR}"
        control.put(role, json={"state": "eligible"}).raise_for_status()
        assert client.get("/v1.0/subscribedSkus").is_success
        if not licensed:
            document = control.get("/sandbox/tenant").json()
            document["subscribedSkus"] = []
            control.put("/sandbox/tenant", json=document).raise_for_status()
        names = [
            one.user_principal_name
            for one in asking(server).holders([GLOBAL_ADMINISTRATOR], ()).administrators
        ]
    assert names == ([upn("ada"), upn("eve")] if licensed else [upn("ada")])


def test_many_administrators_are_asked_for_fifteen_at_a_time() -> None:
    document = small_document()
    for number in range(31):
        name = f"admin{number:02}"
        user = object_id(f"users/{name}")
        document["users"].append(
            {
                "id": user,
                "displayName": name,
                "userPrincipalName": upn(name),
                "mailNickname": name,
                "accountEnabled": True,
                "mail": f"{name}@fabrikam.example",
            }
        )
        document["roleAssignments"].append(
            {
                "id": object_id(f"roles/{name}"),
                "principalId": user,
                "roleDefinitionId": HELPDESK,
                "directoryScopeId": "/",
            }
        )
    names, asked = found(document, HELPDESK)
    assert names == [upn(f"admin{number:02}") for number in range(31)]
    assert asked == 2 + 3


@pytest.mark.parametrize(
    ("name", "role", "holds"),
    [
        ("ada", GLOBAL_ADMINISTRATOR, True),
        ("ada", HELPDESK, False),
        ("eve", GLOBAL_ADMINISTRATOR, False),
        ("nobody", GLOBAL_ADMINISTRATOR, False),
    ],
)
def test_one_person_is_asked_about_singly(name: str, role: str, holds: bool) -> None:
    with running_tenant() as server:
        assert asking(server).is_administrator(upn(name), [role.upper()]) is holds


def test_a_disabled_person_is_no_administrator() -> None:
    document = small_document()
    document["users"][0]["accountEnabled"] = False
    with running_tenant(document) as server:
        assert not asking(server).is_administrator(upn("ada"), BOTH)
