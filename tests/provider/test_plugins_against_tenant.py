# pyright: basic
# The gRPC stubs and the protobuf structs carry no usable types.
"""Each resource type over real gRPC against the simulated tenant over real HTTP."""

import re

import pytest
from pulumi.runtime.proto import provider_pb2

from sandbox.plugins.azure_native import AZURE_NATIVE
from sandbox.plugins.azuread import AZUREAD
from sandbox.plugins.random import RANDOM
from sandbox.plugins.values import UNKNOWN, Secret
from sandbox.plugins.wire import from_struct
from tests.support.tenant import (
    GLOBAL_ADMINISTRATOR,
    object_id,
    running_tenant,
    small_document,
    without_permission,
)

from .plugin_support import Refused, Waits, running, urn_of

USER = urn_of("azuread:index/user:User")
GROUP = urn_of("azuread:index/group:Group")
MEMBER = urn_of("azuread:index/groupMember:GroupMember")
ROLE = urn_of("azuread:index/directoryRoleAssignment:DirectoryRoleAssignment")
PASSWORD = "Correct-Horse-Battery-Staple-42"
UPN = "bg-one@fabrikam.onmicrosoft.com"
SOME = provider_pb2.DiffResponse.DIFF_SOME
NONE = provider_pb2.DiffResponse.DIFF_NONE


@pytest.fixture
def azuread(tenant_server):
    with running(AZUREAD, tenant_server.environment()) as plugin:
        plugin.configure()
        yield plugin


def user(plugin, **more):
    return plugin.inputs(
        USER,
        {
            "userPrincipalName": UPN,
            "displayName": "One",
            "password": Secret(PASSWORD),
            "disablePasswordExpiration": True,
            "showInAddressList": False,
            **more,
        },
    )


def fault(control, **what):
    control.post("/sandbox/faults", json=what).raise_for_status()


def requests_of(control, method="", pattern=""):
    found = control.get("/sandbox/requests").json()["value"]
    return [
        entry
        for entry in found
        if (not method or entry["method"] == method)
        and re.search(pattern, f"{entry['path']}?{entry['query']}")
    ]


# Users


def test_a_user_is_made_read_changed_and_deleted(azuread, graph_client):
    inputs = user(azuread)
    id, state = azuread.create(USER, inputs)
    held = graph_client.get(
        f"/beta{id}?$select=userPrincipalName,showInAddressList,passwordPolicies"
    ).json()
    assert held["userPrincipalName"] == UPN
    assert held["showInAddressList"] is False
    assert held["passwordPolicies"] == "DisablePasswordExpiration"
    assert id == f"/users/{state['objectId']}"
    assert state["mailNickname"] == "bg-one"
    assert state["password"] == Secret(PASSWORD)
    assert azuread.read(USER, id, inputs, state) == (id, state, inputs)

    news = user(azuread, displayName="Two", showInAddressList=True, jobTitle="none")
    assert list(azuread.diff(USER, inputs, news).replaces) == []
    state = azuread.update(USER, id, (inputs, state), news)
    assert (state["displayName"], state["showInAddressList"]) == ("Two", True)
    assert azuread.read(USER, id, news, state)[2] == news
    without_title = user(azuread, displayName="Two", showInAddressList=True)
    assert azuread.update(USER, id, (news, state), without_title)["jobTitle"] == ""

    azuread.delete(USER, id, state)
    assert azuread.read(USER, id, inputs, state)[0] == ""
    azuread.delete(USER, id, state)


def test_a_user_without_a_password_is_refused_before_any_request(azuread, control):
    before = len(requests_of(control))
    _, failures = azuread.check(USER, {"userPrincipalName": UPN, "displayName": "One"})
    assert failures == ['"password" is required when creating a new user']
    assert len(requests_of(control)) == before


def test_what_an_administrator_changed_shows_as_drift_and_is_healed(
    azuread, graph_client, tenant_server
):
    inputs = user(azuread)
    id, state = azuread.create(USER, inputs)
    change = {"displayName": "Someone", "accountEnabled": False}
    graph_client.patch(f"/v1.0{id}", json=change).raise_for_status()
    _, state, drifted = azuread.read(USER, id, inputs, state)
    assert drifted == {**inputs, **change}
    answer = azuread.diff(USER, drifted, inputs)
    assert answer.changes == SOME
    assert list(answer.diffs) == ["accountEnabled", "displayName"]
    state = azuread.update(USER, id, (drifted, state), inputs)
    healed = azuread.read(USER, id, inputs, state)[2]
    assert azuread.diff(USER, healed, inputs).changes == NONE
    assert tenant_server.world.default.directory.verify_password(state["objectId"], PASSWORD)


def test_a_user_without_password_policies_is_made_and_can_get_and_lose_them(azuread):
    inputs = user(azuread, disablePasswordExpiration=False)
    id, state = azuread.create(USER, inputs)
    assert state["disablePasswordExpiration"] is False
    both = user(azuread, disablePasswordExpiration=True, disableStrongPassword=True)
    state = azuread.update(USER, id, (inputs, state), both)
    assert azuread.read(USER, id, both, state)[2] == both
    state = azuread.update(USER, id, (both, state), inputs)
    assert azuread.read(USER, id, inputs, state)[2] == inputs


def test_a_new_password_is_the_only_thing_sent(azuread, tenant_server, control):
    inputs = user(azuread)
    id, state = azuread.create(USER, inputs)
    control.delete("/sandbox/requests")
    state = azuread.update(USER, id, (inputs, state), user(azuread, password=Secret("New-" * 8)))
    assert tenant_server.world.default.directory.verify_password(state["objectId"], "New-" * 8)
    assert len(requests_of(control, "PATCH")) == 1
    assert state["password"] == Secret("New-" * 8)


def test_an_imported_user_has_all_inputs_but_the_password(azuread):
    id = f"/users/{object_id('users/eve')}"
    _, _, inputs = azuread.read(USER, id)
    assert inputs["userPrincipalName"] == "eve@fabrikam.onmicrosoft.com"
    assert inputs["accountEnabled"] is True
    assert "password" not in inputs
    checked = azuread.inputs(USER, inputs, inputs)
    assert azuread.diff(USER, inputs, checked).changes == NONE


def test_a_name_that_is_taken_is_said_with_the_services_words(azuread):
    azuread.create(USER, user(azuread))
    with pytest.raises(Refused) as caught:
        azuread.create(USER, user(azuread))
    message = caught.value.message
    assert message.startswith(f'creating user "{UPN}": unexpected status 400 (400 Bad Request) ')
    assert "Request_BadRequest" in message
    assert caught.value.kept is None
    assert PASSWORD not in message


def test_a_user_half_made_is_kept_and_the_next_update_does_the_rest(azuread, control, graph_client):
    fault(control, method="PATCH", path="/beta/users/", status=403, code="AccessDenied")
    inputs = user(azuread)
    with pytest.raises(Refused, match="403") as caught:
        azuread.create(USER, inputs)
    kept = caught.value.kept
    assert kept is not None
    held = graph_client.get(f"/v1.0{kept.id}")
    assert held.status_code == 200
    done = from_struct(kept.properties)
    assert done == {
        **{k: v for k, v in inputs.items() if k != "showInAddressList"},
        "objectId": kept.id.removeprefix("/users/"),
    }
    state = azuread.update(USER, kept.id, (inputs, done), inputs)
    assert state["showInAddressList"] is False


def test_a_user_that_shows_late_is_waited_for(tenant_server, control):
    waits = Waits()
    with running(AZUREAD, tenant_server.environment(), waits) as azuread:
        azuread.configure()
        fault(control, method="PATCH", path="/beta/users/", status=404, times=2)
        fault(control, method="GET", path="/v1.0/users/", status=404, times=2)
        id, state = azuread.create(USER, user(azuread))
    assert id == f"/users/{state['objectId']}"
    assert waits == pytest.approx([0.1, 0.2, 0.1, 0.2])


def test_a_permission_that_is_missing_is_said(control):
    document = without_permission(small_document(), "User.ReadWrite.All")
    with running_tenant(document) as server, running(AZUREAD, server.environment()) as azuread:
        azuread.configure()
        with pytest.raises(Refused, match=r"403 Forbidden.*Authorization_RequestDenied"):
            azuread.create(USER, user(azuread))


# Groups, members, roles


def group(plugin, **more):
    news = {"displayName": "BTG Admins", "securityEnabled": True, "assignableToRole": True}
    return plugin.inputs(GROUP, {**news, **more})


def test_a_group_is_made_read_changed_and_deleted(azuread, graph_client, control):
    inputs = group(azuread)
    control.delete("/sandbox/requests")
    id, state = azuread.create(GROUP, inputs)
    patches = requests_of(control, "PATCH", f"/beta{id}")
    assert len(patches) == 2
    assert id == f"/groups/{state['objectId']}"
    assert state["displayName"] == "BTG Admins"
    assert state["owners"] == [object_id("app/object")]
    assert graph_client.get(f"/v1.0{id}").json()["isAssignableToRole"] is True
    assert azuread.read(GROUP, id, inputs, state) == (id, state, inputs)

    news = group(azuread, displayName="BTG", description="Emergency access")
    assert list(azuread.diff(GROUP, inputs, news).replaces) == []
    state = azuread.update(GROUP, id, (inputs, state), news)
    assert (state["displayName"], state["description"]) == ("BTG", "Emergency access")

    azuread.delete(GROUP, id, state)
    assert azuread.read(GROUP, id, news, state)[0] == ""
    azuread.delete(GROUP, id, state)


def test_a_group_that_is_not_what_it_was_made_as_is_replaced(azuread):
    for change in ({"assignableToRole": False}, {"securityEnabled": UNKNOWN}):
        answer = azuread.diff(GROUP, group(azuread), group(azuread, **change))
        assert list(answer.replaces) == list(change)


def test_a_second_group_of_one_name_is_refused_when_asked_to(azuread):
    id, _ = azuread.create(GROUP, group(azuread))
    wanted = f"exists already, with object id {id.removeprefix('/groups/')}.* NAME {id}`"
    with pytest.raises(Refused, match=wanted):
        azuread.create(GROUP, group(azuread, preventDuplicateNames=True))


def test_the_owners_of_a_group_are_those_that_were_asked_for(azuread, graph_client):
    ada, bo = object_id("users/ada"), object_id("users/bo")
    inputs = group(azuread, owners=[ada])
    id, state = azuread.create(GROUP, inputs)
    assert state["owners"] == [ada]
    news = group(azuread, owners=[bo])
    state = azuread.update(GROUP, id, (inputs, state), news)
    assert state["owners"] == [bo]
    held = graph_client.get(f"/v1.0{id}/owners").json()["value"]
    assert [owner["id"] for owner in held] == [bo]


def test_a_member_is_added_read_and_removed(azuread, graph_client):
    group_id = azuread.create(GROUP, group(azuread))[1]["objectId"]
    eve = object_id("users/eve")
    inputs = azuread.inputs(MEMBER, {"groupObjectId": group_id, "memberObjectId": eve})
    id, state = azuread.create(MEMBER, inputs)
    assert id == f"{group_id}/member/{eve}"
    assert azuread.read(MEMBER, id) == (id, inputs, inputs)
    with pytest.raises(Refused, match=f"`pulumi import azuread:.* NAME {id}`"):
        azuread.create(MEMBER, inputs)
    graph_client.delete(f"/v1.0/groups/{group_id}/members/{eve}/$ref").raise_for_status()
    assert azuread.read(MEMBER, id, inputs, state)[0] == ""
    azuread.delete(MEMBER, id, state)


def test_another_member_is_another_resource(azuread):
    old = {"groupObjectId": "g", "memberObjectId": "m"}
    answer = azuread.diff(MEMBER, old, {"groupObjectId": "g", "memberObjectId": UNKNOWN})
    assert list(answer.replaces) == ["memberObjectId"]


def test_a_role_is_given_read_and_taken_away(azuread, tenant_server):
    eve = object_id("users/eve")
    news = {"principalObjectId": eve, "roleId": GLOBAL_ADMINISTRATOR}
    inputs = azuread.inputs(ROLE, news)
    assert inputs["directoryScopeId"] == "/"
    id, state = azuread.create(ROLE, inputs)
    assert id.startswith("/roleManagement/directory/roleAssignments/")
    directory = tenant_server.world.default.directory
    assert GLOBAL_ADMINISTRATOR in directory.roles_of(eve)
    assert azuread.read(ROLE, id) == (id, inputs, inputs)
    answer = azuread.diff(ROLE, inputs, {**inputs, "roleId": "other"})
    assert list(answer.replaces) == ["roleId"]
    azuread.delete(ROLE, id, state)
    assert azuread.read(ROLE, id, inputs, state)[0] == ""
    assert GLOBAL_ADMINISTRATOR not in directory.roles_of(eve)
    azuread.delete(ROLE, id, state)


# Signing in


def test_a_token_that_ran_out_is_renewed(azuread, control):
    control.post("/sandbox/clock", json={"advanceSeconds": 7200}).raise_for_status()
    id, _ = azuread.create(USER, user(azuread))
    assert id


@pytest.mark.parametrize("package", [AZUREAD, AZURE_NATIVE], ids=lambda package: package.name)
def test_a_wrong_client_secret_is_said_in_one_line(tenant_server, package, capfd):
    secret = "not-the-right-client-secret"
    environ = {**tenant_server.environment(), "ARM_CLIENT_SECRET": secret}
    with running(package, environ) as plugin, pytest.raises(Refused) as caught:
        plugin.configure()
    message = caught.value.message
    assert "cannot sign in to tenant" in message
    assert "AADSTS7000215" in message
    assert "\n" not in message
    assert secret not in message + "".join(capfd.readouterr())


def test_a_tenant_that_is_stopped_is_said(tenant_server):
    environ = tenant_server.environment()
    with running(RANDOM, environ) as plugin:
        plugin.configure()
    tenant_server.stop()
    with (
        running(RANDOM, {**environ, "SSL_CERT_FILE": ""}) as plugin,
        pytest.raises(Refused, match=r"no sandbox at .*`breakglass sandbox start`"),
    ):
        plugin.configure()


def test_no_secret_is_printed_or_sent_where_it_does_not_belong(tenant_server, control, capfd):
    environ = tenant_server.environment()
    with running(AZUREAD, environ) as azuread:
        azuread.configure()
        id, state = azuread.create(USER, user(azuread))
        azuread.delete(USER, id, state)
        words = f"the password {PASSWORD} is too simple"
        fault(control, method="POST", path="/v1.0/users", status=400, message=words)
        with pytest.raises(Refused, match=r"the password \[secret\] is too simple"):
            azuread.create(USER, user(azuread))
    printed = "".join(capfd.readouterr())
    log = control.get("/sandbox/requests").text
    for secret in (PASSWORD, environ["ARM_CLIENT_SECRET"], "Bearer", "eyJ"):
        assert secret not in printed
        assert secret not in log
