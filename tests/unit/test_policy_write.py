"""A write whose turn comes too late for the read it rests on, in virtual time."""

from pathlib import Path

import pytest

from components import policy_write
from components.exclusion_state import ExclusionState
from components.policy_session import LONGEST_WAIT_SECONDS
from components.policy_write import PolicyExclusionError, exclude
from entra.exclusion import Entries
from tests.unit.policy_scene import Scene

TOO_LONG = LONGEST_WAIT_SECONDS + 1
STATE = ExclusionState.read(
    {
        "tenantId": "t",
        "policyId": "p0",
        "policyName": "MFA",
        "wanted": {"groups": ["g"], "users": []},
        "stack": "break-glass/prod/exclusion",
    }
)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    made = Scene(tmp_path)
    monkeypatch.setattr(policy_write, "current_session", lambda: made.session)
    return made


def test_what_became_too_old_while_it_waited_is_read_anew(scene: Scene) -> None:
    scene.tenant.waits = [TOO_LONG]
    outcome = exclude(STATE, Entries(), departing=Entries())
    assert scene.tenant.calls == ["GET p0", "GET p0", "PATCH p0"]
    assert outcome.added == Entries(("g",))


def test_who_never_gets_a_turn_in_time_writes_nothing_and_says_why(scene: Scene) -> None:
    scene.tenant.waits = [TOO_LONG] * 9
    with pytest.raises(PolicyExclusionError) as caught:
        exclude(STATE, Entries(), departing=Entries())
    assert scene.tenant.calls == ["GET p0"] * 5
    assert str(caught.value) == (
        "policy 'MFA' (p0) was not changed: it was read too long ago to be written now, 5 times:"
        " others use up the tenant's Conditional Access requests; run `pulumi up` again when they"
        " are done"
    )
    assert not scene.session.journal.noted(STATE.stack, "p0")
