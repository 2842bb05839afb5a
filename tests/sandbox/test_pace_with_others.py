"""The pace of Conditional Access requests while another client takes half of the tenant's budget.

The figures are what the pace needs in virtual time, with some room: a run of 195 policies asks 214
times, so 600 s are the pace of half a budget with the requests' own time. A client that asks every
two seconds and never again after a refusal is the worst case: the two keep in step.
"""

from pathlib import Path

import pytest

from tests.sandbox.other_clients import COUNTINGS, OTHERS
from tests.sandbox.paced_tenant import PacedTenant, exclude_everywhere

MOST = {
    (16, "regularly"): (20, 135),
    (16, "at random"): (13, 100),
    (16, "in bursts"): (6, 70),
    (16, "every other five seconds"): (36, 180),
    (64, "regularly"): (50, 325),
    (64, "at random"): (42, 285),
    (64, "in bursts"): (10, 155),
    (64, "every other five seconds"): (72, 390),
    (195, "regularly"): (170, 1070),
    (195, "at random"): (100, 870),
    (195, "in bursts"): (22, 540),
    (195, "every other five seconds"): (200, 1150),
}


@pytest.mark.parametrize(("policies", "others"), MOST)
def test_a_run_beside_another_client_ends_with_few_retries(
    tmp_path: Path, policies: int, others: str
) -> None:
    refusals, seconds = MOST[policies, others]
    tenant = PacedTenant(tmp_path, policies, others=OTHERS[others])
    exclude_everywhere(tenant, tenant.process())
    assert tenant.excluded() == policies
    assert (tenant.refused <= refusals, tenant.seconds <= seconds) == (True, True)


@pytest.mark.parametrize(
    ("policies", "after", "refusals", "seconds"),
    [(16, 0.25, 7, 95), (64, 0.25, 9, 190), (195, 0.25, 18, 570), (64, 1.0, 24, 265)],
)
def test_beside_a_client_that_insists_the_two_soon_stop_meeting(
    tmp_path: Path, policies: int, after: float, refusals: int, seconds: int
) -> None:
    tenant = PacedTenant(tmp_path, policies, insists_after=after)
    exclude_everywhere(tenant, tenant.process())
    assert tenant.excluded() == policies
    assert (tenant.refused <= refusals, tenant.seconds <= seconds) == (True, True)


MOST_BY_COUNTING = {
    "the tenant's own": (100, 870),
    "1 a clock second": (78, 810),
    "10 in ten clock seconds": (30, 580),
    "1 in the last second": (112, 900),
    "1 in the last second, refused ones count": (155, 1150),
    "10 in the last ten seconds": (42, 620),
    "10 in the last ten seconds, refused ones count": (95, 810),
    "a bucket of 2": (34, 640),
    "a bucket of 5": (22, 490),
    "1 in the last second and 10 in ten": (142, 960),
}


@pytest.mark.parametrize("counting", COUNTINGS)
def test_a_long_run_beside_another_client_ends_however_the_service_counts(
    tmp_path: Path, counting: str
) -> None:
    refusals, seconds = MOST_BY_COUNTING[counting]
    tenant = PacedTenant(tmp_path, 195, others=OTHERS["at random"], counting=COUNTINGS[counting]())
    exclude_everywhere(tenant, tenant.process())
    assert tenant.excluded() == 195
    assert (tenant.refused <= refusals, tenant.seconds <= seconds) == (True, True)


def test_where_requests_are_counted_over_ten_seconds_the_pace_finds_our_half(
    tmp_path: Path,
) -> None:
    counting = COUNTINGS["10 in the last ten seconds"]()
    tenant = PacedTenant(tmp_path, 195, others=OTHERS["regularly"], counting=counting)
    exclude_everywhere(tenant, tenant.process())
    assert (tenant.excluded(), tenant.refused <= 24) == (195, True)


def test_two_processes_beside_another_client_end_together(tmp_path: Path) -> None:
    tenant = PacedTenant(tmp_path, 64, insists_after=0.25)
    exclude_everywhere(tenant, tenant.process(), tenant.process(seed=2))
    assert (tenant.excluded(), tenant.refused <= 12) == (64, True)


def test_what_one_process_has_learnt_rules_the_next_one(tmp_path: Path) -> None:
    tenant = PacedTenant(tmp_path, 2)
    tenant.fault(path="conditionalAccess", status=429, times=4)
    tenant.process().list_policies()
    before, other = tenant.seconds, tenant.process()
    for _ in range(5):
        other.list_policies()
    assert tenant.seconds - before >= 5 * 1.8
