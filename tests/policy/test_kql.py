"""How a query is taken apart: texts, comments and brackets."""

import pytest

from policies.kql import inside, operators, split, texts


def test_a_bar_in_a_text_in_brackets_or_in_a_comment_separates_nothing() -> None:
    query = "T // a | b\n| extend X = \"|\" | where ('|') in (A | B) | extend Y = bag{|}[|]"
    assert operators(query) == [
        "T",
        'extend X = "|"',
        "where ('|') in (A | B)",
        "extend Y = bag{|}[|]",
    ]


def test_a_mark_may_be_a_word() -> None:
    assert split("a in (b or c) or d == ' or '", " or ") == ["a in (b or c)", "d == ' or '"]


@pytest.mark.parametrize(
    ("text", "within"),
    [
        ("( a )", "a"),
        ("(a (b) c)", "a (b) c"),
        ("(a) or (b)", None),
        ("a)", None),
        ("(a", None),
        ("a", None),
        ("(')')", "')'"),
    ],
)
def test_brackets_count_when_they_are_around_the_whole(text: str, within: str | None) -> None:
    assert inside(text) == within


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ("\"a\", 'b'", ["a", "b"]),
        (r'"a\"b", "c\\d"', ['a"b', r"c\d"]),
        ("'a, b'", ["a, b"]),
        ('@"a"', None),
        ("```a```", None),
        ("a", None),
        ('"a", dynamic(["b"])', None),
        ('"a" + "b"', None),
        ("'a', 1", None),
    ],
)
def test_a_list_is_known_when_all_of_it_is_plain_text(listed: str, found: list[str] | None) -> None:
    assert texts(listed) == found
