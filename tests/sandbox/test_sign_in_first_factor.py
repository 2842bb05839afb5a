"""The first factor of a sign-in: wrong, expired and locked passwords, in virtual time."""

from typing import Any

import pytest

from sandbox.tenant.access.sign_ins import SignInRequest, sign_in
from sandbox.tenant.access.smart_lockout import FIRST_SECONDS, THRESHOLD
from sandbox.tenant.directory.passwords import hash_secret
from sandbox.tenant.tenant import Tenant
from tests.sandbox.seed_tenant import StillClock
from tests.support.tenant import AT_ONCE, object_id, passkey, small_document

PASSWORD = "Correct-Horse-7-Battery"
EVE = "eve@fabrikam.onmicrosoft.com"
DAY = 86_400


def tenant(domain: dict[str, Any] | None = None, **user: Any) -> Tenant:
    """Eve's password is known, and no policy stands in her way."""
    document: dict[str, Any] = small_document() | {
        "conditionalAccessPolicies": [],
        "behaviour": dict(AT_ONCE),
    }
    document["authenticationMethods"] = [passkey(object_id("users/eve"))]
    document["domains"][0] |= domain or {}
    for each in document["users"]:
        if each["id"] == object_id("users/eve"):
            each |= {"passwordHash": hash_secret(PASSWORD), **user}
    return Tenant.from_document(document, StillClock())


def code(place: Tenant, password: str | None = PASSWORD, **facts: Any) -> str:
    body = {"user": EVE, "app": "OfficeHome", "password": password, **facts}
    return sign_in(place, SignInRequest.model_validate(body))["resultType"]


def fail(place: Tenant, times: int) -> list[str]:
    return [code(place, f"Wrong-{number}-Horse") for number in range(times)]


def test_ten_wrong_passwords_lock_the_account_for_a_minute() -> None:
    place = tenant()
    assert fail(place, THRESHOLD) == ["50126"] * THRESHOLD
    assert code(place) == "50053"
    place.clock.advance(FIRST_SECONDS - 1)
    assert code(place) == "50053"
    place.clock.advance(1)
    assert code(place) == "0"


def test_nine_wrong_passwords_do_not_and_a_right_one_starts_the_count_again() -> None:
    place = tenant()
    fail(place, THRESHOLD - 1)
    assert code(place) == "0"
    fail(place, THRESHOLD - 1)
    assert code(place) == "0"


def test_the_same_wrong_password_again_and_again_does_not_lock() -> None:
    place = tenant()
    assert [code(place, "Wrong-1-Horse") for _ in range(THRESHOLD * 2)][-1] == "50126"
    assert code(place) == "0"


def test_only_the_last_three_wrong_passwords_are_known_again() -> None:
    place = tenant()
    for number in range(THRESHOLD):
        code(place, f"Wrong-{number % 4}-Horse")
    assert code(place) == "50053"


def test_the_first_failure_after_a_lock_locks_again_and_for_longer() -> None:
    place = tenant()
    fail(place, THRESHOLD)
    place.clock.advance(FIRST_SECONDS)
    assert code(place, "Wrong-again-Horse") == "50126"
    place.clock.advance(FIRST_SECONDS)
    assert code(place) == "50053"
    place.clock.advance(FIRST_SECONDS)
    assert code(place) == "0"


def test_a_failure_without_a_password_counts_and_a_passkey_is_not_locked_out() -> None:
    place = tenant()
    for _ in range(THRESHOLD):
        assert code(place, None, success=False) == "50126"
    assert code(place) == "50053"
    assert code(place, None, method="fido2") == "0"


def test_a_reset_password_ends_the_lock() -> None:
    place = tenant()
    fail(place, THRESHOLD)
    place.directory.user(EVE)["passwordHash"] = hash_secret("Another-Horse-8-Battery")
    assert code(place, "Another-Horse-8-Battery") == "0"


def test_a_lock_is_for_one_account() -> None:
    place = tenant()
    fail(place, THRESHOLD)
    other = {"user": "fay@fabrikam.onmicrosoft.com", "app": "OfficeHome"}
    assert sign_in(place, SignInRequest.model_validate(other))["resultType"] == "0"


@pytest.mark.parametrize(
    ("domain", "user", "result"),
    [
        ({}, {}, "0"),
        ({"passwordValidityPeriodInDays": 90}, {}, "50055"),
        ({"passwordValidityPeriodInDays": 92}, {}, "0"),
        ({"passwordValidityPeriodInDays": 2147483647}, {}, "0"),
        (
            {"passwordValidityPeriodInDays": 90},
            {"passwordPolicies": "DisableStrongPassword, DisablePasswordExpiration"},
            "0",
        ),
        ({}, {"passwordProfile": {"forceChangePasswordNextSignIn": True}}, "50055"),
    ],
)
def test_a_password_expires_by_the_domain_unless_the_user_is_exempt(
    domain: dict[str, Any], user: dict[str, Any], result: str
) -> None:
    place = tenant(domain)
    place = tenant(domain, lastPasswordChangeDateTime=place.clock.timestamp(), **user)
    place.clock.advance(91 * DAY)
    assert code(place) == result
    assert code(place, None, method="fido2") == "0"


def test_a_wrong_password_is_told_before_an_expired_or_disabled_account() -> None:
    place = tenant(accountEnabled=False)
    assert (code(place, "Wrong-1-Horse"), code(place)) == ("50126", "50057")
