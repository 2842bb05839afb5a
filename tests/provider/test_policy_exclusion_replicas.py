"""A replica that does not know yet what another one knows: it is asked again, nothing is lost."""

from tests.provider.policy_setting import ADA, IT, MFA, NOTHING, POLICIES, Setting, inputs


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


def test_an_exclusion_that_somebody_took_out_before_us_ends_the_doubt(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.edit(excludeGroups=[], excludeUsers=[])
    setting.calls()
    setting.provider.delete(MFA, outputs)
    assert setting.calls() == [f"GET /{MFA}"] * 4


def test_without_doubt_a_policy_is_read_once(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.calls()
    setting.provider.update(MFA, outputs, inputs(wanted=NOTHING, stack=NOTHING))
    assert setting.calls() == [f"GET /{MFA}", f"PATCH /{MFA}"]


def _policy(setting: Setting) -> dict[str, object]:
    found = setting.control.get("/sandbox/conditional-access/policies").json()["value"]
    return next(policy for policy in found if policy["id"] == MFA)
