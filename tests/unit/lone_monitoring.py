"""Somebody's own program with a `SignInMonitoring`, and what Azure has when it runs."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pulumi
import pulumi_azure_native as azure_native
import pytest

from components.azure_resources import MONITORING_TYPE
from components.monitoring_arguments import Notify, SignInMonitoringArgs, Watch
from components.monitoring_children import MonitoringTools
from components.monitoring_names import wanted_children
from components.monitoring_standing import look_up_monitoring
from components.sign_in_monitoring import SignInMonitoring
from entra.errors import RightMissing
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
)

ID = SUBSCRIPTION.rpartition("/")[2]
CONFIG = {"azure-native:subscriptionId": ID}
ARGS = SignInMonitoringArgs(
    ACCOUNTS, location="westeurope", notify=Notify(RECEIVERS), watch=Watch(excluded=EXCLUDED)
)
SETTING = DiagnosticSetting("/…/break-glass", "break-glass", OWN, ("SignInLogs",))
WORKSPACE: dict[str, Any] = {"id": CENTRAL, "name": "log-central", "location": "westeurope"}
ON_CALL = f"{SUBSCRIPTION}/resourceGroups/rg-y/providers/Microsoft.Insights/actionGroups/ag-y"


Memory = dict[str, dict[str, dict[str, Any]]]


@dataclass
class Azure:
    """Azure as a run finds it; it counts the questions."""

    here: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    settings: tuple[DiagnosticSetting, ...] = ()
    asked: list[str] = field(default_factory=list[str])
    readable: bool = True
    writable: bool | None = True
    registered: tuple[str, ...] = ("Microsoft.Insights", "Microsoft.OperationalInsights")

    def find(self, resource_id: str, *, api_version: str) -> Mapping[str, Any] | None:
        """A resource; None for 404."""
        assert api_version
        self.asked.append(resource_id)
        return self.here.get(resource_id)

    def listing(self, path: str, *, api_version: str) -> Iterator[Mapping[str, Any]]:
        """Every resource of the type."""
        assert api_version
        self.asked.append(path)
        kind = f"/{path.rpartition('/')[2]}/"
        yield from (one for key, one in self.here.items() if kind in key)

    def diagnostic_settings(self) -> tuple[DiagnosticSetting, ...]:
        """The tenant's."""
        self.asked.append("diagnosticSettings")
        if not self.readable:
            raise RightMissing("may not manage the tenant's diagnostic settings")
        return self.settings

    def may(self, scope: str, action: str) -> bool | None:
        """Whether we may write diagnostic settings."""
        self.asked.append(f"{scope} {action}")
        return self.writable

    def how_to_manage_diagnostics(self) -> str:
        """The way out."""
        return "give it the role 'Contributor'"

    def is_registered(self, subscription_id: str, namespace: str) -> bool:
        """Whether it is among `registered`."""
        self.asked.append(f"{subscription_id} {namespace}")
        return namespace in self.registered


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
    found = SimpleNamespace(
        azure=Azure(),
        identity=SimpleNamespace(
            tenant_id="t-1", client_id="c", resource_manager_token=lambda: "token"
        ),
    )
    module = "components.monitoring_standing"

    def reader(identity: object) -> Azure:
        assert identity is found.identity
        return found.azure

    monkeypatch.setattr(f"{module}.ResourceManager", reader)
    monkeypatch.setattr(f"{module}.Identity.from_environment", lambda: found.identity)
    return found


def look_up_alone(
    name: str,
    args: SignInMonitoringArgs,
    opts: pulumi.ResourceOptions | None = None,
    *,
    tools: MonitoringTools,
) -> None:
    """What the component looks up and tells before it makes its children, without them."""
    component = pulumi.ComponentResource(MONITORING_TYPE, name, None, opts)
    look_up_monitoring(component, name, args, tools)


def run(
    args: SignInMonitoringArgs = ARGS,
    *,
    make: Callable[..., object] = SignInMonitoring,
    memory: Mapping[str, Mapping[str, Any]] | None = None,
    config: Mapping[str, str] = CONFIG,
    provided: bool = False,
    location_known: bool = True,
    expect_error: bool = False,
) -> Recording:
    """Somebody's program, which makes the component without look-ups of its own."""

    def program() -> None:
        provider = azure_native.Provider("theirs", subscription_id="other") if provided else None
        tools = MonitoringTools(
            memory=lambda type_: (memory or {}).get(type_, {}), sleep=lambda _: None
        )
        opts = pulumi.ResourceOptions(providers=[provider] if provider else None)
        place = args.location if location_known else pulumi.Output.from_input(args.location)
        make("monitoring", replace(args, location=place), opts, tools=tools)

    return run_program(program, config=config, respond=in_azure, expect_error=expect_error)


def imported(found: Recording) -> dict[str, str]:
    """Azure ids of what is taken in, by logical name."""
    return {one.name: one.import_id for one in found.registrations if one.import_id}


def warnings(found: Recording) -> list[str]:
    """What was warned of."""
    return [text for severity, text in found.messages if severity == "warning"]


def notices(args: SignInMonitoringArgs = ARGS, **how: Any) -> list[str]:
    """What a run tells of what it looked up."""
    return warnings(run(args, make=look_up_alone, **how))


_finished: dict[str, Memory] = {}


def finished(args: SignInMonitoringArgs = ARGS) -> Memory:
    """What the state knows after a first run, which found nothing."""

    def program() -> None:
        SignInMonitoring("monitoring", args, tools=MonitoringTools({}))

    key = repr(args)
    if key not in _finished:
        _finished[key] = after(run_program(program, config=CONFIG, respond=in_azure))
    return deepcopy(_finished[key])


def after(found: Recording) -> Memory:
    """What the state knows after a run."""
    memory: Memory = {}
    for one in found.registrations:
        answer = in_azure(one.type, one.name, one.inputs)
        outputs = {**one.outputs, **one.inputs, **(answer[1] if answer else {})}
        memory.setdefault(one.type, {})[f"urn:pulumi:unit::p::{one.type}::{one.name}"] = outputs
    return memory


def refusal(args: SignInMonitoringArgs = ARGS) -> str:
    """The line with which a run ends before anything is made."""
    found = run(args, expect_error=True)
    assert isinstance(found.error, pulumi.RunError)
    line = str(found.error)
    assert "nothing was changed" in line
    assert "\n" not in line
    assert not [one for one in found.registrations if one.name.startswith("monitoring-")]
    return line
