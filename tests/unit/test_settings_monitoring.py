"""Settings of the monitoring: what exists already, the alarm's minutes, the watch, what is told."""

from typing import Any

import pytest

from alerting.alarm_names import LONGEST_NAME, NAMES
from components.rule_reach import rule_name
from settings import load_settings
from settings_types import CATEGORIES
from tests.unit.settings_scene import (
    ACTION_GROUP,
    EMAIL,
    KEY,
    SUBSCRIPTION,
    WORKSPACE,
    config,
    line,
    read,
    warned,
)


def test_everything_has_a_default_but_who_is_told() -> None:
    monitoring = read()

    assert monitoring.resource_group.chosen == "rg-break-glass"
    assert monitoring.diagnostic_setting.chosen == "break-glass"
    assert monitoring.alert.period_minutes is None
    assert monitoring.alert.overlap_minutes == 1
    assert monitoring.alert.runbook.endswith("/docs/runbook.md")
    watch = monitoring.watch
    assert all([watch.exclusion, watch.tamper, watch.silence, watch.rules, watch.health])
    assert monitoring.cost.sign_ins_per_day == 1000
    assert load_settings(config()).premium == "required"
    assert warned() == []


@pytest.mark.parametrize(
    ("group", "existing", "beside"),
    [
        ("resourceGroup", "rg-logs", {"name": "rg-new"}),
        ("workspace", WORKSPACE, {"retentionDays": 31}),
        ("diagnosticSetting", "send-to-siem", {"categories": ["SignInLogs", "AuditLogs"]}),
        ("notify", "ag-on-call", {"allAdmins": True}),
        ("notify", ACTION_GROUP, {"emails": [EMAIL]}),
    ],
)
def test_what_exists_stands_alone(group: str, existing: str, beside: dict[str, Any]) -> None:
    (name,) = beside
    changes: dict[str, Any] = {group: {"existing": existing, **beside}}
    told = line(**changes)
    assert told.startswith(
        f"{KEY}.{group}.existing stands beside {name}: expected one or the other"
    )
    assert f'pulumi config rm --path "{KEY}.{group}.{name}"' in told
    assert f'pulumi config rm --path "{KEY}.{group}.existing"' in told


def test_what_exists_is_taken_in_place_of_what_would_be_made() -> None:
    monitoring = read(
        resourceGroup={"existing": "rg-logs"},
        workspace={"existing": WORKSPACE, "forget": [WORKSPACE.replace("central", "old")]},
        diagnosticSetting={"existing": "send-to-siem"},
        notify={"existing": "ag-on-call"},
    )
    assert monitoring.resource_group.chosen == "rg-logs"
    assert monitoring.diagnostic_setting.chosen == "send-to-siem"
    assert monitoring.workspace.existing == WORKSPACE
    assert monitoring.notify.existing == "ag-on-call"


def test_a_resource_id_is_spelt_as_azure_documents_it_whoever_copied_it() -> None:
    copied = WORKSPACE.replace("resourceGroups", "resourcegroups").replace(
        "Microsoft.OperationalInsights", "microsoft.operationalinsights"
    )
    assert read(workspace={"existing": f"{copied.replace('9a1d', '9A1D')}/"}).workspace == (
        read(workspace={"existing": WORKSPACE}).workspace
    )


@pytest.mark.parametrize(
    ("group", "value"),
    [
        ("workspace", "log-central"),
        ("workspace", ACTION_GROUP),
        ("workspace", f"{WORKSPACE}/tables/SigninLogs"),
        ("notify", WORKSPACE),
        ("resourceGroup", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-logs"),
    ],
)
def test_another_resources_id_is_refused(group: str, value: str) -> None:
    changes: dict[str, Any] = {group: {"existing": value}}
    told = line(**changes)
    assert told.startswith(f"{KEY}.{group}.existing holds ")
    assert "expected the " in told


@pytest.mark.parametrize(
    "forget",
    [[WORKSPACE, WORKSPACE.upper().replace("SUBSCRIPTIONS", "subscriptions")], [WORKSPACE]],
)
def test_the_workspace_in_use_is_not_forgotten(forget: list[str]) -> None:
    existing = {"existing": WORKSPACE} if len(forget) == 1 else {}
    told = line(workspace={**existing, "forget": forget})
    assert told.startswith(f"{KEY}.workspace.forget holds one workspace twice")


def test_every_minute_is_refused_with_the_reason() -> None:
    told = line(alert={"frequencyMinutes": 1})
    assert told.startswith(f"{KEY}.alert.frequencyMinutes holds '1'")
    assert "neither union nor ingestion_time()" in told


@pytest.mark.parametrize(
    ("alert", "start"),
    [
        ({"periodMinutes": 7}, "periodMinutes holds '7'"),
        (
            {"frequencyMinutes": 15, "periodMinutes": 10},
            "periodMinutes holds 10: expected at least",
        ),
        ({"overlapMinutes": 61}, "overlapMinutes holds"),
        (
            {"periodMinutes": 60, "lookbackMinutes": 60},
            "lookbackMinutes holds 60: expected 120 or more (at least 71: periodMinutes 60",
        ),
        (
            {"lookbackMinutes": 15},
            "lookbackMinutes holds 15: expected 30 or more (at least 16: frequencyMinutes 5",
        ),
        (
            {"frequencyMinutes": 1440},
            "frequencyMinutes holds 1440, which needs lookbackMinutes 2880 beside it",
        ),
        (
            {"periodMinutes": 2880, "lookbackMinutes": 2880},
            "periodMinutes holds 2880: expected at most 1440",
        ),
        ({"runbook": "docs/runbook.md"}, "runbook holds"),
        ({"severity": -1}, "severity holds"),
    ],
)
def test_minutes_in_which_a_sign_in_would_be_missed_are_refused(
    alert: dict[str, Any], start: str
) -> None:
    assert line(alert=alert).startswith(f"{KEY}.alert.{start}")


def test_the_least_look_back_is_taken() -> None:
    alert = {"frequencyMinutes": 5, "overlapMinutes": 0, "lookbackMinutes": 15}
    assert read(alert=alert).alert.lookback_minutes == 15


def test_the_look_back_that_is_named_is_taken_by_a_rule_that_runs_once_a_day() -> None:
    command = f'pulumi config set --path "{KEY}.alert.lookbackMinutes" 2880'
    assert line(alert={"frequencyMinutes": 1440}).endswith(command)
    read(alert={"frequencyMinutes": 1440, "lookbackMinutes": 2880})


@pytest.mark.parametrize("ours", NAMES.values())
@pytest.mark.parametrize("spelt", ["{}", "{} (log-central)", "{} (log-central, rg-logs)"])
def test_the_use_alert_takes_no_name_of_another_alarm(ours: str, spelt: str) -> None:
    told = line(alert={"name": spelt.format(ours.swapcase())})
    assert told.startswith(f"{KEY}.alert.name holds {spelt.format(ours.swapcase())}, and the stack")
    assert f"another alarm that is called {ours} in Azure" in told


@pytest.mark.parametrize("name", ["Break-glass logs silently read", "Break-glass (log-central)"])
def test_a_name_that_only_begins_like_anothers_is_taken(name: str) -> None:
    assert read(alert={"name": name}).alert.name == name


@pytest.mark.parametrize("customer", ["x" * 65, "two\nlines", " blank", "blank "])
def test_a_customers_name_fits_a_subject(customer: str) -> None:
    assert line(customer=customer).startswith(f"{KEY}.customer holds ")


def test_a_customers_name_may_hold_what_names_hold() -> None:
    assert read(customer='Müller & "Söhne" [7]').customer == 'Müller & "Söhne" [7]'


def test_every_category_of_the_service_may_be_sent() -> None:
    every = {"categories": list(CATEGORIES)}
    assert read(diagnosticSetting=every).diagnostic_setting.categories == CATEGORIES


def test_an_unknown_category_is_refused_with_the_list() -> None:
    told = line(diagnosticSetting={"categories": ["SignInLogs", "AuditLog"]})
    assert "AuditLog" in told
    assert all(category in told for category in CATEGORIES)


@pytest.mark.parametrize("off", ["exclusion", "tamper"])
def test_an_alert_that_reads_audit_logs_gets_them(off: str) -> None:
    on = {"exclusion": "tamper", "tamper": "exclusion"}[off]
    told = line(diagnosticSetting={"categories": ["SignInLogs"]}, watch={off: False})
    assert told.startswith(
        f"{KEY}.diagnosticSetting.categories lacks AuditLogs: expected it, since "
    )
    assert f'pulumi config set --path "{KEY}.watch.{on}" false' in told
    assert f"watch.{off}" not in told


def test_sign_in_logs_alone_are_enough_where_nothing_reads_others() -> None:
    monitoring = read(
        diagnosticSetting={"categories": ["SignInLogs"]},
        watch={"exclusion": False, "tamper": False},
    )
    assert monitoring.diagnostic_setting.categories == ("SignInLogs",)


def names_in_azure(name: str, workspace: str) -> set[str]:
    """What a rule can be called on its way from other workspaces to that one."""
    found, standing = set[str](), ""
    for _ in range(3):
        known = {"name": standing, "scopes": ["/subscriptions/s/elsewhere"]} if standing else None
        standing = rule_name(name, workspace, (), known, own=False)
        found.add(standing)
    return found


@pytest.mark.parametrize(
    ("where", "workspace"),
    [
        ({"workspace": {"existing": WORKSPACE}}, WORKSPACE),
        (
            {"workspace": {"name": "log-x"}, "resourceGroup": {"name": "rg-y"}},
            "/resourceGroups/rg-y/providers/Microsoft.OperationalInsights/workspaces/log-x",
        ),
        (
            {"resourceGroup": {"existing": "rg-y"}},
            "/resourceGroups/rg-y/providers/Microsoft.OperationalInsights/workspaces/log-break-glass",
        ),
    ],
    ids=["existing workspace", "its own", "existing resource group"],
)
def test_an_alarms_name_fits_in_azure_with_its_workspaces_behind_it(
    where: dict[str, Any], workspace: str
) -> None:
    behind = max(map(len, names_in_azure("x", workspace))) - 1
    most = LONGEST_NAME - behind
    assert read(alert={"name": "x" * most}, **where).alert.name == "x" * most
    told = line(alert={"name": "x" * (most + 1)}, **where)
    assert told.startswith(
        f"{KEY}.alert.name holds {most + 1} characters: expected at most {most}, since Azure allows"
    )
    assert f'pulumi config set --path "{KEY}.alert.name"' in told


@pytest.mark.parametrize("name", NAMES.values())
def test_our_own_names_fit_behind_any_workspace(name: str) -> None:
    longest = f"/resourceGroups/{'g' * 90}/providers/Microsoft.OperationalInsights/workspaces/"
    assert all(len(one) <= LONGEST_NAME for one in names_in_azure(name, longest + "w" * 63))


def test_without_a_licence_there_is_nothing_to_export_but_audit_logs() -> None:
    told = line(
        premium="absent",
        diagnosticSetting={"categories": ["SignInLogs"]},
        watch={"exclusion": False, "tamper": False},
    )
    assert told.startswith(f"{KEY}.diagnosticSetting.categories lacks AuditLogs")
    assert load_settings(config(premium="absent")).premium == "absent"


def test_premium_is_required_or_absent() -> None:
    told = line(premium="perhaps")
    assert told.startswith("break-glass:premium holds 'perhaps': expected 'required' or 'absent'")


def test_passkeys_that_would_not_ring_are_told() -> None:
    (told,) = warned(diagnosticSetting={"categories": ["SignInLogs", "AuditLogs"]})
    assert "lacks NonInteractiveUserSignInLogs" in told


def test_one_action_group_for_alarm_and_watch_is_told() -> None:
    (told,) = warned(notify={"existing": "ag-on-call"})
    assert told.startswith(f"{KEY}.watch.notify names no action group of its own")
    assert warned(notify={"existing": "ag-on-call"}, watch={"rules": False, "health": False}) == []
    own = {"notify": {"emails": [EMAIL]}}
    assert warned(notify={"existing": "ag-on-call"}, watch=own) == []
