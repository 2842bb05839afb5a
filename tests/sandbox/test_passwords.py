"""Secrets are kept as hashes, each salted, that only the secret itself opens."""

from collections.abc import Callable

import pytest

from sandbox.tenant.directory.passwords import hash_random_secret, hash_secret, matches

SECRET = "Correct-Horse-9-Battery"


@pytest.mark.parametrize("hashed_by", [hash_secret, hash_random_secret])
def test_a_hash_is_opened_by_its_secret_alone_and_never_the_same_twice(
    hashed_by: Callable[[str], str],
) -> None:
    first, second = hashed_by(SECRET), hashed_by(SECRET)
    assert first != second
    assert SECRET not in first
    assert (matches(SECRET, first), matches(SECRET, second)) == (True, True)
    assert not matches(SECRET + " ", first)
    assert not matches("", first)


def test_a_hash_of_one_kind_is_not_taken_for_the_other() -> None:
    slow, fast = hash_secret(SECRET), hash_random_secret(SECRET)
    assert not matches(SECRET, slow.replace("scrypt$", "sha256$"))
    assert not matches(SECRET, fast.replace("sha256$", "scrypt$"))


@pytest.mark.parametrize("hashed", [None, "", "scrypt", "sha256$AAAA"])
def test_what_is_no_hash_is_opened_by_nothing(hashed: str | None) -> None:
    assert not matches("", hashed)
