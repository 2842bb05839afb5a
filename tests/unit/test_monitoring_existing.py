"""Resources that exist already, a move of the logs, and what is taken in again."""

import base64
import gzip
from dataclasses import replace
from urllib.parse import unquote

import pulumi
import pytest

from components.monitoring_arguments import Diagnostics, ResourceGroup, UseAlert, Workspace
from components.monitoring_children import MonitoringTools
from components.portal_links import query_link, resource_link
from tests.unit.harness import UNKNOWN
from tests.unit.monitoring_scene import (
    ACTIVITY_ALERTS,
    CENTRAL,
    DISPLAYED,
    OTHER_SUBSCRIPTION,
    OWN,
    RULES,
    SUBSCRIPTION,
    USE_ALERT,
    make,
    query_of,
    remembering,
    usual,
)

ELSEWHERE = CENTRAL.replace(SUBSCRIPTION, OTHER_SUBSCRIPTION)
TO_CENTRAL = Workspace(existing=CENTRAL, earlier=[OWN])


def test_an_existing_resource_group_is_used_and_not_made() -> None:
    run = make(resource_group=ResourceGroup(existing="rg-logs"))
    assert run.of_type("ResourceGroup") == []
    used = [r for r in run.registrations if "resourceGroupName" in r.inputs]
    assert len(used) == 9
    assert {r.inputs["resourceGroupName"] for r in used} == {"rg-logs"}


@pytest.mark.parametrize("workspace", [CENTRAL, ELSEWHERE])
def test_an_existing_workspace_is_used_and_not_made(workspace: str) -> None:
    run = make(workspace=Workspace(existing=workspace))
    assert run.of_type("Workspace") == []
    assert run.one("DiagnosticSetting").inputs["workspaceId"] == workspace
    for rule in RULES:
        assert run.named(f"monitoring-{rule}").inputs["scopes"] == [workspace]
        assert "workspace(" not in query_of(run, rule)
    assert run.outputs["watched_workspaces"] == [workspace]


def test_an_existing_diagnostic_setting_is_left_as_it_is() -> None:
    run = make(diagnostics=Diagnostics(existing="send-to-siem"))
    assert run.of_type("DiagnosticSetting") == []
    assert run.outputs["ready"] is True


def test_new_rules_read_the_new_workspace_and_the_earlier_ones() -> None:
    run = make(workspace=TO_CENTRAL)
    for rule in RULES:
        inputs = run.named(f"monitoring-{rule}").inputs
        assert inputs["scopes"] == [CENTRAL]
        assert inputs["ruleName"] == f"{DISPLAYED[rule]} (log-central)"
        assert f'workspace("{OWN}")' in query_of(run, rule)
        assert f'workspace("{CENTRAL}")' not in query_of(run, rule)
    assert run.outputs["watched_workspaces"] == [CENTRAL, OWN]


@pytest.mark.parametrize("spelled", [OWN, OWN.lower()])
def test_rules_that_stand_keep_their_scope_and_place_when_the_logs_move(spelled: str) -> None:
    """Azure changes neither: the alarm would have to be deleted and made anew."""
    tools = remembering(OWN, *RULES, scope=spelled, location="northeurope")
    run = make(workspace=TO_CENTRAL, tools=tools)
    for rule in RULES:
        inputs = run.named(f"monitoring-{rule}").inputs
        assert inputs["scopes"] == [OWN]
        assert inputs["location"] == "northeurope"
        assert inputs["ruleName"] == DISPLAYED[rule]
        assert f'workspace("{CENTRAL}")' in query_of(run, rule)
        assert f'workspace("{OWN}")' not in query_of(run, rule)
    assert run.one("DiagnosticSetting").inputs["workspaceId"] == CENTRAL


def test_a_rule_that_is_new_after_the_move_is_made_for_the_new_workspace() -> None:
    tools = remembering(OWN, "use-alert", scope=OWN, location="westeurope")
    run = make(workspace=TO_CENTRAL, tools=tools)
    assert run.named("monitoring-use-alert").inputs["scopes"] == [OWN]
    assert run.named("monitoring-tamper-alert").inputs["scopes"] == [CENTRAL]


def test_after_the_way_back_the_rules_read_what_they_were_made_for_by_itself() -> None:
    tools = remembering(CENTRAL, *RULES, scope=OWN, location="westeurope")
    run = make(workspace=Workspace(earlier=[CENTRAL]), tools=tools)
    for rule in RULES:
        assert run.named(f"monitoring-{rule}").inputs["scopes"] == [OWN]
        assert f'workspace("{CENTRAL}")' in query_of(run, rule)
        assert f'workspace("{OWN}")' not in query_of(run, rule)
    assert run.outputs["watched_workspaces"] == [OWN, CENTRAL]


def test_a_forgotten_workspace_is_read_no_more_and_other_rules_stand_before_its_own_go() -> None:
    tools = remembering(CENTRAL, *RULES, scope=OWN, location="northeurope")
    run = make(workspace=Workspace(existing=CENTRAL), tools=tools)
    for rule in RULES:
        registered = run.named(f"monitoring-{rule}")
        assert registered.inputs["scopes"] == [CENTRAL]
        assert registered.inputs["location"] == "westeurope"
        assert registered.inputs["ruleName"] == f"{DISPLAYED[rule]} (log-central)"
        assert registered.inputs["displayName"] == DISPLAYED[rule]
        assert OWN not in query_of(run, rule)
        assert registered.replace_on_changes == ("scopes",)
        assert registered.delete_before_replace is False


@pytest.mark.parametrize(
    ("workspace", "called", "name"),
    [
        # Where the rule that stands has the name, the next one needs another.
        (Workspace(), "Used (log-central)", "Used"),
        (Workspace(), "USED", "Used (log-break-glass)"),
        (Workspace(name="log-b"), "Used", "Used (log-b)"),
        (Workspace(existing=CENTRAL), "Used", "Used (log-central)"),
        (Workspace(existing=CENTRAL), "used (LOG-central)", "Used (log-central, rg-logs)"),
    ],
)
def test_what_is_made_beside_a_standing_rule_has_another_name(
    workspace: Workspace, called: str, name: str
) -> None:
    tools = remembering(ELSEWHERE, "use-alert", scope=ELSEWHERE, location="x", called=called)
    rule = make(workspace=workspace, alert=UseAlert(name="Used"), tools=tools).named(USE_ALERT)
    assert rule.inputs["ruleName"] == name
    assert rule.inputs["displayName"] == "Used"


def test_another_name_of_the_alert_is_shown_and_makes_nothing_anew() -> None:
    tools = remembering(OWN, *RULES, scope=OWN, location="westeurope")
    rule = make(alert=UseAlert(name="Used"), tools=tools).named(USE_ALERT)
    assert rule.inputs["ruleName"] == DISPLAYED["use-alert"]
    assert rule.inputs["displayName"] == "Used"


def test_a_workspace_that_is_made_again_takes_no_rule_with_it() -> None:
    """Its id is unknown until it is made, and an unknown scope is planned as another one."""
    tools = remembering(OWN, *RULES, scope=OWN, location="westeurope")
    run = make(tools=tools, preview=True)
    assert run.one("Workspace")
    for rule in RULES:
        assert run.named(f"monitoring-{rule}").inputs["scopes"] == [OWN]
        assert run.waits_for(run.named(f"monitoring-{rule}"), run.one("Workspace"))
    assert make(preview=True).named(USE_ALERT).inputs["scopes"] == [UNKNOWN]


def test_the_alarms_read_both_workspaces_before_the_logs_are_switched() -> None:
    tools = remembering(OWN, *RULES, scope=OWN, location="westeurope")
    run = make(workspace=TO_CENTRAL, tools=tools)
    for rule in RULES:
        assert run.waits_for(run.one("DiagnosticSetting"), run.named(f"monitoring-{rule}"))


def test_period_and_overlap_are_the_chosen_ones() -> None:
    alert = UseAlert(frequency_minutes=5, period_minutes=30, overlap_minutes=3)
    assert "ago(33m)" in query_of(make(alert=alert), "use-alert")


CHILDREN = {
    "resource-group": f"{SUBSCRIPTION}/resourceGroups/rg-break-glass",
    "workspace": OWN,
    "diagnostic-setting": "/providers/microsoft.aadiam/diagnosticSettings/break-glass",
    **{rule: f"{SUBSCRIPTION}/rules/{rule}" for rule in (*RULES, *ACTIVITY_ALERTS)},
    "action-group": f"{SUBSCRIPTION}/groups/one",
    "watch-action-group": f"{SUBSCRIPTION}/groups/two",
}


@pytest.mark.parametrize("left", [[*CHILDREN][::2], [*CHILDREN][1::2]])
def test_whatever_an_earlier_life_left_is_taken_in_and_brought_up_to_date(left: list[str]) -> None:
    """Each child in a run in which others are made anew; a run for each would only cost time."""
    run = make(tools=MonitoringTools({suffix: CHILDREN[suffix] for suffix in left}))
    imported = {r.name: r.import_id for r in run.registrations if r.import_id}
    assert imported == {f"monitoring-{suffix}": CHILDREN[suffix] for suffix in left}
    assert not any(r.ignore_changes for r in run.registrations)


def test_a_rule_that_is_taken_in_after_a_move_keeps_name_scope_and_place() -> None:
    known = {"name": DISPLAYED["use-alert"], "scopes": [OWN], "location": "northeurope"}
    tools = MonitoringTools({"use-alert": CHILDREN["use-alert"]}, rules={"use-alert": known})
    run = make(workspace=TO_CENTRAL, tools=tools)
    rule = run.named(USE_ALERT)
    assert rule.import_id == CHILDREN["use-alert"]
    assert rule.inputs["ruleName"] == DISPLAYED["use-alert"]
    assert (rule.inputs["scopes"], rule.inputs["location"]) == ([OWN], "northeurope")
    assert f'workspace("{CENTRAL}")' in query_of(run, "use-alert")
    # The others are new.
    assert run.named("monitoring-tamper-alert").inputs["scopes"] == [CENTRAL]


def test_what_the_state_knew_is_not_made_anew_while_azure_has_it() -> None:
    known = remembering(OWN, "use-alert", scope=OWN, location="westeurope")
    asked = list[str]()

    def stands(suffix: str) -> str | None:
        asked.append(suffix)
        return f"{SUBSCRIPTION}/rules/used" if suffix == "use-alert" else None

    run = make(tools=replace(known, stands=stands))
    rule = run.named(USE_ALERT)
    # What is new is looked for by name before the run.
    assert [r.name for r in run.registrations if r.hooks] == [USE_ALERT]
    (hook,) = (run.hooks[name] for name in rule.hooks["before_create"])
    call = pulumi.ResourceHookArgs(rule.urn, "", rule.name, rule.type, new_inputs=rule.inputs)
    with pytest.raises(pulumi.RunError) as caught:
        hook.callback(call)
    assert str(caught.value) == (
        f"this run's refresh did not find {SUBSCRIPTION}/rules/used, and Azure has it: it was left"
        " as it is; run pulumi up again, which takes it in"
    )
    assert asked == ["use-alert"]


def test_everything_with_tags_carries_the_stacks() -> None:
    run = usual()
    untagged = {r.name for r in run.children("monitoring") if r.inputs.get("tags") is None}
    assert untagged == {"monitoring-diagnostic-setting", "monitoring-alarms"}
    tags = {str(r.inputs["tags"]) for r in run.children("monitoring") if "tags" in r.inputs}
    assert tags == {"{'break-glass': 'break-glass/unit'}"}


def test_nothing_that_was_not_left_behind_is_imported_or_ignored() -> None:
    run = usual()
    assert not any(r.import_id or r.ignore_changes for r in run.registrations)


@pytest.mark.parametrize(
    ("environment", "start"),
    [
        ({}, "https://portal.azure.com/#/resource/"),
        ({"ARM_TENANT_ID": "t-1"}, "https://portal.azure.com/#@t-1/resource/"),
        ({"ARM_ENVIRONMENT": "usgovernment"}, "https://portal.azure.us/#/resource/"),
        ({"ARM_ENVIRONMENT": "China"}, "https://portal.azure.cn/#/resource/"),
    ],
)
def test_a_link_opens_the_portal_of_the_cloud_and_the_tenant(
    environment: dict[str, str], start: str
) -> None:
    link = resource_link("/subscriptions/s/rules/Break-glass account used", environment)
    assert link == f"{start}subscriptions/s/rules/Break-glass%20account%20used"


def test_the_query_link_holds_workspace_and_query() -> None:
    link = query_link(CENTRAL, 'SigninLogs\n| where A == "ü"', {})
    parts = link.split("/")
    packed = unquote(parts[parts.index("q") + 1])
    assert gzip.decompress(base64.b64decode(packed)).decode() == 'SigninLogs\n| where A == "ü"'
    scope = unquote(parts[parts.index("scope") + 1])
    assert scope == f'{{"resources":[{{"resourceId":"{CENTRAL}"}}]}}'


def test_the_links_open_query_rule_and_workspace() -> None:
    links = usual().outputs["links"]
    assert {*links} == {"workspace", "rule", "query"}
    assert links["workspace"].endswith("/workspaces/log-break-glass")
    assert links["rule"].endswith("/scheduledQueryRules/Break-glass%20account%20used")
