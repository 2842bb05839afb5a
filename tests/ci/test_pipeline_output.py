"""Text of a tenant in what a step prints: the agent must find nothing to obey in it."""

import io
import re
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli import fleet_run, pipeline_output
from cli.main import app
from cli.pipeline_output import HarmlessStream, harmless, harmless_output
from fleet import report_markdown
from fleet.job import Job, Options, Processes, failed, not_started
from fleet.report import CustomerReport
from fleet.report_json import write_json
from tests.fleet.sample_report import customer, fleet
from tests.fleet.stub import StubProject, stub_project

AZURE = "##vso[task.setvariable variable=ARM_CLIENT_ID__SOUTH]evil"
OLD_GITHUB = "##[add-mask]evil"
GITHUB = "::set-output name=matrix::evil"
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\u00ad\u200b-\u200f\u2060\ufe0f\ufeff]")


def obeyed(output: str) -> list[str]:
    """The lines that an agent would obey; it sees over characters without a weight of their own."""
    lines = [UNSEEN.sub("", line) for line in re.split(r"[\r\n]", output)]
    return [
        line
        for line in lines
        if "##vso[" in line or "##[" in line or line.lstrip().startswith("::")
    ]


@pytest.mark.parametrize(
    "text",
    [
        *(AZURE, OLD_GITHUB, GITHUB),
        f"✗ policy '{AZURE}'",
        f"#{AZURE}",
        "####[warning]x",
        f"  \t{GITHUB}",
        f"\u3000{GITHUB}",
        f"well\n{GITHUB}",
        f"well\r{GITHUB}",
        f"well\r\n\n {GITHUB}",
        "#\u200b#vso[task.x]a",
        "##v\u00adso\ufe0f[task.x]a",
        "#\x00#[x]",
        "\ufeff:\u200d:add-mask::x",
    ],
)
def test_what_an_agent_would_obey_is_broken(text: str) -> None:
    assert obeyed(text)
    assert not obeyed(harmless(text))
    assert harmless(text).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    "text", ["## A heading", "a::b", "12:30", "one: two", "#7, #8 and [9]", "fe80::1", "## [a]"]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("text", [AZURE, GITHUB, f"x{OLD_GITHUB}", f"x\n{GITHUB}\n{AZURE}\n"])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_a_mark_in_pieces_is_broken_too(text: str, size: int) -> None:
    behind = io.StringIO()
    stream = HarmlessStream(behind)
    for at in range(0, len(text), size):
        stream.write(text[at : at + size])
        stream.flush()
    assert not obeyed(behind.getvalue())
    assert behind.getvalue().replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    "pieces",
    [
        ["##", "vso" * 9, "[", "x"],
        ["a #", "\u200b", "#", "[x]"],
        ["#", "##", "[x]"],
        [" ", "\ufeff", ":", "\u200d", ":x::"],
        ["a\r", "\u3000:", ":x"],
        ["##vso\n", "##", "vso[x]"],
        ["##vso ", "[x] ", "::y"],
    ],
)
def test_what_went_before_counts_as_far_as_a_mark_may_reach(pieces: list[str]) -> None:
    whole, behind = "".join(pieces), io.StringIO()
    stream = HarmlessStream(behind)
    for piece in pieces:
        stream.write(piece)
    assert not obeyed(behind.getvalue())
    assert behind.getvalue().replace(" ", "") == whole.replace(" ", "")
    if harmless(whole) == whole:
        assert behind.getvalue() == whole


@pytest.mark.parametrize("piece", ["word ", "##word", "\u200b", "#", " ", ":"])
def test_a_long_line_in_pieces_is_looked_at_once(
    monkeypatch: pytest.MonkeyPatch, piece: str
) -> None:
    looked_at: list[int] = []

    def counting(text: str) -> str:
        looked_at.append(len(text))
        return harmless(text)

    monkeypatch.setattr(pipeline_output, "harmless", counting)
    stream = HarmlessStream(io.StringIO())
    for _ in range(400):
        stream.write(piece)
    assert sum(looked_at) <= 400 * (2 * len(piece) + 3)


def test_a_part_of_a_line_is_shown_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with harmless_output():
        typer.echo("Go on? ", nl=False)
        assert capsys.readouterr().out == "Go on? "
        typer.echo(f"no {AZURE}", err=True)
    assert not obeyed(capsys.readouterr().err)


def test_an_error_that_nobody_caught_is_harmless(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back after the test
    with harmless_output():
        pass
    sys.excepthook(ValueError, ValueError(f"{AZURE}\n{GITHUB}"), None)
    told = capsys.readouterr().err
    assert "ValueError" in told
    assert obeyed(told) == []


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StubProject:
    made = stub_project(tmp_path, "north", "south")
    monkeypatch.chdir(made.folder)
    monkeypatch.setenv("PATH", str(made.bin), prepend=":")
    return made


HOSTILE = (AZURE, OLD_GITHUB, GITHUB)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_fleet_prints_no_command_of_a_tenants(
    project: StubProject, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def bad(one: Job, folder: Path, options: Options, processes: Processes) -> CustomerReport:
        del folder, options, processes
        return failed(one, name, name) if one.customer == "north" else not_started(one)

    monkeypatch.setattr(fleet_run, "run_job", bad)
    ended = CliRunner().invoke(app, ["fleet", "preview", "--report", "r.md"])
    assert ended.exit_code == 1
    assert "evil" in ended.output
    assert obeyed(ended.output) == []
    assert obeyed((project.folder / "r.md").read_text(encoding="utf-8")) == []


def test_a_tenants_error_is_harmless_from_the_engine_to_the_step(project: StubProject) -> None:
    project.plan(north={"preview": {"errors": list(HOSTILE)}})
    ended = CliRunner().invoke(app, ["fleet", "preview", "--only", "north"])
    assert ended.output.count("evil") == len(HOSTILE)
    assert obeyed(ended.output) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_reports_of_shards_bring_no_command_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_json(fleet(customer(name, outcome="failed")), tmp_path / "shard.json")
    ended = CliRunner().invoke(app, ["fleet", "merge", "shard.json", "--report", "all.md"])
    assert ended.exit_code == 1
    assert "evil" in ended.output
    assert obeyed(ended.output) == []
    assert obeyed((tmp_path / "all.md").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("words", ["fleet preview", "fleet list", "ci restore", "ci preview"])
def test_an_error_line_is_harmless(project: StubProject, words: str, name: str) -> None:
    del project
    ended = CliRunner().invoke(app, [*words.split(), "--only", name])
    assert ended.exit_code == 2
    assert "names no customer" in ended.output
    assert obeyed(ended.output) == []


def test_a_report_as_markdown_is_harmless_wherever_a_name_stands() -> None:
    named = [customer(f"{number}{name}") for number, name in enumerate(HOSTILE)]
    problem = {"what": AZURE, "todo": GITHUB}
    told = customer(
        GITHUB,
        outcome="failed",
        problems=(problem, {"what": GITHUB, "todo": ""}),
        notes=(GITHUB, AZURE),
        planned=({"operation": "update", "type": AZURE, "name": GITHUB},),
    )
    assert obeyed(report_markdown.render(fleet(*named, told, revision=AZURE))) == []
