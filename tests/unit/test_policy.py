from typing import Any

import pytest

from entra.errors import GraphError
from entra.exclusion import is_named
from entra.policy import Policy, told
from tests.unit.graph_stub import policy_document


@pytest.mark.parametrize(
    "name",
    [
        "CA001: Require MFA for admins",
        "Bedingter Zugriff – Größe „über alles“ 'und' \"mehr\"",
        "Доступ, وصول مشروط, 条件付きアクセス, می‌خواهم",
        "🔒 MFA 👩🏽‍💻 ☎️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        r"back\slash, 100 % & <tag> {0} %s $HOME",
    ],
)
def test_ordinary_names_are_told_as_they_are(name: str) -> None:
    assert told(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("two\nlines\r\n", r"two\nlines\r\n"),
        ("tab\tbell\a", r"tab\tbell\x07"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x9b31mred, \x7f", r"\x9b31mred, \x7f"),
        ("\u202etfel ot thgir\u202c", r"\u202etfel ot thgir\u202c"),
        ("\u2066isolated\u2069", r"\u2066isolated\u2069"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("line\u2028paragraph\u2029", r"line\u2028paragraph\u2029"),
        ("half a pair \ud83d", r"half a pair \ud83d"),
        ("<{%fg 1%}>red<{%reset%}>", r"<\x7b%fg 1%}>red<\x7b%reset%}>"),
        ("", "(no name)"),
        (" \n", "(no name)"),
    ],
)
def test_what_could_disturb_a_terminal_is_told_as_its_escape(name: str, shown: str) -> None:
    assert told(name) == shown
    told(name).encode("utf-8")


def test_a_name_that_would_end_the_engine_is_kept_with_an_escape_and_found_under_either() -> None:
    """The engine looks for colours in properties and outputs as well, and dies of a wrong one."""
    policy = Policy.from_document({"id": "p", "displayName": "a <{%foo%}> \ud83d\n"})
    assert policy.display_name == "a <\\x7b%foo%}> \\ud83d\n"
    assert policy.document["displayName"] == "a <{%foo%}> \ud83d\n"
    assert told(policy.display_name) == r"a <\x7b%foo%}> \ud83d\n"
    assert is_named(policy, ["a <{%foo%}> \ud83d"])
    assert is_named(policy, [r"a <\x7b%foo%}> \ud83d\n"])


@pytest.mark.parametrize(
    ("document", "modified"),
    [
        ({"createdDateTime": "2026-01-01Z", "modifiedDateTime": "2026-02-02Z"}, "2026-02-02Z"),
        ({"createdDateTime": "2026-01-01Z", "modifiedDateTime": None}, "2026-01-01Z"),
        ({}, ""),
    ],
)
def test_a_policy_that_was_never_modified_tells_when_it_was_made(
    document: dict[str, Any], modified: str
) -> None:
    assert Policy.from_document({"id": "p", **document}).modified == modified


@pytest.mark.parametrize(
    ("name", "managed"),
    [
        ("Microsoft-managed: Block legacy authentication", True),
        ("microsoft-managed: multifactor authentication for all users", True),
        ("Copy of Microsoft-managed: Block legacy authentication", False),
        ("Microsoft managed devices only", False),
        (None, False),
    ],
)
def test_a_microsoft_managed_policy_is_known_by_its_name(name: str | None, managed: bool) -> None:
    policy = Policy.from_document({"id": "p", "displayName": name})
    assert policy.is_microsoft_managed is managed


@pytest.mark.parametrize("key", ["state", "conditions", "grantControls", "displayName"])
def test_a_null_or_absent_part_of_a_policy_is_nothing_and_no_error(key: str) -> None:
    """One such policy would end the listing for all the others."""
    document = policy_document("p1", "MFA")
    empty = Policy.from_document({**document, key: None})
    del document[key]
    absent = Policy.from_document(document)
    for policy in (empty, absent):
        assert policy.tells_conditions is (key != "conditions")
        assert (policy.exclude_groups, policy.exclude_users) == ((), ())
    assert empty.model_dump(exclude={"document"}) == absent.model_dump(exclude={"document"})


def test_what_is_no_policy_is_refused_with_its_name_and_the_place() -> None:
    document = {"id": "p", "displayName": "MFA", "conditions": {"users": {"includeUsers": "All"}}}
    with pytest.raises(GraphError, match=r"policy 'MFA': conditions\.users\.includeUsers"):
        Policy.from_document(document)
    with pytest.raises(GraphError, match=r"policy 'a\\nb <\\x7b%': conditions"):
        Policy.from_document({**document, "displayName": "a\nb <{%"})
