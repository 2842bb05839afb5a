"""Without an Entra ID P1 licence: what is refused, what is told, and that nothing is taken away."""

import json
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.break_glass_group import TYPE as GROUP_TYPE
from components.policy_exclusion import TYPE as EXCLUSION_TYPE
from premium import (
    DIAGNOSTIC_SETTING_TYPE,
    WAYS_OUT,
    check_licence,
    left_out,
    refuse_fixed_policies,
)
from settings import Settings, load_settings
from tests.unit.harness import Recording, run_program
from tests.unit.program_scene import CONFIG, FACTS, policy

NO_LICENCE = replace(FACTS, has_premium=False)
GROUP = {GROUP_TYPE: {"urn::group": {"groupId": "g-1"}}}
State = dict[str, dict[str, dict[str, Any]]]


def export(category: str) -> State:
    logs = [{"category": category, "enabled": True}]
    return {DIAGNOSTIC_SETTING_TYPE: {"urn::monitoring-diagnostic-setting": {"logs": logs}}}


def settings(premium: str, **groups: dict[str, Any]) -> Settings:
    more = {f"break-glass:{key}": json.dumps(value) for key, value in groups.items()}
    return load_settings({**CONFIG, "break-glass:premium": premium, **more})


def check(
    wanted: Settings, *, licence: bool, state: State | None = None, refused: bool = False
) -> Recording:
    tenant = FACTS if licence else NO_LICENCE
    return run_program(
        lambda: check_licence(wanted, tenant, lambda type_: (state or {}).get(type_, {})),
        expect_error=refused,
    )


@pytest.mark.parametrize("state", [{}, export("AuditLogs")], ids=["new", "made without"])
def test_a_required_licence_that_is_not_there_stops_with_three_ways_out_in_one_line(
    state: State,
) -> None:
    stopped = check(settings("required"), licence=False, state=state, refused=True)
    line = str(stopped.error)
    assert isinstance(stopped.error, pulumi.RunError)
    assert "\n" not in line
    assert WAYS_OUT in line
    assert line.endswith("pulumi config set break-glass:premium absent")
    assert all(way in WAYS_OUT for way in ("one P1 licence", "MFA provider", "disabled user"))


@pytest.mark.parametrize(
    "state",
    [GROUP, export("SignInLogs"), export("NonInteractiveUserSignInLogs")],
    ids=["group", "sign-ins", "non-interactive"],
)
def test_a_licence_that_lapses_is_warned_of_and_the_run_goes_on(state: State) -> None:
    (line,) = check(settings("required"), licence=False, state=state).said("warning")
    assert "nothing is taken away" in line
    assert WAYS_OUT in line
    assert "\n" not in line


def test_with_the_licence_nothing_is_said() -> None:
    for state in ({}, GROUP):
        assert check(settings("required"), licence=True, state=state).said("warning") == []
    assert left_out(settings("required")) == []


def test_absent_where_there_is_none_goes_on_silently_and_tells_what_is_left_out() -> None:
    assert check(settings("absent"), licence=False).said("warning") == []
    told = " ".join(left_out(settings("absent")))
    assert all(what in told for what in ("alarm on use", "exclusion alert", "silence", "group"))


def test_a_licence_that_came_is_told_with_the_command() -> None:
    (line,) = check(settings("absent"), licence=True).said("warning")
    assert "pulumi config set break-glass:premium required" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ({"group": {"existing": "7d3e9a14-52c8-4f60-b1d7-8e2f4c6a9b05"}}, "group.existing"),
        ({"exclusion": {"users": False}}, "exclusion.users"),
    ],
)
def test_settings_that_need_the_group_are_refused_without_it(
    groups: dict[str, dict[str, Any]], told: str
) -> None:
    stopped = check(settings("absent", **groups), licence=False, refused=True)
    assert f"break-glass:{told} holds" in str(stopped.error)
    assert "\n" not in str(stopped.error)


@pytest.mark.parametrize(
    ("premium", "licence", "skip", "state", "refused"),
    [
        ("absent", False, [], {}, True),
        ("absent", True, [], {}, False),
        ("required", False, [], {}, False),
        ("absent", False, ["Require MFA"], {}, False),
        ("absent", False, [], {EXCLUSION_TYPE: {"urn": {"policyId": "id-of-require-mfa"}}}, False),
    ],
    ids=["cannot be changed", "can be changed", "lapsed", "left alone", "excluded before"],
)
def test_a_policy_that_outlived_the_licence_is_named_before_anything_is_made(
    premium: str, licence: bool, skip: list[str], state: State, refused: bool
) -> None:
    wanted = settings(premium, exclusion={"skip": skip})
    tenant = FACTS if licence else NO_LICENCE
    done = run_program(
        lambda: refuse_fixed_policies(
            wanted, tenant, [policy("Require MFA")], lambda type_: state.get(type_, {})
        ),
        expect_error=refused,
    )
    assert refused is ("Require MFA (id-of-require-mfa)" in str(done.error))
    assert "\n" not in str(done.error)
