"""The logs move to somebody else's workspace and back, on the real engine: no use goes unseen."""

from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import yaml

from tests.engine.account_tenant import assert_quiet
from tests.engine.meanwhile import right_after
from tests.engine.standing import Scene, settings_of
from tests.engine.test_accounts_lag import kill_at
from tests.support.tenant import JSON, arm, http

MONITORING = "break-glass:monitoring"
OURS, CENTRAL = "log-break-glass", "log-central"
USE_ALERT = r"scheduledQueryRules/Break-glass(%20| )account(%20| )used"
PEOPLE = ("eve@fabrikam.onmicrosoft.com", "bo@fabrikam.onmicrosoft.com")


def make_central_workspace(scene: Scene, location: str = "westeurope") -> str:
    """Somebody else's, in a resource group of their own; its Azure resource id."""
    subscription = settings_of(scene.tenant.to_document())["azure-native:subscriptionId"]
    group = f"/subscriptions/{subscription}/resourceGroups/rg-logs"
    path = f"{group}/providers/Microsoft.OperationalInsights/workspaces/{CENTRAL}"
    with arm(scene.server) as azure:
        for resource_id, version in ((group, "2024-03-01"), (path, "2023-09-01")):
            body = {"location": location}
            azure.put(resource_id, json=body, params={"api-version": version}).raise_for_status()
    return path


def choose(scene: Scene, workspace: Mapping[str, Any]) -> None:
    """Write the workspace's settings for the next run."""
    document = yaml.safe_load(scene.stack.config_file.read_text(encoding="utf-8"))
    present = document["config"][MONITORING]
    scene.stack.set_config({MONITORING: {**present, "workspace": dict(workspace)}})


def use(scene: Scene) -> None:
    """An account is used, a moment passes; ordinary people sign in as well."""
    account = next(iter(scene.accounts()))
    with http(scene.server) as control:
        for user in (account, *PEOPLE):
            control.post("/sandbox/sign-ins", json={"user": user}).raise_for_status()
        control.post("/sandbox/clock", json={"advanceSeconds": 70}).raise_for_status()


def pass_time(scene: Scene, minutes: int) -> None:
    with http(scene.server) as control:
        body = {"advanceSeconds": minutes * 60}
        control.post("/sandbox/clock", json=body).raise_for_status()


@contextmanager
def used_at_every_step(scene: Scene) -> Generator[list[list[str]]]:
    """An account is used right after each write of a run that concerns rules or the export."""
    with ExitStack() as stack:
        rules = [
            right_after(scene, "PUT", "scheduledQueryRules/", lambda: use(scene), nth=number)
            for number in range(1, 5)
        ]
        export = right_after(scene, "PUT", "diagnosticSettings/", lambda: use(scene))
        yield [stack.enter_context(one) for one in (*rules, export)]


def rows_of_uses(scene: Scene) -> dict[str, int]:
    """Correlation ids of the account's sign-ins, with how many each workspace has: one."""
    account = next(iter(scene.accounts()))
    rows = scene.tenant.logs.rows("SigninLogs")
    return {row["CorrelationId"]: 1 for row in rows if row["UserPrincipalName"] == account}


def rung(scene: Scene) -> set[str]:
    """Correlation ids of all sign-ins of which the use alert told."""
    return {
        correlation_id
        for firing in scene.tenant.alert_rules.firings()
        if firing["rule"].startswith("Break-glass account used")
        for row in firing["rows"]
        for correlation_id in row["CorrelationIds"]
    }


def exported_to(scene: Scene) -> str:
    resources: Mapping[str, JSON] = scene.tenant.to_document()["azureResources"]
    (setting,) = [one for path, one in resources.items() if "/diagnosticsettings/" in path.lower()]
    return str(setting["properties"]["workspaceId"]).rpartition("/")[2]


def rules(scene: Scene) -> set[str]:
    resources: Mapping[str, JSON] = scene.tenant.to_document()["azureResources"]
    return {path for path in resources if "/scheduledqueryrules/" in path.lower()}


def test_from_a_new_workspace_to_an_existing_one_and_back_the_alarm_rings_all_along(
    scene: Scene,
) -> None:
    central, standing = make_central_workspace(scene), rules(scene)
    scene.tenant.behaviour.turn({"logDelaySeconds": 240})
    use(scene)

    choose(scene, {"existing": central})
    shown = scene.stack.preview().output
    assert "the alarms read both" in " ".join(shown.split())
    # Only the stack lets go of its workspace, which stays in Azure.
    assert "1 to delete" in shown
    assert "[retain]" in shown
    assert "to replace" not in shown
    with used_at_every_step(scene) as there:
        scene.stack.up("--skip-preview")
    assert all(there), there
    assert exported_to(scene) == CENTRAL
    assert rules(scene) == standing
    assert [one.rpartition("/")[2] for one in watched(scene)] == [CENTRAL, OURS]
    use(scene)
    pass_time(scene, 30)
    assert_quiet(scene)

    choose(scene, {})
    with used_at_every_step(scene) as back:
        scene.stack.up("--skip-preview")
    # The alarms read both already: only the export is switched.
    assert [bool(one) for one in back] == [False] * 4 + [True]
    assert exported_to(scene) == OURS
    assert rules(scene) == standing
    use(scene)
    pass_time(scene, 30)
    assert_quiet(scene)

    uses = rows_of_uses(scene)
    assert len(uses) == 9
    assert rung(scene) == set(uses)
    told = {message["recipient"] for message in scene.tenant.outbox.messages()}
    assert {"security@contoso.com", "contoso-alarm@example.org"} <= told
    # Somebody else's workspace is left as it was.
    with arm(scene.server) as azure:
        answer = azure.get(central, params={"api-version": "2023-09-01"})
        assert not answer.raise_for_status().json().get("tags")


def watched(scene: Scene) -> list[str]:
    return list(scene.stack.outputs()["watchedWorkspaces"])


def cut_off(scene: Scene, path: str) -> None:
    """A run that is killed when such a resource has been written, before it is told so."""
    kill_at(scene, "PUT", path)
    scene.stack.run("cancel", "--yes", "--stack", scene.stack.name, check=False)


def test_a_move_that_is_cut_off_is_taken_back_and_no_use_goes_unseen(scene: Scene) -> None:
    central, standing = make_central_workspace(scene), rules(scene)
    scene.tenant.behaviour.turn({"logDelaySeconds": 240})
    choose(scene, {"existing": central})
    cut_off(scene, "diagnosticSettings/")
    assert exported_to(scene) == CENTRAL
    use(scene)

    # What is on its way to the other workspace comes there long after the export is switched back.
    choose(scene, {})
    with used_at_every_step(scene) as back:
        told = " ".join(scene.stack.up("--skip-preview").output.split())
    assert f"since the last run that finished the logs went to {central}" in told
    assert [bool(one) for one in back] == [False] * 4 + [True]
    assert exported_to(scene) == OURS
    assert rules(scene) == standing
    assert [one.rpartition("/")[2] for one in watched(scene)] == [OURS, CENTRAL]
    use(scene)
    pass_time(scene, 30)
    uses = rows_of_uses(scene)
    assert len(uses) == 3
    assert rung(scene) == set(uses)
    assert_quiet(scene)


def test_a_move_that_is_cut_off_goes_on_and_the_alarms_outlive_their_first_workspace(
    scene: Scene,
) -> None:
    central, standing = make_central_workspace(scene), rules(scene)
    choose(scene, {"existing": central})
    # The answer to a write is lost, and then the run is killed.
    scene.fault(method="PUT", path=USE_ALERT, drop=True, when="after", times=1)
    cut_off(scene, "diagnosticSettings/")
    assert rules(scene) == standing
    # One refresh does not find a rule that was made before the move: it is told, and taken in.
    scene.fault(method="GET", path=rf"{USE_ALERT}\?", status=404, times=1)
    stopped = scene.stack.up("--skip-preview", check=False)
    assert "this run's refresh did not find /" in stopped.output
    scene.stack.up("--skip-preview")
    assert rules(scene) == standing
    assert exported_to(scene) == CENTRAL

    ours = watched(scene)[1]
    with arm(scene.server) as azure:
        azure.delete(ours, params={"api-version": "2023-09-01"}).raise_for_status()
    use(scene)
    scene.forget()
    cut_off(scene, rf"{USE_ALERT}.+{CENTRAL}")
    assert rules(scene) > standing
    healed = " ".join(scene.stack.up().output.split())
    assert f"earlier workspace {ours} is gone" in healed
    assert f"is made anew for {central}, before the old one is deleted" in healed
    written = [one.lower() for one in scene.writes()]
    assert not [one for one in written if "roleassignment" in one]
    # The new one first, and only rules of the stack go.
    use_alert = [one for one in written if "account%20used" in one or "account used" in one]
    assert [one.split()[0] for one in use_alert][-1] == "delete", use_alert
    assert {one.split("/")[-2] for one in written if one[:6] == "delete"} == {"scheduledqueryrules"}
    assert rules(scene) == {f"{one} ({CENTRAL})" for one in standing}
    assert watched(scene) == [central]
    use(scene)
    pass_time(scene, 30)
    assert rung(scene) == set(rows_of_uses(scene))
    assert_quiet(scene)
