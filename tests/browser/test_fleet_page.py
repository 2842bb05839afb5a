"""The fleet's page in a real browser: sorted, filtered, on a phone, on paper, in the dark."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from fleet.report import FleetReport
from fleet.report_html import render
from fleet.report_words import COLUMNS
from tests.browser.chromium import Page
from tests.fleet.sample_report import HOSTILE, account, customer, fleet, planned, sample

HEADINGS = [column.heading for column in COLUMNS]
VISIBLE = "one => one.getClientRects().length > 0"
LUMINANCE = """
(function () {
  const light = (color) => {
    const [r, g, b] = color.match(/[0-9.]+/g).slice(0, 3).map((one) => one / 255)
      .map((one) => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    const color = getComputedStyle(one).backgroundColor;
    return color === "rgba(0, 0, 0, 0)" ? behind(one.parentElement) : color;
  };
  return [...document.querySelectorAll("main *")]
    .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .map((one) => [light(getComputedStyle(one).color), light(behind(one))])
    .map(([ink, paper]) => (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05));
})()
"""
"""The contrast of every text with what is behind it (WCAG 2.2, "contrast ratio")."""


@pytest.fixture(autouse=True)
def as_usual(tab: Page) -> Generator[None]:
    tab.size(1280, 900)
    tab.media()
    yield
    tab.tell("Emulation.setScriptExecutionDisabled", value=False)


def shown(tab: Page, report: FleetReport, folder: Path) -> Page:
    path = folder / "fleet.html"
    path.write_text(render(report), encoding="utf-8")
    tab.load(path)
    return tab


def column(tab: Page, heading: str) -> list[str]:
    number = HEADINGS.index(heading)
    script = f"[...document.querySelectorAll('tbody tr')].filter({VISIBLE})"
    return tab.run(f"{script}.map(row => row.cells[{number}].textContent)")


def press_heading(tab: Page, heading: str) -> dict[str, str]:
    """Press a heading and return what each heading then says of its order."""
    tab.click(f"thead th:nth-child({HEADINGS.index(heading) + 1}) button")
    orders = tab.run(
        "[...document.querySelectorAll('thead th')].map(one => one.getAttribute('aria-sort'))"
    )
    return dict(zip(HEADINGS, orders, strict=True))


def test_those_who_need_somebody_come_first(tab: Page, tmp_path: Path) -> None:
    states = column(shown(tab, sample(), tmp_path), "State")
    assert states == ["Failed", *["Needs attention"] * 3, "Not finished", *["No problem found"] * 7]


def test_a_heading_sorts_numbers_by_size_and_then_turns_around(tab: Page, tmp_path: Path) -> None:
    shown(tab, sample(), tmp_path)
    known = [0, 8, 11, 14, 23, 24, 29, 32, 35, 38]
    unknown = ["20 (last known 2026-11-20)", "not known"]
    for order, numbers in (("ascending", known), ("descending", known[::-1])):
        orders = press_heading(tab, "Exclusions in place")
        assert column(tab, "Exclusions in place") == [*map(str, numbers), *unknown]
        assert orders.pop("Exclusions in place") == order
        assert set(orders.values()) == {"none"}


def test_licences_are_sorted_by_what_they_mean_and_the_unknown_stay_last(
    tab: Page, tmp_path: Path
) -> None:
    shown(tab, sample(), tmp_path)
    known = ["missing", "not needed", *["there"] * 8]
    for licences in (known, known[::-1]):
        press_heading(tab, "Licence")
        assert column(tab, "Licence") == [*licences, "not known", "not known"]


def test_what_is_known_from_before_alone_is_told_from_what_was_found_today(
    tab: Page, tmp_path: Path
) -> None:
    shown(tab, sample(), tmp_path)
    old = tab.run("[...document.querySelectorAll('.old')].map(one => one.textContent)")
    figures = ["2 of 2", "20", "0", "on, 3 receivers", "2.50 EUR"]
    known = [f"{one} (last known 2026-11-20)" for one in figures]
    proofs = ["2026-11-20 04:12 UTC (3 days old)", "2026-11-14 04:12 UTC (9 days old)"]
    assert old == [*known[:3], proofs[0], *known[3:], proofs[1]]
    style = "getComputedStyle(document.querySelector('.old')).fontStyle"
    assert tab.run(style) == "italic"


def test_changes_are_named_by_resource_when_unfolded(tab: Page, tmp_path: Path) -> None:
    shown(tab, sample(), tmp_path)
    tab.click("summary")
    lines = "[...document.querySelector('details').querySelectorAll('li')]"
    assert tab.run(f"{lines}.filter({VISIBLE}).map(one => one.textContent)") == [
        "new: account-3-user (azuread:index/user:User)",
        "new: group-member-3 (azuread:index/groupMember:GroupMember)",
        "changed: use-alert (azure-native:monitor:ScheduledQueryRule)",
    ]


def test_amounts_are_sorted_by_size_too(tab: Page, tmp_path: Path) -> None:
    shown(tab, sample(), tmp_path)
    press_heading(tab, "Cost a month")
    amounts = [float(cost.split()[0]) for cost in column(tab, "Cost a month")[:10]]
    assert amounts == sorted(amounts)
    assert {3.25, 3.5} <= set(amounts), "which the alphabet would turn around"


@pytest.mark.parametrize(
    ("heading", "first"),
    [
        ("Customer", "alpine-hotels"),
        ("Accounts ready", "iron-works"),
        ("Last verified", "law-office"),
        ("Cost a month", "alpine-hotels"),
    ],
)
def test_every_kind_of_column_sorts(tab: Page, tmp_path: Path, heading: str, first: str) -> None:
    shown(tab, sample(), tmp_path)
    press_heading(tab, heading)
    assert column(tab, "Customer")[0] == first


def test_a_button_leaves_the_customers_of_one_state(tab: Page, tmp_path: Path) -> None:
    shown(tab, sample(), tmp_path)
    tab.click("[data-filter=attention]")
    wanted = ["dental-north", "garden-centre", "iron-works"]
    assert column(tab, "Customer") == wanted
    articles = f"[...document.querySelectorAll('article')].filter({VISIBLE})"
    assert tab.run(f"{articles}.map(one => one.querySelector('h3').textContent)") == wanted
    assert tab.run("document.querySelector('[role=status]').textContent") == "3 of 12 shown"
    pressed = "[...document.querySelectorAll('[aria-pressed=true]')].map(one => one.dataset.filter)"
    assert tab.run(pressed) == ["attention"]
    tab.click("[data-filter='']")
    assert len(column(tab, "Customer")) == 12


def test_the_number_of_things_to_do_leads_to_them(tab: Page, tmp_path: Path) -> None:
    shown(tab, sample(), tmp_path)
    press_heading(tab, "Customer")
    links = (
        "[...document.querySelectorAll('tbody a')].map(one => [one.closest('tr').cells[0]"
        ".textContent, document.querySelector(one.hash).querySelector('h3').textContent])"
    )
    pairs = tab.run(links)
    assert [name for name, _ in pairs] == [there for _, there in pairs]
    assert len(pairs) == 4


@pytest.mark.parametrize("width", [320, 360, 599, 601, 768, 1280])
def test_nothing_is_wider_than_the_window(tab: Page, tmp_path: Path, width: int) -> None:
    problem = {"what": "z" * 200, "todo": "`" + "z" * 200 + "`"}
    long = customer("x" * 90, accounts=customer("y" * 64).accounts, problems=(problem,))
    tab.size(width, 740)
    shown(tab, fleet(*sample().customers, long, revision="f" * 90), tmp_path)
    assert tab.run("innerWidth") == width
    assert tab.run("document.documentElement.scrollWidth") <= width
    if width < 600:
        assert tab.run("document.querySelector('.table').scrollWidth") < width
        wide = "one => one.getBoundingClientRect().right > innerWidth + 0.5"
        assert tab.run(f"[...document.querySelectorAll('main *')].filter({wide}).length") == 0


def test_a_desktop_shows_every_column_at_once(tab: Page, tmp_path: Path) -> None:
    shown(tab, sample(), tmp_path)
    assert (
        tab.run("(one => one.scrollWidth - one.clientWidth)(document.querySelector('.table'))") == 0
    )


def test_on_a_phone_each_customer_is_a_card_and_can_be_sorted(tab: Page, tmp_path: Path) -> None:
    tab.size(360, 740)
    shown(tab, sample(), tmp_path)
    labels = "[...document.querySelectorAll('tbody tr:first-child td')].map(one => "
    contents = tab.run(f"{labels}getComputedStyle(one, '::before').content)")
    assert contents == [f'"{heading}"' for heading in HEADINGS[1:]]
    tops = tab.run(f"{labels}Math.round(one.getBoundingClientRect().top))")
    assert tops == sorted(set(tops)), "one below the other"
    press_heading(tab, "Customer")
    assert column(tab, "Customer")[0] == "alpine-hotels"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground(tab: Page, tmp_path: Path, scheme: str) -> None:
    tab.media(prefers_color_scheme=scheme)
    shown(tab, sample(), tmp_path)
    tab.run("document.querySelector('details').open = true")
    ratios = tab.run(LUMINANCE)
    assert len(ratios) > 100
    assert min(ratios) >= 4.5
    paper = tab.run("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")


def test_on_paper_all_is_unfolded_and_no_button_is_left(tab: Page, tmp_path: Path) -> None:
    tab.media(prefers_color_scheme="dark")
    shown(tab, sample(), tmp_path)
    assert tab.run("document.querySelector('details').open") is False
    tab.tell("Page.printToPDF", landscape=True)
    assert tab.run("document.querySelector('details').open") is True
    tab.media("print", prefers_color_scheme="dark")
    buttons = f"[...document.querySelectorAll('.filters button')].filter({VISIBLE}).length"
    assert tab.run(buttons) == 0
    assert tab.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_the_page_asks_for_nothing_and_complains_of_nothing(tab: Page, tmp_path: Path) -> None:
    shown(tab, sample(), tmp_path)
    press_heading(tab, "Licence")
    tab.click("[data-filter=fine]")
    assert tab.requested() == [(tmp_path / "fleet.html").as_uri()]
    assert tab.complaints() == []


def test_a_name_is_a_name_whatever_is_in_it(tab: Page, tmp_path: Path) -> None:
    problem: dict[str, Any] = {"what": HOSTILE, "todo": f"{HOSTILE}`"}
    accounts = (account(HOSTILE), account(HOSTILE))
    shown(
        tab,
        fleet(
            customer(
                HOSTILE,
                tenant_id=HOSTILE,
                problems=(problem,),
                accounts=accounts,
                planned=(planned(HOSTILE, HOSTILE, HOSTILE),),
                notes=(HOSTILE,),
            ),
            revision=HOSTILE,
        ),
        tmp_path,
    )
    assert column(tab, "Customer") == [HOSTILE]
    assert tab.run("document.title") == "Emergency access of all customers"
    assert tab.run("document.querySelectorAll('img, main script').length") == 0
    assert tab.run("document.querySelectorAll('script').length") == 1
    assert tab.run("document.querySelector('article li').firstChild.data") == HOSTILE
    assert tab.complaints() == []


def test_no_script_but_the_pages_own_would_run(tab: Page, tmp_path: Path) -> None:
    shown(tab, sample(), tmp_path)
    made = "Object.assign(document.createElement('script'), {textContent: 'window.owned = 1'})"
    tab.run(f"void document.body.append({made})")
    assert tab.run("window.owned") is None
    assert "Content Security Policy" in "".join(tab.complaints())


def test_without_scripts_the_page_is_whole(tab: Page, tmp_path: Path) -> None:
    tab.tell("Emulation.setScriptExecutionDisabled", value=True)
    shown(tab, sample(), tmp_path)
    assert len(column(tab, "Customer")) == 12
    assert tab.run("document.querySelector('.filters').getClientRects().length") == 0
