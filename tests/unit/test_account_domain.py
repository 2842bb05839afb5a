"""The domain of the accounts: the tenant's initial one, or a chosen one that will do."""

import re

import pulumi
import pytest

from components.account_checks import choose_domain
from entra.directory import Domain

DOMAINS = (
    Domain("contoso.com", False, True, True, True),
    Domain("contoso.onmicrosoft.com", True, False, True, True),
    Domain("federated.example", False, False, True, False),
    Domain("new.example", False, False, False, True),
)


def test_the_initial_domain_is_the_default() -> None:
    assert choose_domain(DOMAINS, None) == "contoso.onmicrosoft.com"


def test_a_verified_domain_can_be_chosen() -> None:
    assert choose_domain(DOMAINS, "Contoso.com") == "contoso.com"


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("fabrikam.example", "which the tenant does not have"),
        ("new.example", "which is not verified"),
        ("federated.example", "which is federated"),
    ],
)
def test_a_domain_that_would_not_do_is_refused_with_those_that_would(
    wanted: str, reason: str
) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        choose_domain(DOMAINS, wanted)
    told = str(caught.value)
    assert re.match(f"break-glass:accounts.domain holds '{wanted}', {reason}", told)
    assert "expected one of contoso.com, contoso.onmicrosoft.com;" in told


@pytest.mark.parametrize("listed", [DOMAINS[:1], ()])
def test_no_other_domain_steps_in_for_an_initial_one_that_is_not_listed(
    listed: tuple[Domain, ...],
) -> None:
    """A short listing once renamed the accounts, and their names in the safes were wrong."""
    with pytest.raises(pulumi.RunError, match=r"initial domain .* nothing was changed: run again"):
        choose_domain(listed, None)


def test_a_chosen_domain_that_no_listing_shows_is_refused_without_an_example() -> None:
    with pytest.raises(pulumi.RunError, match=r"expected one of none; run again in some minutes"):
        choose_domain((), "contoso.com")
