"""Customers dealt out to several machines, and their reports joined."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fleet.errors import FleetError
from fleet.matrix import MOST_APART, Form, deal, matrix, merge
from fleet.report import FleetReport
from fleet.report_json import ReportError, write_json
from tests.fleet.sample_report import MADE, customer, fleet

NAMES = ["e", "d", "c", "b", "a"]


def test_github_gets_a_list_of_jobs() -> None:
    text = matrix(NAMES, 2, "github")
    assert json.loads(text) == {
        "include": [{"shard": 1, "customers": "a,c,e"}, {"shard": 2, "customers": "b,d"}]
    }
    assert "\n" not in text


def test_azure_devops_gets_named_jobs() -> None:
    assert json.loads(matrix(NAMES, 2, "azure")) == {
        "shard_1": {"customers": "a,c,e"},
        "shard_2": {"customers": "b,d"},
    }


@pytest.mark.parametrize("shards", [1, 2, 3, 4, 5, 6, 256])
def test_every_customer_is_in_one_shard_and_no_shard_is_empty(shards: int) -> None:
    dealt = deal(NAMES, shards)
    assert sorted(name for names in dealt for name in names) == sorted(NAMES)
    assert len(dealt) == min(shards, len(NAMES))
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1


def test_no_customers_are_no_jobs() -> None:
    assert (matrix([], 3, "github"), matrix([], 3, "azure")) == ('{"include":[]}', "{}")


@pytest.mark.parametrize("shards", [-1, 0, 257])
def test_a_number_of_shards_that_no_ci_takes_is_refused(shards: int) -> None:
    with pytest.raises(FleetError, match=rf"--shards {shards}: 1 to 256") as caught:
        matrix(NAMES, shards, "github")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["a,b", "*", "north-?", "$(id)", "a'b;id", "-x", "a\nb=c", ""])
@pytest.mark.parametrize("form", ["github", "azure", "names"])
def test_a_name_that_a_pipeline_would_read_as_more_is_refused(name: str, form: Form) -> None:
    with pytest.raises(FleetError, match="is no name for a customer") as caught:
        matrix(["north", name], 2, form)
    assert "rename its settings file" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def written(folder: Path, *reports: FleetReport) -> list[Path]:
    paths = [folder / f"shard-{number}.json" for number, _ in enumerate(reports, 1)]
    for path, report in zip(paths, reports, strict=True):
        write_json(report, path)
    return paths


def test_reports_are_joined_and_sorted(tmp_path: Path) -> None:
    later = MADE.replace(hour=5)
    first = fleet(customer("c"), customer("a"), revision="abc", made=later)
    second = fleet(customer("b", outcome="failed"), revision="abc")
    joined = merge(written(tmp_path, first, second))
    assert [one.customer for one in joined.customers] == ["a", "b", "c"]
    assert (joined.made, joined.revision, joined.operation) == (later, "abc", "up")
    assert joined.exit_code == 1


@pytest.mark.parametrize(
    ("different", "words"),
    [
        ({"revision": "def"}, "is of revision def, .*shard-1.json of abc"),
        ({"operation": "preview"}, "is of operation preview, .*shard-1.json of up"),
        ({"customers": (customer("a"),)}, "a is in .*shard-1.json and in .*shard-2.json"),
    ],
)
def test_reports_that_do_not_fit_are_refused(
    tmp_path: Path, different: dict[str, Any], words: str
) -> None:
    first = fleet(customer("a"), revision="abc")
    second = fleet(**{"customers": (), "revision": "abc", **different})
    with pytest.raises(ReportError, match=words) as caught:
        merge(written(tmp_path, first, second))
    assert "\n" not in str(caught.value)


def test_a_report_of_another_day_is_refused_and_both_are_named(tmp_path: Path) -> None:
    old = fleet(customer("a"), made=MADE - MOST_APART - timedelta(minutes=1))
    paths = written(tmp_path, fleet(customer("b")), old)
    with pytest.raises(ReportError, match="more than 12 hours apart") as caught:
        merge(paths)
    (line,) = str(caught.value).splitlines()
    assert "shard-2.json was made on 2026-11-22 16:11 UTC" in line
    assert "shard-1.json on 2026-11-23 04:12 UTC" in line


def test_shards_of_a_long_run_are_joined(tmp_path: Path) -> None:
    first = fleet(customer("a"), made=MADE - MOST_APART)
    joined = merge(written(tmp_path, first, fleet(customer("b"))))
    assert (joined.made, len(joined.customers)) == (MADE, 2)


def test_a_report_of_another_version_is_refused(tmp_path: Path) -> None:
    paths = written(tmp_path, fleet(customer("a")), fleet(customer("b")))
    text = paths[1].read_text(encoding="utf-8")
    paths[1].write_text(text.replace('"version": 2', '"version": 7'), encoding="utf-8")
    with pytest.raises(ReportError, match=r"shard-2\.json has version 7"):
        merge(paths)


def test_nothing_to_join_is_told() -> None:
    with pytest.raises(ReportError, match="no report to merge"):
        merge([])


def test_a_customer_whose_machine_died_is_missed(tmp_path: Path) -> None:
    joined = merge(written(tmp_path, fleet(customer("b"))), expected=["a", "b"])
    assert [(one.customer, one.outcome) for one in joined.customers] == [
        ("a", "not started"),
        ("b", "done"),
    ]
    assert "fleet up --only a" in joined.customers[0].problems[0].todo
    assert joined.exit_code == 1
