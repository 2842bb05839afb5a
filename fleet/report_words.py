"""What a report says of a customer, in words that a manager understands: for Markdown and HTML.

The text is plain: whoever shows it escapes it for its own format. What the run did not look at is
said to be not known, or last known on a day, and sorts behind everything that it looked at.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from fleet.events import NO_LICENCE
from fleet.report import (
    AccountLine,
    CustomerReport,
    FleetReport,
    Money,
    Planned,
    Problem,
    changed,
)
from fleet.report_column import UNKNOWN, Column, Figures, figure

OLD: Final = timedelta(hours=6)
"""What was found out so long before the report was made is told to be older."""
NOTHING: Final = "–"
LICENCES: Final = {
    "required": "there",
    "absent": "not needed",
    "missing": "missing",
    "unknown": UNKNOWN,
}
DOINGS: Final = {
    "preview": "Looked ahead",
    "up": "Set up",
    "refresh": "Compared with what is there",
    "destroy": "Taken down",
    "status": "Looked at",
}
CHANGES: Final = {
    "create": "new",
    "import": "taken back",
    "update": "changed",
    "replace": "made anew",
    "delete": "gone",
}


class State(Enum):
    """How a customer stands, worst first; the value is what people read."""

    FAILED = "Failed"
    ATTENTION = "Needs attention"
    UNFINISHED = "Not finished"
    FINE = "No problem found"


IN_ALL: Final = {
    State.FAILED: "failed",
    State.ATTENTION: "to be looked after",
    State.UNFINISHED: "not finished",
    State.FINE: "without a problem",
}


def state(customer: CustomerReport) -> State:
    """How a customer stands: what went wrong in the run first, then what it found."""
    if customer.outcome == "failed":
        return State.FAILED
    if customer.outcome != "done":
        return State.UNFINISHED
    return State.ATTENTION if points(customer) else State.FINE


def points(customer: CustomerReport) -> list[Problem]:
    """All that a person has to know about a customer: problems, what figures say, accounts.

    What a problem names already is not said again.
    """
    found = [_unready(account) for account in customer.accounts or () if not account.ready]
    return [*customer.problems, *_from_figures(customer), *found]


def _unready(account: AccountLine) -> Problem:
    why = f": {'; '.join(account.hindrances)}" if account.hindrances else ""
    if account.ready is None:
        asked = f"Whether {account.user_principal_name} could be used in an emergency today"
        return Problem(what=f"{asked} is not known{why}.", todo="")
    what = f"{account.user_principal_name} could not be used in an emergency today{why}."
    return Problem(what=what, todo="")


def _from_figures(customer: CustomerReport) -> Iterator[Problem]:
    up = f"`breakglass fleet up --only {customer.customer}`"
    again = f"{up} puts that right."
    if customer.accounts == ():
        yield Problem(what="Not set up yet: there is no emergency account.", todo=f"{up} does it.")
    if customer.policies.drifted and not customer.problems:
        lost = _counted(customer.policies.drifted, "sign-in policy", "sign-in policies")
        yield Problem(what=f"{lost} lost the exclusion of the emergency accounts.", todo=again)
    # What a `status` finds wrong with an alarm is a problem of its own.
    if customer.alarm.enabled is False and not (
        customer.operation == "status" and customer.problems
    ):
        yield Problem(what="The alarm is switched off.", todo=again)
    if customer.alarm.receivers == 0:
        todo = "Name somebody under `break-glass:monitoring` → `notify` in the customer's settings."
        yield Problem(what="The alarm reaches nobody.", todo=todo)
    if customer.licence == "missing" and not _names(customer.problems, NO_LICENCE):
        todo = "Buy Entra ID P1, or say that there is none: `break-glass:premium: absent`."
        yield Problem(what="The licence that the settings count on is missing.", todo=todo)


def _names(problems: Sequence[Problem], words: str) -> bool:
    return any(words in one.what for one in problems)


def spans(words: str) -> list[tuple[str, bool]]:
    """The parts of a sentence, and which of them are commands or keys: those between backticks."""
    parts = words.split("`")
    if len(parts) % 2 == 0:
        return [(words, False)]
    return [(part, number % 2 == 1) for number, part in enumerate(parts) if part]


def changes_text(customer: CustomerReport) -> str:
    """What was planned or done, without what stayed as it is."""
    if not customer.changes and customer.outcome != "done":
        return UNKNOWN
    counted = [f"{n} {CHANGES.get(kind, kind)}" for kind, n in changed(customer).items()]
    return ", ".join(counted) or NOTHING


def changes_order(customer: CustomerReport) -> int | None:
    """How many resources were or would be touched; None for not known."""
    if not customer.changes and customer.outcome != "done":
        return None
    return sum(changed(customer).values())


MOST_PLANNED: Final = 20
"""So many resources of a customer are named; the JSON has all."""


def planned_lines(customer: CustomerReport) -> list[str]:
    """Which resources would be touched: type and name, none of their values."""
    told = [_planned_line(one) for one in customer.planned[:MOST_PLANNED]]
    more = len(customer.planned) - MOST_PLANNED
    return [*told, f"and {more:,} more"] if more > 0 else told


def _planned_line(one: Planned) -> str:
    return f"{CHANGES.get(one.operation, one.operation)}: {one.name} ({one.type})"


def _accounts_text(figures: Figures) -> str | None:
    """How many of the emergency accounts could be used that day."""
    accounts = figures.accounts
    if accounts is None:
        return None
    if not accounts:
        return "none yet"
    ready = sum(one.ready is True for one in accounts)
    open_ = sum(one.ready is None for one in accounts)
    told = f", {open_} {UNKNOWN}" if open_ else ""
    return f"{ready} of {len(accounts)}{told}"


def _accounts_lacking(customer: CustomerReport) -> float | None:
    if not customer.accounts:
        return None
    return -sum(not one.ready for one in customer.accounts)


def _alarm_text(figures: Figures) -> str | None:
    """Whether the alarm is on, whom it reaches, and whether the logs arrive."""
    alarm = figures.alarm
    if alarm.enabled is None:
        return None
    told = (
        "" if alarm.receivers is None else f", {_counted(alarm.receivers, 'receiver', 'receivers')}"
    )
    rows = f"; {alarm.first_row}" if alarm.first_row else ""
    return f"{'on' if alarm.enabled else 'OFF'}{told}{rows}"


def moment_text(moment: datetime | None) -> str:
    """A time as `2026-11-23 04:12 UTC`, the same everywhere in the world."""
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else UNKNOWN


def since_text(report: FleetReport) -> str:
    """When the oldest of it was found out, where that is hours before; else empty.

    A pipeline's jobs that failed can be run again days after those that went well.
    """
    started = [one.started for one in report.customers if one.started]
    if not started or report.made - min(started) < OLD:
        return ""
    return f", the oldest of it on {moment_text(min(started))}"


def money_text(money: Money) -> str:
    """An amount as `1.20 EUR`."""
    return f"{money.amount:,.2f} {money.currency}"


def _money_text(figures: Figures) -> str | None:
    return money_text(figures.monthly_cost) if figures.monthly_cost else None


def _count(number: int | None) -> str | None:
    return None if number is None else str(number)


def _counted(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"


def _alarm_order(customer: CustomerReport) -> float | None:
    alarm = customer.alarm
    return None if alarm.enabled is None else alarm.enabled * (1 + (alarm.receivers or 0))


_LICENCE_ORDER: Final[dict[str, int | None]] = {
    "missing": 0,
    "absent": 1,
    "required": 2,
    "unknown": None,
}
COLUMNS: Final[tuple[Column, ...]] = (
    Column("Customer", lambda one: one.customer, lambda one: one.customer.casefold()),
    Column("State", lambda one: state(one).value, lambda one: list(State).index(state(one))),
    Column("To do", lambda one: str(len(points(one)) or NOTHING), lambda one: len(points(one))),
    figure("Accounts ready", _accounts_text, _accounts_lacking),
    figure(
        "Exclusions in place",
        lambda one: _count(one.policies.excluded),
        lambda one: one.policies.excluded,
    ),
    figure(
        "Policies skipped",
        lambda one: _count(one.policies.skipped),
        lambda one: one.policies.skipped,
    ),
    figure(
        "Exclusions lost",
        lambda one: _count(one.policies.drifted),
        lambda one: one.policies.drifted,
    ),
    Column(
        "Last verified",
        lambda one: moment_text(one.last_verified),
        lambda one: one.last_verified.timestamp() if one.last_verified else None,
        dated=lambda one: one.last_verified,
    ),
    figure("Alarm", _alarm_text, _alarm_order),
    Column("Licence", lambda one: LICENCES[one.licence], lambda one: _LICENCE_ORDER[one.licence]),
    figure(
        "Cost a month",
        _money_text,
        lambda one: one.monthly_cost.amount if one.monthly_cost else None,
    ),
    Column("Changes", changes_text, changes_order),
)


def worst_first(customers: Sequence[CustomerReport]) -> list[CustomerReport]:
    """By state, then by name."""
    order = list(State)
    return sorted(customers, key=lambda one: (order.index(state(one)), one.customer.casefold()))


def counts(report: FleetReport) -> dict[State, int]:
    """How many customers stand how; every state is there."""
    found = [state(one) for one in report.customers]
    return {one: found.count(one) for one in State}


def summary(report: FleetReport) -> str:
    """One line on all customers: how many stand how, and what all of it costs."""
    told = [f"{number:,} {IN_ALL[one]}" for one, number in counts(report).items() if number]
    costs: dict[str, float] = {}
    for one in report.customers:
        if one.monthly_cost:
            money = one.monthly_cost
            costs[money.currency] = costs.get(money.currency, 0) + money.amount
    sums = [money_text(Money(amount=costs[name], currency=name)) for name in sorted(costs)]
    told_it = sum(one.monthly_cost is not None for one in report.customers)
    of = "" if told_it == len(report.customers) else f" for the {told_it:,} of which it is known"
    cost = f"; about {' and '.join(sums)} a month{of}" if sums else ""
    customers = _counted(len(report.customers), "customer", "customers")
    return f"{customers}: {', '.join(told) or 'none'}{cost}."
