"""The rule on passwords that a run leaves as they are."""

from typing import Any

import pytest

from policies.resource_types import RANDOM_PASSWORD, USER
from policies.rules import kept_passwords
from tests.policy.pack_scene import LATER, NOT_APPLICABLE, Thing, secret, stack_verdict
from tests.policy.pack_scene import standing_stack as standing


def kept(type_: str, props: dict[str, Any], *ignored: str, retired: bool = False) -> list[Thing]:
    """The standing stack with a password of its first account."""
    stack = standing()
    stack["account-1"] = stack["account-1"].having(retired=retired)
    thing = Thing(type_, "account-1-password", props, stack["account-1"], ignore_changes=ignored)
    return [*stack.values(), thing]


@pytest.mark.parametrize(
    "stack",
    [
        kept(RANDOM_PASSWORD, {"length": 32.0}, "length"),
        kept(RANDOM_PASSWORD, {"length": 16.0}, "length", retired=True),
        kept(RANDOM_PASSWORD, {"length": LATER}, "length"),
        kept(RANDOM_PASSWORD, {"length": 16.0}, "keepers"),
        kept(USER, {"password": secret("x" * 32)}, "password"),
        kept(USER, {"password": secret("short")}, "password", retired=True),
        kept(USER, {"password": ""}, "password"),
        kept(USER, {}, "password"),
    ],
)
def test_a_password_that_is_long_or_of_a_retiring_account_may_be_kept(stack: list[Thing]) -> None:
    assert stack_verdict(kept_passwords.RULE, stack) == []


@pytest.mark.parametrize(
    ("stack", "length"),
    [
        (kept(RANDOM_PASSWORD, {"length": 16.0}, "keepers", "length"), 16),
        (kept(RANDOM_PASSWORD, {"length": 16.0}, "*"), 16),
        (kept(USER, {"password": secret("x" * 31)}, "password"), 31),
    ],
)
def test_a_short_password_of_an_account_that_stays_is_refused(
    stack: list[Thing], length: int
) -> None:
    (line,) = stack_verdict(kept_passwords.RULE, stack)
    assert line.startswith(
        f"account-1-password: found a kept password of {length} characters although account-1 stays"
    )
    assert "xxx" not in line


def test_the_length_can_be_raised() -> None:
    stack = kept(RANDOM_PASSWORD, {"length": 64.0}, "length")
    (line,) = stack_verdict(kept_passwords.RULE, stack, {"minimumLength": 100})
    assert "expected 100 or more" in line


def test_without_accounts_no_password_is_kept() -> None:
    assert stack_verdict(kept_passwords.RULE, [standing()["monitoring"]]) == NOT_APPLICABLE
