"""The report's model, its JSON and the schema that is committed."""

import json
import os
import resource
import signal
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from fleet.report import CustomerReport, FleetReport, Problem
from fleet.report_json import PAUSES, ReportError, read_json, schema_text, write_json
from tests.fleet.sample_report import customer, fleet, sample

REPOSITORY = Path(__file__).parents[2]


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_json(sample(), tmp_path / "last.json")
    assert read_json(tmp_path / "last.json") == sample()
    assert [path.name for path in tmp_path.iterdir()] == ["last.json"]


def test_the_names_in_json_are_in_camel_case(tmp_path: Path) -> None:
    write_json(sample(), tmp_path / "last.json")
    found = json.loads((tmp_path / "last.json").read_text(encoding="utf-8"))
    assert found["version"] == 2
    assert found["made"] == "2026-11-23T04:12:00Z"
    assert found["customers"][0]["accounts"][0]["userPrincipalName"].startswith("ka7x2@")
    assert found["customers"][0]["alarm"]["firstRow"] == "logs arrive"


def test_the_committed_schema_is_that_of_the_model() -> None:
    committed = (REPOSITORY / "docs" / "fleet-report.schema.json").read_text(encoding="utf-8")
    command = "python -m fleet.report_json > docs/fleet-report.schema.json"
    assert committed == schema_text(), f"make it anew: {command}"
    assert "version" in json.loads(committed)["required"], "without it no report is read"


def test_customers_are_sorted_by_name_whatever_their_case() -> None:
    report = fleet(customer("zoo"), customer("Bank"), customer("abbey"))
    assert [one.customer for one in report.customers] == ["abbey", "Bank", "zoo"]


def test_a_customer_is_reported_once() -> None:
    with pytest.raises(ValidationError, match="bank"):
        fleet(customer("bank"), customer("bank"))


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([], 0),
        (["done", "done"], 0),
        (["done", "failed"], 1),
        (["done", "not started"], 1),
        (["done", "cancelled", "not started"], 130),
        (["failed", "cancelled"], 130),
    ],
)
def test_the_exit_code_says_how_it_ended(outcomes: list[str], code: int) -> None:
    named = (customer(f"c{number}", outcome=one) for number, one in enumerate(outcomes))
    assert fleet(*named).exit_code == code


def test_times_are_told_in_utc() -> None:
    there = datetime(2026, 11, 23, 9, 42, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    made = fleet(made=there).made
    assert (made, made.tzinfo) == (datetime(2026, 11, 23, 4, 12, tzinfo=UTC), UTC)
    with pytest.raises(ValidationError, match="timezone"):
        fleet(made=there.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("first\r\nsecond\u2028third", "first second third"),
        ("\x1b[31mred\x00", "[31mred"),
        ("\u202egnp.exe", "gnp.exe"),
        ("half \ud83d", "half"),
    ],
)
def test_what_others_said_is_kept_in_one_line_that_can_be_printed(said: str, kept: str) -> None:
    assert Problem(what=said, todo="").what == kept


@pytest.mark.parametrize("place", [(), ("customers", 0), ("customers", 0, "accounts", 0)])
def test_there_is_no_room_for_a_secret(place: tuple[Any, ...]) -> None:
    document = sample().model_dump(mode="json", by_alias=True)
    inner: Any = document
    for step in place:
        inner = inner[step]
    inner["password"] = "Tr0ub4dor"
    with pytest.raises(ValidationError, match="password"):
        FleetReport.model_validate(document)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no JSON"),
        ("[]", "is no fleet report"),
        ("{}", "is no fleet report"),
        ('{"version": 1}', "has version 1, this breakglass reads 2"),
        ('{"version": 2, "made": "2026-11-23T04:12:00Z", "customers": []}', "operation"),
    ],
)
def test_a_file_that_is_no_report_is_told_in_one_line(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "shard.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReportError) as caught:
        read_json(path)
    told = str(caught.value)
    assert str(path) in told
    assert words in told
    assert "\n" not in told


def test_a_file_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"none\.json could not be read: No such file"):
        read_json(tmp_path / "none.json")
    with pytest.raises(ReportError, match=r"last\.json could not be written: No such file"):
        write_json(sample(), tmp_path / "none" / "last.json")


def test_a_report_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "last.json"
    write_json(sample(), path)

    def full(_self: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ReportError, match="No space left"):
        write_json(fleet(), path)
    assert read_json(path) == sample()
    assert [one.name for one in tmp_path.iterdir()] == ["last.json"]


@pytest.mark.parametrize(("refusals", "told"), [(2, True), (9, False)])
def test_a_file_that_somebody_holds_open_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusals: int, told: bool
) -> None:
    replace, tries, pauses = Path.replace, [0], list[float]()

    def held(beside: Path, target: Path) -> Path:
        tries[0] += 1
        if tries[0] <= refusals:
            raise PermissionError(13, "The process cannot access the file")
        return replace(beside, target)

    monkeypatch.setattr(Path, "replace", held)
    monkeypatch.setattr("fleet.report_json.time.sleep", pauses.append)
    if told:
        write_json(sample(), tmp_path / "last.json")
        assert read_json(tmp_path / "last.json") == sample()
    else:
        with pytest.raises(ReportError, match="cannot access the file"):
            write_json(sample(), tmp_path / "last.json")
        assert list(tmp_path.iterdir()) == []
    assert pauses == list(PAUSES[:refusals])


def test_what_was_not_looked_at_is_null_and_not_nought() -> None:
    bare = CustomerReport(
        customer="a", tenant_id="", subscription_id="", operation="up", outcome="not started"
    ).model_dump(mode="json", by_alias=True)
    assert bare["policies"] == {"excluded": None, "skipped": None, "drifted": None}
    assert bare["alarm"] == {"enabled": None, "receivers": None, "firstRow": ""}
    assert (bare["lastVerified"], bare["monthlyCost"], bare["licence"]) == (None, None, "unknown")
    assert (bare["accounts"], bare["lastKnown"]) == (None, None)


def test_a_report_is_its_owners_alone_from_the_first_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "last.json"
    path.write_text("as anybody may read it", encoding="utf-8")
    path.chmod(0o644)
    seen: list[int] = []
    replace = Path.replace

    def watched(beside: Path, target: Path) -> Path:
        seen.append(stat.S_IMODE(beside.stat().st_mode))
        return replace(beside, target)

    monkeypatch.setattr(Path, "replace", watched)
    before = os.umask(0)
    try:
        write_json(sample(), path)
    finally:
        os.umask(before)
    assert [*seen, stat.S_IMODE(path.stat().st_mode)] == [0o600] * 2


def test_a_disk_that_is_full_while_writing_is_one_line_and_leaves_the_old_report(
    tmp_path: Path,
) -> None:
    path = tmp_path / "last.json"
    write_json(sample(), path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(ReportError, match=r"last\.json could not be written: File too large"):
            write_json(sample(), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert read_json(path) == sample()
    assert [one.name for one in tmp_path.iterdir()] == ["last.json"]
