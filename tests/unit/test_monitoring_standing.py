"""A `SignInMonitoring` in somebody's own program: what an earlier run left is taken in again."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from alerting.log_categories import DEFAULT_CATEGORIES
from components.azure_resources import GROUP_TYPE, MONITORING_TYPE
from components.monitoring_arguments import (
    Diagnostics,
    Notify,
    ResourceGroup,
    UseAlert,
    Watch,
    Workspace,
)
from components.monitoring_names import wanted_children
from entra.errors import IdentityError
from tests.unit.lone_monitoring import (
    ARGS,
    CONFIG,
    ID,
    ON_CALL,
    SETTING,
    WORKSPACE,
    Azure,
    after,
    finished,
    imported,
    left_by,
    notices,
    refusal,
    run,
    someone,
    warnings,
)
from tests.unit.monitoring_scene import CENTRAL, RECEIVERS, in_azure, make

__all__ = ["someone"]


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


def test_of_a_new_stack_five_questions_are_asked_and_of_a_settled_one_none(
    someone: SimpleNamespace,
) -> None:
    found = run()
    assert imported(found) == {}
    assert len(someone.azure.asked) == 5
    someone.azure = Azure()
    assert imported(run(memory=after(found))) == {}
    assert someone.azure.asked == []


def test_the_engine_asks_before_it_makes_what_the_refresh_did_not_find(
    someone: SimpleNamespace,
) -> None:
    memory = finished()
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
    memory = finished()
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


def test_what_another_stack_left_is_refused(someone: SimpleNamespace) -> None:
    someone.azure = left_by(stack="other")
    assert "'rg-break-glass'" in refusal()


def test_a_diagnostic_setting_of_our_name_that_is_not_ours_is_refused(
    someone: SimpleNamespace,
) -> None:
    someone.azure = Azure(settings=(replace(SETTING, workspace_id=CENTRAL),))
    line = refusal()
    assert "diagnostics.name of SignInMonitoringArgs holds 'break-glass'" in line
    assert "set diagnostics.name of SignInMonitoringArgs to NAME" in line
    someone.azure.here = {CENTRAL: WORKSPACE}
    lend = refusal(replace(ARGS, workspace=Workspace(existing=CENTRAL)))
    assert 'let it do the work: set diagnostics.existing of SignInMonitoringArgs to "' in lend
    assert imported(run(replace(ARGS, diagnostics=Diagnostics("another")))) == {}
    someone.azure.settings = (replace(SETTING, categories=DEFAULT_CATEGORIES),)
    lent = replace(ARGS, diagnostics=Diagnostics(existing="break-glass"))
    assert imported(run(lent)) == {}


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
    assert notices(memory=after(found), **how) == []
