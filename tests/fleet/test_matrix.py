"""Customers dealt out to several machines, and their reports joined."""

import json
from pathlib import Path
from typing import Any

import pytest

from fleet.errors import FleetError
from fleet.matrix import deal, matrix, merge
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


def test_a_name_that_would_be_read_as_two_is_refused() -> None:
    with pytest.raises(FleetError, match="'a,b' holds a comma"):
        matrix(["a,b"], 1, "azure")


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


def test_a_report_of_another_version_is_refused(tmp_path: Path) -> None:
    paths = written(tmp_path, fleet(customer("a")), fleet(customer("b")))
    text = paths[1].read_text(encoding="utf-8")
    paths[1].write_text(text.replace('"version": 1', '"version": 7'), encoding="utf-8")
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
