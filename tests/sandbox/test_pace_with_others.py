"""The pace of Conditional Access requests while another client takes half of the tenant's budget.

The figures are what the pace needs in virtual time, with some room: a run of 195 policies asks 214
times, so 600 s are the pace of half a budget with the requests' own time.
"""

from pathlib import Path

import pytest

from tests.sandbox.other_clients import COUNTINGS, OTHERS
from tests.sandbox.paced_tenant import PacedTenant, exclude_everywhere

MOST = {
    (16, "regularly"): (8, 90),
    (16, "at random"): (13, 95),
    (16, "in bursts"): (6, 70),
    (16, "every other five seconds"): (36, 170),
    (64, "regularly"): (12, 175),
    (64, "at random"): (42, 245),
    (64, "in bursts"): (10, 155),
    (64, "every other five seconds"): (72, 330),
    (195, "regularly"): (22, 490),
    (195, "at random"): (100, 690),
    (195, "in bursts"): (22, 480),
    (195, "every other five seconds"): (195, 930),
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


MOST_BY_COUNTING = {
    "the tenant's own": (100, 690),
    "1 a clock second": (62, 620),
    "10 in ten clock seconds": (30, 510),
    "1 in the last second": (112, 730),
    "1 in the last second, refused ones count": (142, 870),
    "10 in the last ten seconds": (42, 560),
    "10 in the last ten seconds, refused ones count": (95, 770),
    "a bucket of 2": (34, 530),
    "a bucket of 5": (22, 450),
    "1 in the last second and 10 in ten": (142, 870),
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
    tenant = PacedTenant(tmp_path, 64, others=OTHERS["regularly"])
    exclude_everywhere(tenant, tenant.process(), tenant.process(seed=2))
    assert (tenant.excluded(), tenant.refused <= 25) == (64, True)


def test_what_one_process_has_learnt_rules_the_next_one(tmp_path: Path) -> None:
    tenant = PacedTenant(tmp_path, 2)
    tenant.fault(path="conditionalAccess", status=429, times=4)
    tenant.process().list_policies()
    before, other = tenant.seconds, tenant.process()
    for _ in range(5):
        other.list_policies()
    assert tenant.seconds - before >= 5 * 1.8
