"""The rule on alerts, exports and action groups of the state that are not planned any more."""

from collections.abc import Collection, Iterable
from typing import Any

import pytest

from policies.earlier_state import StateError
from policies.resource_types import (
    ACTION_GROUP,
    ACTIVITY_ALERT,
    ADOPTED_ACCOUNT,
    DIAGNOSTIC_SETTING,
    MONITORING,
    QUERY_RULE,
    WORKSPACE,
)
from policies.rules import alarm_stays
from policies.stack_settings import StackSettings
from tests.policy.pack_scene import (
    NOT_APPLICABLE,
    ROOT,
    Thing,
    stack_verdict,
    standing_stack,
    texts,
)

OWNER = Thing(MONITORING, "monitoring")
TYPES = {
    "action-group": ACTION_GROUP,
    "diagnostic-setting": DIAGNOSTIC_SETTING,
    "exclusion-alert": QUERY_RULE,
    "health-alert": ACTIVITY_ALERT,
    "rules-alert": ACTIVITY_ALERT,
    "silence-alert": QUERY_RULE,
    "tamper-alert": QUERY_RULE,
    "use-alert": QUERY_RULE,
    "watch-action-group": ACTION_GROUP,
}
ALARM = {
    name: Thing(type_, f"monitoring-{name}", {"id": f"/azure/{name}"}, OWNER)
    for name, type_ in TYPES.items()
}
OTHERS = (
    Thing(WORKSPACE, "monitoring-workspace", parent=OWNER),
    Thing(QUERY_RULE, "cpu-use-alert"),
)


def lines(
    planned: Iterable[Thing],
    before: Collection[Thing],
    settings: dict[str, str] | None = None,
    config: dict[str, Any] | None = None,
) -> list[str] | str:
    """What the rule says to a plan, given what the state and the stack's settings have."""
    state = {
        one.urn: {
            "type": one.type,
            "parent": one.parent.urn if one.parent else ROOT,
            "id": one.props.get("id"),
        }
        for one in before
    }
    known = StackSettings()
    known.keep(settings or {})
    stays = [*planned]
    urns = {one.urn for one in stays}
    deleted = [one for one in before if one.urn not in urns]
    rule = alarm_stays.rule(lambda _urn, _org: state, known)
    return stack_verdict(rule, stays, config, deleted=deleted)


def gone(*names: str, **settings: Any) -> list[str]:
    """Which of these that the program leaves out the rule wants back."""
    stack = [*standing_stack().values(), *OTHERS]
    left = [one for name, one in ALARM.items() if name not in names]
    found = lines([*stack, *left], [*stack, *ALARM.values()], texts(**settings))
    assert isinstance(found, list)
    return sorted(line.partition(":")[0].removeprefix("monitoring-") for line in found)


def test_an_alarm_that_stays_is_right() -> None:
    assert gone() == []


@pytest.mark.parametrize("name", TYPES)
def test_a_part_of_the_alarm_that_the_program_forgets_is_refused(name: str) -> None:
    assert gone(name) == [name]


def test_the_line_says_what_it_is_and_how_the_settings_let_go_of_it() -> None:
    stack = [*standing_stack().values()]
    assert lines(stack, [*stack, ALARM["silence-alert"], ALARM["use-alert"]]) == [
        "monitoring-silence-alert: found that /azure/silence-alert would be deleted, expected it to"
        " stay as long as an account lives; put it back into the program, or set"
        " break-glass:monitoring.watch.silence to false",
        "monitoring-use-alert: found that /azure/use-alert would be deleted, expected it to stay as"
        " long as an account lives; put it back into the program",
    ]


def test_everything_that_goes_with_its_component_is_told() -> None:
    stack = standing_stack()
    before = [*stack.values(), *ALARM.values(), *OTHERS]
    found = lines((one for name, one in stack.items() if name != "monitoring"), before)
    assert len(found) == len(ALARM)


def test_what_was_never_there_is_not_missed() -> None:
    stack = standing_stack().values()
    assert lines(stack, stack) == []


@pytest.mark.parametrize("name", ["exclusion", "tamper", "silence", "rules", "health"])
@pytest.mark.parametrize("off", [False, "false"])
def test_the_settings_may_switch_a_watch_off_by_its_name(name: str, off: Any) -> None:
    assert gone(f"{name}-alert", monitoring={"watch": {name: off}}) == []
    assert gone(f"{name}-alert", monitoring={"watch": {name: True}}) == [f"{name}-alert"]
    assert gone("use-alert", monitoring={"watch": {name: off}}) == ["use-alert"]


GUARDS = ("health-alert", "rules-alert", "watch-action-group")


@pytest.mark.parametrize(
    ("names", "settings"),
    [
        (GUARDS, {"watch": {"rules": False, "health": False}}),
        (("watch-action-group",), {"watch": {"notify": {"existing": "ag"}}}),
        (("action-group", "watch-action-group"), {"notify": {"existing": "ag"}}),
        (
            ("action-group", "watch-action-group"),
            {"notify": {"existing": "ag"}, "watch": {"notify": {"name": "second"}}},
        ),
        (("diagnostic-setting",), {"diagnosticSetting": {"existing": "siem"}}),
    ],
)
def test_the_settings_may_take_what_exists_instead(
    names: tuple[str, ...], settings: dict[str, Any]
) -> None:
    assert gone(*names, monitoring=settings) == []
    assert gone(*names) == [*names]


def test_one_guard_needs_the_second_action_group() -> None:
    settings = {"watch": {"rules": False}}
    assert gone(*GUARDS, monitoring=settings) == ["health-alert", "watch-action-group"]


def test_a_second_action_group_with_receivers_of_its_own_stays() -> None:
    settings = {"notify": {"existing": "ag"}, "watch": {"notify": {"allAdmins": True}}}
    assert gone("watch-action-group", monitoring=settings) == ["watch-action-group"]


def test_without_premium_no_sign_in_is_looked_at() -> None:
    sign_ins = ("exclusion-alert", "silence-alert", "use-alert")
    assert gone(*sign_ins, premium="absent") == []
    assert gone(*sign_ins, premium="required") == [*sign_ins]
    assert {*gone("tamper-alert", *GUARDS, premium="absent")} == {"tamper-alert", *GUARDS}
    nothing = {"watch": {"tamper": False}}
    assert gone(*sign_ins, "tamper-alert", *GUARDS, premium="absent", monitoring=nothing) == []


@pytest.mark.parametrize("text", ["not JSON", "[]", '"text"', '{"watch": []}'])
def test_settings_that_say_nothing_let_go_of_nothing(text: str) -> None:
    assert gone("tamper-alert", monitoring=text) == ["tamper-alert"]


def test_a_program_without_our_settings_names_what_may_go() -> None:
    stack = [*standing_stack().values()]
    before = [*stack, ALARM["silence-alert"], ALARM["tamper-alert"]]
    (line,) = lines(stack, before, config={"mayGo": ["silence-alert"]})
    assert line.startswith("monitoring-tamper-alert: ")


def test_an_alarm_on_accounts_of_another_stack_stays_too() -> None:
    owner = standing_stack()["monitoring"]
    (line,) = lines([owner], [owner, ALARM["use-alert"]])
    assert line.startswith("monitoring-use-alert: ")


def test_the_alarm_may_go_with_the_last_account() -> None:
    stack = standing_stack()
    assert lines([stack["group"]], [*stack.values(), *ALARM.values()]) == NOT_APPLICABLE


def test_the_alarm_on_adopted_accounts_does_not_go_with_the_whole_program() -> None:
    adopted = Thing(ADOPTED_ACCOUNT, "adopted-1")
    for planned in ([], [Thing(WORKSPACE, "logs")]):
        (line,) = lines(planned, [adopted, OWNER, ALARM["use-alert"]])
        assert line.startswith("monitoring-use-alert: ")


def test_a_state_that_cannot_be_read_is_no_clean_bill() -> None:
    def unreadable(urn: str, organization: str) -> Any:
        raise StateError(f"{urn} {organization}")

    rule = alarm_stays.rule(unreadable, StackSettings())
    (line,) = stack_verdict(rule, standing_stack().values(), {"organization": "contoso"})
    assert line.startswith(f"alarm: found no way to the stack's state ({ROOT} contoso)")
