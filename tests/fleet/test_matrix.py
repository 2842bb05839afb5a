"""Customers dealt out to several machines, and their reports joined."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fleet import report_html, report_markdown
from fleet.errors import FleetError
from fleet.matrix import Form, deal, matrix, merge
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
        ({"run": "12"}, "is of run 12, .*shard-1.json of 11"),
        ({"run": None}, "is of run None, .*shard-1.json of 11"),
    ],
)
def test_reports_that_do_not_fit_are_refused(
    tmp_path: Path, different: dict[str, Any], words: str
) -> None:
    first = fleet(customer("a"), revision="abc", run="11")
    second = fleet(**{"customers": (), "revision": "abc", "run": "11", **different})
    with pytest.raises(ReportError, match=words) as caught:
        merge(written(tmp_path, first, second))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("order", [1, -1])
def test_of_a_job_that_ran_again_the_later_report_counts(tmp_path: Path, order: int) -> None:
    first = fleet(customer("a", outcome="failed"), run="11", made=MADE - timedelta(days=2))
    again = fleet(customer("a"), run="11")
    joined = merge(written(tmp_path, first, again)[::order])
    assert [(one.customer, one.outcome) for one in joined.customers] == [("a", "done")]
    assert (joined.made, joined.run) == (MADE, "11")


@pytest.mark.parametrize("render", [report_html.render, report_markdown.render])
def test_what_is_older_than_the_rest_says_so(
    tmp_path: Path, render: Callable[[FleetReport], str]
) -> None:
    then = MADE - timedelta(hours=8)
    old = fleet(customer("a", started=then), made=then)
    joined = merge(written(tmp_path, fleet(customer("b")), old))
    assert joined.made == MADE
    assert ", the oldest of it on 2026-11-22 20" in render(joined)
    assert "oldest" not in render(fleet(customer("b")))


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
