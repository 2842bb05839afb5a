"""Whether Azure takes our diagnostic setting, and whose one of our name is."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from alerting.log_categories import DEFAULT_CATEGORIES
from components.azure_resources import DIAGNOSTICS_TYPE, MONITORING_TYPE, QUERY_RULE_TYPE
from components.diagnostic_checks import (
    FoundDiagnostics,
    WantedDiagnostics,
    check_diagnostics,
)
from entra.resource_manager import DiagnosticSetting
from tests.unit.monitoring_scene import CENTRAL, OWN

KEY = "break-glass:monitoring.diagnosticSetting"
SETTING = "/providers/microsoft.aadiam/diagnosticSettings/"
OURS = WantedDiagnostics("break-glass", DEFAULT_CATEGORIES, OWN)
LENT = replace(OURS, workspace_id=CENTRAL, own_workspace=False)
Memory = Mapping[str, Mapping[str, Any]]


def setting(
    name: str = "break-glass", workspace: str | None = CENTRAL, *categories: str
) -> DiagnosticSetting:
    return DiagnosticSetting(f"{SETTING}{name}", name, workspace, categories or DEFAULT_CATEGORIES)


def check(
    *found: DiagnosticSetting,
    wanted: WantedDiagnostics = OURS,
    memory: Memory | None = None,
    standing: bool = False,
) -> FoundDiagnostics:
    known = {type_: {f"urn::{type_}": outputs} for type_, outputs in (memory or {}).items()}
    return check_diagnostics(found, wanted, lambda type_: known.get(type_, {}), standing=standing)


def refused(*found: DiagnosticSetting, **how: Any) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        check(*found, **how)
    line = str(caught.value)
    assert "nothing was changed" in line
    assert "\n" not in line
    return line


def cut_short(workspace: str, **finished: Any) -> Memory:
    """The state of a run that made the alarms for a workspace, and what the last one ended with."""
    return {QUERY_RULE_TYPE: {"scopes": [workspace.upper()]}, MONITORING_TYPE: finished}


def test_one_that_the_state_knows_is_not_taken_in_again() -> None:
    known = {DIAGNOSTICS_TYPE: {"name": "break-glass"}}
    for one in (setting(), setting(workspace=None)):
        assert check(one, wanted=LENT, memory=known) == FoundDiagnostics()


def test_one_of_our_name_that_sends_to_the_workspace_that_the_stack_makes_is_taken_in() -> None:
    found = check(setting("BREAK-GLASS", OWN.upper(), "SignInLogs"))
    assert found.kept_id == f"{SETTING}BREAK-GLASS"


@pytest.mark.parametrize("categories", [DEFAULT_CATEGORIES, ("SignInLogs", "RiskyUsers")])
def test_one_of_our_name_that_sends_to_an_existing_workspace_is_somebody_elses(
    categories: tuple[str, ...],
) -> None:
    line = refused(setting("break-glass", CENTRAL, *categories), wanted=LENT)
    assert f"{KEY}.name holds 'break-glass'" in line
    assert "RiskyUsers" in line or categories == DEFAULT_CATEGORIES
    assert f'pulumi config set --path "{KEY}.existing" "break-glass"' in line
    assert ("switch AuditLogs, NonInteractive" in line) == (categories != DEFAULT_CATEGORIES)
    assert f"{KEY}.name" not in line.partition("nothing was changed")[2]


def test_another_name_is_offered_where_azure_takes_a_second_setting() -> None:
    another = f'pulumi config set --path "{KEY}.name" NAME'
    assert another in refused(setting("break-glass", CENTRAL, "RiskyUsers"), wanted=LENT)
    line = refused(setting(workspace=None))
    assert another in line
    assert "no workspace" in line


@pytest.mark.parametrize(
    ("memory", "ours"),
    [
        ({MONITORING_TYPE: {"diagnosticSettingId": f"{SETTING}BREAK-GLASS"}}, True),
        ({MONITORING_TYPE: {"diagnosticSettingId": f"{SETTING}another"}}, False),
        ({MONITORING_TYPE: {"diagnosticSettingId": None, "workspaceId": CENTRAL}}, False),
        (cut_short(CENTRAL), True),
        (cut_short(CENTRAL, workspaceId=OWN), True),
        (cut_short(CENTRAL, workspaceId=CENTRAL), False),
        (cut_short(OWN), False),
    ],
)
def test_in_an_existing_workspace_what_the_stack_remembers_decides(
    memory: Memory, ours: bool
) -> None:
    if ours:
        assert check(setting(), wanted=LENT, memory=memory).kept_id == f"{SETTING}break-glass"
    else:
        assert f"{KEY}.existing" in refused(setting(), wanted=LENT, memory=memory)


def test_an_interrupted_run_sent_our_categories_and_no_others() -> None:
    memory = cut_short(CENTRAL)
    for categories in ([*DEFAULT_CATEGORIES, "RiskyUsers"], DEFAULT_CATEGORIES[:2]):
        refused(setting("break-glass", CENTRAL, *categories), wanted=LENT, memory=memory)
    mixed = [category.upper() for category in reversed(DEFAULT_CATEGORIES)]
    assert check(setting("break-glass", CENTRAL, *mixed), wanted=LENT, memory=memory).kept_id


def test_a_category_that_goes_to_the_same_workspace_already_is_refused_with_the_setting() -> None:
    line = refused(setting("siem", CENTRAL.upper(), "AuditLogs"), wanted=LENT)
    assert "'siem' sends AuditLogs" in line
    assert "switch NonInteractiveUserSignInLogs, SignInLogs on there too" in line
    assert f'"{KEY}.existing" "siem"' in line
    fine = (setting("siem", CENTRAL, "RiskyUsers"), setting("archive", None))
    assert check(*fine, wanted=LENT) == FoundDiagnostics()


def test_a_sixth_setting_is_refused_and_a_fifth_is_not() -> None:
    five = [setting(f"archive-{number}", None) for number in range(5)]
    assert "archive-0, archive-1" in refused(*five)
    assert check(*five[1:]) == FoundDiagnostics()
    assert check(*five[1:], setting(workspace=OWN)).kept_id


def test_an_existing_setting_that_is_not_there_is_answered_with_those_that_are() -> None:
    line = refused(setting("siem"), wanted=replace(LENT, existing="syslog"))
    assert "it has siem" in line


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (setting("siem", OWN), "and not to"),
        (setting("siem", CENTRAL, "SignInLogs"), "does not send AuditLogs, NonInteractive"),
    ],
)
def test_an_existing_setting_that_falls_short_is_refused_and_a_standing_stack_is_warned(
    found: DiagnosticSetting, said: str
) -> None:
    wanted = replace(LENT, existing="SIEM")
    assert said in refused(found, wanted=wanted)
    (line,) = check(found, wanted=wanted, standing=True).notices
    assert said in line
    assert check(setting("siem"), wanted=wanted) == FoundDiagnostics()
