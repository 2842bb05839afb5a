"""Lines for other tools' code: read back, they are what was meant, whatever a name holds."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.exclusion_formats import Format
from cli.exclusion_snippet import Members, members_of, notes, snippet
from entra.exclusion import Entries

NAMES = [
    "BTG Admins",
    "it's ours",
    'say "hi"',
    "${var.x} %{ if } $(rm) $env:HOME",
    "back\\slash` \n new line\r\ttab",
    "Ünïcödé 緊急 🔑",
    "\x1b[31mred\u202egro\u2028",
    "‘curly’ ‚low‛ “double”",
    "#> <# comment */ //",
    "],\n  evil = [",
    "\U000e0001\ufeff\u200bhidden",
]

_HCL_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_HCL_ESCAPE = re.compile(r"\\(u[0-9a-f]{4}|U[0-9a-f]{8}|.)|\$\$\{|%%\{")


def hcl_lists(text: str) -> dict[str, list[tuple[str, str]]]:
    """`name = [ "text", # comment` blocks of our HCL; anything else is an error."""
    lists: dict[str, list[tuple[str, str]]] = {}
    inside: list[tuple[str, str]] | None = None
    for line in text.split("\n"):
        word = line.strip()
        if inside is not None and word == "]":
            inside = None
        elif inside is not None:
            entry = re.fullmatch(rf"{_HCL_STRING.pattern}, # (.*)", word)
            assert entry, line
            inside.append((hcl_text(entry[1]), entry[2]))
        elif opening := re.fullmatch(r"(\w+) = \[", word):
            inside = lists.setdefault(opening[1], [])
        else:
            assert word in ("conditions {", "users {", "}") or word.startswith("#"), line
    assert inside is None
    return lists


def hcl_text(body: str) -> str:
    def character(found: "re.Match[str]") -> str:
        mark = found[1]
        if mark is None:
            return found[0][1:]
        if mark[0] in "uU" and len(mark) > 1:
            return chr(int(mark[1:], 16))
        return {"n": "\n", "r": "\r", "t": "\t"}.get(mark, mark)

    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", body)
    return _HCL_ESCAPE.sub(character, body)


def powershell_lists(text: str) -> dict[str, list[str]]:
    """`Name = @( 'text' # comment` blocks; a strict reading of PowerShell's two kinds of string."""
    lists: dict[str, list[str]] = {}
    inside: list[str] | None = None
    for line in text.split("\n"):
        word = line.strip()
        if inside is not None and word == ")":
            inside = None
        elif word.startswith("#"):
            continue
        elif inside is not None:
            value, rest = powershell_string(word)
            assert rest.startswith(" # "), line
            inside.append(value)
        else:
            opening = re.fullmatch(r"(\w+) = @\(", word)
            assert opening, line
            inside = lists.setdefault(opening[1], [])
    assert inside is None
    return lists


def powershell_string(text: str) -> tuple[str, str]:
    quotes = "'‘’‚‛" if text[0] == "'" else '"“”„'
    found, at = "", 1
    while True:
        one = text[at]
        if one in quotes:
            if text[at + 1] not in quotes:
                return found, text[at + 1 :]
            found, at = found + text[at + 1], at + 2
        elif text[0] == '"' and one == "`":
            found, at = found + text[at + 1], at + 2
        elif text[0] == '"' and one == "$":
            call = re.match(r"\$\(\[char\]::ConvertFromUtf32\((\d+)\)\)", text[at:])
            assert call, text[at:]
            found, at = found + chr(int(call[1])), at + len(call[0])
        else:
            found, at = found + one, at + 1


def members(*names: str) -> Members:
    groups = tuple(f"g{number}" for number in range(len(names)))
    labels = {key: f"group {name}" for key, name in zip(groups, names, strict=True)}
    labels["u1"] = "account x1@contoso.onmicrosoft.com"
    return members_of("prod", Entries(groups, ("u1",)), labels)


def test_terraform_gets_object_ids_and_their_names_in_comments() -> None:
    text = snippet(members("BTG Admins"), Format.TERRAFORM)
    assert hcl_lists(text) == {
        "excluded_groups": [("g0", "BTG Admins")],
        "excluded_users": [("u1", "x1@contoso.onmicrosoft.com")],
    }
    assert text.startswith("# Break-glass exclusion of the Pulumi stack prod")
    assert "already stays" in text


@pytest.mark.parametrize("name", NAMES)
def test_a_name_ends_no_hcl_comment_and_no_string(name: str) -> None:
    found = hcl_lists(snippet(members(name, "second"), Format.TERRAFORM))
    assert [key for key, _ in found["excluded_groups"]] == ["g0", "g1"]
    odd_id = members_of("prod", Entries((name,)), {})
    ((back, _),) = hcl_lists(snippet(odd_id, Format.TERRAFORM))["excluded_groups"]
    assert back == name


@pytest.mark.parametrize("name", NAMES)
def test_microsoft365dsc_gets_names_as_powershell_reads_them(name: str) -> None:
    text = snippet(members(name, "second"), Format.MICROSOFT365DSC)
    assert powershell_lists(text) == {
        "ExcludeGroups": [name, "second"],
        "ExcludeUsers": ["x1@contoso.onmicrosoft.com"],
    }
    assert not any(character in text for character in "\x1b\r\u202e\u2028\u200b")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_name_can_be_read_back(name: str) -> None:
    made = members(f"x{name}")
    found = powershell_lists(snippet(made, Format.MICROSOFT365DSC))
    assert found["ExcludeGroups"] == [f"x{name}"]
    assert len(hcl_lists(snippet(made, Format.TERRAFORM))["excluded_groups"]) == 1


def test_an_apostrophe_that_the_tool_stumbles_over_is_told() -> None:
    warning = "does not find a group with an apostrophe"
    assert warning in snippet(members("it's"), Format.MICROSOFT365DSC)
    assert warning not in snippet(members("its"), Format.MICROSOFT365DSC)


@pytest.mark.parametrize("label", ["group 1", "group g1", None, "something else"])
def test_a_name_that_nobody_knows_is_left_to_the_reader(label: str | None) -> None:
    labels = {} if label is None else {"g1": label}
    made = members_of("prod", Entries(("g1",)), labels)
    text = snippet(made, Format.MICROSOFT365DSC)
    assert powershell_lists(text) == {"ExcludeGroups": []}
    assert "# g1: put its name here" in text
    assert hcl_lists(snippet(made, Format.TERRAFORM)) == {
        "excluded_groups": [("g1", "name not known")]
    }


def test_graph_json_holds_ids_and_nothing_else() -> None:
    assert json.loads(snippet(members('a"b'), Format.JSON)) == {
        "conditions": {"users": {"excludeGroups": ["g0"], "excludeUsers": ["u1"]}}
    }
    only_group = members_of("prod", Entries(("g1",)), {})
    assert json.loads(snippet(only_group, Format.JSON)) == {
        "conditions": {"users": {"excludeGroups": ["g1"]}}
    }


def test_what_json_has_no_comments_for_is_told_beside_it() -> None:
    lines = notes(members("a\x1bb"))
    assert lines[0] == r"g0 is group a\x1bb"
    assert "already stays" in lines[-1]


def test_all_of_them_have_headings() -> None:
    text = snippet(members("BTG Admins"), Format.ALL)
    first, second, third = (part.strip() for part in re.split(r"^# .*\(azuread.*$|"
        r"^# .*\(AADCond.*$|^# Microsoft Graph.*$", text, flags=re.MULTILINE)[1:])  # fmt: skip
    assert hcl_lists(first)
    assert powershell_lists(second)
    assert json.loads(third)
