"""What a run looked at itself, by the engine's steps: recorded ones, and others of policies."""

import json
from typing import Any

import pytest

from fleet.events import UNTOLD, Events
from fleet.exclusions import EXCLUSION, UNKNOWN, How, names
from fleet.report import AlarmLine, PolicyCounts
from fleet.seen import Seen, Step, look_back
from fleet.standing import MONITORING, Standing
from tests.fleet.steps import (
    FIRST,
    GROUP,
    LABELS,
    RECORDED,
    SECOND,
    events_of,
    policy,
    step,
    summary,
    told_outputs,
)  # fmt: skip

RULE = "azure-native:monitor:ScheduledQueryRule"
STANDS = summary(same=40)


def seen(*told: dict[str, Any], kind: str = "preview") -> Seen:
    return look_back(kind, [Step(kind, events_of(*told), ended_well=True)])


def how(*told: dict[str, Any], kind: str = "preview") -> list[How]:
    return [one.how for one in events_of(*told).exclusions(kind).values()]


def recorded(**pending: list[str]) -> list[dict[str, Any]]:
    """The recorded preview; `pending` of the policy of that name's first word."""
    events = json.loads(json.dumps(RECORDED))
    for event in events:
        inputs = event.get("resourcePreEvent", {}).get("metadata", {}).get("new", {}).get("inputs")
        for word, lines in pending.items():
            if inputs and str(inputs.get("policyName")).startswith(word):
                inputs["pending"] = lines
    return events


def test_a_recorded_preview_tells_todays_accounts_policies_and_alarm() -> None:
    found = seen(*RECORDED)
    today = found.standing
    assert (found.lost, found.new, found.found_right) == (1, [], False)
    assert today.policies == PolicyCounts(excluded=3, skipped=0, drifted=1)
    assert (today.alarm, today.is_complete) == (AlarmLine(enabled=True, receivers=2), True)
    assert today.accounts is not None
    assert [one.ready for one in today.accounts] == [False, False]
    for account in today.accounts:
        (hindrance,) = account.hindrances
        assert f"{account.user_principal_name} has no passkey" in hindrance
        assert "is new" not in hindrance, "what the last run said"


def test_an_account_that_is_only_asked_for_is_no_drift() -> None:
    found = seen(*recorded(Require=["exclude account 3"]))
    assert (found.lost, found.standing.policies.drifted) == (0, 0)
    assert found.standing.policies.excluded == 4
    assert not found.found_right, "something is to be written all the same"


def test_what_is_planned_is_told_by_type_and_name_alone() -> None:
    planned = events_of(*RECORDED).planned()
    assert [(one.operation, one.name.partition("-")[0]) for one in planned] == [
        *[("create", "account")] * 2, ("update", "monitoring"), *[("update", "exclusion")] * 4,
    ]  # fmt: skip
    told = "".join(one.model_dump_json() for one in planned)
    assert "fabrikam" not in told
    assert "Require MFA" not in told


def test_what_is_replaced_is_one_change_and_a_plugin_none() -> None:
    one: dict[str, Any] = {"inputs": {}, "outputs": {}}
    told = events_of(
        step("create-replacement", RULE, "rule", new=one),
        step("replace", RULE, "rule", new=one),
        step("delete-replaced", RULE, "rule", old=one),
        step("refresh", RULE, "other", new=one),
        step("update", "pulumi:providers:azuread", "default", new=one),
    )
    assert [(one.operation, one.name) for one in told.planned()] == [("replace", "rule")]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (policy("same", 1), How.IN_PLACE),
        (policy("update", 1, "exclude group BTG Admins"), How.LOST),
        (policy("update", 1, "exclude account first again"), How.LOST),
        (policy("update", 1, "exclude account 2", wanted=UNKNOWN), How.IN_PLACE),
        (policy("update", 1, "exclude account first", wanted=UNKNOWN), How.LOST),
        (
            policy(
                "update", 1, "exclude account second",
                wanted={"groups": [GROUP], "users": [FIRST, SECOND]},
            ),
            How.IN_PLACE,
        ),
        # A group that is made anew has the name of the old one.
        (
            policy(
                "update", 1, "exclude group BTG Admins",
                wanted={"groups": [UNKNOWN], "users": [FIRST]},
            ),
            How.IN_PLACE,
        ),
        (policy("create", 1, "exclude group BTG Admins"), How.NEW),
        (policy("create", 1), How.IN_PLACE),
        (policy("same", 1, reason="for agents"), How.SKIPPED),
        # What is skipped, and keeps what stood there, can lose it.
        (policy("update", 1, "exclude account first", reason="skipped by now"), How.LOST),
        (policy("delete", 1), How.GONE),
    ],
)  # fmt: skip
def test_only_what_the_state_wanted_already_can_be_lost(
    told: dict[str, Any], expected: How
) -> None:
    assert how(told) == [expected]


def test_a_policy_that_was_skipped_so_far_is_neither_lost_nor_in_place() -> None:
    told = policy("update", 1, "exclude group BTG Admins", "exclude account first")
    told["resourcePreEvent"]["metadata"]["old"]["outputs"]["wanted"] = {"groups": [], "users": []}
    assert how(told) == [How.TO_COME]
    counts = seen(told, told_outputs(accounts=[]), STANDS).standing.policies
    assert (counts.excluded, counts.drifted) == (0, 0)


def test_a_policy_that_refuses_is_no_proof() -> None:
    told = policy("same", 1)
    told["resourcePreEvent"]["metadata"]["old"]["outputs"]["refused"] = "kept by Microsoft"
    assert how(told) == [How.REFUSED]
    assert not seen(told, STANDS).found_right
    assert seen(told, told_outputs(accounts=[]), STANDS).standing.policies.skipped == 1
    again = policy("update", 1, "exclude group BTG Admins")
    again["resourcePreEvent"]["metadata"]["old"]["outputs"]["refused"] = "kept by Microsoft"
    assert how(again) == [How.REFUSED], "of which nothing was lost"
    new = {"inputs": {}, "outputs": {"refused": "kept by Microsoft"}}
    done = step("update", EXCLUSION, "exclusion-1", done=True, new=new)
    steps = [Step("preview", events_of(told, STANDS), ended_well=True), Step("up", events_of(done))]
    assert not look_back("up", steps).left_right


def test_a_new_policy_is_told_of_a_stack_that_stands_alone() -> None:
    told = policy("create", 1, "exclude group BTG Admins")
    assert (seen(told, STANDS).new, seen(told, STANDS).standing.policies.drifted) == (
        ["Policy 1"],
        1,
    )
    first = seen(told, summary(create=40))
    assert (first.new, first.standing.policies.drifted) == ([], 0)
    lost_state = seen(told, summary(**{"create": 39, "import": 1}))
    assert (lost_state.new, lost_state.standing.policies.drifted) == ([], 0)


def test_a_refresh_looks_at_the_policies_it_knows_and_at_no_account() -> None:
    outputs = {"wanted": {"groups": [GROUP], "users": []}, "labels": LABELS, "policyName": "MFA"}

    def told(number: int, **more: Any) -> dict[str, Any]:
        new = {"inputs": {}, "outputs": {**outputs, **more}}
        name, type_ = f"exclusion-{number}", "pulumi-python:dynamic/break-glass:PolicyExclusion"
        return step("update", type_, name, done=True, new=new)

    old_outputs = told_outputs(accounts=[], obstacles=[], excludedPolicies=[])
    found = seen(told(1), told(2, missing=["x"]), old_outputs, STANDS, kind="refresh")
    assert found.standing.policies == PolicyCounts(excluded=1, skipped=0, drifted=1)
    assert (found.standing.accounts, found.found_right) == (None, False)
    right = seen(told(1), old_outputs, STANDS, kind="refresh").standing.policies
    assert (right.excluded, right.drifted) == (1, None), "new policies were not looked for"


@pytest.mark.parametrize("operation", ["preview", "up", "destroy"])
def test_a_preview_that_failed_and_a_destroy_saw_nothing(operation: str) -> None:
    step_ = Step("preview", events_of(*RECORDED), ended_well=operation == "destroy")
    assert look_back(operation, [step_]) == Seen()


def test_an_up_that_stopped_midway_wrote_what_it_wrote() -> None:
    lost = [policy("update", number, "exclude group BTG Admins") for number in (1, 2)]
    done: Any = step(
        "update", lost[0]["resourcePreEvent"]["metadata"]["type"], "exclusion-1", done=True,
        new={"inputs": {}, "outputs": {"policyName": "Policy 1"}},
    )  # fmt: skip
    old = told_outputs(accounts=[{"objectId": "1", "userPrincipalName": "of the last run"}])
    preview = Step("preview", events_of(*lost, told_outputs(accounts=[]), STANDS), ended_well=True)
    found = look_back("up", [preview, Step("up", events_of(*lost, done, old))])
    assert found.lost == 2
    assert (found.standing.policies.excluded, found.standing.policies.drifted) == (1, 1)
    assert found.standing.accounts == ()


@pytest.mark.parametrize(
    ("enabled", "gone", "told"), [(True, False, True), (False, False, False), (True, True, False)]
)
def test_the_alarm_is_told_as_the_tenant_has_it_and_not_as_planned(
    enabled: bool, gone: bool, told: bool
) -> None:
    rule = {"id": "/rules/Used", "inputs": {}, "outputs": {"enabled": enabled}}
    planned = {"id": "/rules/Used", "inputs": {}, "outputs": {"enabled": True}}
    alarm = {"inputs": {}, "outputs": {"alertRuleId": "/rules/used"}}
    found = seen(
        step("refresh", RULE, "rule", done=True, old=rule, new=None if gone else rule),
        step("same", MONITORING, "monitoring", done=True, new=alarm),
        step("update", RULE, "rule", done=True, new=planned),
        STANDS,
    )
    assert found.standing.alarm.enabled is told


def test_without_a_refresh_the_alarm_was_not_looked_at() -> None:
    rule = {"id": "/rules/Used", "inputs": {}, "outputs": {"enabled": True}}
    alarm = {"inputs": {}, "outputs": {"alertRuleId": "/rules/used"}}
    found = seen(
        step("same", RULE, "rule", done=True, new=rule),
        step("same", MONITORING, "monitoring", done=True, new=alarm),
        STANDS,
    )
    assert found.standing.alarm.enabled is None


def test_a_tenant_without_policies_is_all_right_and_not_unknown() -> None:
    outputs = told_outputs(accounts=[], excludedPolicies=[], skippedPolicies=[])
    found = seen(outputs, STANDS)
    assert found.standing.policies == PolicyCounts(excluded=0, skipped=0, drifted=0)
    assert found.found_right
    assert seen(STANDS).standing == Standing()
    assert not seen(STANDS).found_right, "nobody looked"


def test_what_a_policy_pack_does_not_allow_is_an_error() -> None:
    def violation(level: str) -> dict[str, Any]:
        told = {"message": "no mute", "color": "never", "policyName": f"alert-{level}"}
        return {"policyEvent": {**told, "policyPackName": "ours", "enforcementLevel": level}}

    failed: dict[str, Any] = {"message": "preview failed", "color": "never", "severity": "error"}
    events = events_of(violation("mandatory"), violation("advisory"), {"diagnosticEvent": failed})
    assert events.errors() == ["alert-mandatory of policy pack ours: no mute"]


def test_a_look_at_an_account_without_an_answer_is_heard() -> None:
    info = {"color": "never", "severity": "info"}
    note = f"whether per-user MFA is on {UNTOLD}: grant it"
    events: Events = events_of(
        {"diagnosticEvent": {**info, "message": f"{note}\n"}},
        {"diagnosticEvent": {**info, "message": "Contoso"}},
    )
    assert events.unanswered() == [note]


def test_names_are_of_those_that_stand_so() -> None:
    found = events_of(policy("create", 1, "x"), policy("same", 2)).exclusions("preview").values()
    assert names(found, How.NEW) == ["Policy 1"]
