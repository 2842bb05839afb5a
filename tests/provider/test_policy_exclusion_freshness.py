"""Writes that rest on one listing of a few seconds' age instead of a read before each."""

from concurrent.futures import ThreadPoolExecutor
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from tests.provider.dynamic_server import ProviderError
from tests.provider.policy_setting import (
    ADA,
    BO,
    IT,
    MFA,
    NOTHING,
    POLICIES,
    REPORT,
    STAFF,
    Lists,
    Setting,
    inputs,
    setting_of,
)
from tests.support.tenant import object_id, small_document

MANY = 30


def fresh(policy_id: str = MFA, wanted: Lists | None = None, **more: Any) -> dict[str, Any]:
    return inputs(policy_id, wanted, freshnessSeconds=15, **more)


def test_many_policies_need_one_listing_and_a_write_each(tmp_path: Path) -> None:
    document = small_document()
    first = document["conditionalAccessPolicies"][0]
    ids = [object_id(f"policies/{number}") for number in range(MANY)]
    document["conditionalAccessPolicies"] = [{**first, "id": id_} for id_ in ids]
    with setting_of(tmp_path, document) as setting:
        with ThreadPoolExecutor(max_workers=8) as pool:
            made = list(pool.map(setting.provider.create, [fresh(id_) for id_ in ids]))
        assert [id_ for id_, _ in made] == ids
        calls = setting.calls()
        assert all(setting.lists(id_) == ([IT], [ADA]) for id_ in ids)
    assert sorted(calls)[1:] == sorted(f"PATCH /{id_}" for id_ in ids)
    assert calls[0] == "GET"
    assert len(calls) <= MANY + ceil(MANY / 12)


def test_what_we_wrote_since_the_listing_is_read_by_itself(setting: Setting) -> None:
    _, outputs = setting.provider.create(fresh())
    setting.provider.update(MFA, outputs, fresh(wanted={"groups": [IT], "users": [BO]}))
    assert setting.lists() == ([IT], [BO])
    assert setting.calls() == ["GET", f"PATCH /{MFA}", f"GET /{MFA}", f"PATCH /{MFA}"]


def test_another_stacks_write_is_never_lost(setting: Setting) -> None:
    setting.provider.create(fresh(REPORT))
    with setting.another_provider() as other:
        other.create(inputs(MFA, {"groups": [STAFF], "users": [BO]}))
    setting.calls()
    setting.provider.create(fresh())
    assert setting.calls() == [f"GET /{MFA}", f"PATCH /{MFA}"]
    assert setting.lists() == ([STAFF, IT], [BO, ADA])


def test_the_listing_of_a_refresh_is_no_ground_for_a_write(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.provider.read(MFA, outputs)
    setting.edit(excludeGroups=[STAFF], excludeUsers=[BO, ADA])
    setting.calls()
    setting.provider.update(MFA, outputs, fresh(pending=("exclude group BTG Admins",)))
    assert setting.calls() == ["GET", f"PATCH /{MFA}"]
    assert setting.lists() == ([STAFF, IT], [BO, ADA])


def test_a_policy_that_a_short_listing_lacks_is_asked_for_by_itself(setting: Setting) -> None:
    setting.fail(method="GET", path=f"{POLICIES}\\?", truncate=0)
    setting.provider.create(fresh())
    assert setting.calls() == ["GET", f"GET /{MFA}", f"PATCH /{MFA}"]
    assert setting.lists() == ([IT], [ADA])


def test_the_states_freshness_rules_the_undo_too(setting: Setting) -> None:
    made = [setting.provider.create(fresh(id_)) for id_ in (MFA, object_id("policies/legacy"))]
    setting.calls()
    with setting.another_provider() as later:
        for id_, outputs in made:
            later.delete(id_, outputs)
    assert setting.calls() == ["GET", *(f"PATCH /{id_}" for id_, _ in made)]
    assert setting.lists() == ([], [])


def test_a_listing_of_a_lagging_replica_does_not_keep_our_exclusion_for_good(
    setting: Setting,
) -> None:
    listing = setting.control.get("/sandbox/conditional-access/policies").json()
    _, outputs = setting.provider.create(fresh())
    setting.calls()
    with setting.another_provider() as later:
        setting.fail(method="GET", path=f"{POLICIES}\\?", status=200, body=listing)
        later.delete(MFA, outputs)
    assert setting.calls() == ["GET", f"GET /{MFA}", f"PATCH /{MFA}"]
    assert setting.lists() == ([], [])


def test_a_skipped_policy_costs_no_listing_either(setting: Setting) -> None:
    setting.provider.create(fresh(wanted=NOTHING, stack=NOTHING))
    assert setting.calls() == []


@pytest.mark.parametrize("status", [400, 403])
def test_a_listing_that_fails_is_one_line_of_the_policy(setting: Setting, status: int) -> None:
    setting.fail(method="GET", path=POLICIES, status=status, message="Not now.")
    with pytest.raises(
        ProviderError, match=r"policy 'Require MFA for all users'.*Not now\."
    ) as caught:
        setting.provider.create(fresh())
    assert "\n" not in str(caught.value)
