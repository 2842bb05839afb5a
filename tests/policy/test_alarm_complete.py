"""The rule on the alarms beside the use alert."""

from dataclasses import replace

import pytest

from policies.resource_types import ACTIVITY_ALERT, QUERY_RULE
from policies.rules import alarm_complete
from policies.rules.alarm_complete import OF_PREMIUM, PASSKEYS, WATCH
from tests.policy.pack_scene import NOT_APPLICABLE, Thing, stack_verdict, standing_stack
from tests.policy.use_alert_scene import export

TYPES = dict.fromkeys(WATCH, QUERY_RULE) | dict.fromkeys(("rules", "health"), ACTIVITY_ALERT)


def with_alerts(*settings: str) -> dict[str, Thing]:
    """The standing stack with these alerts."""
    stack = standing_stack()
    names = {one: f"monitoring-{one}-alert" for one in settings}
    return stack | {
        name: Thing(TYPES[one], name, parent=stack["monitoring"]) for one, name in names.items()
    }


def test_a_complete_alarm_is_right() -> None:
    assert stack_verdict(alarm_complete.RULE, with_alerts(*WATCH).values()) == []


@pytest.mark.parametrize("setting", WATCH)
def test_an_alert_that_is_missing_is_told(setting: str) -> None:
    stack = with_alerts(*(one for one in WATCH if one != setting))
    (line,) = stack_verdict(alarm_complete.RULE, stack.values())
    assert line.startswith(f"alarm: found no {setting} alert, expected one")
    assert f"break-glass:monitoring.watch.{setting} to true" in line


def test_what_needs_premium_is_not_expected_without_it() -> None:
    stack = with_alerts(*(one for one in WATCH if one not in OF_PREMIUM))
    left = [one for one in stack.values() if not one.name.startswith(("group", "exclusion"))]
    assert stack_verdict(alarm_complete.RULE, left) == []


@pytest.mark.parametrize("left", ["monitoring", "account-1"])
def test_without_accounts_or_monitoring_no_watch_is_expected(left: str) -> None:
    stack = [standing_stack()[left]]
    assert stack_verdict(alarm_complete.RULE, stack) == NOT_APPLICABLE


@pytest.mark.parametrize(
    ("categories", "told"),
    [
        (("SignInLogs", PASSKEYS), []),
        (
            ("SignInLogs",),
            [f"monitoring-diagnostic-setting: found that {PASSKEYS} are not exported"],
        ),
        (("AuditLogs",), []),
    ],
)
def test_an_export_of_sign_ins_without_those_of_passkeys_is_told(
    categories: tuple[str, ...], told: list[str]
) -> None:
    stack = [*with_alerts(*WATCH).values(), export(*categories)]
    lines = stack_verdict(alarm_complete.RULE, stack)
    assert [line.partition(", expected")[0] for line in lines] == told


def test_an_export_of_somebody_else_is_not_looked_at() -> None:
    other = replace(export("SignInLogs"), parent=None)
    assert stack_verdict(alarm_complete.RULE, [*with_alerts(*WATCH).values(), other]) == []
