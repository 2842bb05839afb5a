"""dev.py and the environment of prowler, which only the assessors' tests need."""

import dev
from tests.unit.test_dev import Checkout, checkout

__all__ = ["checkout"]


def test_a_prowler_that_cannot_be_installed_keeps_no_other_test_from_running(
    checkout: Checkout,
) -> None:
    checkout.exit_codes = {"tests.assessors.environment": 1}
    assert dev.main(["test"]) == 0
    assert checkout.calls[-1][-2:] == ["tests", "--ignore=tests/unit"]


def test_the_environment_of_prowler_goes_with_the_checkouts_own(checkout: Checkout) -> None:
    made = checkout.root / ".venv" / "assessors" / "environment"
    made.mkdir(parents=True)
    dev.main(["clean"])
    assert not made.exists()
