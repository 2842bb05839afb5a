"""The comment on a pull request, as a Markdown parser with GitHub's tables reads it."""

import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from fleet.report import AccountLine, Problem
from fleet.report_markdown import MOST_BYTES, render
from fleet.report_words import COLUMNS
from tests.fleet.sample_report import HOSTILE, account, customer, fleet, planned, sample

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
        self.is_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs], (tag, attrs)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "li":
            self.entries.append("")
        self.is_heading = tag == "summary"

    def handle_endtag(self, tag: str) -> None:
        self.is_heading = self.is_heading and tag != "summary"

    def handle_data(self, data: str) -> None:
        self.text += data
        if "details" in self.tags:
            if self.entries and not self.is_heading:
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


def test_changes_stand_folded_by_resource_without_values() -> None:
    made = render(sample())
    found = read(made)
    assert "Changes by resource" in made
    assert found.entries[-4:] == [
        "bakery-lindt",
        "new: account-3-user (azuread:index/user:User)",
        "new: group-member-3 (azuread:index/groupMember:GroupMember)",
        "changed: use-alert (azure-native:monitor:ScheduledQueryRule)",
    ]


@pytest.mark.parametrize(("number", "last"), [(20, "new: 19 (a:b:C)"), (1023, "and 1,003 more")])
def test_only_so_many_changes_of_a_customer_are_named(number: int, last: str) -> None:
    touched = tuple(planned("create", "a:b:C", str(one)) for one in range(number))
    found = read(render(fleet(customer("a", planned=touched))))
    assert (found.entries[0], found.entries[20], found.entries[-1]) == (
        "a",
        "new: 19 (a:b:C)",
        last,
    )


def test_a_note_is_told_and_makes_nobody_look() -> None:
    made = render(fleet(customer("a", notes=("previewed once, with b",))))
    assert made.startswith("**1 customer: 1 without a problem")
    assert read(made).entries == ["a", "previewed once, with b"]


def test_what_was_not_looked_at_is_told_with_the_day_of_what_is_known() -> None:
    row = read(render(sample())).rows[1]
    old = " (last known 2026-11-20)"
    assert row[3:] == [
        f"2 of 2{old}", f"20{old}", f"0{old}", "not known", "2026-11-20 04:12 UTC (3 days old)",
        f"on, 3 receivers{old}",
        "not known", f"2.50 EUR{old}", "not known",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("accounts", "cell", "told"),
    [
        ([True, None], "1 of 2, 1 not known", ["Whether u1 could be used in an emergency today"]),
        ([False, True], "1 of 2", ["u0 could not be used in an emergency today"]),
        ([], "none yet", ["Not set up yet: there is no emergency account"]),
        ([True], "1 of 1", []),
    ],
)
def test_an_account_of_which_nothing_sure_is_known_is_not_called_ready(
    accounts: list[bool | None], cell: str, told: list[str]
) -> None:
    lines = tuple(
        AccountLine(user_principal_name=f"u{number}", object_id="", ready=one)
        for number, one in enumerate(accounts)
    )
    found = read(render(fleet(customer("a", accounts=lines))))
    assert found.rows[1][3] == cell
    assert [re.split(r" is not known|\. To do|\.$", one)[0] for one in found.entries[1:]] == told


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
                planned=(planned(words, words, words),),
                notes=(words,),
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
    assert found.entries[3:5] == [words, f"{words}: {words} ({words})".replace("`", "")]
    assert found.entries[-2:] == [words, spoken]
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
    touched = tuple(planned("create", letter * 90, letter * 90) for _ in range(99))
    customers = [
        customer(f"{number:03}-{letter * 90}", problems=problems, outcome="failed", planned=touched)
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
    assert "400 customers' changes are not shown here: the full report" in found.text


def test_a_dozen_customers_are_shown_whole() -> None:
    made = render(sample())
    assert "not shown here" not in made
    assert len(read(made).rows) == 13
