"""docs/runbook.md names what stands in the messages: their subjects and their columns."""

import re
from functools import cache
from pathlib import Path

import pytest

from alerting.alarm_names import NAMES, SUBJECTS
from alerting.exclusion_alert import EXCLUSION_DIMENSIONS
from alerting.tamper_alert import TAMPER_DIMENSIONS
from alerting.use_alert import USE_DIMENSIONS
from components.monitoring_arguments import UseAlert
from tests.unit.harness import Recording
from tests.unit.monitoring_scene import ACTIVITY_ALERTS, RULES, USE_ALERT, make

PAGE = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text(encoding="utf-8")
OTHERS = PAGE.partition("## The other alarms")[2]


def cells(text: str, head: str) -> list[list[str]]:
    """The rows of the table with this head."""
    table = text.partition(f"{head}\n")[2].partition("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table]


def in_code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_the_runbook_explains_each_column_of_the_message_on_a_use_and_no_other() -> None:
    listed = [name for row in cells(PAGE, "| it says | look for |") for name in in_code(row[0])]
    assert sorted(listed) == sorted(USE_DIMENSIONS)


def test_the_runbook_names_the_other_alarms_by_their_subjects() -> None:
    rows = cells(OTHERS, "| subject | it means | first thing to do |")
    subjects = [in_code(row[0])[0] for row in rows]
    own = [f"… {NAMES[alert]} …" for alert in NAMES if alert not in SUBJECTS]
    assert subjects == [*SUBJECTS.values(), *own]
    for row, columns in zip(rows, (EXCLUSION_DIMENSIONS, TAMPER_DIMENSIONS), strict=False):
        named = [name for name in in_code(row[1]) if name[0].isupper()]
        assert len(named) == 3
        assert set(named) < set(columns)


def test_those_are_the_subjects_and_an_activity_log_alert_has_none() -> None:
    run = make(customer="Contoso")
    for rule in RULES:
        actions = run.named(f"monitoring-{rule}").inputs["actions"]
        subject = actions["actionProperties"]["Email.Subject"]
        assert subject.startswith("[Contoso] ")
        if f"monitoring-{rule}" != USE_ALERT:
            assert subject == f"[Contoso] {SUBJECTS[rule]}"
    for alert in ACTIVITY_ALERTS:
        assert "Email.Subject" not in str(run.named(f"monitoring-{alert}").inputs)


@cache
def with_a_page_of_ones_own() -> Recording:
    return make(alert=UseAlert(runbook="https://wiki.example.org/alarm"))


@pytest.mark.parametrize("alert", [*RULES, *ACTIVITY_ALERTS])
def test_the_description_which_a_mail_shows_ends_with_the_runbooks_address(alert: str) -> None:
    rule = with_a_page_of_ones_own().named(f"monitoring-{alert}")
    description = rule.inputs["description"]
    assert description.endswith(" What to do: https://wiki.example.org/alarm")
