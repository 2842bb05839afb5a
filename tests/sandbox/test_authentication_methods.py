"""Temporary Access Passes, the password as a method, and the policy of authentication methods."""

from collections.abc import Iterator

import httpx
import pytest

from sandbox.api.server import TenantServer
from tests.support.directory_tenant import (
    METHOD_PERMISSION,
    POLICY_PERMISSION,
    directory_document,
)
from tests.support.tenant import graph, http, object_id, running_tenant, without_permission

EVE = object_id("users/eve")
METHODS = f"/v1.0/users/{EVE}/authentication"
PASSES = f"{METHODS}/temporaryAccessPassMethods"
POLICY = "/v1.0/policies/authenticationMethodsPolicy"
CONFIGURATION = f"{POLICY}/authenticationMethodConfigurations/TemporaryAccessPass"
PASS_TYPE = "#microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration"


@pytest.fixture
def server() -> Iterator[TenantServer]:
    with running_tenant(directory_document(METHOD_PERMISSION, POLICY_PERMISSION)) as running:
        yield running


@pytest.fixture
def client(server: TenantServer) -> Iterator[httpx.Client]:
    with graph(server) as opened:
        yield opened


def _configure(client: httpx.Client, **values: object) -> None:
    body = {"@odata.type": PASS_TYPE, **values}
    client.patch(CONFIGURATION, json=body).raise_for_status()


def _advance(server: TenantServer, minutes: float) -> None:
    with http(server) as control:
        body = {"advanceSeconds": minutes * 60}
        control.post("/sandbox/clock", json=body).raise_for_status()


def test_every_user_has_a_password_that_is_never_shown(client: httpx.Client) -> None:
    (found,) = client.get(f"{METHODS}/methods").json()["value"]
    assert found["@odata.type"] == "#microsoft.graph.passwordAuthenticationMethod"
    assert found["id"] == "28c10230-6103-485e-b985-444c60001490"
    assert found["password"] is None
    assert client.get(f"{METHODS}/passwordMethods").json()["value"][0]["id"] == found["id"]
    assert client.get(f"{METHODS}/passwordMethods/{found['id']}").status_code == 200


def test_a_pass_is_shown_once_and_kept_as_a_hash(
    client: httpx.Client, server: TenantServer
) -> None:
    made = client.post(PASSES, json={}).raise_for_status()
    passcode = made.json()["temporaryAccessPass"]
    assert made.status_code == 201
    assert len(passcode) == 8
    one = client.get(f"{PASSES}/{made.json()['id']}").json()
    assert one["temporaryAccessPass"] is None
    with http(server) as control:
        document = control.get("/sandbox/tenant").text
        requests = control.get("/sandbox/requests").text
    everything = f"{document}{requests}{client.get(PASSES).text}{client.get(METHODS).text}"
    assert passcode not in everything
    assert client.get(f"{METHODS}/methods").json()["value"][-1]["id"] == one["id"]


def test_a_pass_becomes_usable_and_expires(client: httpx.Client, server: TenantServer) -> None:
    with http(server) as control:
        now = control.get("/sandbox/health").json()["now"]
    body = {"startDateTime": now, "lifetimeInMinutes": 90}
    made = client.post(PASSES, json=body).raise_for_status().json()
    assert (made["isUsable"], made["methodUsabilityReason"]) == (True, "EnabledByPolicy")
    assert made["lifetimeInMinutes"] == 90
    _advance(server, 91)
    with graph(server) as signed_in_again:
        later = signed_in_again.get(f"{PASSES}/{made['id']}").json()
    assert (later["isUsable"], later["methodUsabilityReason"]) == (False, "Expired")


def test_a_pass_for_later_is_not_valid_yet(client: httpx.Client) -> None:
    made = client.post(PASSES, json={"startDateTime": "2050-01-01T00:00:00+01:00"}).json()
    assert made["methodUsabilityReason"] == "NotYetValid"
    assert made["startDateTime"] == "2049-12-31T23:00:00Z"


def test_a_new_pass_replaces_the_old_one(client: httpx.Client) -> None:
    old, new = (client.post(PASSES, json={}).json()["id"] for _ in range(2))
    assert [item["id"] for item in client.get(PASSES).json()["value"]] == [new]
    assert client.get(f"{PASSES}/{old}").status_code == 404


def test_a_pass_is_deleted_once(client: httpx.Client) -> None:
    made = client.post(PASSES, json={}).json()["id"]
    assert client.delete(f"{PASSES}/{made}").status_code == 204
    assert client.delete(f"{PASSES}/{made}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"lifetimeInMinutes": 59},
        {"lifetimeInMinutes": 481},
        {"lifetimeInMinutes": "60"},
        {"startDateTime": "tomorrow"},
        {"isUsableOnce": "no"},
    ],
)
def test_a_pass_outside_of_the_policy_is_refused(
    client: httpx.Client, body: dict[str, object]
) -> None:
    assert client.post(PASSES, json=body).status_code == 400
    assert client.get(PASSES).json()["value"] == []


def test_a_pass_is_between_ten_minutes_and_thirty_days_whatever_the_policy_says(
    client: httpx.Client,
) -> None:
    _configure(client, minimumLifetimeInMinutes=1, maximumLifetimeInMinutes=100_000)
    for minutes, status in ((9, 400), (10, 201), (43_200, 201), (43_201, 400)):
        assert client.post(PASSES, json={"lifetimeInMinutes": minutes}).status_code == status


def test_the_policy_sets_length_lifetime_and_single_use(client: httpx.Client) -> None:
    _configure(client, defaultLength=20, defaultLifetimeInMinutes=120, isUsableOnce=True)
    made = client.post(PASSES, json={}).json()
    assert len(made["temporaryAccessPass"]) == 20
    assert (made["lifetimeInMinutes"], made["isUsableOnce"]) == (120, True)
    assert client.post(PASSES, json={"isUsableOnce": False}).status_code == 400


def test_a_pass_that_the_policy_forbids_is_neither_made_nor_usable(client: httpx.Client) -> None:
    made = client.post(PASSES, json={}).json()["id"]
    _configure(client, state="disabled")
    assert client.post(PASSES, json={}).status_code == 403
    found = client.get(f"{PASSES}/{made}").json()
    assert (found["isUsable"], found["methodUsabilityReason"]) == (False, "DisabledByPolicy")


def test_a_pass_survives_deletion_and_restoration_of_its_user(client: httpx.Client) -> None:
    made = client.post(PASSES, json={}).json()["id"]
    client.delete(f"/v1.0/users/{EVE}").raise_for_status()
    assert client.get(PASSES).status_code == 404
    client.post(f"/v1.0/directory/deletedItems/{EVE}/restore").raise_for_status()
    assert [item["id"] for item in client.get(PASSES).json()["value"]] == [made]


def test_a_pass_is_gone_with_a_purged_user(client: httpx.Client, server: TenantServer) -> None:
    client.post(PASSES, json={}).raise_for_status()
    client.delete(f"/v1.0/users/{EVE}").raise_for_status()
    client.delete(f"/v1.0/directory/deletedItems/{EVE}").raise_for_status()
    assert server.world.default.to_document()["authenticationMethods"] == []


def test_a_user_may_be_named_by_user_principal_name(client: httpx.Client) -> None:
    path = PASSES.replace(EVE, "eve@fabrikam.onmicrosoft.com")
    assert client.post(path, json={}).status_code == 201
    assert len(client.get(PASSES).json()["value"]) == 1


def test_methods_are_written_only_with_the_permission_for_them() -> None:
    reading = directory_document("UserAuthenticationMethod.Read.All")
    with running_tenant(reading) as server, graph(server) as client:
        assert client.get(f"{METHODS}/methods").status_code == 200
        assert client.post(PASSES, json={}).status_code == 403
        assert client.get(f"{METHODS}/fido2Methods/creationOptions").status_code == 403


def test_methods_are_not_read_with_the_permission_for_users() -> None:
    document = without_permission(directory_document(), "UserAuthenticationMethod.Read.All")
    with running_tenant(document) as server, graph(server) as client:
        assert client.get(f"{METHODS}/methods").status_code == 403


def test_each_method_has_a_permission_of_its_own() -> None:
    document = without_permission(
        directory_document("UserAuthMethod-TAP.ReadWrite.All"), "UserAuthenticationMethod.Read.All"
    )
    with running_tenant(document) as server, graph(server) as client:
        assert client.post(PASSES, json={}).status_code == 201
        assert client.get(f"{METHODS}/fido2Methods").status_code == 403


def test_the_policy_shows_what_is_configured(client: httpx.Client) -> None:
    _configure(client, defaultLifetimeInMinutes=240)
    found = client.get(POLICY).json()
    assert found["id"] == "authenticationMethodsPolicy"
    configured = {item["id"]: item for item in found["authenticationMethodConfigurations"]}
    assert configured["TemporaryAccessPass"]["defaultLifetimeInMinutes"] == 240
    assert configured["TemporaryAccessPass"]["maximumLifetimeInMinutes"] == 480
    assert configured["Fido2"]["isSelfServiceRegistrationAllowed"] is True
    assert (
        client.get(CONFIGURATION).json() | configured["TemporaryAccessPass"]
        == client.get(CONFIGURATION).json()
    )
    assert client.get(CONFIGURATION.replace("TemporaryAccessPass", "Sms")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"defaultLifetimeInMinutes": 60},
        {"@odata.type": PASS_TYPE, "defaultLifetimeInMinutes": "60"},
        {"@odata.type": PASS_TYPE, "colour": "red"},
        {"@odata.type": PASS_TYPE, "state": "on"},
        {"@odata.type": PASS_TYPE, "defaultLength": True},
        {"@odata.type": PASS_TYPE, "defaultLength": 0},
        {"@odata.type": PASS_TYPE, "isUsableOnce": 1},
        {"@odata.type": PASS_TYPE, "includeTargets": [5]},
        {"@odata.type": PASS_TYPE, "excludeTargets": [{"targetType": "group", "id": 5}]},
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(
    client: httpx.Client, body: dict[str, object]
) -> None:
    assert client.patch(CONFIGURATION, json=body).status_code == 400
