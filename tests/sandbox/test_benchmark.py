"""The benchmark tells the truth: verdicts, what counts as an answer, one tenant per size."""

import ssl

import pytest

from sandbox.benchmark import __main__ as benchmark
from sandbox.benchmark import alarms
from sandbox.benchmark.documents import document, identity
from sandbox.benchmark.load import get, run_load
from sandbox.benchmark.measurement import Benchmark, Measurement
from tests.support.tenant import running_tenant, token


@pytest.mark.parametrize(
    ("value", "more_is_better", "verdict"),
    [
        (2.0, False, "met"),
        (2.1, False, "MISSED"),
        (2.0, True, "met"),
        (1.9, True, "MISSED"),
        (0.0, True, "MISSED"),
    ],
)
def test_a_figure_is_judged_by_its_target(value: float, more_is_better: bool, verdict: str) -> None:
    measurement = Measurement("x", value, "s", 2.0, more_is_better)
    assert measurement.verdict == verdict
    assert measurement.line().endswith(verdict)


def test_a_figure_without_a_target_is_only_told() -> None:
    measurement = Measurement("x", 1234.5, "/s")
    assert (measurement.verdict, measurement.shortfall) == ("", 0.0)
    assert measurement.line().endswith("1,234 /s")


@pytest.mark.parametrize(("value", "code"), [(2.0, 0), (2.1, 1)])
def test_a_missed_target_fails_and_the_load_of_the_machine_is_told(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    value: float,
    code: int,
) -> None:
    row = Benchmark("one", "Title", lambda: [Measurement("figure", value, "s", 2.0)])
    monkeypatch.setattr(benchmark, "BENCHMARKS", (row,))
    assert benchmark.main([]) == code
    shown = capsys.readouterr().out
    assert "Title" in shown
    assert "at most 2 s" in shown
    assert "Load average of the last minute: " in shown
    assert ("Targets missed: 1 (figure)." in shown) == bool(code)


def test_one_benchmark_can_be_run_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        Benchmark(name, name.title(), lambda name=name: [Measurement(f"of {name}", 1, "s")])
        for name in ("one", "two")
    ]
    monkeypatch.setattr(benchmark, "BENCHMARKS", rows)
    assert benchmark.main(["two"]) == 0
    shown = capsys.readouterr().out
    assert "of two" in shown
    assert "of one" not in shown
    with pytest.raises(SystemExit):
        benchmark.main(["three"])
    assert "no benchmark is named 'three', expected one, two" in capsys.readouterr().err


def test_a_load_reads_what_a_client_reads_and_takes_nothing_but_200_for_an_answer() -> None:
    with running_tenant(document(users=20, policies=3)) as server:
        host = server.url.removeprefix("https://")
        context = ssl.create_default_context(cafile=str(server.ca_path))
        address, bearer = ("localhost", server.port), token(server, server.url)
        paths = [f"/v1.0/users/{identity(f'users/{number}')}" for number in range(20)]
        requests = [get(host, path, bearer) for path in paths]
        load = run_load(address, context, requests, connections=2, seconds=0.2)
        asked = [e for e in server.world.requests.entries() if e["path"] in paths]
        assert len(load.latencies) == len(asked)
        assert {entry["status"] for entry in asked} == {200}
        assert 0 < load.median <= load.slow
        wrong = [get(host, "/v1.0/users/nobody", bearer)]
        with pytest.raises(RuntimeError, match="404"):
            run_load(address, context, wrong, connections=1, seconds=0.2)


def test_the_month_of_alarms_counts_only_when_every_sign_in_rang(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alarms, "_DAYS", 2)
    (figure,) = alarms.month_of_alarms()
    assert figure.target == 15.0
    assert figure.verdict == "met"
    monkeypatch.setattr(alarms, "_TABLES", ("AuditLogs", "AuditLogs"))
    with pytest.raises(RuntimeError, match="0 alerts for 2 sign-ins"):
        alarms.month_of_alarms()
