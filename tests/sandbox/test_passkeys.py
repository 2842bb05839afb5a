"""Passkeys that an administrator registers on behalf of a user."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.api.server import TenantServer
from tests.support.directory_tenant import (
    METHOD_PERMISSION,
    POLICY_PERMISSION,
    directory_document,
)
from tests.support.software_key import AAGUID, PRESENT, SYNCABLE, SoftwareKey, encoded
from tests.support.tenant import graph, http, object_id, running_tenant

EVE, FAY = object_id("users/eve"), object_id("users/fay")
CONFIGURATION = (
    "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Fido2"
)
CONFIGURATION_TYPE = "#microsoft.graph.fido2AuthenticationMethodConfiguration"


@pytest.fixture
def server() -> Iterator[TenantServer]:
    with running_tenant(directory_document(METHOD_PERMISSION, POLICY_PERMISSION)) as running:
        yield running


@pytest.fixture
def client(server: TenantServer) -> Iterator[httpx.Client]:
    with graph(server) as opened:
        yield opened


def _keys(user: str = EVE, version: str = "v1.0") -> str:
    return f"/{version}/users/{user}/authentication/fido2Methods"


def _options(client: httpx.Client, user: str = EVE) -> Any:
    return client.get(f"{_keys(user)}/creationOptions").raise_for_status().json()


def _registered(client: httpx.Client, key: SoftwareKey, user: str = EVE) -> httpx.Response:
    return client.post(_keys(user), json=key.answer(_options(client, user)))


def _configure(client: httpx.Client, **values: object) -> None:
    body = {"@odata.type": CONFIGURATION_TYPE, **values}
    client.patch(CONFIGURATION, json=body).raise_for_status()


def _refusal(answer: httpx.Response) -> str:
    assert answer.status_code == 400, answer.text
    return answer.json()["error"]["message"]


def test_a_passkey_is_registered_listed_and_deleted(client: httpx.Client) -> None:
    key = SoftwareKey()
    made = _registered(client, key)
    assert made.status_code == 201
    assert made.json()["id"] == encoded(key.credential_id)
    assert made.json()["aaGuid"] == AAGUID
    assert made.json()["displayName"] == "Safe, first floor"
    assert made.json()["attestationLevel"] == "attested"
    assert made.json()["passkeyType"] == "deviceBound"
    (listed,) = client.get(_keys()).json()["value"]
    assert listed["id"] == made.json()["id"]
    assert {"userId", "credentialId"}.isdisjoint(listed)
    methods = client.get(f"/v1.0/users/{EVE}/authentication/methods").json()["value"]
    assert [m["@odata.type"].rpartition(".")[2] for m in methods] == [
        "passwordAuthenticationMethod",
        "fido2AuthenticationMethod",
    ]
    assert client.delete(f"{_keys()}/{listed['id']}").status_code == 204
    assert client.get(f"{_keys()}/{listed['id']}").status_code == 404


def test_the_options_are_for_this_user_and_exclude_the_keys_that_are_there(
    client: httpx.Client,
) -> None:
    key = SoftwareKey()
    _registered(client, key).raise_for_status()
    options = _options(client)["publicKey"]
    assert options["rp"]["id"] == "login.microsoftonline.com"
    assert options["user"]["name"] == "eve@fabrikam.onmicrosoft.com"
    assert [item["id"] for item in options["excludeCredentials"]] == [encoded(key.credential_id)]
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["requireResidentKey"] is True
    assert _options(client, FAY)["publicKey"]["excludeCredentials"] == []


def test_a_challenge_lives_five_minutes(client: httpx.Client, server: TenantServer) -> None:
    options = _options(client)
    with http(server) as control:
        control.post("/sandbox/clock", json={"advanceSeconds": 301}).raise_for_status()
    refused = client.post(_keys(), json=SoftwareKey().answer(options))
    assert "expired" in _refusal(refused)


def test_beta_gives_a_challenge_as_long_as_the_caller_asks(
    client: httpx.Client, server: TenantServer
) -> None:
    path = f"{_keys(version='beta')}/creationOptions(challengeTimeoutInMinutes={{}})"
    options = client.get(path.format(60)).raise_for_status().json()
    with http(server) as control:
        control.post("/sandbox/clock", json={"advanceSeconds": 3000}).raise_for_status()
    assert client.post(_keys(), json=SoftwareKey().answer(options)).status_code == 201
    for minutes in ("4", "43201", "x"):
        assert client.get(path.format(minutes)).status_code == 400


def test_a_challenge_is_good_for_its_own_user_only(client: httpx.Client) -> None:
    answer = SoftwareKey().answer(_options(client, FAY))
    assert "not given out for this user" in _refusal(client.post(_keys(EVE), json=answer))


def test_a_challenge_that_nobody_gave_out_is_refused(client: httpx.Client) -> None:
    for forged in (b"", b"x", b"a/b/c/d", f"{EVE}/9999999999/00/00".encode(), b"\xff/1/2/3"):
        options = {"publicKey": {"challenge": encoded(forged)}}
        refused = client.post(_keys(), json=SoftwareKey().answer(options))
        assert "not given out for this user" in _refusal(refused)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (SoftwareKey(relying_party="evil.example"), "another relying party"),
        (SoftwareKey(origin="https://evil.example"), "clientDataJSON.origin"),
        (SoftwareKey(kind="webauthn.get"), "clientDataJSON.type"),
        (SoftwareKey(flags=PRESENT), "the user's verification"),
        (SoftwareKey(flags=0), "the user's presence"),
        (SoftwareKey(public_key=bytes.fromhex("a10327")), "the key's algorithm is -8"),
        (SoftwareKey(public_key=b""), "no CBOR"),
        (SoftwareKey(public_key=b"\xc0"), "CBOR tag"),
    ],
)
def test_a_key_that_answers_wrongly_is_refused(
    client: httpx.Client, key: SoftwareKey, reason: str
) -> None:
    assert reason in _refusal(_registered(client, key))
    assert client.get(_keys()).json()["value"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "b3RoZXI"},
        {"id": 7},
        {"response": None},
        {"response": {"clientDataJSON": "?", "attestationObject": "?"}},
        {"response": {"clientDataJSON": encoded(b"[]"), "attestationObject": "oA"}},
    ],
)
def test_a_credential_that_makes_no_sense_is_refused(
    client: httpx.Client, changes: dict[str, Any]
) -> None:
    body = SoftwareKey().answer(_options(client), **changes)
    assert _refusal(client.post(_keys(), json=body)).startswith("publicKeyCredential: ")


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xa1", b"\x5b\xff", b"\x81" * 5000, b"\xbf"])
def test_an_attestation_that_is_no_cbor_is_refused(client: httpx.Client, data: bytes) -> None:
    body = SoftwareKey().answer(_options(client))
    body["publicKeyCredential"]["response"]["attestationObject"] = encoded(data)
    assert "attestationObject" in _refusal(client.post(_keys(), json=body))


def test_one_key_is_registered_once_in_a_tenant(client: httpx.Client) -> None:
    key = SoftwareKey()
    _registered(client, key).raise_for_status()
    for user in (EVE, FAY):
        assert "registered already" in _refusal(_registered(client, key, user))


def test_a_key_says_whether_it_is_attested_and_whether_it_can_be_synced(
    client: httpx.Client,
) -> None:
    key = SoftwareKey(attestation="none", flags=SoftwareKey().flags | SYNCABLE)
    made = _registered(client, key).json()
    assert (made["attestationLevel"], made["passkeyType"]) == ("notAttested", "synced")


def test_the_policy_may_demand_attestation(client: httpx.Client) -> None:
    _configure(client, isAttestationEnforced=True)
    assert "attestation" in _refusal(_registered(client, SoftwareKey(attestation="none")))
    assert _registered(client, SoftwareKey()).status_code == 201


@pytest.mark.parametrize(
    ("enforcement", "aaguid", "status"),
    [("allow", AAGUID, 201), ("allow", EVE, 400), ("block", AAGUID, 400), ("block", EVE, 201)],
)
def test_the_policy_may_allow_or_block_models(
    client: httpx.Client, enforcement: str, aaguid: str, status: int
) -> None:
    restrictions = {"isEnforced": True, "enforcementType": enforcement, "aaGuids": [aaguid]}
    _configure(client, keyRestrictions=restrictions)
    assert _registered(client, SoftwareKey()).status_code == status


@pytest.mark.parametrize(
    "values", [{"state": "disabled"}, {"isSelfServiceRegistrationAllowed": False}]
)
def test_without_self_service_setup_nobody_registers_a_passkey(
    client: httpx.Client, values: dict[str, object]
) -> None:
    body = SoftwareKey().answer(_options(client))
    _configure(client, **values)
    assert client.get(f"{_keys()}/creationOptions").status_code == 403
    assert client.post(_keys(), json=body).status_code == 403


def test_a_passkey_survives_deletion_restoration_and_a_restart() -> None:
    document = directory_document(METHOD_PERMISSION)
    with running_tenant(document) as server, graph(server) as client:
        made = _registered(client, SoftwareKey()).json()["id"]
        client.delete(f"/v1.0/users/{EVE}").raise_for_status()
        saved = server.world.default.to_document()
    with running_tenant(saved) as server, graph(server) as client:
        client.post(f"/v1.0/directory/deletedItems/{EVE}/restore").raise_for_status()
        assert client.get(f"{_keys()}/{made}").status_code == 200


def test_a_registration_and_a_deletion_are_recorded_as_changes(
    client: httpx.Client, server: TenantServer
) -> None:
    heard: list[tuple[str, bool]] = []
    changes = server.world.default.changes
    changes.listen(
        lambda request: heard.extend((c.kind, c.after is not None) for c in request.changes)
    )
    made = _registered(client, SoftwareKey()).json()["id"]
    client.delete(f"{_keys()}/{made}").raise_for_status()
    assert heard == [("authenticationMethod", True), ("authenticationMethod", False)]
