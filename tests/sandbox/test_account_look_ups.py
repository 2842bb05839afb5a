"""Our look-ups of accounts, against the simulated tenant over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from entra.authentication import Authentication
from entra.built_in_roles import GLOBAL_ADMINISTRATOR, ROLES
from entra.client import GraphClient
from entra.directory import Directory
from entra.identity import Identity
from entra.obstacles import Found, KnownAccount, look_for_obstacles
from sandbox.api.server import TenantServer
from sandbox.tenant.directory.built_in_roles import BUILT_IN_ROLES
from tests.support.tenant import JSON, object_id, running_tenant, small_document, without_permission

ADA = object_id("users/ada")
EVE = object_id("users/eve")
STAFF = object_id("groups/staff")
APPLICATION = object_id("app/object")
LICENCE = small_document()["subscribedSkus"][0]["skuPartNumber"]


def client_of(server: TenantServer) -> GraphClient:
    return GraphClient(Identity.from_environment(server.environment()))


@pytest.fixture
def directory(tenant_server: TenantServer) -> Directory:
    return Directory(client_of(tenant_server))


def look(server: TenantServer, *, group_id: str | None = None, **changes: Any) -> Found:
    """What stops Eve."""
    client = client_of(server)
    known = KnownAccount("account-1", EVE, "eve@fabrikam.onmicrosoft.com", **changes)
    return look_for_obstacles(Directory(client), Authentication(client), [known], group_id)


def problems(found: Found) -> list[str]:
    assert found.notes == ()
    return [obstacle.problem for obstacle in found.obstacles]


@pytest.fixture
def keyed(control: httpx.Client) -> httpx.Client:
    """An administrator at work in a tenant where Eve has a passkey."""
    register(control, "fido2")
    return control


def register(control: httpx.Client, kind: str, **properties: Any) -> None:
    body = {"@odata.type": f"#microsoft.graph.{kind}AuthenticationMethod", **properties}
    control.post(f"/sandbox/users/{EVE}/methods", json=body).raise_for_status()


def test_our_list_of_roles_has_every_role_of_the_tenant() -> None:
    assert {name: role for role, name in BUILT_IN_ROLES.items()}.items() <= ROLES.items()


def test_a_group_is_looked_up_by_id_and_by_name(directory: Directory) -> None:
    group = directory.group(STAFF)
    assert group.security_enabled
    assert not group.assignable_to_role
    assert not group.dynamic
    assert directory.groups_named("staff") == (group,)
    assert directory.groups_named("Nobody's") == ()
    assert EVE in {member.id for member in directory.members(STAFF)}
    assert directory.owners(STAFF) == ()
    assert STAFF in directory.group_ids(EVE)


def test_a_deleted_group_is_found_by_id_and_by_name(
    directory: Directory, control: httpx.Client
) -> None:
    control.delete(f"/sandbox/groups/{STAFF}").raise_for_status()
    assert directory.groups_named("Staff") == ()
    for sought in (STAFF, "Staff"):
        assert [group.id for group in directory.deleted_groups(sought)] == [STAFF]


def test_active_roles_are_listed_and_eligible_ones_are_not(
    directory: Directory, control: httpx.Client
) -> None:
    (held,) = directory.role_assignments(ADA)
    assert (held.role_id, held.scope) == (GLOBAL_ADMINISTRATOR, "/")
    role = f"/sandbox/users/{ADA}/roles/{GLOBAL_ADMINISTRATOR}"
    control.put(role, json={"state": "eligible"}).raise_for_status()
    assert directory.role_assignments(ADA) == ()
    assert directory.role_assignments(object_id("nobody")) == ()


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (["Privileged Authentication Administrator"], True),
        (["Global Administrator"], True),
        (["User Administrator"], False),
        ([], False),
    ],
)
def test_whether_the_application_may_change_administrators(
    roles: list[str], expected: bool
) -> None:
    document = small_document()
    document["apps"][0]["directoryRoles"] = roles
    with running_tenant(document) as server:
        assert Directory(client_of(server)).may_change_administrators(APPLICATION) is expected


def test_the_application_may_change_administrators_through_a_group() -> None:
    document = small_document()
    document["apps"][0]["directoryRoles"] = []
    mighty = object_id("groups/mighty")
    document["groups"].append(
        {
            "id": mighty,
            "displayName": "Mighty",
            "mailNickname": "mighty",
            "isAssignableToRole": True,
            "members": [APPLICATION],
        }
    )
    document["roleAssignments"].append(
        {
            "id": object_id("roles/mighty"),
            "principalId": mighty,
            "roleDefinitionId": GLOBAL_ADMINISTRATOR,
            "directoryScopeId": "/",
        }
    )
    with running_tenant(document) as server:
        directory = Directory(client_of(server))
        assert directory.may_change_administrators(APPLICATION) is True
        (member,) = directory.members(mighty)
        assert member.kind == "servicePrincipal"


def test_an_account_with_a_passkey_is_free(
    tenant_server: TenantServer, keyed: httpx.Client
) -> None:
    assert look(tenant_server) == Found()


def test_an_account_without_a_passkey_is_told(tenant_server: TenantServer) -> None:
    (problem,) = problems(look(tenant_server))
    assert "no passkey or certificate registered" in problem


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("PATCH", "", {"accountEnabled": False}), "is disabled"),
        (("PUT", "/per-user-mfa", {"perUserMfaState": "enabled"}), "per-user MFA enforced"),
        (("PUT", f"/licences/{LICENCE}", None), "licence assigned"),
        (
            ("PUT", "/roles/Global Administrator", {"endDateTime": "2099-01-01T00:00:00Z"}),
            "loses the role Global Administrator on 2099-01-01 00:00 UTC",
        ),
    ],
)
def test_what_an_administrator_does_to_an_account_is_told(
    tenant_server: TenantServer,
    keyed: httpx.Client,
    change: tuple[str, str, JSON | None],
    words: str,
) -> None:
    method, path, body = change
    keyed.request(method, f"/sandbox/users/{EVE}{path}", json=body).raise_for_status()
    (problem,) = problems(look(tenant_server))
    assert words in problem


def test_methods_of_a_person_and_a_left_over_pass_are_told(
    tenant_server: TenantServer, keyed: httpx.Client
) -> None:
    register(keyed, "phone", phoneNumber="+1 5551234567", phoneType="mobile")
    register(keyed, "microsoftAuthenticator", displayName="Eve's phone")
    register(keyed, "temporaryAccessPass", lifetimeInMinutes=60)
    passed, foreign = problems(look(tenant_server))
    assert "Temporary Access Pass that can be used now" in passed
    assert "a phone (mobile), Microsoft Authenticator (Eve's phone)" in foreign
    keyed.post("/sandbox/clock", json={"advanceSeconds": 7200}).raise_for_status()
    assert "left over (Expired)" in problems(look(tenant_server))[0]


def test_a_password_that_somebody_else_set_is_told(
    tenant_server: TenantServer, keyed: httpx.Client
) -> None:
    body = {"passwordProfile": {"password": "Wq7-zarter-Nebel-19"}}
    keyed.patch(f"/sandbox/users/{EVE}", json=body).raise_for_status()
    changed = Directory(client_of(tenant_server)).user(EVE).password_changed
    assert changed is not None
    assert look(tenant_server, password_recorded=changed) == Found()
    (problem,) = problems(look(tenant_server, password_recorded=changed - timedelta(days=1)))
    assert "got another password" in problem


def policy_of(document: JSON, method: str, **properties: Any) -> JSON:
    document["authenticationMethodsPolicy"] = {method: properties}
    return document


def test_a_policy_that_forbids_passkeys_is_told() -> None:
    document = policy_of(small_document(), "Fido2", state="disabled")
    with running_tenant(document) as server:
        found = problems(look(server))
    assert "no passkey" in found[0]
    assert "may not use a passkey" in found[1]


def test_a_policy_for_a_group_counts_its_members() -> None:
    targets = [{"targetType": "group", "id": STAFF, "isRegistrationRequired": False}]
    document = policy_of(small_document(), "Fido2", includeTargets=targets)
    with running_tenant(document) as server:
        assert len(problems(look(server))) == 1


def test_a_certificate_that_counts_as_mfa_is_enough() -> None:
    mode: JSON = {
        "x509CertificateAuthenticationDefaultMode": "x509CertificateMultiFactor",
        "rules": [],
    }
    document = policy_of(
        small_document(), "X509Certificate", state="enabled", authenticationModeConfiguration=mode
    )
    eve = next(user for user in document["users"] if user["id"] == EVE)
    eve["authorizationInfo"] = {"certificateUserIds": ["X509:<PN>eve@fabrikam.example"]}
    with running_tenant(document) as server:
        assert look(server) == Found()


def test_without_the_permission_the_rest_is_told(tenant_server: TenantServer) -> None:
    permission = "UserAuthenticationMethod.Read.All"
    with running_tenant(without_permission(small_document(), permission)) as server:
        found = look(server)
    assert found.obstacles == ()
    (note,) = found.notes
    assert permission in note


def test_without_entra_p2_no_role_can_end() -> None:
    document = small_document()
    plans = document["subscribedSkus"][0]["servicePlans"]
    document["subscribedSkus"][0]["servicePlans"] = [
        plan for plan in plans if plan["servicePlanName"] == "AAD_PREMIUM"
    ]
    with running_tenant(document) as server:
        assert Directory(client_of(server)).role_ends(ADA) == {}
        assert look(server).notes == ()


def test_when_a_role_ends_is_read(directory: Directory, control: httpx.Client) -> None:
    role = f"/sandbox/users/{ADA}/roles/{GLOBAL_ADMINISTRATOR}"
    control.put(role, json={"endDateTime": "2099-01-01T00:00:00Z"}).raise_for_status()
    assert directory.role_ends(ADA) == {GLOBAL_ADMINISTRATOR: datetime(2099, 1, 1, tzinfo=UTC)}
    assert directory.role_ends(object_id("users/bo")) == {}


def test_an_account_that_is_not_there_yet_is_a_note(tenant_server: TenantServer) -> None:
    client = client_of(tenant_server)
    nobody = KnownAccount("account-1", object_id("nobody"), "nobody@fabrikam.onmicrosoft.com")
    found = look_for_obstacles(Directory(client), Authentication(client), [nobody], None)
    assert found.obstacles == ()
    assert len(found.notes) == 1
