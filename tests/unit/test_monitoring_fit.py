"""Arguments of a `SignInMonitoring` that do not go together are refused before anything is made."""

from dataclasses import replace
from typing import Any

import pulumi
import pulumi_azure_native as azure_native
import pytest

from components.monitoring_arguments import (
    Diagnostics,
    Notify,
    ResourceGroup,
    UseAlert,
    Watch,
    Workspace,
)
from components.monitoring_children import MonitoringTools
from components.sign_in_monitoring import SignInMonitoring
from tests.unit.harness import Recording, run_program
from tests.unit.lone_monitoring import ARGS
from tests.unit.monitoring_scene import CENTRAL, RECEIVERS, in_azure


def run(
    *given: dict[str, Any], providers: tuple[bool, ...] = (False, False), expect_error: bool = False
) -> Recording:
    """A program with a component for each set of changes, the first one called `first`."""

    def program() -> None:
        for name, changes, provided in zip(("first", "second"), given, providers, strict=False):
            own = azure_native.Provider(f"for-{name}") if provided else None
            opts = pulumi.ResourceOptions(providers=[own] if own else None)
            SignInMonitoring(name, replace(ARGS, **changes), opts, tools=MonitoringTools({}))

    return run_program(program, respond=in_azure, expect_error=expect_error)


def refusal(*given: dict[str, Any], **how: Any) -> str:
    error = run(*given, expect_error=True, **how).error
    assert isinstance(error, pulumi.RunError)
    line = str(error)
    assert line.endswith("; nothing was changed")
    assert "\n" not in line
    return line


@pytest.mark.parametrize(
    "name",
    ["Break-glass logs silent", "break-GLASS-alarm-changed (log-x)", "break-glass-alarm-health"],
)
def test_the_use_alert_is_not_called_like_another_alarm(name: str) -> None:
    line = refusal({"alert": UseAlert(name)})
    assert line.startswith(f"first: alert.name of SignInMonitoringArgs is {name!r}: ")


def test_an_alarms_name_fits_with_the_workspaces_behind_it() -> None:
    most = 260 - len(" (log-break-glass, rg-break-glass)")
    assert run({"alert": UseAlert("x" * most)}).error is None
    assert f"has {most + 1} characters: expected at most {most}" in refusal(
        {"alert": UseAlert("x" * (most + 1))}
    )


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        (Notify(RECEIVERS), Notify(RECEIVERS), "ag-break-glass"),
        (Notify(RECEIVERS, name="ag-1"), Notify(RECEIVERS, name="AG-1"), "AG-1"),
        (Notify(RECEIVERS), Notify(RECEIVERS, resource_group_name="rg-2"), None),
        (Notify(RECEIVERS), Notify(RECEIVERS, name="ag-2"), None),
        (Notify(RECEIVERS), None, None),
    ],
)
def test_the_second_action_group_is_not_the_first_one(
    first: Notify, second: Notify | None, clash: str | None
) -> None:
    args = {"notify": first, "watch": Watch(notify=second)}
    if clash is None:
        assert run(args).error is None
    else:
        assert f"watch.notify.name of SignInMonitoringArgs is {clash!r}" in refusal(args)


@pytest.mark.parametrize(
    ("args", "argument"),
    [
        ({"workspace": Workspace(existing="log-central")}, "workspace.existing"),
        ({"workspace": Workspace(existing=f"{CENTRAL}/tables/x")}, "workspace.existing"),
        ({"notify": Notify(existing=CENTRAL)}, "notify.existing"),
        ({"watch": Watch(notify=Notify(existing="ag-y"))}, "watch.notify.existing"),
    ],
)
def test_what_is_named_as_existing_is_an_azure_resource_id(
    args: dict[str, Any], argument: str
) -> None:
    line = refusal(args)
    assert f"{argument} of SignInMonitoringArgs is " in line
    assert "expected an Azure resource id" in line
    assert run({"workspace": Workspace(existing=CENTRAL.lower())}).error is None


@pytest.mark.parametrize(
    ("second", "clash"),
    [
        ({}, "'rg-break-glass' in Azure (resource-group)"),
        ({"resource_group": ResourceGroup("RG-Break-Glass")}, "'RG-Break-Glass' in Azure"),
        (
            {"resource_group": ResourceGroup(existing="rg-break-glass")},
            "'log-break-glass' in Azure (workspace)",
        ),
        (
            {
                "resource_group": ResourceGroup(existing="rg-break-glass"),
                "workspace": Workspace(existing=CENTRAL),
                "notify": Notify(RECEIVERS, name="ag-2"),
            },
            "'break-glass-alarm-health' in Azure (health-alert)",
        ),
    ],
)
def test_two_components_of_a_program_do_not_make_the_same(
    second: dict[str, Any], clash: str
) -> None:
    line = refusal({}, second)
    assert f"second: {clash}" in line
    assert "is what first of this program makes already" in line
    renamed = "set resource_group.name of SignInMonitoringArgs to another name" in line
    assert renamed == ("(resource-group)" in line)


def test_two_components_do_not_make_one_diagnostic_setting_of_the_tenant() -> None:
    second = {
        "resource_group": ResourceGroup("rg-second"),
        "diagnostics": Diagnostics("BREAK-glass"),
    }
    line = refusal({}, second)
    assert "second: 'BREAK-glass' in Azure (diagnostic-setting)" in line
    assert "set diagnostics.name of SignInMonitoringArgs to another name" in line


def test_two_components_in_two_resource_groups_or_subscriptions_stand_beside_each_other() -> None:
    apart = {"resource_group": ResourceGroup("rg-second"), "diagnostics": Diagnostics("second")}
    assert run({}, apart).error is None
    assert run({}, {**apart, "diagnostics": Diagnostics(existing="break-glass")}).error is None
    # With the names of before, in a program of its own.
    assert run({}).error is None
    # Somebody's own provider may be of another subscription.
    assert run({}, {}, providers=(False, True)).error is None
