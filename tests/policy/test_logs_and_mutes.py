"""Rules on what would keep the alarm from seeing or from telling: a daily cap, a muting rule."""

from typing import Any

import pytest

from policies.resource_types import MONITORING, WORKSPACE
from policies.rules import alarm_not_muted, logs_without_cap
from tests.policy.pack_scene import LATER, NOT_APPLICABLE, Thing, verdict

HERE = "azure-native:alertsmanagement"
MUTES = [{"actionType": "AddActionGroups"}, {"actionType": "RemoveAllActionGroups"}]


def workspace(**props: Any) -> Thing:
    return Thing(WORKSPACE, "logs", props, Thing(MONITORING, "monitoring"))


def test_a_daily_cap_is_refused() -> None:
    assert verdict(logs_without_cap.RULE, workspace(workspaceCapping={"dailyQuotaGb": 0.5})) == [
        "logs: found a daily cap of 0.5 GB, expected none: sign-ins that come after it ring no"
        " alert; take workspace_capping out of the program"
    ]


@pytest.mark.parametrize("capping", [None, LATER, {}, {"dailyQuotaGb": -1.0}])
def test_no_cap_or_one_that_is_known_later_is_taken(capping: Any) -> None:
    assert verdict(logs_without_cap.RULE, workspace(workspaceCapping=capping)) == []


def test_the_cap_of_another_workspace_is_none_of_ours() -> None:
    other = Thing(WORKSPACE, "logs", {"workspaceCapping": {"dailyQuotaGb": 1}})
    assert verdict(logs_without_cap.RULE, other) == NOT_APPLICABLE


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        (f"{HERE}:AlertProcessingRuleByName", {"actions": MUTES, "enabled": True}),
        (f"{HERE}:AlertProcessingRule", {"actions": MUTES}),
        (f"{HERE}/v20210808:AlertProcessingRuleByName", {"actions": MUTES}),
        (f"{HERE}:ActionRuleByName", {"type": "Suppression", "status": "Enabled"}),
        (f"{HERE}/v20190505preview:ActionRuleByName", {"type": "Suppression"}),
    ],
)
def test_a_rule_that_mutes_alerts_is_refused(kind: str, properties: Any) -> None:
    (line,) = verdict(alarm_not_muted.RULE, Thing(kind, "mute", {"properties": properties}))
    assert line.startswith("mute: found a rule that ")


@pytest.mark.parametrize(
    "properties",
    [
        {"actions": MUTES, "enabled": False},
        {"actions": MUTES[:1], "enabled": True},
        {"actions": LATER},
        {"type": "Suppression", "status": "Disabled"},
        {"type": "ActionGroup"},
        LATER,
    ],
)
def test_a_rule_that_mutes_nothing_is_taken(properties: Any) -> None:
    rule = Thing(f"{HERE}:AlertProcessingRuleByName", "mute", {"properties": properties})
    assert verdict(alarm_not_muted.RULE, rule) == []
