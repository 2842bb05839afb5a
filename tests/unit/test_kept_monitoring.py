"""What an earlier life of the stack left in Azure: taken in again, or left to its owner."""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
import pytest

from components.azure_resources import (
    ACTION_GROUP_TYPE,
    ACTIVITY_ALERT_TYPE,
    GROUP_TYPE,
    MONITORING_TYPE,
    QUERY_RULE_TYPE,
    WORKSPACE_TYPE,
    path_of,
)
from components.dropped_monitoring import stands_in_azure
from components.kept_monitoring import Kept, WantedChild, find_kept, stack_tags
from tests.unit.harness import run_program

GROUP = "/subscriptions/s-1/resourceGroups/rg-x"
WORKSPACE = path_of(WORKSPACE_TYPE, GROUP, "log-x")
CENTRAL = path_of(WORKSPACE_TYPE, "/subscriptions/s-2/resourceGroups/rg-logs", "log-central")
READ = (WORKSPACE, CENTRAL)
USE_ALERT = path_of(QUERY_RULE_TYPE, GROUP, "Used")
TAMPER_ALERT = path_of(QUERY_RULE_TYPE, GROUP, "Changed")
RULES = USE_ALERT.rpartition("/")[0]
HEALTH_ALERT = path_of(ACTIVITY_ALERT_TYPE, GROUP, "health")
ELSEWHERE = path_of(ACTION_GROUP_TYPE, "/subscriptions/s-1/resourceGroups/rg-y", "ag-x")
KEY = "break-glass:monitoring"
WANTED = (
    WantedChild("resource-group", GROUP_TYPE, GROUP, "westeurope", f"{KEY}.resourceGroup.name"),
    WantedChild("workspace", WORKSPACE_TYPE, WORKSPACE, "westeurope", f"{KEY}.workspace.name"),
    WantedChild(
        "use-alert", QUERY_RULE_TYPE, USE_ALERT, "westeurope", f"{KEY}.alert.name", "Used", READ
    ),
    WantedChild("tamper-alert", QUERY_RULE_TYPE, TAMPER_ALERT, "westeurope", None, "Changed", READ),
    WantedChild("health-alert", ACTIVITY_ALERT_TYPE, HEALTH_ALERT, "global"),
    WantedChild("action-group", ACTION_GROUP_TYPE, ELSEWHERE, "global", f"{KEY}.notify.name"),
)
IDS = {child.suffix: child.id for child in WANTED}
STATE = {
    MONITORING_TYPE: {"monitoring": {"name": ""}},
    GROUP_TYPE: {"monitoring-resource-group": {"name": "RG-x"}},
    WORKSPACE_TYPE: {"monitoring-workspace": {"name": "log-x"}},
    QUERY_RULE_TYPE: {
        "monitoring-use-alert": {"name": "Used"},
        "monitoring-tamper-alert": {"name": "Changed"},
    },
    ACTIVITY_ALERT_TYPE: {"monitoring-health-alert": {"name": "health"}},
    ACTION_GROUP_TYPE: {"monitoring-action-group": {"name": "ag-x"}},
}
State = dict[str, dict[str, dict[str, Any]]]


class Azure:
    """Resources by id, alert rules of other names, and what was asked for."""

    def __init__(self, *suffixes: str, tags: dict[str, str] | None = None) -> None:
        self.asked: list[str] = []
        self.others: list[dict[str, Any]] = []
        self.resources: dict[str, dict[str, Any]] = {}
        for child in WANTED:
            if child.suffix in suffixes:
                place = "Global" if child.location == "global" else "West Europe"
                self.resources[child.id] = {
                    "id": child.id,
                    "name": child.name,
                    "location": place,
                    "tags": ours() if tags is None else tags,
                }

    def find(self, resource_id: str, *, api_version: str) -> dict[str, Any] | None:
        assert api_version
        self.asked.append(resource_id)
        return self.resources.get(resource_id)

    def listing(self, path: str, *, api_version: str) -> Iterator[dict[str, Any]]:
        assert api_version
        self.asked.append(path)
        return iter(self.others)


def ours() -> dict[str, str]:
    return {"cost": "it", **run_program(stack_tags).value}


def find(azure: Azure, state: State | None = None, theirs: State | None = None) -> Kept:
    """As the stack `prod` of the project `break-glass`; `theirs`: what other components have."""

    def memory(type_: str) -> dict[str, dict[str, Any]]:
        return (state or {}).get(type_, {})

    def whole(type_: str) -> dict[str, dict[str, Any]]:
        return {**memory(type_), **(theirs or {}).get(type_, {})}

    return run_program(lambda: find_kept(azure, WANTED, memory, whole=whole)).value


def look(azure: Azure, state: State | None = None) -> Mapping[str, str]:
    return find(azure, state).ids


def refusal(azure: Azure) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        look(azure)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def without(*suffixes: str) -> State:
    """The state of a stack that stands, but for these children."""
    gone = {f"monitoring-{suffix}" for suffix in suffixes}
    return {t: {n: o for n, o in found.items() if n not in gone} for t, found in STATE.items()}


def test_what_carries_the_stacks_tag_is_taken_in_again() -> None:
    assert look(Azure(*IDS)) == IDS


def test_of_a_new_resource_group_nothing_more_is_asked() -> None:
    azure = Azure()
    assert look(azure) == {}
    assert sorted(azure.asked) == sorted([GROUP, ELSEWHERE])


def test_a_workspace_that_is_gone_is_made_anew_in_the_kept_group() -> None:
    assert look(Azure("resource-group")) == {"resource-group": GROUP}


def test_what_is_in_state_is_not_looked_for() -> None:
    azure = Azure(*IDS, tags={})
    assert look(azure, STATE) == {}
    assert azure.asked == []


@pytest.mark.parametrize("suffix", IDS)
def test_each_is_taken_in_by_itself(suffix: str) -> None:
    azure = Azure(*IDS)
    assert look(azure, without(suffix)) == {suffix: IDS[suffix]}
    assert azure.asked == [IDS[suffix]]


@pytest.mark.parametrize("tags", [{}, {"break-glass": "break-glass/another"}])
@pytest.mark.parametrize(
    ("suffix", "begins"),
    [
        ("resource-group", f"{KEY}.resourceGroup.name holds 'rg-x'"),
        ("workspace", f"{KEY}.workspace.name holds 'log-x'"),
        ("tamper-alert", "'Changed' is to be made"),
        ("action-group", f"{KEY}.notify.name holds 'ag-x'"),
    ],
)
def test_somebody_elses_is_named_and_left_alone(
    suffix: str, begins: str, tags: dict[str, str]
) -> None:
    azure = Azure("resource-group", suffix)
    azure.resources[IDS[suffix]]["tags"] = tags
    told = refusal(azure)
    assert told.startswith(begins)
    assert "this stack did not make" in told
    assert "nothing was changed" in told


def test_a_resource_without_tags_is_somebody_elses() -> None:
    azure = Azure("resource-group")
    azure.resources[GROUP]["tags"] = None
    assert "this stack did not make" in refusal(azure)


@pytest.mark.parametrize("change", [{"location": "northeurope"}, {"name": "RG-X"}])
def test_logs_kept_elsewhere_are_not_replaced(change: dict[str, str]) -> None:
    """The engine would replace them: name and region of a resource cannot change."""
    azure = Azure("resource-group")
    azure.resources[GROUP] |= change
    told = refusal(azure)
    assert f"{next(iter(change.values()))!r}" in told
    assert "set both as they are there" in told


def rule(
    name: str,
    scope: str = CENTRAL,
    *,
    shown: str = "",
    tags: dict[str, str] | None = None,
) -> dict[str, Any]:
    """An alert rule as Azure keeps it."""
    return {
        "id": f"{RULES}/{name}",
        "name": name,
        "location": "North Europe",
        "tags": ours() if tags is None else tags,
        "properties": {"scopes": [scope], "displayName": shown or name},
    }


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Used (log-central)", ""), ("USED (log-central, rg-logs)", ""), ("Once", "Used")],
)
def test_a_rule_that_was_made_before_the_logs_moved_is_taken_in_with_its_own_name_and_scope(
    name: str, shown: str
) -> None:
    azure = Azure()
    alike = [rule("Unused (log-central)"), rule("Used up (log-central)")]
    azure.others = [*alike, rule(name, CENTRAL.upper(), shown=shown)]
    found = find(azure, without("use-alert"))
    assert found.ids == {"use-alert": f"{RULES}/{name}"}
    known = {"name": name, "scopes": [CENTRAL.upper()], "location": "northeurope"}
    assert found.rules == {"use-alert": known}
    assert found.notices == ()
    assert azure.asked == [USE_ALERT, RULES]


def test_of_two_rules_that_fit_the_one_for_the_workspace_in_use_is_taken_and_the_other_told() -> (
    None
):
    azure = Azure()
    azure.others = [rule("Used (log-central)"), rule("Used (log-x)", WORKSPACE)]
    found = find(azure, without("use-alert"))
    assert found.ids == {"use-alert": f"{RULES}/Used (log-x)"}
    (told,) = found.notices
    assert told.startswith(f"alarm {RULES}/Used (log-central) carries this stack's tag")
    assert f'az resource delete --ids "{RULES}/Used (log-central)"' in told


def test_a_rule_for_a_workspace_that_is_read_no_more_is_told_and_left() -> None:
    azure = Azure()
    azure.others = [rule("Used (log-central-old)", f"{CENTRAL}-old")]
    found = find(azure, without("use-alert"))
    assert (found.ids, found.rules, len(found.notices)) == ({}, {}, 1)


@pytest.mark.parametrize("name", ["Used (Contoso)", "Used (log-central)"])
def test_an_alarm_of_another_component_is_neither_taken_in_nor_told(name: str) -> None:
    """It is known by its name, and where the state lost it, by what stands behind its title."""
    azure = Azure()
    azure.others = [rule(name, shown="Used (Contoso)")]
    theirs = {} if "Contoso" in name else {QUERY_RULE_TYPE: {"second-use-alert": {"name": name}}}
    assert find(azure, without("use-alert"), theirs) == Kept({}, {})


@pytest.mark.parametrize("tags", [{}, {"break-glass": "break-glass/another"}])
def test_somebody_elses_rule_of_such_a_name_is_no_matter(tags: dict[str, str]) -> None:
    azure = Azure()
    azure.others = [rule("Used (log-central)", tags=tags)]
    assert find(azure, without("use-alert")) == Kept({}, {})


def test_an_alarm_that_the_state_has_is_not_taken_for_another() -> None:
    azure = Azure()
    azure.others = [rule("CHANGED", shown="Used")]
    assert find(azure, without("use-alert")) == Kept({}, {})


def test_what_the_state_has_under_another_name_is_not_looked_for() -> None:
    """The rule that is made beside one that stands."""
    state = without()
    state[QUERY_RULE_TYPE] = {**STATE[QUERY_RULE_TYPE], "monitoring-use-alert": {"name": "Old"}}
    azure = Azure()
    azure.others = [rule("Used (log-central)")]
    assert find(azure, state) == Kept({}, {})
    assert azure.asked == [USE_ALERT]


def test_a_rule_of_our_name_that_reads_another_workspace_is_told_and_left() -> None:
    azure = Azure()
    azure.resources[USE_ALERT] = rule("Used", f"{CENTRAL}-old")
    azure.others = [azure.resources[USE_ALERT]]
    found = find(azure, without("use-alert"))
    assert found.ids == {}
    # It is known, so that the new one gets another name.
    assert found.rules["use-alert"]["name"] == "Used"
    (told,) = found.notices
    assert told.startswith(f"alarm {USE_ALERT} carries this stack's tag")
    # A run that was killed made the new one already.
    azure.others.append(rule("Used (log-x)", WORKSPACE))
    again = find(azure, without("use-alert"))
    assert again.ids == {"use-alert": f"{RULES}/Used (log-x)"}
    assert again.rules["use-alert"]["name"] == "Used (log-x)"
    assert again.notices == found.notices


def moved(*, told: str = ELSEWHERE) -> State:
    """The state of a stack whose alarms tell an action group of that id."""
    state = without()
    actions = {"actionGroups": [{"actionGroupId": told}]}
    state[ACTIVITY_ALERT_TYPE] = {"monitoring-health-alert": {"name": "health", "actions": actions}}
    return state


def test_an_action_group_that_is_to_move_is_looked_for_where_it_is_to_be() -> None:
    there = path_of(ACTION_GROUP_TYPE, GROUP, "ag-x")
    azure = Azure()
    assert look(azure, moved(told=there)) == {}
    assert azure.asked == [ELSEWHERE]
    # Made by a run that was killed.
    assert look(Azure("action-group"), moved(told=there)) == {"action-group": ELSEWHERE}
    with pytest.raises(pulumi.RunError, match=r"notify.name holds 'ag-x', .+ did not make"):
        look(Azure("action-group", tags={}), moved(told=there))


def test_capitals_do_not_move_an_action_group() -> None:
    azure = Azure("action-group", tags={})
    assert look(azure, moved(told=ELSEWHERE.upper())) == {}
    assert azure.asked == []


def test_a_hook_asks_only_for_what_the_state_had_in_that_very_place() -> None:
    azure = Azure("action-group")
    there = path_of(ACTION_GROUP_TYPE, GROUP, "ag-x")
    for state, stands in ((moved(), ELSEWHERE), (moved(told=there), None), (without(), ELSEWHERE)):
        ask = stands_in_azure(azure, WANTED, lambda type_, state=state: state.get(type_, {}))
        assert ask("action-group") == stands


def test_a_rule_is_taken_in_where_its_workspace_is() -> None:
    azure = Azure()
    azure.resources[USE_ALERT] = rule("Used")
    found = find(azure, without("use-alert"))
    assert found.ids == {"use-alert": USE_ALERT}
    assert found.rules["use-alert"]["location"] == "northeurope"


def test_the_alarm_of_another_stack_is_not_to_be_deleted() -> None:
    azure = Azure()
    azure.resources[TAMPER_ALERT] = rule("Changed", tags={"break-glass": "break-glass/second"})
    with pytest.raises(pulumi.RunError) as caught:
        look(azure, without("tamper-alert"))
    assert "that of stack break-glass/second" in str(caught.value)
    assert "another resource group" in str(caught.value)
    assert "delete" not in str(caught.value)
