"""What nobody hears: the known holes of the watch over the alarms, listed in docs/monitoring.md.

Whoever closes one of them sees its test fail, and takes the line out of the page. Alert processing
rules are not simulated.
"""

from pathlib import Path

import pytest

from alerting.alarm_names import NAMES
from tests.sandbox.alarm_scene import Alarm

PAGE = Path(__file__).parents[2] / "docs" / "monitoring.md"
HOLES = (
    PAGE.read_text(encoding="utf-8").partition("\n## What nobody hears\n")[2].partition("\n## ")[0]
)
RULE_API, ACTIVITY_API, GROUP_API = "2025-01-01-preview", "2020-10-01", "2024-03-01"


def heard(alarm: Alarm) -> list[str]:
    """The alarms of which a message went out."""
    return [message["rule"] for message in alarm.tenant.tenant.outbox.messages()]


@pytest.mark.parametrize("change", ["PATCH", "DELETE"])
def test_nobody_hears_that_the_alert_on_the_alerts_ends_nor_what_ends_after_it(change: str) -> None:
    alarm = Alarm()
    off = {"properties": {"enabled": False}} if change == "PATCH" else None
    alarm.ask(change, f"{alarm.id_of('rules-alert')}?api-version={ACTIVITY_API}", off)
    alarm.ask("DELETE", f"{alarm.id_of('use-alert')}?api-version={RULE_API}")
    alarm.sign_in()
    alarm.advance(60)
    assert heard(alarm) == []
    assert "**The alert on the alerts itself**" in HOLES


def test_the_other_way_round_it_is_heard() -> None:
    alarm = Alarm()
    alarm.ask("DELETE", f"{alarm.id_of('use-alert')}?api-version={RULE_API}")
    alarm.advance(10)
    alarm.ask("DELETE", f"{alarm.id_of('rules-alert')}?api-version={ACTIVITY_API}")
    alarm.advance(60)
    assert heard(alarm) == [NAMES["rules-alert"]]


def test_nobody_hears_that_the_resource_group_ends() -> None:
    alarm = Alarm()
    group = alarm.id_of("workspace").partition("/providers/")[0]
    alarm.ask("DELETE", f"{group}?api-version={GROUP_API}")
    alarm.sign_in()
    alarm.advance(2 * 1440)
    assert heard(alarm) == []
    assert "**The end of the resource group as a whole**" in HOLES


def test_nobody_hears_before_a_day_is_over_that_the_export_ends() -> None:
    alarm = Alarm()
    alarm.ask("DELETE", "/providers/microsoft.aadiam/diagnosticSettings/break-glass")
    alarm.sign_in()
    alarm.advance(1435)
    assert heard(alarm) == []
    alarm.advance(10)
    assert set(heard(alarm)) == {NAMES["silence-alert"]}
    assert "until the silence alert has had its day" in HOLES
