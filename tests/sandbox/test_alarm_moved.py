"""The logs move to another workspace and back: the alarm rings all along."""

from dataclasses import replace

from components.monitoring_arguments import Workspace
from tests.sandbox.alarm_scene import SUBSCRIPTION, Alarm, arguments
from tests.support.findings import rung


def test_no_sign_in_is_lost_while_the_logs_move_and_come_back() -> None:
    alarm = Alarm(logDelaySeconds=240)
    logs, first = alarm.tenant.tenant.logs, alarm.id_of("workspace")
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-central"
    central = f"{group}/providers/Microsoft.OperationalInsights/workspaces/log-central"
    for path in (group, central):
        alarm.ask("PUT", path, {"location": "westeurope"})
    there = Workspace(existing=central, earlier=[first])
    back = Workspace(existing=first, earlier=[central])
    for workspace in (None, there, back):
        if workspace is not None:
            alarm.deploy(replace(arguments(), workspace=workspace))
        for _ in range(12):
            alarm.sign_in()
            alarm.advance(1)
    alarm.advance(60)
    told = {one["CorrelationId"] for one in rung(alarm.firings())}
    happened = {row["CorrelationId"] for row in logs.rows("SigninLogs")}
    assert (len(happened), told) == (36, happened)
    assert [len(logs.rows("SigninLogs", one)) for one in (first, central)] == [24, 12]
