"""The tables of docs/sandbox.md and docs/sandbox-reference.md, held against the code."""

import json
import re
from pathlib import Path

from sandbox.api.faces import CONTROL_ROUTERS
from sandbox.tenant.azure.action_groups import RECEIVERS
from sandbox.tenant.azure.diagnostic_settings import CATEGORIES
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.faults import Fault
from sandbox.tenant.monitor.log_tables import TABLE_OF_CATEGORY
from sandbox.tenant.monitor.notifications import (
    _SIMULATED,  # pyright: ignore[reportPrivateUsage]
)
from tests.sandbox.test_evaluation_table import ROWS, TABLE
from tests.sandbox.test_kql_table import NOT_SIMULATED

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "sandbox.md").read_text(encoding="utf-8")
REFERENCE = (DOCS / "sandbox-reference.md").read_text(encoding="utf-8")
KNOWN_FROM = r"(?:\w+: )?(?:doc|seen|assumed)"
AREAS = {
    *("Directory and Microsoft Graph", "Tokens", "Conditional Access: evaluation and sign-in"),
    *("Conditional Access: objects", "Logs", "Alerts and KQL", "Azure"),
}

IN_WORDS = {
    "functions with a table as parameter": r"let \w+ = \(",
    "several queries in one text": "; AuditLogs",
    "bins that do not divide a day": r"(?:bin|floor)\(.*, (?:7d|5h|w)\)",
    "bins of a timespan": r"bin\(now\(\) - ",
}


def rows(text: str, head: str) -> list[list[str]]:
    """The cells of the table that begins with a head."""
    table = text.partition(f"{head}\n|---")[2].partition("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in table.splitlines()[1:]
        if line.startswith("|")
    ]


def listed_after(words: str) -> set[str]:
    """The names in backquotes that follow some words, up to the end of the sentence or cell."""
    found = re.search(re.escape(words) + r"[^:]*: ((?:`[^`]+`(?:, )?)+)", PAGE)
    assert found is not None, words
    return set(re.findall("`([^`]+)`", found[1]))


def test_every_knob_is_listed_with_its_default() -> None:
    table = rows(REFERENCE, "| knob | default | what it does | known from |")
    listed = {cells[0].strip("`"): json.loads(cells[1].strip("`")) for cells in table}
    assert listed == Behaviour().model_dump(by_alias=True)
    assert [cells[0].strip("`") for cells in table] == list(listed)


def test_every_knob_says_from_where_it_is_known() -> None:
    for name, _, meaning, known in rows(
        REFERENCE, "| knob | default | what it does | known from |"
    ):
        assert meaning
        if name != "`randomSeed`":
            assert re.fullmatch(f"{KNOWN_FROM}|{KNOWN_FROM}(: .+)?; {KNOWN_FROM}", known) or (
                known == "doc: up to three days; size: assumed"
            ), f"{name}: {known}"


def test_every_call_of_the_control_face_is_listed_and_no_other() -> None:
    listed = [cells[0].strip("`") for cells in rows(REFERENCE, "| call | does |")]
    routes = {
        f"{route.method} {route.template}" for router in CONTROL_ROUTERS for route in router.routes
    }
    assert set(listed) == routes
    assert len(listed) == len(routes)


def test_every_key_of_a_fault_is_explained() -> None:
    part = PAGE.partition("A fault hits chosen requests.")[2].partition("What was asked")[0]
    prose = re.sub(r"^```.*?^```$", "", part, flags=re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`(\w+)`", prose))
    shown = {"method", "path"}
    assert all(f"--{name} " in part for name in shown)
    assert {field.alias for field in Fault.model_fields.values()} - shown - {"tenant"} <= named


def test_every_area_says_what_is_documented_observed_assumed_and_not_simulated() -> None:
    part = PAGE.partition("## Where it is right, and where not")[2].partition("\n## ")[0]
    areas = re.findall(r"^\| ([A-Z][^|]+) \| \|$", part, re.MULTILINE)
    assert set(areas) == AREAS
    for area in areas:
        first = [cells[0] for cells in rows(part, f"| {area} | |")]
        assert first == ["documentation", "observation", "assumed", "not simulated"], area


def test_the_categories_that_stay_empty_are_those_without_a_table() -> None:
    assert listed_after("These categories are accepted and stay empty") == (
        set(CATEGORIES) - set(TABLE_OF_CATEGORY)
    )


def test_the_receivers_that_nobody_tells_are_listed() -> None:
    channels = {kind.channel for kind in RECEIVERS.values()}
    assert listed_after("Receivers that are kept and told as not simulated") == (
        channels - set(_SIMULATED)
    )


def test_the_kql_that_is_refused_by_name_is_listed() -> None:
    listed = listed_after("KQL that is refused by name")
    patterns = {
        name: re.escape(name.removesuffix("()")).replace(r"\ \*", r" [^|]*\*") for name in listed
    }
    for words, pattern in IN_WORDS.items():
        assert words in PAGE
        patterns[words] = pattern
    for name, pattern in patterns.items():
        assert any(re.search(pattern, query) for query in NOT_SIMULATED), name
    for query in NOT_SIMULATED:
        assert any(re.search(pattern, query) for pattern in patterns.values()), query


def test_the_number_of_judged_sign_ins_is_right() -> None:
    assert f"{len(ROWS)} cases in {len(TABLE)} groups" in PAGE
