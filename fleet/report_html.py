"""A report as one HTML page that a manager can read: nothing to install, nothing to load.

All of it is in the one file, and the page's own policy (CSP) forbids the browser to load or send
anything and to run any script but the one given here by its hash: a name that a tenant's
administrator chose could not run even if it were not escaped, which all of them are. Without the
script the page is whole, only not sorted and filtered by hand.
"""

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Final

from fleet.report import CustomerReport, FleetReport
from fleet.report_words import (
    COLUMNS,
    DOINGS,
    State,
    counts,
    moment_text,
    planned_lines,
    points,
    since_text,
    spans,
    state,
    summary,
    worst_first,
)

STYLE: Final = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
SCRIPT: Final = Path(__file__).with_name("report.js").read_text(encoding="utf-8")
STATES: Final = {
    State.FAILED: "failed",
    State.ATTENTION: "attention",
    State.UNFINISHED: "unfinished",
    State.FINE: "fine",
}
LEGEND: Final = (
    ("Accounts ready", "Emergency accounts with which somebody could sign in today."),
    (
        "Exclusions in place",
        "Sign-in policies (Conditional Access) that let the emergency accounts pass.",
    ),
    (
        "Policies skipped",
        "Sign-in policies left as they are: they stop none of the accounts, the settings say so, or"
        " Microsoft lets nobody be excluded from them.",
    ),
    (
        "Exclusions lost",
        "Sign-in policies that no longer let the accounts pass, or are new and do not yet.",
    ),
    (
        "Last verified",
        "When it was last proved that the exclusions are in place; with its age where an earlier"
        " run proved it.",
    ),
    ("Alarm", "Whether somebody is told at once when an emergency account is used."),
    ("Cost a month", "An estimate for watching the sign-ins; the accounts cost nothing."),
    (
        "last known",
        "Not looked at in this run. It is what the state of that day tells: as old or older.",
    ),
)


def render(report: FleetReport) -> str:
    """The whole page. Text from outside is escaped, in attributes too."""
    customers = worst_first(report.customers)
    revision = f" at <code>{escape(report.revision)}</code>" if report.revision else ""
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="referrer" content="no-referrer">',
            '<link rel="icon" href="data:,">',
            "<title>Emergency access of all customers</title>",
            f"<style>{STYLE}</style>\n</head>\n<body>\n<main>",
            "<h1>Emergency access of all customers</h1>",
            f'<p class="summary">{escape(summary(report))}</p>',
            f'<p class="made">{escape(DOINGS[report.operation])} on '
            f'<time datetime="{report.made.isoformat()}">{moment_text(report.made)}</time>'
            f"{since_text(report)}{revision}</p>",
            _filters(report),
            _table(customers, report.made),
            _problems(customers),
            _planned(customers),
            _notes(customers),
            _accounts(customers),
            _legend(),
            f"</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        )
    )


def _policy() -> str:
    style, script = (
        base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        for source in (STYLE, SCRIPT)
    )
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}';"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )


def _filters(report: FleetReport) -> str:
    """Shown by the script alone, which they need."""
    everything = f"All <b>{len(report.customers)}</b>"
    buttons = [f'<button type="button" data-filter="" aria-pressed="true">{everything}</button>']
    buttons += [
        f'<button type="button" data-filter="{STATES[one]}" aria-pressed="false"'
        f' class="{STATES[one]}">{one.value} <b>{number}</b></button>'
        for one, number in counts(report).items()
    ]
    return (
        '<div class="filters" role="group" aria-label="Show customers by state" hidden>'
        f'{"".join(buttons)}</div>\n<p class="shown" role="status"></p>'
    )


def _table(customers: Iterable[CustomerReport], made: datetime) -> str:
    """Roles are written out, since on a phone the table is shown as cards and would lose them."""
    sorted_by = [column.heading for column in COLUMNS].index("State")
    heads = "".join(
        '<th role="columnheader" scope="col"'
        f' aria-sort="{"ascending" if number == sorted_by else "none"}">'
        f'<button type="button">{column.heading}</button></th>'
        for number, column in enumerate(COLUMNS)
    )
    rows = "\n".join(_row(number, customer, made) for number, customer in enumerate(customers))
    return (
        '<div class="table"><table role="table">\n'
        "<caption>Press a heading to sort by it, again to turn the order around.</caption>\n"
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>\n'
        f'<tbody role="rowgroup">\n{rows}\n</tbody></table></div>'
    )


def _row(number: int, customer: CustomerReport, made: datetime) -> str:
    name = STATES[state(customer)]
    cells: list[str] = []
    for column in COLUMNS:
        words, order = escape(column.shown(customer, made)), column.order(customer)
        if column.heading == "State":
            words = f'<span class="state">{words}</span>'
        elif column.heading == "To do" and points(customer):
            words = f'<a href="#customer-{number}">{words}</a>'
        label = f'data-label="{column.heading}" data-order="{"" if order is None else order}"'
        if column.heading == "Customer":
            label = f'data-label="{column.heading}" data-order="{escape(str(order))}"'
            cells.append(f'<th role="rowheader" scope="row" {label}>{words}</th>')
        else:
            old = ' class="old"' if column.is_old(customer) else ""
            cells.append(f'<td role="cell"{old} {label}>{words}</td>')
    return f'<tr role="row" class="{name}" data-state="{name}">{"".join(cells)}</tr>'


def _problems(customers: Iterable[CustomerReport]) -> str:
    blocks = [
        f'<article id="customer-{number}" class="{STATES[state(customer)]}"'
        f' data-state="{STATES[state(customer)]}"><h3>{escape(customer.customer)}</h3><ul>'
        + "".join(
            f"<li>{_sentence(point.what)}"
            + (f'<p class="todo">{_sentence(point.todo)}</p>' if point.todo else "")
            + "</li>"
            for point in points(customer)
        )
        + "</ul></article>"
        for number, customer in enumerate(customers)
        if points(customer)
    ]
    inner = "\n".join(blocks) or "<p>Nothing.</p>"
    return f"<section><h2>What to do</h2>\n{inner}</section>"


def _sentence(words: str) -> str:
    return "".join(
        f"<code>{escape(part)}</code>" if is_code else escape(part)
        for part, is_code in spans(words)
    )


def _planned(customers: Iterable[CustomerReport]) -> str:
    """Folded: which resources, for whoever agrees to a change."""
    told = [(one, planned_lines(one)) for one in customers if one.planned]
    return _folded("Changes by resource", told, "No change was planned.")


def _notes(customers: Iterable[CustomerReport]) -> str:
    told = [(one, list(one.notes)) for one in customers if one.notes]
    return _folded("Worth knowing", told, "") if told else ""


def _accounts(customers: Iterable[CustomerReport]) -> str:
    """Folded: whoever looks for an account's name finds it, nobody else has to scroll past."""
    told = [
        (one, [f"{it.user_principal_name}: {_READY[it.ready]}" for it in one.accounts])
        for one in customers
        if one.accounts
    ]
    return _folded("Emergency accounts by name", told, "None was looked at.", tenant=True)


_READY: Final = {True: "ready", False: "not ready", None: "not known"}


def _folded(
    heading: str,
    told: Iterable[tuple[CustomerReport, list[str]]],
    nothing: str,
    *,
    tenant: bool = False,
) -> str:
    blocks = [
        f'<div data-state="{STATES[state(customer)]}"><h3>{escape(customer.customer)}</h3>'
        + (
            f"<p>Tenant {escape(customer.tenant_id)}, subscription"
            f" {escape(customer.subscription_id)}</p>"
            if tenant
            else ""
        )
        + f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul></div>"
        for customer, lines in told
    ]
    inner = "\n".join(blocks) or f"<p>{nothing}</p>"
    return f"<section><details><summary>{heading}</summary>\n{inner}</details></section>"


def _legend() -> str:
    rows = "".join(f"<dt>{word}</dt><dd>{meaning}</dd>" for word, meaning in LEGEND)
    return f"<section><h2>What the columns say</h2><dl>{rows}</dl></section>"
