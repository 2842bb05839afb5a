"""A run that is killed between its write and the saving of the state leaves nothing for good."""

from pathlib import Path
from typing import Any

import pytest

from tests.provider.dynamic_server import ProviderError, dynamic_server
from tests.provider.policy_setting import ADA, BO, IT, MFA, NOTHING, REPORT, Setting, inputs
from tests.support.tenant import object_id

STACK, OTHER = "break-glass/prod/exclusion", "break-glass/test/exclusion"
OURS = {"groups": [IT], "users": [ADA]}
LEGACY = object_id("policies/legacy")


def wanted(policy_id: str = MFA, **more: Any) -> dict[str, Any]:
    """Wanted by a stack to which the group and accounts do not belong: only what it added goes."""
    options: dict[str, Any] = {"stack": NOTHING, "key": STACK, **more}
    return inputs(policy_id, **options)


def killed_after_its_write(setting: Setting, **more: Any) -> None:
    setting.at_write(after=setting.provider.kill)
    with pytest.raises(ProviderError):
        setting.provider.create(wanted(**more))
    setting.calls()


def test_the_undo_after_a_killed_run_leaves_no_trace(setting: Setting) -> None:
    before = setting.lists()
    killed_after_its_write(setting)
    assert setting.lists() == ([IT], [ADA])
    with setting.another_provider() as rerun:
        _, outputs = rerun.create(wanted())
        assert setting.calls() == [f"GET /{MFA}"]
        assert (outputs["added"], outputs["healed"]) == (OURS, 0)
        rerun.delete(MFA, outputs)
    assert setting.lists() == before


def test_a_foreign_entry_of_before_is_still_not_ours(setting: Setting) -> None:
    killed_after_its_write(setting, policy_id=REPORT, wanted={"groups": [IT], "users": [ADA]})
    assert setting.lists(REPORT) == ([IT], [BO, ADA])
    with setting.another_provider() as rerun:
        _, outputs = rerun.create(wanted(REPORT))
        assert outputs["added"] == {"groups": [], "users": [ADA]}
        rerun.delete(REPORT, outputs)
    assert setting.lists(REPORT) == ([IT], [BO])


def test_another_stack_claims_nothing_of_a_killed_run(setting: Setting) -> None:
    killed_after_its_write(setting)
    with setting.another_provider() as other:
        _, outputs = other.create(wanted(key=OTHER))
        assert outputs["added"] == NOTHING
        other.delete(MFA, outputs)
    assert setting.lists() == ([IT], [ADA])


def test_of_two_stacks_with_the_same_group_each_takes_out_what_it_added(setting: Setting) -> None:
    _, first = setting.provider.create(wanted(wanted={"groups": [IT], "users": []}))
    with setting.another_provider() as other:
        _, second = other.create(wanted(key=OTHER))
        assert second["added"] == {"groups": [], "users": [ADA]}
        other.delete(MFA, second)
        assert setting.lists() == ([IT], [])
    setting.provider.delete(MFA, first)
    assert setting.lists() == ([], [])


def test_an_update_that_was_killed_is_known_again_too(setting: Setting) -> None:
    _, outputs = setting.provider.create(wanted())
    setting.at_write(after=setting.provider.kill)
    more = wanted(wanted={"groups": [IT], "users": [ADA, BO]})
    with pytest.raises(ProviderError):
        setting.provider.update(MFA, outputs, more)
    with setting.another_provider() as rerun:
        seen = rerun.read(MFA, outputs)
        after = rerun.update(MFA, seen.outputs, more)
        assert after["added"] == {"groups": [IT], "users": [ADA, BO]}
        assert after["healed"] == 0
        rerun.delete(MFA, after)
    assert setting.lists() == ([], [])


def test_a_killed_run_whose_policy_is_skipped_now_takes_its_entries_out(setting: Setting) -> None:
    killed_after_its_write(setting)
    with setting.another_provider() as rerun:
        _, outputs = rerun.create(wanted(wanted=NOTHING, reason="listed under skip"))
    assert setting.lists() == ([], [])
    assert outputs["added"] == NOTHING


def test_a_run_killed_between_two_writes_goes_on_where_it_was(setting: Setting) -> None:
    _, first = setting.provider.create(wanted())
    setting.at_read(setting.provider.kill)
    with pytest.raises(ProviderError):
        setting.provider.create(wanted(LEGACY))
    setting.calls()
    with setting.another_provider() as rerun:
        _, second = rerun.create(wanted(LEGACY))
        assert setting.calls() == [f"GET /{LEGACY}", f"PATCH /{LEGACY}"]
        rerun.delete(LEGACY, second)
        rerun.delete(MFA, first)
    assert (setting.lists(), setting.lists(LEGACY)) == (([], []), ([], []))


def test_once_the_state_knows_what_is_ours_nothing_else_does(setting: Setting) -> None:
    _, outputs = setting.provider.create(wanted())
    setting.provider.read(MFA, outputs)
    setting.edit(excludeGroups=[], excludeUsers=[])
    setting.edit(excludeGroups=[IT], excludeUsers=[ADA])
    _, anew = setting.provider.create(wanted())
    assert anew["added"] == NOTHING


def test_what_another_machine_saved_since_counts_and_no_older_note(
    setting: Setting, tmp_path: Path
) -> None:
    _, outputs = setting.provider.create(wanted())
    elsewhere = {**setting.environment, "BREAK_GLASS_CACHE": str(tmp_path / "elsewhere")}
    with dynamic_server(elsewhere) as pipeline:
        skipped = pipeline.update(MFA, outputs, wanted(wanted=NOTHING))
    setting.edit(excludeGroups=[IT], excludeUsers=[ADA])
    skipped = setting.provider.update(MFA, skipped, wanted(wanted=NOTHING))
    setting.provider.delete(MFA, skipped)
    assert setting.lists() == ([IT], [ADA])


@pytest.mark.parametrize("status", [400, 403])
def test_a_write_that_was_refused_claims_nothing_later(setting: Setting, status: int) -> None:
    setting.fail(method="PATCH", path=MFA, status=status)
    with pytest.raises(ProviderError):
        setting.provider.create(wanted())
    setting.edit(excludeGroups=[IT], excludeUsers=[ADA])
    _, outputs = setting.provider.create(wanted())
    assert outputs["added"] == NOTHING


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_write_whose_answer_never_came_is_still_claimed_by_the_next_run(
    setting: Setting, when: str
) -> None:
    setting.fail(method="PATCH", path=MFA, drop=True, when=when, times=4)
    with pytest.raises(ProviderError):
        setting.provider.create(wanted())
    with setting.another_provider() as rerun:
        _, outputs = rerun.create(wanted())
    assert setting.lists() == ([IT], [ADA])
    assert (outputs["added"], outputs["healed"]) == (OURS, 0)


def test_a_write_that_took_effect_unanswered_is_ours_though_its_repetition_was_refused(
    setting: Setting,
) -> None:
    setting.fail(method="PATCH", path=MFA, status=504, when="after")
    setting.fail(method="PATCH", path=MFA, status=403, nth=2)
    with pytest.raises(ProviderError):
        setting.provider.create(wanted())
    with setting.another_provider() as rerun:
        _, outputs = rerun.create(wanted())
        assert outputs["added"] == OURS
        rerun.delete(MFA, outputs)
    assert setting.lists() == ([], [])


@pytest.mark.parametrize("end", ["ours to take out", "taken out by somebody", "policy gone"])
def test_after_the_undo_nothing_is_claimed_any_more(setting: Setting, end: str) -> None:
    _, outputs = setting.provider.create(wanted())
    assert notes(setting)
    if end == "taken out by somebody":
        setting.edit(excludeGroups=[], excludeUsers=[])
    elif end == "policy gone":
        setting.delete_policy()
    setting.provider.delete(MFA, outputs)
    assert not notes(setting)


def test_a_skipped_policy_from_which_somebody_took_us_is_claimed_no_more(setting: Setting) -> None:
    _, outputs = setting.provider.create(wanted())
    setting.edit(excludeGroups=[], excludeUsers=[])
    setting.provider.update(MFA, outputs, wanted(wanted=NOTHING))
    assert not notes(setting)


def notes(setting: Setting) -> list[Path]:
    return list(Path(setting.environment["BREAK_GLASS_CACHE"]).glob("journal/**/*.json"))
