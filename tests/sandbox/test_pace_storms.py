"""The pace of Conditional Access requests in storms: refusals for minutes, failing services."""

from pathlib import Path

import pytest

from entra.errors import GraphError
from entra.pace import PATIENCE_SECONDS
from tests.sandbox.paced_tenant import PacedTenant, exclude_everywhere


def test_a_storm_of_refusals_that_ends_is_waited_out(tmp_path: Path) -> None:
    tenant = PacedTenant(tmp_path, 2)
    tenant.fault(path="conditionalAccess", status=429, times=14)
    exclude_everywhere(tenant, tenant.process())
    assert (tenant.excluded(), tenant.refused) == (2, 14)


def test_a_run_of_which_most_requests_are_refused_ends(tmp_path: Path) -> None:
    tenant = PacedTenant(tmp_path, 64)
    tenant.fault(path="conditionalAccess", status=429, share=0.7)
    exclude_everywhere(tenant, tenant.process())
    assert tenant.excluded() == 64


def test_a_tenant_that_answers_nothing_but_429_ends_the_run_within_minutes(tmp_path: Path) -> None:
    tenant = PacedTenant(tmp_path, 2)
    tenant.fault(path="conditionalAccess", status=429, code="TooManyRequests", times=10_000)
    with pytest.raises(GraphError, match="429 TooManyRequests"):
        tenant.process().list_policies()
    assert PATIENCE_SECONDS <= tenant.seconds <= PATIENCE_SECONDS + 60
    assert tenant.asked <= 30


def test_the_next_run_in_the_same_storm_gives_up_sooner_but_not_at_once(tmp_path: Path) -> None:
    tenant = PacedTenant(tmp_path, 2)
    tenant.fault(path="conditionalAccess", status=429, times=10_000)
    with pytest.raises(GraphError, match="429"):
        tenant.process().list_policies()
    asked, seconds = tenant.asked, tenant.seconds
    with pytest.raises(GraphError, match="429"):
        tenant.process().list_policies()
    assert tenant.asked - asked == 4
    assert tenant.seconds - seconds <= 150


def test_retry_after_is_waited_for_by_every_process(tmp_path: Path) -> None:
    tenant = PacedTenant(tmp_path, 2)
    tenant.fault(path="conditionalAccess", status=429, retryAfter=40, times=1)
    one, other = tenant.process(), tenant.process()
    one.list_policies()
    other.list_policies()
    assert (tenant.asked, tenant.refused) == (3, 1)
    assert 40 <= tenant.seconds <= 44


def test_a_retry_after_beyond_all_patience_ends_the_run_at_once(tmp_path: Path) -> None:
    tenant = PacedTenant(tmp_path, 2)
    tenant.fault(path="conditionalAccess", status=429, retryAfter=3600, times=1)
    with pytest.raises(GraphError, match="429"):
        tenant.process().list_policies()
    assert tenant.seconds < 2


def test_a_service_that_fails_for_a_while_teaches_no_slower_pace(tmp_path: Path) -> None:
    tenant = PacedTenant(tmp_path, 2)
    tenant.fault(path="conditionalAccess", status=503, times=3)
    client = tenant.process()
    client.list_policies()
    before = tenant.seconds
    for _ in range(10):
        client.list_policies()
    assert before > 7
    assert tenant.seconds - before <= 10 * 1.28


def test_a_service_that_keeps_failing_ends_the_run(tmp_path: Path) -> None:
    tenant = PacedTenant(tmp_path, 2)
    tenant.fault(path="conditionalAccess", status=503, times=10_000)
    with pytest.raises(GraphError, match="503"):
        tenant.process().list_policies()
    assert tenant.seconds <= 190
