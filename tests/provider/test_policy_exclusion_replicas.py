"""A replica that does not know yet what another one knows: it is asked again, nothing is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.provider.dynamic_server import dynamic_server
from tests.provider.policy_setting import (
    ADA,
    BO,
    IT,
    MFA,
    NOTHING,
    POLICIES,
    STAFF,
    Setting,
    inputs,
    setting_of,
)
from tests.support.tenant import object_id, small_document

MANY = [object_id(f"policies/{number}") for number in range(12)]


def test_a_policy_made_a_moment_ago_is_excluded_from(setting: Setting) -> None:
    setting.fail(method="GET", path=f"{POLICIES}/{MFA}", status=404, times=3)
    _, outputs = setting.provider.create(inputs())
    assert setting.lists() == ([IT], [ADA])
    assert outputs["added"] == {"groups": [IT], "users": [ADA]}


def test_a_policy_is_not_gone_because_one_replica_does_not_know_it(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.fail(method="GET", path=f"{POLICIES}\\?", truncate=0)
    setting.fail(method="GET", path=f"{POLICIES}/{MFA}", status=404, times=3)
    assert setting.provider.read(MFA, outputs).id == MFA


def test_an_old_state_of_a_policy_does_not_keep_our_exclusion_in_it_for_good(
    setting: Setting,
) -> None:
    before = _policy(setting)
    _, outputs = setting.provider.create(inputs())
    setting.fail(method="GET", path=f"{POLICIES}/{MFA}", status=200, body=before, times=3)
    setting.provider.delete(MFA, outputs)
    assert setting.lists() == ([], [])


def test_an_exclusion_that_somebody_took_out_after_us_is_no_doubt(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.edit(excludeGroups=[], excludeUsers=[])
    setting.calls()
    setting.provider.delete(MFA, outputs)
    assert setting.calls() == [f"GET /{MFA}"]


def test_an_exclusion_that_another_machine_made_ends_the_doubt(
    setting: Setting, tmp_path: Path
) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.edit(excludeGroups=[], excludeUsers=[])
    setting.calls()
    elsewhere = {**setting.environment, "BREAK_GLASS_CACHE": str(tmp_path / "elsewhere")}
    with dynamic_server(elsewhere) as provider:
        provider.delete(MFA, outputs)
    assert setting.calls() == [f"GET /{MFA}"] * 2


def test_without_doubt_a_policy_is_read_once(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.calls()
    setting.provider.update(MFA, outputs, inputs(wanted=NOTHING, stack=NOTHING))
    assert setting.calls() == [f"GET /{MFA}", f"PATCH /{MFA}"]


@pytest.fixture(params=[0.5, 2.0], ids="lag {} s".format)
def late(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Setting]:
    """Replicas as late as they are, in virtual time: each request takes its turn of a second."""
    document = small_document()
    first = document["conditionalAccessPolicies"][0]
    document["conditionalAccessPolicies"] = [{**first, "id": id_} for id_ in MANY]
    with setting_of(tmp_path, document, readLagSeconds=0) as setting:
        area, clock = setting.area, setting.server.world.default.clock
        admit = area.admit_request

        def admit_after_a_second() -> None:
            clock.advance(1)
            admit()

        area.admit_request = admit_after_a_second
        setting.turn(readLagSeconds=request.param)
        yield setting


@pytest.mark.parametrize("seconds", [0, 15])
def test_two_stacks_of_one_machine_do_not_overwrite_each_other(late: Setting, seconds: int) -> None:
    theirs = {"groups": [STAFF], "users": [BO]}
    with late.another_provider() as other:
        for id_ in MANY:
            late.provider.create(inputs(id_, key="ours", freshnessSeconds=seconds))
            other.create(inputs(id_, theirs, key="theirs", freshnessSeconds=seconds))
    assert [late.lists(id_) for id_ in MANY] == [([IT, STAFF], [ADA, BO])] * len(MANY)


@pytest.mark.parametrize("seconds", [0, 15])
def test_what_one_stack_destroys_the_other_does_not_bring_back(late: Setting, seconds: int) -> None:
    theirs = {"groups": [STAFF], "users": [BO]}
    states = [late.provider.create(inputs(id_, key="ours")) for id_ in MANY]
    late.server.world.default.clock.advance(60)
    with late.another_provider() as other:
        for id_, outputs in states:
            late.provider.delete(id_, {**outputs, "freshnessSeconds": seconds})
            other.create(inputs(id_, theirs, key="theirs", freshnessSeconds=seconds))
    assert [late.lists(id_) for id_ in MANY] == [([STAFF], [BO])] * len(MANY)


def _policy(setting: Setting) -> dict[str, object]:
    found = setting.control.get("/sandbox/conditional-access/policies").json()["value"]
    return next(policy for policy in found if policy["id"] == MFA)
