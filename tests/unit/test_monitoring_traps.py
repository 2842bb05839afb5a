"""A `SignInMonitoring` in somebody's own program finds what would stop it or silence its alarms."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from alerting.log_categories import DEFAULT_CATEGORIES
from components.azure_resources import DIAGNOSTICS_TYPE, MONITORING_TYPE
from components.monitoring_arguments import (
    Diagnostics,
    Notify,
    SignInMonitoringArgs,
    Watch,
    Workspace,
)
from entra.errors import IdentityError
from tests.unit.lone_monitoring import (
    ARGS,
    ON_CALL,
    SETTING,
    WORKSPACE,
    Azure,
    Memory,
    finished,
    imported,
    notices,
    refusal,
    run,
    someone,
    warnings,
)
from tests.unit.monitoring_scene import CENTRAL, OWN, RECEIVERS

__all__ = ["someone"]

LENT = replace(ARGS, workspace=Workspace(existing=CENTRAL))
TOLD = replace(ARGS, notify=Notify(existing=ON_CALL))
SIEM = replace(SETTING, id="/…/siem", name="siem", workspace_id=CENTRAL)
RECEIVER = {"emailReceivers": [{"name": "desk", "emailAddress": "it@contoso.com"}]}


def settled(args: SignInMonitoringArgs, *, workspace: str = CENTRAL) -> Memory:
    """What the state knows once the component has come to its end."""
    memory = finished(args)
    for one in memory[MONITORING_TYPE].values():
        one["workspaceId"] = workspace.upper()
    return memory


def group(**properties: Any) -> dict[str, Any]:
    return {"id": ON_CALL, "name": "ag-y", "properties": properties}


def plan(name: str) -> dict[str, Any]:
    return {"id": f"{CENTRAL}/tables/{name}", "properties": {"plan": "Basic"}}


def test_who_may_not_read_the_diagnostic_settings_is_told_so(someone: SimpleNamespace) -> None:
    someone.azure = Azure(readable=False)
    assert "may not manage the tenant's diagnostic settings" in refusal()


def test_who_may_read_the_diagnostic_settings_and_not_change_them_is_told_so(
    someone: SimpleNamespace,
) -> None:
    someone.azure = Azure(writable=False)
    assert "give it the role 'Contributor'" in refusal()
    # It is for a later run, or for nobody, to change them.
    lent = replace(ARGS, diagnostics=Diagnostics(existing="siem"))
    someone.azure.settings = (replace(SIEM, workspace_id=OWN, categories=DEFAULT_CATEGORIES),)
    assert notices(lent) == []


def test_an_existing_setting_that_may_not_be_read_is_told_and_used(
    someone: SimpleNamespace,
) -> None:
    someone.azure = Azure(readable=False)
    (line,) = notices(replace(ARGS, diagnostics=Diagnostics(existing="siem")))
    assert line.startswith("whether diagnostic setting 'siem' sends the logs is not seen: ")


@pytest.mark.parametrize(
    ("registered", "told"),
    [
        ((), ["Microsoft.OperationalInsights", "Microsoft.Insights"]),
        (("Microsoft.OperationalInsights",), ["Microsoft.Insights"]),
    ],
)
def test_a_resource_provider_that_is_not_registered_is_told_once(
    someone: SimpleNamespace, registered: tuple[str, ...], told: list[str]
) -> None:
    someone.azure = Azure(registered=registered)
    assert [line.split()[2] for line in notices()] == told
    assert notices(memory=finished()) == []


def test_a_sixth_diagnostic_setting_is_refused(someone: SimpleNamespace) -> None:
    someone.azure = Azure(settings=tuple(replace(SIEM, name=f"s-{n}") for n in range(5)))
    assert "Azure takes 5: s-0, s-1" in refusal()
    someone.azure.settings = someone.azure.settings[1:]
    assert notices() == []


def test_a_category_that_goes_to_the_same_workspace_already_is_refused(
    someone: SimpleNamespace,
) -> None:
    someone.azure = Azure({CENTRAL: WORKSPACE}, (SIEM,))
    line = refusal(LENT)
    assert "'siem' sends SignInLogs to workspace" in line
    assert 'set diagnostics.existing of SignInMonitoringArgs to "siem"' in line
    assert "pulumi config" not in line


def test_a_settled_component_that_moves_or_asks_for_more_is_looked_at_again(
    someone: SimpleNamespace,
) -> None:
    memory = finished()
    someone.azure = Azure({CENTRAL: WORKSPACE}, (SIEM,))
    moved = run(LENT, memory=memory, expect_error=True)
    assert "'siem' sends SignInLogs to workspace" in str(moved.error)
    someone.azure = Azure(settings=(replace(SIEM, workspace_id=OWN, categories=("RiskyUsers",)),))
    more = replace(ARGS, diagnostics=Diagnostics(categories=[*DEFAULT_CATEGORIES, "RiskyUsers"]))
    asked = run(more, memory=memory, expect_error=True)
    assert "'siem' sends RiskyUsers to workspace" in str(asked.error)
    for one in memory[DIAGNOSTICS_TYPE].values():
        off = {"category": "RiskyUsers", "enabled": False}
        one["logs"] = [*one["logs"], off]
    still = run(more, memory=memory, expect_error=True)
    assert "'siem' sends RiskyUsers to workspace" in str(still.error)
    someone.azure.asked.clear()
    fewer = replace(ARGS, diagnostics=Diagnostics(categories=["SignInLogs", "AuditLogs"]))
    assert notices(fewer, memory=memory) == []
    assert someone.azure.asked == []


def test_an_existing_workspace_that_is_not_there_is_refused(someone: SimpleNamespace) -> None:
    line = refusal(LENT)
    assert line.startswith(f"workspace.existing of SignInMonitoringArgs holds {CENTRAL}: there is")


def test_a_workspace_with_a_basic_plan_is_refused_and_told_of_where_it_is_used(
    someone: SimpleNamespace,
) -> None:
    someone.azure = Azure({CENTRAL: WORKSPACE})
    memory = settled(LENT)
    table = plan("AuditLogs")
    someone.azure.here = {CENTRAL: WORKSPACE, table["id"]: table}
    assert "table AuditLogs has the plan Basic" in refusal(LENT)
    (line,) = notices(LENT, memory=memory)
    assert "table AuditLogs has the plan Basic" in line


def test_a_daily_cap_is_told(someone: SimpleNamespace) -> None:
    cap = {"properties": {"workspaceCapping": {"dailyQuotaGb": 1}}}
    someone.azure = Azure({CENTRAL: WORKSPACE | cap})
    (line,) = notices(LENT)
    assert "has a daily cap of 1 GB" in line


@pytest.mark.parametrize(
    ("location", "fits"), [(None, False), ("westeurope", False), ("North Europe", True)]
)
def test_rules_that_would_be_made_away_from_their_workspace_are_refused(
    someone: SimpleNamespace, location: str | None, fits: bool
) -> None:
    someone.azure = Azure({CENTRAL: WORKSPACE | {"location": "northeurope"}})
    args = replace(ARGS, workspace=Workspace(existing=CENTRAL, location=location))
    if fits:
        assert notices(args) == []
    else:
        line = refusal(args)
        assert "is in northeurope, where the rules that read it have to be" in line
        assert "set workspace.location of SignInMonitoringArgs to 'northeurope'" in line
        somewhere = replace(args, workspace=Workspace(existing=CENTRAL, location="northeurope"))
        (told,) = notices(args, memory=settled(somewhere))
        assert "set workspace.location" in told
    if location is None:  # Known only once something is made: not compared.
        assert notices(args, location_known=False) == []


@pytest.mark.parametrize(
    ("args", "argument"),
    [
        (TOLD, "notify.existing"),
        (
            replace(ARGS, watch=Watch(notify=Notify(existing=ON_CALL))),
            "watch.notify.existing",
        ),
    ],
)
@pytest.mark.parametrize(
    ("there", "said"),
    [
        (None, "there is no such action group; subscription"),
        (group(), "which has no receiver"),
        (group(**RECEIVER, enabled=False), "which is disabled"),
    ],
)
def test_an_existing_action_group_that_is_missing_or_deaf_is_refused(
    someone: SimpleNamespace, args: Any, argument: str, there: Any, said: str
) -> None:
    someone.azure = Azure({ON_CALL: there} if there else {})
    line = refusal(args)
    assert line.startswith(f"{argument} of SignInMonitoringArgs holds {ON_CALL}")
    assert said in line
    someone.azure = Azure({ON_CALL: group(**RECEIVER)})
    assert notices(args) == []
    # Whoever uses it already is told and not held up.
    memory = finished(args)
    someone.azure = Azure({ON_CALL: group(**RECEIVER, enabled=False)})
    (told,) = notices(args, memory=memory)
    assert "which is disabled" in told


def test_a_credential_that_is_refused_is_told_once_and_the_run_goes_on(
    someone: SimpleNamespace,
) -> None:
    def refused() -> str:
        raise IdentityError("ARM_CLIENT_SECRET is not the secret of the application")

    someone.identity.resource_manager_token = refused
    found = run(replace(LENT, notify=Notify(existing=ON_CALL)))
    (line,) = warnings(found)
    assert "ARM_CLIENT_SECRET is not the secret" in line
    assert found.named("monitoring-use-alert")


@pytest.mark.parametrize("workspace", [CENTRAL, OWN])
def test_an_existing_setting_that_falls_short_is_refused_until_the_logs_go_there(
    someone: SimpleNamespace, workspace: str
) -> None:
    lent = replace(LENT, diagnostics=Diagnostics(existing="siem"))
    whole = replace(SIEM, categories=DEFAULT_CATEGORIES)
    someone.azure = Azure({CENTRAL: WORKSPACE}, (whole,))
    memory = settled(lent, workspace=workspace)
    someone.azure.settings = (SIEM,)
    found = run(lent, memory=memory, expect_error=workspace == OWN)
    (line,) = [str(found.error)] if found.error else warnings(found)
    assert "which does not send AuditLogs, NonInteractiveUserSignInLogs" in line


def test_a_second_group_that_nothing_rings_is_not_looked_at(someone: SimpleNamespace) -> None:
    quiet = Watch(rules=False, health=False, notify=Notify(existing=ON_CALL))
    assert notices(replace(ARGS, watch=quiet)) == []
    assert ON_CALL not in someone.azure.asked


def test_nobody_who_cannot_be_asked_is_taken_for_something_that_is_missing(
    someone: SimpleNamespace,
) -> None:
    someone.azure = Azure({CENTRAL: WORKSPACE, ON_CALL: group(**RECEIVER)})
    for args, workspace in ((LENT, CENTRAL), (TOLD, OWN)):
        memory = settled(args, workspace=workspace)
        someone.azure.asked.clear()
        (line,) = notices(args, memory=memory, config={})
        assert "was not looked up (neither azure-native:subscriptionId nor" in line
        assert someone.azure.asked == []
    assert imported(run(replace(ARGS, notify=Notify(RECEIVERS)), config={})) == {}
