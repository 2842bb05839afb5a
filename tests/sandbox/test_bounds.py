"""What is remembered is bounded, and the control face works on tenants at rest."""

from unittest.mock import MagicMock

import pytest

from sandbox.api.tokens import TokenError, Tokens
from sandbox.tenant.request_log import RequestLog
from tests.sandbox.dispatched import BASE_URL, Dispatched
from tests.sandbox.seed_tenant import StillClock
from tests.support.tenant import AT_ONCE, small_document


def test_a_control_call_waits_until_every_tenant_is_at_rest() -> None:
    here = Dispatched(small_document(), StillClock())
    here.world.add(small_document("Northwind", "northwind.onmicrosoft.com"))
    locks = [MagicMock() for _ in here.world.tenants]
    for tenant, lock in zip(here.world.tenants.values(), locks, strict=True):
        tenant.lock = lock
    assert here.ask("GET", "/sandbox/behaviour").status == 200
    assert [lock.__enter__.call_count for lock in locks] == [1, 1]
    assert [lock.__exit__.call_count for lock in locks] == [1, 1]


def test_a_thousand_different_unknown_calls_are_kept_and_all_of_these_counted() -> None:
    log = RequestLog()
    for number in range(1_001):
        log.add_unknown("GET", f"/v1.0/{number}", "")
    log.add_unknown("GET", "/v1.0/0", "")
    kept = log.unknown()
    assert len(kept) == 1_000
    assert (kept[0]["path"], kept[0]["count"]) == ("/v1.0/0", 2)
    assert kept[-1]["path"] == "/v1.0/999"


def test_a_thousand_tokens_are_remembered_and_a_forgotten_one_is_still_taken() -> None:
    here = Dispatched(small_document(), StillClock(), AT_ONCE)
    tokens, app = Tokens(), here.tenant.apps.all()[0]
    made = [tokens.issue(here.tenant, app, BASE_URL, [])[0] for _ in range(1_001)]
    for token in made:
        tokens.claims(f"Bearer {token}")
    assert tokens.decoded.cache_info().currsize == 1_000
    assert tokens.claims(f"Bearer {made[0]}")["tid"] == here.tenant.id
    with pytest.raises(TokenError):
        Tokens().claims(f"Bearer {made[0]}")
