"""The last proof that the exclusion is in place is remembered, and shown with its age."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fleet import report_html, report_markdown
from fleet.records import FOLDER, Record
from fleet.report import CustomerReport
from fleet.report_json import read_json
from fleet.report_words import COLUMNS
from fleet.verified import FILE
from tests.fleet.sample_report import MADE, customer, fleet

PROVED = MADE - timedelta(days=9)
(COLUMN,) = (column for column in COLUMNS if column.heading == "Last verified")


def kept(folder: Path, *reports: CustomerReport, operation: Any = "preview") -> CustomerReport:
    """The first one, as a run's record shows it."""
    record = Record(folder, operation, "r")
    record.keep(reports)
    told = {one.customer: one for one in read_json(folder / FOLDER / "last.json").customers}
    return told[reports[0].customer]


def unproved(name: str = "north", **different: Any) -> CustomerReport:
    return customer(name, outcome="failed", last_verified=None, **different)


def test_a_run_that_proves_nothing_shows_the_last_proof(tmp_path: Path) -> None:
    assert kept(tmp_path, unproved()).last_verified is None
    proved = customer("north", last_verified=PROVED, started=PROVED)
    assert kept(tmp_path, proved, customer("south")).last_verified == PROVED
    assert kept(tmp_path, unproved(), operation="up").last_verified == PROVED
    unread = unproved(tenant_id="", started=None)
    assert kept(tmp_path, unread).last_verified == PROVED
    assert kept(tmp_path, unproved("other")).last_verified is None
    later = customer("north", last_verified=MADE)
    assert kept(tmp_path, later).last_verified == MADE
    assert kept(tmp_path, proved).last_verified == PROVED, "its own"
    assert kept(tmp_path, unproved()).last_verified == MADE


def test_another_tenant_has_no_proof_of_the_one_before(tmp_path: Path) -> None:
    kept(tmp_path, customer("north", last_verified=PROVED))
    moved = unproved(tenant_id="00000000-0000-4000-8000-000000000077")
    assert kept(tmp_path, moved).last_verified is None


def test_who_was_taken_down_has_none(tmp_path: Path) -> None:
    kept(tmp_path, customer("north", last_verified=PROVED))
    half = unproved(operation="destroy")
    assert kept(tmp_path, half, operation="destroy").last_verified == PROVED
    gone = customer("north", operation="destroy", last_verified=None)
    assert kept(tmp_path, gone, operation="destroy").last_verified is None
    assert kept(tmp_path, unproved()).last_verified is None


@pytest.mark.parametrize("text", ["", "[]", '{"north": {"moment": "yesterday"}}'])
def test_a_memory_that_cannot_be_read_knows_of_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / FILE).write_text(text, encoding="utf-8")
    assert kept(tmp_path, unproved()).last_verified is None
    assert kept(tmp_path, customer("north", last_verified=PROVED)).last_verified == PROVED
    assert kept(tmp_path, unproved()).last_verified == PROVED


@pytest.mark.parametrize(
    ("proved", "started", "shown"),
    [
        (MADE, MADE, "2026-11-23 04:12 UTC"),
        (PROVED, MADE, "2026-11-14 04:12 UTC (9 days old)"),
        (PROVED, None, "2026-11-14 04:12 UTC (9 days old)"),
        (MADE - timedelta(hours=30), MADE, "2026-11-21 22:12 UTC (30 hours old)"),
        (MADE - timedelta(hours=1), MADE, "2026-11-23 03:12 UTC (1 hour old)"),
        (None, MADE, "not known"),
    ],
)
def test_a_proof_of_an_earlier_run_is_shown_with_its_age(
    proved: Any, started: Any, shown: str
) -> None:
    one = customer("north", last_verified=proved, started=started)
    assert COLUMN.shown(one, MADE) == shown
    assert COLUMN.is_old(one) is ("old" in shown)
    page, comment = report_html.render(fleet(one)), report_markdown.render(fleet(one))
    assert f">{shown}</td>" in page
    assert shown.partition(" (")[2].rstrip(")") in comment
