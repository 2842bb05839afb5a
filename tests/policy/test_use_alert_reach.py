"""The rule on the use alert: from where and since when its rule reads."""

from itertools import product
from typing import Any

import pytest

from alerting.schedules import FREQUENCIES_MINUTES, WINDOWS_MINUTES, iso_duration
from alerting.use_alert import SIGN_IN_TABLES
from policies.resource_types import DIAGNOSTIC_SETTING, MONITORING
from tests.policy.pack_scene import LATER, Thing
from tests.policy.use_alert_scene import (
    EARLIER,
    LOGS,
    OWNER,
    QUERY,
    export,
    query,
    said,
    watched,
)


def schedules() -> list[tuple[int, int]]:
    """Every schedule that the settings allow: frequency and look-back, in minutes."""
    return [
        (every, back)
        for every, back in product(FREQUENCIES_MINUTES, WINDOWS_MINUTES)
        if back >= every + 11
    ]


@pytest.mark.parametrize(("every", "back"), schedules())
def test_every_schedule_of_the_settings_sees_every_use(every: int, back: int) -> None:
    text = query(1, 2, frequency_minutes=every, lookback_minutes=back)
    stack = watched(text, evaluationFrequency=iso_duration(every), windowSize=iso_duration(back))
    assert said(stack) == []


def test_a_rule_of_another_workspace_sees_nothing() -> None:
    found = said(watched(scopes=[EARLIER]))
    assert [line.partition(" is read")[0] for line in found] == [
        f"monitoring-use-alert: found that {table}" for table in SIGN_IN_TABLES
    ]
    assert f"read from {EARLIER.lower()}, expected {LOGS}, to which" in found[0]


def test_a_rule_that_kept_its_scope_reads_the_new_workspace_by_name() -> None:
    assert said(watched(query(1, 2, earlier_workspaces=[LOGS]), scopes=[EARLIER])) == []
    assert said(watched(scopes=[LOGS.upper()])) == []


def test_without_an_export_of_its_own_the_component_says_where_the_logs_are() -> None:
    stack = [one for one in watched(scopes=[EARLIER]) if one.type != DIAGNOSTIC_SETTING]
    assert said(stack) == []
    owner = OWNER.having(workspaceId=LOGS)
    stack = [owner if one.type == MONITORING else one for one in stack]
    assert len(said(stack)) == 2


@pytest.mark.parametrize(
    ("setting", "lines"),
    [
        (export("SignInLogs", "AuditLogs"), 0),
        (export("AuditLogs"), 1),
        (export("SignInLogs", logs=[{"category": "SignInLogs", "enabled": False}]), 1),
        (export(logs=LATER), 0),
        (export(logs=[LATER]), 0),
    ],
)
def test_sign_ins_have_to_be_exported(setting: Thing, lines: int) -> None:
    stack = [setting if one.type == DIAGNOSTIC_SETTING else one for one in watched()]
    found = said(stack)
    assert len(found) == lines
    assert all(one.startswith("monitoring-diagnostic-setting: found that SignIn") for one in found)


@pytest.mark.parametrize(
    ("text", "props", "told"),
    [
        (QUERY, {"evaluationFrequency": "PT15M"}, "on what arrived within 6 minutes that runs ev"),
        (QUERY, {"windowSize": "PT15M"}, "looks back 15 minutes, expected 16 or more"),
        (QUERY, {"overrideQueryTimeRange": "PT5M"}, "looks back 5 minutes, expected 16"),
        (QUERY.replace("ago(1440m)", "ago(15m)"), {}, "looks back 15 minutes, expected 16"),
        (
            QUERY.replace("    | where ingestion_time() >= ago(6m)\n", ""),
            {"windowSize": "PT10M"},
            "looks back 10 minutes, expected 15 or more",
        ),
    ],
)
def test_a_rule_that_leaves_a_gap_is_refused(text: str, props: dict[str, Any], told: str) -> None:
    (line,) = said(watched(text, **props))
    assert told in line


def test_hours_and_days_are_read() -> None:
    text = QUERY.replace("ago(6m)", "ago(1h)").replace("ago(1440m)", "ago(1d)")
    assert said(watched(text, evaluationFrequency="PT1H", windowSize="P1DT2H")) == []
    (line,) = said(watched(text, evaluationFrequency="PT2H"))
    assert "arrived within 60 minutes that runs every 120" in line
