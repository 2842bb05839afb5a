"""Authentication methods of every kind: listed, registered by an administrator, deleted."""

from typing import Any

import pytest

from sandbox.tenant.clock import Clock
from sandbox.tenant.directory.method_kinds import KINDS
from sandbox.tenant.errors import DocumentError
from sandbox.tenant.tenant import Tenant
from tests.sandbox.dispatched import Dispatched
from tests.sandbox.permission_table import EVE, PASS, PASSKEY, PASSWORD_METHOD
from tests.sandbox.permission_table_accounts import EMAIL, METHODS, MOBILE, method, shown_id
from tests.sandbox.test_permissions import document
from tests.support.directory_tenant import METHOD_PERMISSION
from tests.support.tenant import JSON, small_document

NOW = 1_750_000_000.0
BASE = f"/beta/users/{EVE}/authentication"
PORTAL = f"/sandbox/users/{EVE}/methods"


def asked(found: JSON | None = None) -> Dispatched:
    made = found or small_document()
    made["apps"][0]["graphPermissions"].append(METHOD_PERMISSION)
    return Dispatched(made, Clock(source=lambda: NOW))


def kind_of(name: str) -> str:
    return f"#microsoft.graph.{name}AuthenticationMethod"


def listed(tenant: Dispatched, segment: str = "methods") -> dict[str, JSON]:
    found = tenant.ask("GET", f"{BASE}/{segment}").body["value"]
    return {one["id"]: one for one in found}


def test_all_methods_of_a_user_are_in_one_list_whatever_their_kind() -> None:
    found = listed(asked(document()))
    others = {shown_id(kind) for kind in METHODS}
    assert found.keys() == {PASSWORD_METHOD, PASS, PASSKEY, *others}
    assert {one["@odata.type"] for one in found.values()} == {*KINDS, kind_of("password")}
    assert not any(
        {"userId", "passwordHash", "credentialId"} & one.keys() for one in found.values()
    )


@pytest.mark.parametrize("kind", METHODS)
def test_a_kind_has_its_own_list_and_a_deleted_method_is_in_none(kind: str) -> None:
    tenant, segment = asked(document()), METHODS[kind][0]
    (one,) = listed(tenant, segment).values()
    assert one["@odata.type"] == kind_of(kind)
    assert one.items() >= METHODS[kind][2].items()
    assert tenant.ask("DELETE", f"{BASE}/{segment}/{one['id']}").status == 204
    assert listed(tenant, segment) == {}
    assert one["id"] not in listed(tenant)


def test_v1_knows_no_hardware_tokens() -> None:
    tenant = asked(document())
    assert tenant.ask("GET", f"{BASE}/hardwareOathMethods").status == 200
    path = f"/v1.0/users/{EVE}/authentication/hardwareOathMethods"
    assert tenant.ask("GET", path).status == 400


@pytest.mark.parametrize("kind", METHODS)
def test_an_administrator_registers_a_method_as_a_user_would(kind: str) -> None:
    tenant = asked()
    made = tenant.ask("POST", PORTAL, {"@odata.type": kind_of(kind), **METHODS[kind][2]})
    assert made.status == 201, made.body
    assert listed(tenant)[made.body["id"]] == made.body
    assert tenant.ask("DELETE", f"{PORTAL}/{made.body['id']}").status == 204
    assert listed(tenant).keys() == {PASSWORD_METHOD}


def test_a_registered_passkey_opens_the_portal() -> None:
    tenant = asked()
    sign_in = {"user": EVE, "app": "Azure Portal", "method": "fido2"}
    assert tenant.ask("POST", "/sandbox/sign-ins", sign_in).body["resultType"] == "135010"
    made = tenant.ask("POST", PORTAL, {"@odata.type": kind_of("fido2"), "displayName": "Safe"})
    assert made.body["passkeyType"] == "deviceBound"
    assert tenant.ask("POST", "/sandbox/sign-ins", sign_in).body["resultType"] == "0"


def test_a_pass_comes_with_the_bounds_of_the_policy() -> None:
    tenant = asked()
    body = {"@odata.type": kind_of("temporaryAccessPass")}
    made = tenant.ask("POST", PORTAL, body)
    assert (made.status, made.body["isUsable"]) == (201, True)
    assert tenant.ask("POST", PORTAL, body | {"lifetimeInMinutes": 1}).status == 400


REFUSED: dict[str, JSON] = {
    "no kind": {"displayName": "x"},
    "a kind that there is not": {"@odata.type": kind_of("carrierPigeon")},
    "a password": {"@odata.type": kind_of("password")},
    "a property of another kind": {"@odata.type": kind_of("softwareOath"), "phoneNumber": "1"},
    "a missing number": {"@odata.type": kind_of("phone"), "phoneType": "mobile"},
    "a type of phone that there is not": {
        **{"@odata.type": kind_of("phone"), "phoneNumber": "+49 1"},
        "phoneType": "car",
    },
    "a number that is none": {
        **{"@odata.type": kind_of("phone"), "phoneNumber": 1},
        "phoneType": "mobile",
    },
    "a time that is none": {"@odata.type": kind_of("fido2"), "createdDateTime": "yesterday"},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_method_can_be_is_refused(case: str) -> None:
    tenant = asked()
    assert tenant.ask("POST", PORTAL, REFUSED[case]).status == 400
    assert listed(tenant).keys() == {PASSWORD_METHOD}


def test_a_user_has_one_phone_of_a_type_and_one_address() -> None:
    tenant = asked()
    phone = {"@odata.type": kind_of("phone"), "phoneNumber": "+49 1"}
    assert tenant.ask("POST", PORTAL, phone | {"phoneType": "mobile"}).body["id"] == MOBILE
    assert tenant.ask("POST", PORTAL, phone | {"phoneType": "mobile"}).status == 400
    assert tenant.ask("POST", PORTAL, phone | {"phoneType": "office"}).status == 201
    mail = {"@odata.type": kind_of("email"), "emailAddress": "eve@example.com"}
    assert tenant.ask("POST", PORTAL, mail).body["id"] == EMAIL
    assert tenant.ask("POST", PORTAL, mail).status == 400


def test_a_password_cannot_be_deleted() -> None:
    tenant = asked()
    assert tenant.ask("DELETE", f"{PORTAL}/{PASSWORD_METHOD}").status == 400
    assert listed(tenant).keys() == {PASSWORD_METHOD}


WRONG: dict[str, tuple[Any, str]] = {
    "kind": (method("phone") | {"@odata.type": "#microsoft.graph.fido"}, "there is no @odata.type"),
    "missing": (method("phone") | {"phoneNumber": None}, "phoneNumber is missing"),
    "word": (method("phone") | {"phoneType": "car"}, "phoneType: expected one of mobile"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_document_with_a_method_that_cannot_be_is_refused_by_name(case: str) -> None:
    wrong, said = WRONG[case]
    found = small_document() | {"authenticationMethods": [wrong]}
    with pytest.raises(DocumentError, match=said):
        Tenant.from_document(found, Clock())


def test_certificates_are_off_until_an_administrator_switches_them_on() -> None:
    tenant = asked()
    tenant.tenant.apps.all()[0].graph_permissions.append("Policy.ReadWrite.AuthenticationMethod")
    path = "/v1.0/policies/authenticationMethodsPolicy"
    one = f"{path}/authenticationMethodConfigurations/x509Certificate"
    found = tenant.ask("GET", one).body
    assert (found["id"], found["state"]) == ("X509Certificate", "disabled")
    change = {"@odata.type": found["@odata.type"], "state": "enabled"}
    assert tenant.ask("PATCH", one, change).status == 204
    configured = tenant.ask("GET", path).body["authenticationMethodConfigurations"]
    states = {entry["id"]: entry["state"] for entry in configured}
    assert states == {
        "Fido2": "enabled",
        "TemporaryAccessPass": "enabled",
        "X509Certificate": "enabled",
    }


def test_the_certificates_of_a_user_are_shown_and_changed() -> None:
    tenant, path = asked(), f"/v1.0/users/{EVE}"
    query = f"{path}?$select=id,authorizationInfo"
    assert tenant.ask("GET", query).body["authorizationInfo"] == {"certificateUserIds": []}
    info = {"certificateUserIds": ["X509:<PN>eve@fabrikam.example"]}
    odd: tuple[JSON, ...] = (
        *({"certificateUserIds": [1]}, {"certificateUserIds": "x"}),
        {"other": ["x"]},
    )
    for wrong in odd:
        assert tenant.ask("PATCH", path, {"authorizationInfo": wrong}).status == 400
    assert tenant.ask("PATCH", path, {"authorizationInfo": info}).status == 204
    assert tenant.ask("GET", query).body["authorizationInfo"] == info
