"""`breakglass sandbox clock | logs | query | alerts | fault | token`, on a tenant that answers."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import sandbox_logs, tenant_process
from cli.main import app
from cli.tenant_process import RunningTenant
from cli.workspace import SandboxFolder
from sandbox.api.server import TenantServer
from sandbox.tenant.monitor.log_tables import TABLES
from tests.support.tenant import AT_ONCE, arm, http, object_id, running_tenant, small_document

EVE = "eve@fabrikam.onmicrosoft.com"
SUBSCRIPTION = object_id("subscription")
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
WORKSPACES = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/"
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def server() -> Iterator[TenantServer]:
    with running_tenant(small_document(), **AT_ONCE, logDelaySeconds=60) as server:
        yield server


@pytest.fixture
def run(server: TenantServer, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `breakglass sandbox …` on the tenant; gives its exit code and output."""
    folder = Path(server.ca_path).parent
    variables = json.dumps(server.environment(object_id("tenant")))
    (folder / "environment.json").write_text(variables, encoding="utf-8")
    running = RunningTenant(1, server.port, server.url, 0.0, 1.0)

    def find(_folder: SandboxFolder) -> RunningTenant:
        return running

    monkeypatch.setattr(tenant_process, "find", find)
    monkeypatch.setenv("BREAK_GLASS_SANDBOX_FOLDER", str(folder))
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["sandbox", *words])
        return result.exit_code, result.output

    return invoke


def watch(server: TenantServer, *names: str) -> None:
    """Workspaces, and a diagnostic setting that sends sign-ins to the first of them."""
    put(server, GROUP, "2021-04-01", {"location": "westeurope"})
    for name in names:
        put(server, WORKSPACES + name, "2023-09-01", {"location": "westeurope"})
    logs = [{"category": "SignInLogs", "enabled": True}]
    setting = {"properties": {"workspaceId": WORKSPACES + names[0], "logs": logs}}
    put(server, "/providers/microsoft.aadiam/diagnosticSettings/export", "2017-04-01", setting)


def put(server: TenantServer, path: str, version: str, body: dict[str, Any]) -> None:
    with arm(server) as client:
        answer = client.put(path, params={"api-version": version}, json=body)
    assert answer.is_success, answer.text


def test_the_clock_is_told_and_moved(run: Run) -> None:
    def time_of(*words: str) -> datetime:
        code, said = run("clock", *words)
        assert code == 0
        return datetime.fromisoformat(said[:19])

    before = time_of()
    passed = (time_of("1h30m5s") - before).total_seconds()
    assert 5405 <= passed < 5465


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("2h", 7200), ("2d", 172_800), ("1h30m", 5400), ("1D1S", 86_401)],
)
def test_a_duration_is_days_hours_minutes_and_seconds(text: str, seconds: int) -> None:
    assert sandbox_logs.seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["soon", "", "10", "1h 5m", "-5m"])
def test_a_word_that_is_no_duration_is_one_line(run: Run, text: str) -> None:
    code, said = run("clock", "--", text)
    assert (code, said.count("\n")) == (2, 1)
    assert "expected for example 90s" in said


def test_rows_are_listed_when_they_have_arrived(run: Run, server: TenantServer) -> None:
    watch(server, "logs")
    assert run("sign-in", EVE)[0] == 0
    assert run("logs", "SigninLogs")[1].startswith("No row has arrived")
    run("clock", "2m")
    code, said = run("logs", "signinlogs")
    assert code == 0
    assert said.split()[:2] == ["TimeGenerated", "UserPrincipalName"]
    assert EVE in said
    (row,) = json.loads(run("logs", "SigninLogs", "--all")[1])
    assert row["UserPrincipalName"] == EVE


def test_only_the_newest_rows_are_listed_when_so_many_are_asked_for(
    run: Run, server: TenantServer
) -> None:
    watch(server, "logs")
    run("sign-in", EVE)
    run("clock", "1m")
    run("sign-in", "ada@fabrikam.onmicrosoft.com")
    run("clock", "2m")
    (row,) = json.loads(run("logs", "SigninLogs", "--all", "--last", "1")[1])
    assert row["UserPrincipalName"] == "ada@fabrikam.onmicrosoft.com"


def test_every_table_is_listed_by_columns_that_it_has() -> None:
    assert set(sandbox_logs.COLUMNS) == set(TABLES)
    for table, columns in sandbox_logs.COLUMNS.items():
        assert set(columns) <= set(TABLES[table].columns)


def test_a_table_that_is_none_is_named_with_those_that_are(run: Run) -> None:
    code, said = run("logs", "Signins")
    assert code == 1
    assert "There is no table 'Signins': expected one of SigninLogs, " in said


def test_the_logs_are_asked_in_kql(run: Run, server: TenantServer) -> None:
    watch(server, "logs")
    run("sign-in", EVE)
    run("clock", "2m")
    code, said = run("query", "SigninLogs | summarize n = count() by UserPrincipalName")
    assert (code, said.split()) == (0, ["UserPrincipalName", "n", EVE, "1"])
    assert run("query", "SigninLogs | where ResultType == 'x'") == (0, "No rows.\n")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SigninLogs | render timechart", "501 the sandbox cannot run 'render'"),
        ("Missing | count", "'Missing'"),
    ],
)
def test_a_query_that_cannot_run_says_why(
    run: Run, server: TenantServer, query: str, reason: str
) -> None:
    watch(server, "logs")
    code, said = run("query", query)
    assert (code, said.count("\n")) == (1, 1)
    assert reason in said


def test_a_workspace_is_chosen_where_there_are_several(run: Run, server: TenantServer) -> None:
    text = "print x = 1"
    assert "There is no Log Analytics workspace yet" in run("query", text)[1]
    watch(server, "logs", "more")
    assert "choose with --workspace (logs, more)" in run("query", text)[1]
    assert (
        "no workspace 'nope': expected one of logs, more"
        in run("query", text, "--workspace", "nope")[1]
    )
    assert run("query", text, "--workspace", "MORE")[1].split() == ["x", "1"]


def test_without_a_rule_there_is_no_alert(run: Run) -> None:
    assert run("alerts") == (0, "No alert rule has run.\n")


def test_an_alert_is_told_with_its_rule_and_its_price(run: Run, server: TenantServer) -> None:
    watch(server, "logs")
    criterion = {
        "query": "SigninLogs",
        "timeAggregation": "Count",
        "operator": "GreaterThan",
        "threshold": 0,
    }
    properties = {
        "severity": 0,
        "scopes": [WORKSPACES + "logs"],
        "evaluationFrequency": "PT5M",
        "windowSize": "PT1H",
        "criteria": {"allOf": [criterion]},
        "skipQueryValidation": True,
    }
    rule = {"location": "westeurope", "properties": properties}
    path = f"{GROUP}/providers/Microsoft.Insights/scheduledQueryRules/watch"
    put(server, path, "2023-12-01", rule)
    run("clock", "5m")
    said = run("alerts")[1]
    assert said.startswith("No alert has rung.\n")
    run("sign-in", EVE)
    run("clock", "10m")
    said = run("alerts")[1]
    assert said.split()[:3] == ["rang", "rule", "severity"]
    assert "watch: evaluated " in said
    assert "1.50 USD a month" in said
    assert "Logs: 1 rows" in said


OPTIONS: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (("--status", "503", "--retry-after", "5"), {"status": 503, "retryAfter": 5}),
    (("--status", "400", "--code", "a", "--message", "b"), {"code": "a", "message": "b"}),
    (("--status", "200", "--body", '{"value": []}'), {"body": {"value": []}}),
    (("--status", "502", "--body", "<html>"), {"body": "<html>"}),
    (("--header", "X-A: 5", "--header", "b: c:d"), {"headers": {"X-A": "5", "b": "c:d"}}),
    (("--drop", "--when", "after"), {"drop": True, "when": "after"}),
    (("--hang",), {"hang": True}),
    (("--broken-json",), {"brokenJson": True}),
    (("--cut-short",), {"cutShort": True}),
    (("--truncate", "0"), {"truncate": 0}),
    (("--hang-seconds", "2"), {"hangSeconds": 2}),
    (("--drip-seconds", "2"), {"dripSeconds": 2}),
    (("--drop", "--nth", "2", "--times", "3"), {"nth": 2, "times": 3}),
    (("--drop", "--share", "0.5"), {"share": 0.5}),
    (("--drop", "--method", "PATCH", "--path", "/users"), {"method": "patch", "path": "/users"}),
]  # fmt: skip


@pytest.mark.parametrize(("options", "expected"), OPTIONS, ids=lambda o: str(o)[:40])
def test_every_option_of_a_fault_reaches_the_tenant(
    run: Run, options: tuple[str, ...], expected: dict[str, Any]
) -> None:
    code, said = run("fault", *options)
    assert code == 0
    ordered = json.loads(said)
    assert {name: ordered[name] for name in expected} == expected


def test_faults_are_listed_and_forgotten(run: Run) -> None:
    assert run("fault") == (0, "No fault is waiting.\n")
    ordered = run("fault", "--drop")
    assert run("fault") == ordered
    assert run("fault", "--clear") == (0, "No fault is waiting.\n")


def test_a_fault_that_says_nothing_is_one_line(run: Run) -> None:
    code, said = run("fault", "--path", "/users")
    assert (code, said.count("\n")) == (1, 1)
    assert "is needed" in said
    code, said = run("fault", "--header", "nonsense")
    assert code == 2
    assert "expected 'Name: value'" in said


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ((), "/v1.0/organization"),
        (("--for", "graph"), "/v1.0/organization"),
        (("--for", "azure"), "/subscriptions?api-version=2022-12-01"),
    ],
)
def test_a_token_opens_the_service_it_is_for(
    run: Run, server: TenantServer, words: tuple[str, ...], path: str
) -> None:
    code, said = run("token", *words)
    assert code == 0
    with http(server) as client:
        assert client.get(path).status_code == 401
        headers = {"Authorization": f"Bearer {said.strip()}"}
        assert client.get(path, headers=headers).status_code == 200


def test_a_secret_that_is_not_the_tenants_is_refused_in_one_line(
    run: Run, server: TenantServer
) -> None:
    file = Path(server.ca_path).parent / "environment.json"
    variables = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(variables | {"ARM_CLIENT_SECRET": "s3cret"}), encoding="utf-8")
    code, said = run("token")
    assert (code, said.count("\n")) == (1, 1)
    assert "AADSTS7000215" in said
    assert "s3cret" not in said
