"""What a report tells of a customer beside the problems that the run named."""

from typing import Any

import pytest

from fleet.events import NO_LICENCE
from fleet.report import AlarmLine, PolicyCounts, Problem
from fleet.report_words import State, changes_text, planned_lines, points, state, summary
from tests.fleet.sample_report import customer, fleet, planned

LOST = Problem(what="1 policy has lost the exclusion", todo="`breakglass fleet up --only a`")
NOBODY = "The alarm reaches nobody."
LAPSED = "The licence that the settings count on is missing."
OFF = "The alarm is switched off."


def told(**different: Any) -> list[str]:
    return [one.what for one in points(customer("a", **different))]


@pytest.mark.parametrize("problems", [(), (LOST,)])
def test_an_alarm_and_a_licence_are_told_beside_every_problem(
    problems: tuple[Problem, ...],
) -> None:
    named = [one.what for one in problems]
    deaf = AlarmLine(enabled=True, receivers=0)
    assert told(problems=problems, alarm=deaf, licence="missing") == [*named, NOBODY, LAPSED]
    assert told(problems=problems, alarm=AlarmLine(enabled=False, receivers=2)) == [*named, OFF]


def test_what_a_problem_names_is_not_told_again() -> None:
    lapsed = Problem(what=f"Contoso has {NO_LICENCE}: nothing was changed", todo="buy it")
    assert told(problems=(lapsed,), licence="missing") == [lapsed.what]
    assert told(problems=(LOST,), policies=PolicyCounts(drifted=1)) == [LOST.what]
    off = Problem(what="alert Used: OFF", todo="")
    alarm = AlarmLine(enabled=False)
    assert told(operation="status", problems=(off,), alarm=alarm) == [off.what]


def test_a_customer_that_was_never_set_up_is_told_as_such() -> None:
    new = customer("a", operation="preview", accounts=(), changes={"create": 40})
    assert state(new) is State.ATTENTION
    (point,) = points(new)
    assert point.what == "Not set up yet: there is no emergency account."
    assert "`breakglass fleet up --only a`" in point.todo
    assert points(customer("a", accounts=None)) == [], "which nobody looked at"


def test_what_is_imported_is_told_in_a_managers_words() -> None:
    lost = customer(
        "a", changes={"same": 40, "import": 1}, planned=(planned("import", "a:b:C", "user"),)
    )
    assert changes_text(lost) == "1 taken back"
    assert planned_lines(lost) == ["taken back: user (a:b:C)"]


def test_the_sum_of_what_it_costs_says_of_how_many_customers() -> None:
    dear, dumb = customer("a", 2), customer("b", monthly_cost=None)
    assert summary(fleet(dear)).endswith("; about 2.00 EUR a month.")
    told = summary(fleet(dear, customer("c", 2), dumb))
    assert told.endswith("; about 4.00 EUR a month for the 2 of which it is known.")
    assert summary(fleet(dumb)).endswith("without a problem.")
