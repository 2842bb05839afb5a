"""A resource out of a stack's state file, from before some of the properties existed, goes on."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.exclusion_state import ExclusionState
from components.policy_exclusion import TYPE
from tests.provider.dynamic_server import KEY
from tests.provider.policy_setting import ADA, BO, IT, MFA, STAFF, TENANT, Setting, inputs

STORED = Path(__file__).parent / "stored_exclusion.json"
NAMES = {"POLICY": MFA, "GROUP": IT, "ACCOUNT": ADA, "TENANT": TENANT}


@pytest.fixture
def stored(setting: Setting) -> dict[str, Any]:
    """The outputs, and a tenant in which the exclusions of that time stand."""
    text = STORED.read_text(encoding="utf-8")
    for name, value in NAMES.items():
        text = text.replace(name, value)
    resource = json.loads(text)
    assert resource["type"] == TYPE
    setting.provider.pickled = resource["outputs"].pop(KEY)
    setting.edit(excludeGroups=[STAFF, IT], excludeUsers=[ADA])
    return resource["outputs"]


def test_what_an_older_state_lacks_is_nothing(stored: dict[str, Any]) -> None:
    state = ExclusionState.read(stored)
    assert (state.freshness_seconds, state.stack, state.healed) == (0, "", 0)
    assert (state.refused, state.refused_of) == ("", "")
    assert state.decided_under is None


def test_a_stored_resource_needs_no_update_for_what_it_lacks(
    setting: Setting, stored: dict[str, Any]
) -> None:
    news = inputs(key="break-glass/prod/exclusion", freshnessSeconds=15)
    assert setting.provider.check(stored, news)["freshnessSeconds"] == 15
    assert setting.provider.diff(MFA, stored, news) == (False, [])


def test_a_stored_resource_is_refreshed_and_updated(
    setting: Setting, stored: dict[str, Any]
) -> None:
    seen = setting.provider.read(MFA, stored)
    assert (seen.id, seen.outputs["missing"], seen.outputs["refused"]) == (MFA, [], "")
    after = setting.provider.update(
        MFA, seen.outputs, inputs(wanted={"groups": [IT], "users": [ADA, BO]})
    )
    assert setting.lists() == ([STAFF, IT], [ADA, BO])
    assert after["added"] == {"groups": [IT], "users": [ADA, BO]}
    assert (after["refused"], after["refusedOf"], after["healed"]) == ("", "", 0)


def test_a_stored_resource_is_undone(setting: Setting, stored: dict[str, Any]) -> None:
    setting.provider.delete(MFA, stored)
    assert setting.lists() == ([STAFF], [])


def test_what_decides_about_freshness_refusals_and_settings_is_never_a_difference(
    setting: Setting, stored: dict[str, Any]
) -> None:
    refused = {
        **stored,
        "decidedUnder": {"scope": "all", "skip": ["a"], "revision": 2},
        "refused": "no",
        "refusedOf": "2026",
        "healed": 2,
        "freshnessSeconds": 15,
    }
    news = inputs(key="break-glass/prod/exclusion", freshnessSeconds=0)
    assert setting.provider.diff(MFA, refused, news) == (False, [])
