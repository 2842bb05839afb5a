"""The page's own structure; how it behaves is tried in a browser (tests/browser)."""

import base64
import hashlib
import re
from html.parser import HTMLParser

from fleet.report import Problem
from fleet.report_html import render
from fleet.report_words import COLUMNS
from tests.fleet.sample_report import HOSTILE, account, customer, fleet, planned, sample

VOID = {"meta", "link"}
LOADS = {"src", "srcset", "poster", "data", "action", "background", "style", "onclick", "onload"}


class Read(HTMLParser):
    """The page's elements; one that is closed wrongly fails."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), (tag, attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.inside.setdefault(self.open[-1], []).append(data)


def read(page: str) -> Read:
    found = Read()
    found.feed(page)
    found.close()
    assert found.open == []
    return found


def test_nothing_is_loaded_from_anywhere() -> None:
    found = read(render(sample()))
    for tag, attributes in found.elements:
        assert not LOADS & attributes.keys(), (tag, attributes)
        assert (attributes.get("href") or "#").startswith(("#", "data:,")), (tag, attributes)
    assert not re.search(r"url\(|@import|https?:", found.inside["style"][0])


def test_its_policy_names_its_own_style_and_script_alone() -> None:
    found = read(render(sample()))
    policies = [
        attributes["content"]
        for tag, attributes in found.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    hashes = {
        tag: base64.b64encode(hashlib.sha256("".join(parts).encode()).digest()).decode()
        for tag, parts in found.inside.items()
        if tag in ("style", "script")
    }
    assert policies == [
        f"default-src 'none'; style-src 'sha256-{hashes['style']}';"
        f" script-src 'sha256-{hashes['script']}'; img-src data:; base-uri 'none';"
        " form-action 'none'"
    ]


def test_words_from_outside_add_no_element() -> None:
    def page(words: str) -> Read:
        return read(
            render(
                fleet(
                    customer(
                        words,
                        tenant_id=words,
                        subscription_id=words,
                        accounts=(account(words, words),),
                        problems=(Problem(what=words, todo=words),),
                        changes={words: 1},
                        planned=(planned(words, words, words),),
                        notes=(words,),
                    ),
                    revision=words,
                )
            )
        )

    hostile = HOSTILE.replace("`", "")  # two of them would make code of what is between
    quiet, loud = page("quiet"), page(hostile)
    assert [tag for tag, _ in loud.elements] == [tag for tag, _ in quiet.elements]
    assert [set(one) for _, one in loud.elements] == [set(one) for _, one in quiet.elements]
    assert loud.inside["h3"] == [hostile] * 4


def test_each_customer_has_every_column_with_its_label() -> None:
    found = read(render(sample()))
    labels = [
        one["data-label"]
        for tag, one in found.elements
        if tag in ("td", "th")
        if one.get("data-label")
    ]
    assert labels == [column.heading for column in COLUMNS] * 12


def test_a_phone_and_a_screen_reader_are_told_what_they_need() -> None:
    elements = read(render(sample())).elements
    assert ("html", {"lang": "en"}) in elements
    wanted = {"name": "viewport", "content": "width=device-width, initial-scale=1"}
    assert ("meta", wanted) in elements
    orders = [str(one["aria-sort"]) for _, one in elements if "aria-sort" in one]
    assert sorted(orders) == ["ascending", *["none"] * (len(COLUMNS) - 1)]


def test_no_customers_are_a_page_too() -> None:
    assert "0 customers: none." in render(fleet())
