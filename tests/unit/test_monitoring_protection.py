"""What a change of settings would cost of logs and alarms, told by the state alone."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from components.monitoring_protection import LEAVERS, TYPES, WantedResources, losses
from components.stack_memory import Outputs
from monitoring_plan import wanted_resources
from settings import load_settings
from tests.unit.settings_scene import EMAIL, config

SUBSCRIPTION = "9a1d2c3b-4e5f-4a6b-8c7d-0e1f2a3b4c5d"
OTHER = "1c2d3e4f-0000-4000-8000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-break-glass"
WORKSPACES = "providers/Microsoft.OperationalInsights/workspaces"
ACTION_GROUPS = "providers/Microsoft.Insights/actionGroups"
WORKSPACE = f"{GROUP}/{WORKSPACES}/log-break-glass"
CENTRAL = f"/subscriptions/{OTHER}/resourceGroups/rg-logs/{WORKSPACES}/log-central"
KEY = "break-glass:monitoring"
NAMES = {
    "resource-group": "rg-break-glass",
    "workspace": "log-break-glass",
    "diagnostic-setting": "break-glass",
    "action-group": "ag-break-glass",
}
ALARMS = {
    "watch-action-group": ("azure-native:monitor:ActionGroup", "ag-break-glass-watch"),
    "use-alert": (TYPES["use-alert"], "Break-glass account used"),
    "silence-alert": (TYPES["use-alert"], "Break-glass logs silent"),
    "rules-alert": ("azure-native:monitor:ActivityLogAlert", "break-glass-alarm-changed"),
}
WANTED = WantedResources(
    subscription_id=SUBSCRIPTION,
    location="westeurope",
    resource_group="rg-break-glass",
    workspace_id=WORKSPACE,
    names=NAMES,
)
State = dict[str, dict[str, dict[str, Any]]]


def standing(**monitoring: Any) -> State:
    """A stack that was brought up with `deleteLogs` off."""
    state: State = {
        "break-glass:index:SignInMonitoring": {
            "monitoring": {
                "workspaceId": WORKSPACE,
                "alertRuleId": f"{GROUP}/providers/Microsoft.Insights/scheduledQueryRules/Used",
                "actionGroupId": f"{GROUP}/{ACTION_GROUPS}/ag-break-glass",
                "deleteLogs": False,
                **monitoring,
            }
        }
    }
    typed = ALARMS | {suffix: (TYPES[suffix], name) for suffix, name in NAMES.items()}
    for suffix, (type_, name) in typed.items():
        outputs: dict[str, Any] = {"name": name, "location": "West Europe"}
        state.setdefault(type_, {})[f"monitoring-{suffix}"] = outputs
    return state


def told(wanted: WantedResources, state: State, *, protected: bool = True) -> list[str]:
    def memory(type_: str) -> dict[str, Outputs]:
        return {f"urn:pulumi:prod::p::{type_}::{n}": o for n, o in state.get(type_, {}).items()}

    before = deepcopy(state)
    lines = list(losses(wanted, memory, protected=protected))
    assert state == before
    assert all("nothing was changed" in line and "\n" not in line for line in lines)
    return lines


def named(**names: str) -> WantedResources:
    return replace(WANTED, names=NAMES | {key.replace("_", "-"): v for key, v in names.items()})


def without(*suffixes: str, **changes: Any) -> WantedResources:
    kept = {suffix: name for suffix, name in NAMES.items() if suffix not in suffixes}
    return replace(WANTED, names=kept, **changes)


def test_what_stands_as_the_settings_say_is_let_through() -> None:
    assert told(WANTED, standing()) == []
    assert told(WANTED, {}) == []


@pytest.mark.parametrize(
    ("suffix", "key", "new"),
    [
        ("diagnostic-setting", f"{KEY}.diagnosticSetting.name", "another"),
        # Azure takes a name in any case, but the engine would replace what is written otherwise.
        (
            "diagnostic-setting",
            f"{KEY}.diagnosticSetting.name",
            NAMES["diagnostic-setting"].upper(),
        ),
        ("action-group", f"{KEY}.notify.name", "another"),
    ],
)
def test_another_name_is_refused_while_protected(suffix: str, key: str, new: str) -> None:
    wanted = replace(WANTED, names={**NAMES, suffix: new})
    (line,) = told(wanted, standing())
    assert line.startswith(
        f"{key} holds {new!r}, but what stands and is protected has {NAMES[suffix]!r}"
    )
    assert told(wanted, standing(), protected=False) == []


def test_other_capitals_of_an_action_group_cost_nothing() -> None:
    wanted = replace(WANTED, names={**NAMES, "action-group": NAMES["action-group"].upper()})
    assert told(wanted, standing()) == []


@pytest.mark.parametrize("suffix", LEAVERS)
def test_what_leaves_is_refused_while_protected(suffix: str) -> None:
    (line,) = told(without(suffix), standing())
    assert line.startswith(f"{KEY}.{LEAVERS[suffix]}, but {NAMES[suffix]!r} stands")
    assert "pulumi config set break-glass:protect false" in line
    assert told(without(suffix), standing(), protected=False) == []


def test_a_stack_with_the_licence_does_not_lose_its_alarm_to_one_word() -> None:
    wanted = replace(WANTED, premium=False)
    (line,) = told(wanted, standing())
    assert line.startswith("break-glass:premium holds absent, but the alarm on use stands")
    assert told(wanted, standing(), protected=False) == []


def test_a_move_keeps_the_earlier_workspace_and_is_let_through() -> None:
    existing = without("workspace", workspace_id=CENTRAL)
    another = replace(named(workspace="log-b"), workspace_id=f"{WORKSPACE}-b")
    for wanted in (existing, another):
        assert told(wanted, standing()) == []
        assert told(wanted, standing(), protected=False) == []


@pytest.mark.parametrize("recorded", [{"deleteLogs": True}, {}])
@pytest.mark.parametrize("protected", [True, False])
def test_a_move_that_would_delete_the_logs_is_refused(
    recorded: dict[str, bool], protected: bool
) -> None:
    """Protected or not; a state that does not tell is taken for one that deletes."""
    state = standing()
    monitoring = state["break-glass:index:SignInMonitoring"]["monitoring"]
    del monitoring["deleteLogs"]
    monitoring |= recorded
    (line,) = told(without("workspace", workspace_id=CENTRAL), state, protected=protected)
    assert line.startswith(f"{KEY}.workspace moves the logs to {CENTRAL}, and {WORKSPACE}")
    assert f'pulumi config set --path "{KEY}.deleteLogs" false; pulumi up; then move' in line
    assert told(WANTED, state, protected=protected) == []
    same = replace(WANTED, workspace_id=WORKSPACE.upper())
    assert told(same, state, protected=protected) == []


def test_another_spelling_of_the_workspaces_name_is_no_move() -> None:
    (line,) = told(named(workspace="LOG-break-glass"), standing())
    assert line.startswith(f"{KEY}.workspace.name holds 'LOG-break-glass'")


@pytest.mark.parametrize("group", ["rg-other", "RG-break-glass"])
def test_another_resource_group_is_refused_while_protected(group: str) -> None:
    wanted = replace(named(resource_group=group), resource_group=group)
    (line,) = told(wanted, standing())
    assert line.startswith(f"{KEY}.resourceGroup holds {group!r}")
    assert told(wanted, standing(), protected=False) == []


def test_an_existing_resource_group_may_be_written_in_any_case() -> None:
    state = standing()
    del state[TYPES["resource-group"]]
    assert told(without("resource-group", resource_group="RG-Break-Glass"), state) == []
    (line,) = told(without("resource-group", resource_group="rg-other"), state)
    assert line.startswith(f"{KEY}.resourceGroup holds 'rg-other'")


def test_another_region_or_subscription_is_refused_while_protected() -> None:
    lines = told(replace(WANTED, location="northeurope"), standing())
    assert {line.split(",")[0] for line in lines} == {"azure-native:location holds 'northeurope'"}
    (line,) = told(replace(WANTED, subscription_id=OTHER), standing())
    assert line.startswith(f"azure-native:subscriptionId holds {OTHER!r}")
    other_case = replace(WANTED, location="WestEurope", subscription_id=SUBSCRIPTION.upper())
    assert told(other_case, standing()) == []


APART = GROUP.replace("rg-break-glass", "rg-alarms") + f"/{ACTION_GROUPS}/ag-break-glass"


@pytest.mark.parametrize(
    ("recorded", "wanted", "words", "back"),
    [
        ({}, "rg-alarms", "into 'rg-alarms', but it stands in 'rg-break-glass'", "config rm"),
        ({"actionGroupId": APART}, None, "into 'rg-break-glass', but it stands in", "rg-alarms"),
        (
            {"actionGroupId": APART},
            "rg-c",
            "into 'rg-c', but it stands in 'rg-alarms'",
            "rg-alarms",
        ),
    ],
    ids=["away", "back", "on"],
)
def test_another_resource_group_for_the_receivers_says_what_goes_and_what_stays(
    recorded: dict[str, str], wanted: str | None, words: str, back: str
) -> None:
    moved = replace(WANTED, notify_group=wanted)
    (line,) = told(moved, standing(**recorded))
    assert line.startswith(f"{KEY}.notify.resourceGroup puts action group 'ag-break-glass' {words}")
    assert "workspace, logs, rules and the second action group stay" in line
    assert back in line.split("nothing was changed;")[1].split(", or to have")[0]
    assert told(moved, standing(**recorded), protected=False) == []


@pytest.mark.parametrize(
    ("recorded", "wanted"),
    [
        ({}, "rg-break-glass"),
        ({"actionGroupId": APART}, "RG-Alarms"),
        ({"actionGroupId": None}, "rg-alarms"),
        ({"alertRuleId": None, "actionGroupId": APART}, None),
    ],
    ids=["named", "in other capitals", "half made", "without alarm on use"],
)
def test_receivers_that_stay_where_they_are_are_let_through(
    recorded: dict[str, str | None], wanted: str | None
) -> None:
    state = standing(**recorded)
    if recorded.get("alertRuleId", "") is None:
        del state[TYPES["resource-group"]]
    assert told(replace(WANTED, notify_group=wanted), state) == []


def test_the_settings_say_where_the_receivers_are_to_be() -> None:
    for group in ("rg-alarms", None):
        settings = load_settings(config(notify={"emails": [EMAIL], "resourceGroup": group}))
        assert wanted_resources(settings).notify_group == group


def test_with_the_alerts_the_receivers_move_in_one_line() -> None:
    wanted = replace(named(resource_group="rg-other"), resource_group="rg-other")
    (line,) = told(wanted, standing())
    assert line.startswith(f"{KEY}.resourceGroup holds")
