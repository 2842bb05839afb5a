"""A write whose turn comes too late for the read it rests on, or whose fate is unknown, in virtual
time."""

from pathlib import Path
from typing import Any

import pytest

from components import policy_write
from components.exclusion_state import ExclusionState, properties_of
from components.policy_session import LONGEST_WAIT_SECONDS
from components.policy_write import PolicyExclusionError, exclude, undo
from entra.errors import EntraError, Forbidden, GraphError, NotFound, OutdatedRead
from entra.exclusion import Entries
from entra.permissions import WRITE_POLICIES, how_to_grant
from tests.unit.policy_scene import NOTHING, Scene

TOO_LONG = LONGEST_WAIT_SECONDS + 1
OURS = Entries(("g",))


def state(*, wanted: Entries = OURS, added: Entries = NOTHING) -> ExclusionState:
    return ExclusionState.read(
        {
            "tenantId": "t",
            "policyId": "p0",
            "policyName": "MFA",
            "wanted": properties_of(wanted),
            "added": properties_of(added),
            "stack": "break-glass/prod/exclusion",
        }
    )


STATE = state()


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    made = Scene(tmp_path)
    monkeypatch.setattr(policy_write, "current_session", lambda: made.session)
    return made


def test_what_became_too_old_while_it_waited_is_read_anew(scene: Scene) -> None:
    scene.tenant.waits = [TOO_LONG]
    outcome = exclude(STATE, None, departing=Entries())
    assert scene.tenant.calls == ["GET p0", "GET p0", "PATCH p0"]
    assert outcome.added == Entries(("g",))


def test_who_never_gets_a_turn_in_time_writes_nothing_and_says_why(scene: Scene) -> None:
    scene.tenant.waits = [TOO_LONG] * 9
    with pytest.raises(PolicyExclusionError) as caught:
        exclude(STATE, None, departing=Entries())
    assert scene.tenant.calls == ["GET p0"] * 5
    assert str(caught.value) == (
        "policy 'MFA' (p0) was not changed: it was read too long ago to be written now, 5 times:"
        " others use up the tenant's Conditional Access requests; run `pulumi up` again when they"
        " are done"
    )
    assert not scene.session.journal.noted(STATE.stack, "p0", None)


def groups(scene: Scene) -> tuple[str, ...]:
    return scene.tenant.policies["p0"].exclude_groups


def test_what_an_unanswered_attempt_put_there_is_ours_when_its_repetition_comes_too_late(
    scene: Scene,
) -> None:
    scene.tenant.in_doubt = [OutdatedRead("late")]
    outcome = exclude(STATE, None, departing=NOTHING)
    assert outcome.added == OURS
    undo(state(added=outcome.added))
    assert groups(scene) == ()


@pytest.mark.parametrize(
    "error",
    [
        Forbidden(403, "AccessDenied", "no", "PATCH", "p0"),
        GraphError(400, "BadRequest", "no", "PATCH", "p0"),
        GraphError(429, "TooManyRequests", "", "PATCH", "p0"),
        GraphError(504, "GatewayTimeout", "", "PATCH", "p0"),
    ],
)
def test_what_an_unanswered_attempt_put_there_is_ours_in_the_next_run(
    scene: Scene, error: EntraError
) -> None:
    scene.tenant.in_doubt = [error]
    with pytest.raises(PolicyExclusionError):
        exclude(STATE, None, departing=NOTHING)
    outcome = exclude(STATE, None, departing=NOTHING)
    assert outcome.added == OURS
    undo(state(added=outcome.added))
    assert groups(scene) == ()


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("MFA", NotFound(404, "ResourceNotFound", "", "PATCH", "p0")),
        ("Microsoft-managed: MFA", GraphError(400, "BadRequest", "no", "PATCH", "p0")),
    ],
)
def test_what_an_unanswered_attempt_may_have_put_there_is_ours_in_the_state_of_a_run_that_goes_on(
    scene: Scene, name: str, error: EntraError
) -> None:
    named(scene, name)
    scene.tenant.in_doubt = [error]
    outcome = exclude(STATE, None, departing=NOTHING)
    assert outcome.added == OURS
    undo(state(added=outcome.added))
    assert groups(scene) == ()


def named(scene: Scene, name: str) -> None:
    policy = scene.tenant.policies["p0"].model_copy(update={"display_name": name})
    scene.tenant.policies["p0"] = policy


BAD = GraphError(400, "BadRequest", "no", "PATCH", "p0")
MANAGED = "Microsoft-managed: MFA"


@pytest.mark.parametrize("times", [1, 2])
def test_a_refusal_that_passes_is_none(scene: Scene, times: int) -> None:
    named(scene, MANAGED)
    scene.tenant.refusals = [BAD] * times
    outcome = exclude(STATE, None, departing=NOTHING)
    assert (outcome.added, outcome.refused) == (OURS, "")
    assert scene.tenant.calls == ["GET p0", *["PATCH p0"] * (times + 1)]


def test_a_refusal_costs_two_requests_more_and_another_policys_none(scene: Scene) -> None:
    scene.tenant.refusals = [BAD]
    with pytest.raises(PolicyExclusionError):
        exclude(STATE, None, departing=NOTHING)
    assert scene.tenant.calls == ["GET p0", "PATCH p0"]
    named(scene, MANAGED)
    scene.tenant.refusals = [BAD] * 3
    outcome = exclude(STATE, None, departing=NOTHING)
    assert "(400 BadRequest: no)" in outcome.refused
    assert (outcome.added, scene.tenant.refusals) == (NOTHING, [])
    assert scene.tenant.calls[2:] == ["GET p0", *["PATCH p0"] * 3]


def test_a_refusal_is_not_tried_again_from_an_old_read(scene: Scene) -> None:
    named(scene, MANAGED)
    scene.tenant.refusals = [BAD]
    scene.tenant.waits = [0, TOO_LONG]
    assert exclude(STATE, None, departing=NOTHING).added == OURS
    assert scene.tenant.calls == ["GET p0", "PATCH p0", "GET p0", "PATCH p0"]


def test_what_an_attempt_in_doubt_put_there_is_ours_though_later_ones_are_refused_for_certain(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(scene, MANAGED)
    scene.tenant.in_doubt = [GraphError(400, "BadRequest", "no", "PATCH", "p0")]
    patched = scene.tenant.write_exclusions

    def refused_from_then_on(*arguments: Any, **options: Any) -> None:
        if not scene.tenant.in_doubt:
            scene.tenant.refusals = [GraphError(400, "BadRequest", "no", "PATCH", "p0")]
        patched(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(scene.tenant, "write_exclusions", refused_from_then_on)
        outcome = exclude(STATE, None, departing=NOTHING)
    assert outcome.refused
    assert outcome.added == OURS


FORBIDDEN = Forbidden(403, "AccessDenied", "Not you.", "PATCH", "p0")


def test_a_403_names_only_the_permissions_that_the_token_lacks(scene: Scene) -> None:
    scene.claims["roles"] = ["Policy.Read.All", "Application.Read.All"]
    scene.tenant.refusals = [FORBIDDEN]
    with pytest.raises(PolicyExclusionError) as caught:
        exclude(STATE, None, departing=NOTHING)
    assert str(caught.value) == (
        "policy 'MFA' (p0) may not be changed: Not you.;"
        f" {how_to_grant(['Policy.ReadWrite.ConditionalAccess'])}"
    )


def test_a_403_that_no_permission_explains_says_what_else_refuses(scene: Scene) -> None:
    scene.claims["roles"] = list(WRITE_POLICIES)
    scene.tenant.refusals = [FORBIDDEN]
    with pytest.raises(PolicyExclusionError) as caught:
        exclude(STATE, None, departing=NOTHING)
    assert str(caught.value) == (
        "policy 'MFA' (p0) may not be changed: Not you.; the application has the permissions"
        " Policy.Read.All, Policy.ReadWrite.ConditionalAccess, Application.Read.All, so something"
        " else refuses: if they were granted minutes ago, run `pulumi up` again later; else change"
        " the policy by hand in the Entra admin centre (Conditional Access → the policy → Users →"
        " Exclude), or name it under break-glass:exclusion skip if it may stop the accounts"
    )


def test_a_write_that_was_refused_for_certain_claims_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise Forbidden(403, "AccessDenied", "no", "PATCH", "p0")

    with monkeypatch.context() as patch:
        patch.setattr(scene.tenant, "write_exclusions", refused)
        with pytest.raises(PolicyExclusionError):
            exclude(STATE, None, departing=NOTHING)
    scene.tenant.edit("p0", ("g",))
    assert exclude(STATE, None, departing=NOTHING).added == NOTHING


def test_what_a_killed_run_left_is_still_ours_when_taking_it_out_comes_to_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.tenant.edit("p0", ("g",))
    scene.session.journal.note(STATE.stack, "p0", OURS, before=None)
    skipped = state(wanted=NOTHING)

    def lost(*_: object, **__: object) -> None:
        error = GraphError(0, "cut off", "", "PATCH", "p0")
        error.in_doubt = True
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(scene.tenant, "write_exclusions", lost)
        with pytest.raises(PolicyExclusionError):
            exclude(skipped, None, departing=NOTHING)
    exclude(skipped, None, departing=NOTHING)
    assert groups(scene) == ()
    assert not scene.session.journal.noted(STATE.stack, "p0", None)
