"""The comment on a pull request, as a Markdown parser with GitHub's tables reads it."""

import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from fleet.report import Problem
from fleet.report_markdown import MOST_BYTES, render
from fleet.report_words import COLUMNS
from tests.fleet.sample_report import HOSTILE, account, customer, fleet, sample

OURS = {"p", "strong", "code", "ul", "li", "details", "summary"}
TABLE = {"table", "thead", "tbody", "tr", "th", "td"}


class Read(HTMLParser):
    """The table's rows, the list's entries, and every tag."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self.entries: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs], (tag, attrs)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "li":
            self.entries.append("")

    def handle_data(self, data: str) -> None:
        self.text += data
        if "details" in self.tags:
            if self.entries:
                self.entries[-1] += data.strip("\n")
        elif "tr" in self.tags and self.rows[-1]:
            self.rows[-1][-1] += data.strip("\n")


def read(markdown: str) -> Read:
    found = Read()
    found.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))
    found.close()
    return found


def test_a_customer_is_a_row_and_the_worst_come_first() -> None:
    found = read(render(sample()))
    assert found.rows[0] == [column.heading for column in COLUMNS]
    assert {len(row) for row in found.rows} == {len(COLUMNS)}
    names = ["eastside-gym", "dental-north", "garden-centre", "iron-works", "law-office"]
    assert [row[0] for row in found.rows[1:6]] == names
    assert found.tags.count("table") == 1


def test_the_summary_counts_customers_and_money() -> None:
    first = render(sample()).splitlines()[0]
    assert "12 customers: 1 failed, 3 to be looked after, 1 not finished" in first
    assert "about 27.75 EUR a month" in first
    assert "2026-11-23 04:12 UTC at <code>3f9c2d1a7b60</code>" in first


def test_problems_stand_folded_below_with_what_to_do() -> None:
    found = read(render(sample()))
    assert found.entries[:2] == [
        "eastside-gym",
        "Microsoft refused the sign-in: the client secret has expired. To do: Make a new one, and"
        " store it as ARM_CLIENT_SECRET__EASTSIDE_GYM.",
    ]
    assert found.tags.index("details") > found.tags.index("table")


def test_nothing_is_folded_when_nothing_is_to_do() -> None:
    assert "<details>" not in render(fleet(customer("a")))


def test_no_customers_are_no_table() -> None:
    assert read(render(fleet())).text.startswith("0 customers: none.")
    assert read(render(fleet())).tags == ["p", "strong"]


@pytest.mark.parametrize(
    "words",
    [
        HOSTILE[:70],
        "a | b \\| c",
        "</details></table>",
        "@team/owners, me@contoso.com",
        "#12 contoso/repo#3 GH-4",
        "https://evil.example www.evil.example mailto:a@b.de",
        "**bold** _it_ ~~no~~ `code` $x$ :tada: ![x](y)",
        "- item",
        "1. item",
        "--- | ---",
        "&lt;b&gt; &#64;me",
        "<!-- gone -->",
        "===",
    ],
)
def test_words_from_outside_are_only_words(words: str) -> None:
    made = render(
        fleet(
            customer(
                "plain",
                accounts=(account(words, words),),
                problems=(Problem(what=words, todo=words),),
            ).model_copy(update={"customer": words}),
            revision=words,
        )
    )
    found = read(made)
    assert set(found.tags) <= OURS | TABLE
    assert [len(row) for row in found.rows] == [len(COLUMNS)] * 2
    assert found.rows[1][0] == words
    assert found.entries[0] == words
    spoken = words if words.count("`") % 2 else words.replace("`", "")
    assert found.entries[1] == f"{spoken} To do: {spoken}"
    inner = made.replace("<!-- -->", "\0")
    assert not re.search(r"[@#](?![\d;]*\d+;)\w", re.sub(r"&#\d+;", "", inner))
    assert not re.search(r"&#(64|35);\w", inner), "a mention once the entity is a sign again"
    assert not re.search(r"(?i)\b(www\.|gh-\d|https?://)", inner)


def test_a_sentence_shows_commands_as_code() -> None:
    made = render(fleet(customer("a", problems=(Problem(what="x", todo="Run `ls` now."),))))
    assert "**To do:** Run <code>ls</code> now." in made


@pytest.mark.parametrize("letter", ["x", "|", "ü", "🔥"])
def test_it_fits_into_a_comment_and_says_what_is_missing(letter: str) -> None:
    problems = tuple(Problem(what=letter * 900, todo=letter * 900) for _ in range(9))
    customers = [
        customer(f"{number:03}-{letter * 90}", problems=problems, outcome="failed")
        for number in range(400)
    ]
    made = render(fleet(*customers))
    assert MOST_BYTES // 2 < len(made.encode()) <= MOST_BYTES
    found = read(made)
    assert set(found.tags) <= OURS | TABLE
    rows = [row for row in found.rows[1:] if len(row) == len(COLUMNS)]
    missing = re.search(r"(\d+) customers are not shown here: the full report", found.text)
    assert missing
    assert len(rows) + int(missing[1]) == 400
    assert "customers' problems are not shown here" in found.text
    assert any(entry.startswith("and 3 more") for entry in found.entries)
    assert made.endswith("</details>\n")


def test_a_dozen_customers_are_shown_whole() -> None:
    made = render(sample())
    assert "not shown here" not in made
    assert len(read(made).rows) == 13
