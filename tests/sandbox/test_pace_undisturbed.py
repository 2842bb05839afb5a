"""The pace of Conditional Access requests when nobody else asks, or nobody else any more."""

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from random import Random

import pytest

from tests.sandbox.other_clients import COUNTINGS, regularly
from tests.sandbox.paced_tenant import PacedTenant, exclude_everywhere

SLOWEST_ANSWER_SECONDS = 0.28


def first_minute(random: Random) -> Iterator[float]:
    """Another client that goes away."""
    return takewhile(lambda moment: moment < 60, regularly(random))


@pytest.mark.parametrize("policies", [16, 64, 195])
def test_an_undisturbed_run_is_never_refused_and_takes_a_second_for_each_request(
    tmp_path: Path, policies: int
) -> None:
    tenant = PacedTenant(tmp_path, policies)
    exclude_everywhere(tenant, tenant.process())
    assert (tenant.excluded(), tenant.refused) == (policies, 0)
    assert tenant.seconds <= tenant.asked * (1 + SLOWEST_ANSWER_SECONDS)


@pytest.mark.parametrize("counting", COUNTINGS)
def test_an_undisturbed_run_is_never_refused_however_the_service_counts(
    tmp_path: Path, counting: str
) -> None:
    tenant = PacedTenant(tmp_path, 16, counting=COUNTINGS[counting]())
    exclude_everywhere(tenant, tenant.process())
    assert (tenant.excluded(), tenant.refused) == (16, 0)


def test_two_processes_of_a_machine_are_together_as_fast_as_one_and_never_refused(
    tmp_path: Path,
) -> None:
    tenant = PacedTenant(tmp_path, 64)
    exclude_everywhere(tenant, tenant.process(), tenant.process())
    assert (tenant.excluded(), tenant.refused) == (64, 0)
    assert tenant.asked - 1 <= tenant.seconds <= tenant.asked * (1 + SLOWEST_ANSWER_SECONDS)


def test_when_the_other_client_has_gone_the_pace_is_soon_the_undisturbed_one_again(
    tmp_path: Path,
) -> None:
    tenant = PacedTenant(tmp_path, 2, others=first_minute)
    client = tenant.process()
    while tenant.seconds < 60:
        client.list_policies()
    disturbed = tenant.refused
    assert disturbed > 0
    for _ in range(80):
        client.list_policies()
    assert (tenant.refused, tenant.seconds < 60 + 80 * 2) == (disturbed, True)
    before = tenant.seconds
    for _ in range(20):
        client.list_policies()
    assert tenant.seconds - before <= 20 * (1 + SLOWEST_ANSWER_SECONDS)


def test_a_run_ten_minutes_after_the_other_client_has_gone_is_undisturbed_from_its_start(
    tmp_path: Path,
) -> None:
    tenant = PacedTenant(tmp_path, 2, others=first_minute)
    client = tenant.process()
    while tenant.seconds < 60:
        client.list_policies()
    tenant.sleep(601)
    before = tenant.seconds
    later = tenant.process()
    for _ in range(20):
        later.list_policies()
    assert tenant.seconds - before <= 20 * (1 + SLOWEST_ANSWER_SECONDS)
