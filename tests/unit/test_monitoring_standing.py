"""A `SignInMonitoring` in somebody's own program: what an earlier run left is taken in again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pulumi
import pulumi_azure_native as azure_native
import pytest

from components.azure_resources import GROUP_TYPE, MONITORING_TYPE
from components.monitoring_arguments import (
    Diagnostics,
    Notify,
    ResourceGroup,
    SignInMonitoringArgs,
    UseAlert,
    Watch,
    Workspace,
)
from components.monitoring_children import MonitoringTools
from components.monitoring_names import wanted_children
from components.sign_in_monitoring import SignInMonitoring
from entra.errors import IdentityError
from entra.resource_manager import DiagnosticSetting
from tests.unit.harness import Recording, run_program
from tests.unit.monitoring_scene import (
    ACCOUNTS,
    CENTRAL,
    EXCLUDED,
    OWN,
    RECEIVERS,
    SUBSCRIPTION,
    in_azure,
    make,
)

ID = SUBSCRIPTION.rpartition("/")[2]
CONFIG = {"azure-native:subscriptionId": ID}
ARGS = SignInMonitoringArgs(
    ACCOUNTS, location="westeurope", notify=Notify(RECEIVERS), watch=Watch(excluded=EXCLUDED)
)
SETTING = DiagnosticSetting("/…/break-glass", "break-glass", OWN, ("SignInLogs",))
ON_CALL = f"{SUBSCRIPTION}/resourceGroups/rg-y/providers/Microsoft.Insights/actionGroups/ag-y"


@dataclass
class Azure:
    """Azure as a run finds it; it counts the questions."""

    here: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    settings: tuple[DiagnosticSetting, ...] = ()
    asked: list[str] = field(default_factory=list[str])

    def find(self, resource_id: str, *, api_version: str) -> Mapping[str, Any] | None:
        assert api_version
        self.asked.append(resource_id)
        return self.here.get(resource_id)

    def listing(self, path: str, *, api_version: str) -> Iterator[Mapping[str, Any]]:
        raise AssertionError(path, api_version)

    def diagnostic_settings(self) -> tuple[DiagnosticSetting, ...]:
        self.asked.append("diagnosticSettings")
        return self.settings


def left_by(args: SignInMonitoringArgs = ARGS, *, stack: str = "unit") -> Azure:
    """What a finished run of a stack leaves when its state is lost."""
    wanted = wanted_children(args, ID, lambda _: {})
    tags = {"break-glass": f"break-glass/{stack}"}
    here = {
        one.id: {"id": one.id, "name": one.name, "location": one.location, "tags": tags}
        for one in wanted
    }
    return Azure(here, (SETTING,))


@pytest.fixture
def someone(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Who we are in Azure; `azure` is what is there."""
    found = SimpleNamespace(azure=Azure(), identity=SimpleNamespace(tenant_id="t-1", client_id="c"))
    module = "components.monitoring_standing"

    def reader(identity: object) -> Azure:
        assert identity is found.identity
        return found.azure

    monkeypatch.setattr(f"{module}.ResourceManager", reader)
    monkeypatch.setattr(f"{module}.Identity.from_environment", lambda: found.identity)
    return found


def run(
    args: SignInMonitoringArgs = ARGS,
    *,
    memory: Mapping[str, Mapping[str, Any]] | None = None,
    config: Mapping[str, str] = CONFIG,
    provided: bool = False,
    location_known: bool = True,
    expect_error: bool = False,
) -> Recording:
    """Somebody's program, which makes the component without look-ups of its own."""

    def program() -> None:
        provider = azure_native.Provider("theirs", subscription_id="other") if provided else None
        tools = MonitoringTools(memory=lambda type_: (memory or {}).get(type_, {}))
        opts = pulumi.ResourceOptions(providers=[provider] if provider else None)
        place = args.location if location_known else pulumi.Output.from_input(args.location)
        SignInMonitoring("monitoring", replace(args, location=place), opts, tools=tools)

    return run_program(program, config=config, respond=in_azure, expect_error=expect_error)


def imported(found: Recording) -> dict[str, str]:
    return {one.name: one.import_id for one in found.registrations if one.import_id}


def warnings(found: Recording) -> list[str]:
    return [text for severity, text in found.messages if severity == "warning"]


def after(found: Recording) -> dict[str, dict[str, dict[str, Any]]]:
    """What the state knows after a run."""
    memory: dict[str, dict[str, dict[str, Any]]] = {}
    for one in found.registrations:
        answer = in_azure(one.type, one.name, one.inputs)
        outputs = {**one.outputs, **one.inputs, **(answer[1] if answer else {})}
        memory.setdefault(one.type, {})[f"urn:pulumi:unit::p::{one.type}::{one.name}"] = outputs
    return memory


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"premium": False},
        {"resource_group": ResourceGroup("rg-x"), "workspace": Workspace("log-x")},
        {"resource_group": ResourceGroup(existing="rg-x"), "alert": UseAlert(name="Used")},
        {"workspace": Workspace(existing=CENTRAL, location="northeurope")},
        {"notify": Notify(RECEIVERS, name="ag-x", resource_group_name="rg-y")},
        {"notify": Notify(existing=ON_CALL)},
        {"watch": Watch(exclusion=False, health=False, notify=Notify(RECEIVERS, name="ag-2"))},
        {"watch": Watch(tamper=False, silence=False, rules=False)},
        {"watch": Watch(rules=False, health=False)},
        {"watch": Watch(tamper=False), "premium": False},
    ],
)
def test_every_child_is_known_by_its_name_before_it_is_made(changes: dict[str, Any]) -> None:
    made = {
        one.name: (answer[0], one.inputs.get("location", "").lower())
        for one in make(**changes).children("monitoring")
        if (answer := in_azure(one.type, one.name, one.inputs))
    }
    args = replace(ARGS, **changes)
    wanted = wanted_children(args, ID, lambda _: {})
    assert made == {f"monitoring-{one.suffix}": (one.id, one.location) for one in wanted}


def test_what_the_stack_left_in_azure_is_taken_in_again(someone: SimpleNamespace) -> None:
    someone.azure = left_by()
    wanted = {f"monitoring-{one.suffix}": one.id for one in wanted_children(ARGS, ID, lambda _: {})}
    assert len(wanted) == 10
    assert imported(run()) == {**wanted, "monitoring-diagnostic-setting": SETTING.id}


def test_of_a_new_stack_two_questions_are_asked_and_of_a_settled_one_none(
    someone: SimpleNamespace,
) -> None:
    found = run()
    assert imported(found) == {}
    assert len(someone.azure.asked) == 2
    someone.azure = Azure()
    assert imported(run(memory=after(found))) == {}
    assert someone.azure.asked == []


def test_the_engine_asks_before_it_makes_what_the_refresh_did_not_find(
    someone: SimpleNamespace,
) -> None:
    memory = after(run())
    someone.azure = left_by()
    found = run(memory=memory)
    assert imported(found) == {}
    assert someone.azure.asked == []
    bound = {one.name for one in found.registrations if one.hooks.get("before_create")}
    assert len(bound) == 11
    assert {one.name for one in run().registrations if one.hooks.get("before_create")} == set()


def test_what_another_component_of_the_program_has_is_not_taken_for_ones_own(
    someone: SimpleNamespace,
) -> None:
    memory = after(run())
    renamed = {
        type_: {urn.replace("::monitoring", "::second"): one for urn, one in found.items()}
        for type_, found in memory.items()
    }
    assert GROUP_TYPE in renamed
    assert MONITORING_TYPE in renamed
    someone.azure = left_by()
    assert len(imported(run(memory=renamed))) == 11


def test_a_region_that_is_not_known_yet_is_not_compared(someone: SimpleNamespace) -> None:
    someone.azure = left_by()
    assert len(imported(run(location_known=False))) == 11
    assert "northeurope" in refusal(replace(ARGS, location="northeurope"))


def refusal(args: SignInMonitoringArgs = ARGS) -> str:
    found = run(args, expect_error=True)
    assert isinstance(found.error, pulumi.RunError)
    line = str(found.error)
    assert "nothing was changed" in line
    assert "\n" not in line
    assert not [one for one in found.registrations if one.name.startswith("monitoring-")]
    return line


def test_what_another_stack_left_is_refused(someone: SimpleNamespace) -> None:
    someone.azure = left_by(stack="other")
    assert "'rg-break-glass'" in refusal()


def test_a_diagnostic_setting_of_our_name_that_is_not_ours_is_refused(
    someone: SimpleNamespace,
) -> None:
    someone.azure = Azure(settings=(replace(SETTING, workspace_id=CENTRAL),))
    line = refusal()
    assert "Diagnostics(existing='break-glass')" in line
    assert CENTRAL in line
    assert CENTRAL in refusal(replace(ARGS, workspace=Workspace(existing=CENTRAL)))
    for name in (Diagnostics("another"), Diagnostics(existing="break-glass")):
        assert imported(run(replace(ARGS, diagnostics=name))) == {}


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"config": {}}, "neither azure-native:subscriptionId nor ARM_SUBSCRIPTION_ID is set"),
        ({"config": {**CONFIG, "azure-native:clientId": "x"}}, "azure-native:clientId is another"),
        ({"config": {**CONFIG, "azure-native:tenantId": "x"}}, "azure-native:tenantId is another"),
        ({"provided": True}, "provider of their own"),
        ({}, "ARM_CLIENT_ID is not set"),
    ],
)
def test_where_azure_cannot_be_asked_one_line_says_so_and_the_run_goes_on(
    someone: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, how: dict[str, Any], why: str
) -> None:
    someone.azure = left_by()
    if not how:

        def nobody() -> None:
            raise IdentityError("ARM_CLIENT_ID is not set")

        target = "components.monitoring_standing.Identity.from_environment"
        monkeypatch.setattr(target, nobody)
    found = run(**how)
    assert imported(found) == {}
    assert someone.azure.asked == []
    (line,) = warnings(found)
    assert why in line
    assert found.named("monitoring-use-alert")
    # What the state has is not looked for: nothing is to be told then.
    assert warnings(run(memory=after(found), **how)) == []
