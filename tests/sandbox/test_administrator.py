"""What an administrator does through the control face: groups, licences, per-user MFA, restores."""

from typing import Any

import pytest

from sandbox.api.control.administrator import router
from sandbox.tenant.clock import Clock
from tests.sandbox.dispatched import Dispatched
from tests.sandbox.permission_table import GONE_GROUP, GONE_USER
from tests.sandbox.permission_table_accounts import method, shown_id
from tests.sandbox.test_permissions import document
from tests.support.tenant import JSON, object_id

NOW = 1_750_000_000.0
ADA, EVE, HAL = (object_id(f"users/{name}") for name in ("ada", "eve", "hal"))
IT, APP = object_id("groups/it"), object_id("app/object")
SKU = "EMSPREMIUM"
USER, GROUP = f"/sandbox/users/{EVE}", f"/sandbox/groups/{IT}"
NEW_GROUP = {
    "displayName": "BTG Admins",
    "mailEnabled": False,
    "mailNickname": "btg",
    "securityEnabled": True,
}
WRITES: dict[str, tuple[str, Any, str]] = {
    "PATCH /sandbox/users/{id}": (USER, {"jobTitle": "Chief"}, "Update user"),
    "DELETE /sandbox/users/{id}": (USER, None, "Delete user"),
    "POST /sandbox/users/{id}/methods": (
        f"{USER}/methods",
        {"@odata.type": method("softwareOath")["@odata.type"]},
        "Admin registered security info",
    ),
    "DELETE /sandbox/users/{id}/methods/{method}": (
        f"{USER}/methods/{shown_id('phone')}",
        None,
        "Admin deleted security info",
    ),
    "PUT /sandbox/users/{id}/per-user-mfa": (
        f"{USER}/per-user-mfa",
        {"perUserMfaState": "enforced"},
        "Enable Strong Authentication",
    ),
    "PUT /sandbox/users/{id}/licences/{sku}": (
        f"{USER}/licences/{SKU}",
        None,
        "Change user license",
    ),
    "DELETE /sandbox/users/{id}/licences/{sku}": (
        f"/sandbox/users/{HAL}/licences/{SKU}",
        None,
        "Change user license",
    ),
    "PUT /sandbox/users/{id}/roles/{role}": (
        f"{USER}/roles/Global%20Administrator",
        {},
        "Add member to role",
    ),
    "DELETE /sandbox/users/{id}/roles/{role}": (
        f"/sandbox/users/{ADA}/roles/Global%20Administrator",
        None,
        "Remove member from role",
    ),
    "POST /sandbox/groups": ("/sandbox/groups", NEW_GROUP, "Add group"),
    "PATCH /sandbox/groups/{id}": (GROUP, {"description": "x"}, "Update group"),
    "DELETE /sandbox/groups/{id}": (GROUP, None, "Delete group"),
    "PUT /sandbox/groups/{id}/members/{object}": (
        f"{GROUP}/members/{EVE}",
        None,
        "Add member to group",
    ),
    "DELETE /sandbox/groups/{id}/members/{object}": (
        f"{GROUP}/members/{HAL}",
        None,
        "Remove member from group",
    ),
    "PUT /sandbox/groups/{id}/owners/{object}": (
        f"{GROUP}/owners/{EVE}",
        None,
        "Add owner to group",
    ),
    "DELETE /sandbox/groups/{id}/owners/{object}": (
        f"{GROUP}/owners/{ADA}",
        None,
        "Remove owner from group",
    ),
    "POST /sandbox/deleted-items/{id}/restore": (
        f"/sandbox/deleted-items/{GONE_USER}/restore",
        None,
        "Restore user",
    ),
    "DELETE /sandbox/deleted-items/{id}": (
        f"/sandbox/deleted-items/{GONE_GROUP}",
        None,
        "Hard Delete group",
    ),
}


def asked() -> Dispatched:
    found = document()
    sku = found["subscribedSkus"][0]["skuId"]
    for user in found["users"]:
        if user["id"] == HAL:
            user["assignedLicenses"] = [{"skuId": sku, "disabledPlans": []}]
    knobs = {"readLagSeconds": 0, "directoryLogDelaySeconds": 0, "deletedItemsDays": 365}
    return Dispatched(found, Clock(source=lambda: NOW), knobs)


def test_every_write_of_an_administrator_is_in_the_table() -> None:
    writes = {f"{route.method} {route.template}" for route in router.routes}
    assert {write for write in writes if not write.startswith("GET ")} == set(WRITES)


@pytest.mark.parametrize("write", WRITES)
def test_a_write_leaves_a_record_with_who_did_it(write: str) -> None:
    path, body, activity = WRITES[write]
    tenant = asked()
    name = "bo@fabrikam.onmicrosoft.com"
    answer = tenant.ask(write.partition(" ")[0], f"{path}?as={name}", body)
    assert answer.status in (200, 201, 204), answer.body
    (record,) = list(tenant.tenant.directory_log.audits())
    assert record["activityDisplayName"] == activity
    assert record["initiatedBy"]["user"]["userPrincipalName"] == name
    assert record["targetResources"][0]["id"]
    requests = tenant.world.requests.entries(None)
    assert [(one["path"], one["actor"]) for one in requests] == [(path, "administrator")]


def test_a_group_shows_its_members_and_owners_as_they_are_now() -> None:
    tenant = asked()
    before = tenant.ask("GET", GROUP).body
    for method_, object_ in (("PUT", EVE), ("PUT", APP), ("DELETE", HAL)):
        assert tenant.ask(method_, f"{GROUP}/members/{object_}").status == 204
    after = tenant.ask("GET", GROUP).body
    assert set(after["members"]) == {*before["members"], EVE, APP} - {HAL}
    assert after["owners"] == before["owners"]


@pytest.mark.parametrize("link", ["members", "owners"])
def test_who_is_there_is_not_added_and_who_is_not_is_not_removed(link: str) -> None:
    tenant = asked()
    there = tenant.ask("GET", GROUP).body[link][0]
    assert tenant.ask("PUT", f"{GROUP}/{link}/{there}").status == 400
    assert tenant.ask("DELETE", f"{GROUP}/{link}/{EVE}").status == 404
    assert tenant.ask("PUT", f"{GROUP}/{link}/{object_id('nobody')}").status == 404


def test_a_group_that_can_hold_roles_is_open_to_an_administrator() -> None:
    tenant = asked()
    made = tenant.ask("POST", "/sandbox/groups", NEW_GROUP | {"isAssignableToRole": True}).body
    path = f"/sandbox/groups/{made['id']}"
    assert tenant.ask("PUT", f"{path}/members/{EVE}").status == 204
    assert tenant.ask("DELETE", path).status == 204
    assert tenant.ask("GET", path).status == 404
    assert tenant.ask("POST", f"/sandbox/deleted-items/{made['id']}/restore").status == 204
    restored = tenant.ask("GET", path).body
    assert (restored["members"], restored["isAssignableToRole"]) == ([EVE], True)


def test_the_last_owner_of_a_group_stays() -> None:
    tenant = asked()
    assert tenant.ask("DELETE", f"{GROUP}/owners/{ADA}").status == 204
    refused = tenant.ask("DELETE", f"{GROUP}/owners/{object_id('users/bo')}")
    assert refused.status == 400
    assert "at least one owner" in refused.body["error"]["message"]
    assert tenant.ask("GET", GROUP).body["owners"] == [object_id("users/bo")]


@pytest.mark.parametrize("link", ["members", "owners"])
def test_v1_lists_no_applications_among_members_and_owners(link: str) -> None:
    tenant = asked()
    tenant.ask("PUT", f"{GROUP}/{link}/{APP}")
    ids = {
        version: {
            found["id"]
            for found in tenant.ask("GET", f"/{version}/groups/{IT}/{link}").body["value"]
        }
        for version in ("v1.0", "beta")
    }
    assert ids["beta"] - ids["v1.0"] == {APP}
    counted = tenant.ask("GET", f"/v1.0/groups/{IT}/{link}/$count").body
    assert int(counted) == len(ids["v1.0"])


def test_an_application_learns_of_its_groups_through_others_too() -> None:
    tenant = asked()
    tenant.ask("PUT", f"{GROUP}/members/{APP}")
    outer = tenant.ask("POST", "/sandbox/groups", NEW_GROUP).body["id"]
    tenant.ask("PUT", f"/sandbox/groups/{outer}/members/{IT}")
    found = {
        tail: {
            group["id"]
            for group in tenant.ask("GET", f"/v1.0/servicePrincipals/{APP}/{tail}").body["value"]
        }
        for tail in ("memberOf", "transitiveMemberOf")
    }
    assert found == {"memberOf": {IT}, "transitiveMemberOf": {IT, outer}}
    assert tenant.ask("GET", f"/v1.0/servicePrincipals/{EVE}/memberOf").status == 404


def licences(tenant: Dispatched, user: str) -> list[JSON]:
    path = f"/v1.0/users/{user}?$select=assignedLicenses"
    return tenant.ask("GET", path).body["assignedLicenses"] or []


def test_a_licence_is_given_once_and_taken_away() -> None:
    tenant = asked()
    sku = tenant.tenant.directory.subscribed_skus[0]
    before = sku["consumedUnits"]
    for name in (SKU, sku["skuId"]):
        assert tenant.ask("PUT", f"{USER}/licences/{name}").status == 204
    assert licences(tenant, EVE) == [{"skuId": sku["skuId"], "disabledPlans": []}]
    assert sku["consumedUnits"] == before + 1
    assert tenant.ask("DELETE", f"{USER}/licences/{SKU}").status == 204
    assert licences(tenant, EVE) == []
    assert sku["consumedUnits"] == before
    assert tenant.ask("DELETE", f"{USER}/licences/{SKU}").status == 400


def test_a_licence_that_is_not_owned_or_used_up_is_refused() -> None:
    tenant = asked()
    answer = tenant.ask("PUT", f"{USER}/licences/E9")
    assert (answer.status, SKU in answer.body["error"]["message"]) == (404, True)
    sku = tenant.tenant.directory.subscribed_skus[0]
    sku["consumedUnits"] = sku["prepaidUnits"]["enabled"]
    assert tenant.ask("PUT", f"{USER}/licences/{SKU}").status == 400
    assert licences(tenant, EVE) == []


FAY = object_id("users/fay")


def mfa(tenant: Dispatched, user: str, state: Any) -> tuple[int, Any]:
    answer = tenant.ask("PUT", f"/sandbox/users/{user}/per-user-mfa", {"perUserMfaState": state})
    return answer.status, answer.body.get("perUserMfaState")


@pytest.mark.parametrize(
    ("user", "wanted", "becomes"),
    [
        (FAY, "enabled", "enabled"),
        (FAY, "enforced", "enforced"),
        (EVE, "enabled", "enforced"),
        (EVE, "disabled", "disabled"),
    ],
)
def test_who_has_a_method_is_enforced_at_once(user: str, wanted: str, becomes: str) -> None:
    tenant = asked()
    path = f"/beta/users/{user}/authentication/requirements"
    assert tenant.ask("GET", path).body["perUserMfaState"] == "disabled"
    assert mfa(tenant, user, wanted) == (200, becomes)
    assert tenant.ask("GET", path).body["perUserMfaState"] == becomes
    assert "perUserMfaState" not in tenant.ask("GET", f"/beta/users/{user}").body
    assert tenant.ask("GET", f"/sandbox/users/{user}").body["perUserMfaState"] == becomes


def test_per_user_mfa_is_in_beta_alone_and_no_application_changes_it() -> None:
    tenant = asked()
    tail = f"users/{EVE}/authentication/requirements"
    assert tenant.ask("GET", f"/v1.0/{tail}").status == 400
    assert tenant.ask("PATCH", f"/beta/{tail}", {"perUserMfaState": "enforced"}).status == 405


@pytest.mark.parametrize("state", [None, "on", 1, ["enforced"]])
def test_a_state_that_there_is_not_is_refused(state: Any) -> None:
    tenant = asked()
    assert mfa(tenant, FAY, state)[0] == 400


@pytest.mark.parametrize(
    ("user", "state", "result"),
    [
        (FAY, "disabled", "0"),
        (FAY, "enabled", "50072"),
        (EVE, "enforced", "50074"),
    ],
)
def test_per_user_mfa_is_asked_where_no_policy_asks(user: str, state: str, result: str) -> None:
    tenant = asked()
    for policy in tenant.tenant.conditional_access.policies():
        path = f"/sandbox/conditional-access/policies/{policy['id']}"
        tenant.ask("PATCH", path, {"state": "disabled"})
    mfa(tenant, user, state)
    sign_in = {"user": user, "app": "OfficeHome"}
    answer = tenant.ask("POST", "/sandbox/sign-ins", sign_in).body
    assert (answer["decision"], answer["resultType"]) == ("allowed", result)
    assert (answer["platformAsks"] is None) == (state == "disabled")
    answer = tenant.ask("POST", "/sandbox/sign-ins", sign_in | {"mfa": True}).body
    assert answer["resultType"] == "0"
