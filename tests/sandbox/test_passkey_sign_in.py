"""A passkey opens the door only when it is registered and the tenant allows it."""

from typing import Any

import pytest
from pydantic import ValidationError

from sandbox.tenant.access.sign_ins import SignInRequest, sign_in
from sandbox.tenant.tenant import Tenant
from tests.sandbox.seed_tenant import StillClock
from tests.support.tenant import AT_ONCE, KEY_KIND, object_id, passkey, small_document

EVE = object_id("users/eve")
OTHER_KIND = "ee882879-721c-4913-9775-3dfcce97072a"
STAFF, IT = object_id("groups/staff"), object_id("groups/it")


def code(passkeys: tuple[str, ...] = (KEY_KIND,), rules: Any = None, **facts: Any) -> str:
    """The result of Eve's sign-in; she is in Staff, not in IT."""
    document: dict[str, Any] = small_document() | {
        "conditionalAccessPolicies": [],
        "authenticationMethods": [passkey(EVE, kind) for kind in passkeys],
        "authenticationMethodsPolicy": {"Fido2": rules or {}},
        "behaviour": dict(AT_ONCE),
    }
    body = {"user": EVE, "app": "OfficeHome", "method": "fido2", **facts}
    tenant = Tenant.from_document(document, StillClock())
    answer = sign_in(tenant, SignInRequest.model_validate(body))
    assert (answer["decision"] == "allowed") == (answer["resultType"] == "0")
    return answer["resultType"]


def only(*groups: str) -> list[dict[str, Any]]:
    return [{"targetType": "group", "id": group} for group in groups]


def restricted(kind: str, enforcement: str, *, enforced: bool = True) -> dict[str, Any]:
    rules = {"isEnforced": enforced, "enforcementType": enforcement, "aaGuids": [kind.upper()]}
    return {"keyRestrictions": rules}


def test_who_has_none_cannot_use_one() -> None:
    assert code(()) == "135010"
    assert code() == "0"
    assert code((), user="ada@fabrikam.onmicrosoft.com") == "135010"


def test_a_passkey_of_another_kind_is_not_the_registered_one() -> None:
    assert code(aaguid=OTHER_KIND) == "135010"
    assert code(aaguid=KEY_KIND.upper()) == "0"
    assert code((KEY_KIND, OTHER_KIND), aaguid=OTHER_KIND) == "0"


@pytest.mark.parametrize(
    ("rules", "result"),
    [
        ({"state": "disabled"}, "130501"),
        ({"includeTargets": only(IT)}, "130501"),
        ({"includeTargets": only(STAFF)}, "0"),
        ({"excludeTargets": only(STAFF)}, "130501"),
        ({"excludeTargets": only(IT)}, "0"),
        (restricted(KEY_KIND, "block"), "130501"),
        (restricted(KEY_KIND, "allow"), "0"),
        (restricted(OTHER_KIND, "allow"), "130501"),
        (restricted(OTHER_KIND, "block"), "0"),
        (restricted(KEY_KIND, "block", enforced=False), "0"),
    ],
)
def test_the_authentication_methods_policy_decides_who_may_use_which(
    rules: dict[str, Any], result: str
) -> None:
    assert code(rules=rules) == result


def test_other_methods_a_refresh_and_a_guest_need_no_passkey_here() -> None:
    assert code((), method="windowsHelloForBusiness") == "0"
    assert code((), interactive=False) == "0"
    assert code((), guestType="b2bCollaborationGuest") == "0"
    assert code((), guestType="internalGuest") == "135010"


def test_a_disabled_account_is_told_before_its_passkey() -> None:
    assert code((), user=object_id("users/old")) == "50057"


@pytest.mark.parametrize("method", ["password", "sms"])
def test_multifactor_authentication_done_with_one_factor_is_refused(method: str) -> None:
    with pytest.raises(ValidationError, match=f"method '{method}' is none"):
        SignInRequest.model_validate({"user": EVE, "mfa": True, "method": method})
    assert SignInRequest.model_validate({"user": EVE, "mfa": True, "method": "fido2"}).mfa_done


def test_half_a_character_in_a_password_is_refused_without_showing_it() -> None:
    with pytest.raises(ValidationError) as caught:
        SignInRequest.model_validate({"user": EVE, "password": "s3cret\ud800"})
    assert "a lone surrogate" in str(caught.value)
    assert "s3cret" not in str(caught.value)
