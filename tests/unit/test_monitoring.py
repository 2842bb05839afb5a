"""SignInMonitoring: the logs flow, the alarm rings, the evidence stays."""

import pulumi_random as random

from alerting.use_alert import RUNBOOK, USE_DIMENSIONS, WatchedAccount, use_alert_query
from components.monitoring_arguments import (
    AccountToWatch,
    Diagnostics,
    Notify,
    ResourceGroup,
    SignInMonitoringArgs,
    UseAlert,
    Workspace,
)
from components.sign_in_monitoring import SignInMonitoring
from tests.unit.harness import UNKNOWN, run_program
from tests.unit.monitoring_scene import NAMES, RECEIVERS, SUBSCRIPTION, USE_ALERT, make, usual


def test_every_name_is_the_chosen_one() -> None:
    run = make(
        resource_group=ResourceGroup("rg-x"),
        workspace=Workspace("log-x"),
        diagnostics=Diagnostics("diag-x"),
        notify=Notify(RECEIVERS, name="ag-x", short_name="x"),
        alert=UseAlert(name="alarm x"),
    )
    assert run.one("ResourceGroup").inputs["resourceGroupName"] == "rg-x"
    assert run.one("Workspace").inputs["workspaceName"] == "log-x"
    assert run.one("DiagnosticSetting").inputs["name"] == "diag-x"
    assert run.named("monitoring-action-group").inputs["actionGroupName"] == "ag-x"
    assert run.named("monitoring-action-group").inputs["groupShortName"] == "x"
    assert run.named(USE_ALERT).inputs["ruleName"] == "alarm x"


def test_the_workspace_is_where_and_how_long_it_was_asked_for() -> None:
    inputs = make(workspace=Workspace(retention_days=90)).one("Workspace").inputs
    assert inputs["retentionInDays"] == 90
    assert inputs["location"] == "westeurope"
    assert inputs["sku"] == {"name": "PerGB2018"}


def test_entra_sends_both_sign_in_logs_and_the_audit_log_to_the_workspace() -> None:
    run = usual()
    inputs = run.one("DiagnosticSetting").inputs
    assert inputs["workspaceId"] == run.outputs["workspace_id"]
    assert inputs["logs"] == [
        {"category": category, "enabled": True}
        for category in ("SignInLogs", "AuditLogs", "NonInteractiveUserSignInLogs")
    ]


def test_every_receiver_is_told_by_mail_in_the_common_schema() -> None:
    inputs = usual().named("monitoring-action-group").inputs
    assert inputs["location"] == "Global"
    assert inputs["enabled"]
    assert inputs["emailReceivers"] == [
        {"name": "Desk", "emailAddress": "it@contoso.com", "useCommonAlertSchema": True},
        {"name": "Outside", "emailAddress": "alarm@example.org", "useCommonAlertSchema": True},
    ]


def test_the_alarm_rings_at_the_first_row_is_never_resolved_and_never_muted() -> None:
    run = usual()
    inputs = run.named(USE_ALERT).inputs
    watched = [WatchedAccount(*names) for names in NAMES]
    query = use_alert_query(watched, frequency_minutes=5, lookback_minutes=1440, runbook=RUNBOOK)
    assert inputs["kind"] == "LogAlert"
    assert inputs["severity"] == 0
    assert inputs["enabled"]
    assert inputs["autoMitigate"] is False
    assert inputs["skipQueryValidation"] is True
    assert "muteActionsDuration" not in inputs
    assert inputs["evaluationFrequency"] == "PT5M"
    assert inputs["windowSize"] == "P1D"
    assert inputs["scopes"] == [run.outputs["workspace_id"]]
    assert inputs["criteria"]["allOf"] == [
        {
            "query": query,
            "timeAggregation": "Count",
            "dimensions": [
                {"name": name, "operator": "Include", "values": ["*"]} for name in USE_DIMENSIONS
            ],
            "operator": "GreaterThan",
            "threshold": 0,
            "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
        }
    ]
    assert run.outputs["query"] == query


def test_subject_description_severity_and_schedule_can_be_chosen() -> None:
    run = make(
        alert=UseAlert(
            description="why",
            subject="who",
            severity=2,
            frequency_minutes=15,
            lookback_minutes=60,
            enabled=False,
        )
    )
    inputs = run.named(USE_ALERT).inputs
    assert inputs["description"] == f"why What to do: {RUNBOOK}"
    assert inputs["actions"]["actionProperties"] == {"Email.Subject": "who"}
    assert inputs["severity"] == 2
    assert (inputs["evaluationFrequency"], inputs["windowSize"]) == ("PT15M", "PT1H")
    assert not inputs["enabled"]


def test_the_alarm_goes_to_the_action_group() -> None:
    (told,) = usual().named(USE_ALERT).inputs["actions"]["actionGroups"]
    assert told.startswith(f"{SUBSCRIPTION}/resourceGroups/rg-break-glass/")
    assert told.endswith("/Microsoft.Insights/actionGroups/ag-break-glass")


def test_the_evidence_stays_when_the_rest_goes_and_the_stack_can_let_go_of_it() -> None:
    run = usual()
    kept = [r for r in run.registrations if r.retain_on_delete]
    assert sorted(r.type.split(":")[-1] for r in kept) == ["ResourceGroup", "Workspace"]
    assert [r.protect for r in kept] == [False, False]
    assert run.named("monitoring").outputs["deleteLogs"] is False


def test_the_evidence_goes_when_told_so_and_is_protected_with_the_rest() -> None:
    run = make(delete_logs=True)
    assert not any(r.retain_on_delete for r in run.registrations)
    assert {run.one(t).protect for t in ("ResourceGroup", "Workspace")} == {None}
    assert run.named("monitoring").outputs["deleteLogs"] is True


def test_whoever_waits_for_ready_waits_for_logs_alarm_and_receivers() -> None:
    for preview in (True, False):
        run = make(preview=preview)
        armed = run.named("whoever-is-armed")
        kinds = ("DiagnosticSetting", "ScheduledQueryRule", "ActionGroup", "ActivityLogAlert")
        for type_ in kinds:
            assert run.of_type(type_)
            assert all(run.waits_for(armed, each) for each in run.of_type(type_))
        assert run.outputs["ready"] is True


def test_the_query_of_accounts_that_do_not_exist_yet_is_not_guessed() -> None:
    def program() -> None:
        unknown = random.RandomString("account", length=4).result
        names = [unknown.apply(lambda _, name=name: name) for name in NAMES[0]]
        SignInMonitoring(
            "monitoring",
            SignInMonitoringArgs(
                accounts=[AccountToWatch(*names)],
                location="westeurope",
                notify=Notify(RECEIVERS),
            ),
        )

    run = run_program(program, preview=True)
    assert run.named(USE_ALERT).inputs["criteria"]["allOf"][0]["query"] is UNKNOWN
