"""`breakglass fleet …` as it is called: what is shown, asked, refused, and how it ends."""

import io
import json
import sys

import pytest
from rich.console import Console

from fleet.job import not_started
from fleet.progress import LiveTable, PlainLines, progress_on
from fleet.report import Problem
from fleet.report_json import read_json
from tests.fleet.commands import Jobs, fleet
from tests.fleet.stub import StubProject, job, tenant_of


def test_a_preview_of_all_reports_and_ends_with_zero(project: StubProject) -> None:
    ended = fleet("preview", "--report", "r.json", "--report", "r.md", "--report", "r.html")
    assert ended.exit_code == 0, ended.output
    assert "preview: 2 done." in ended.output
    assert [one.customer for one in read_json(project.folder / "r.json").customers] == [
        "north",
        "south",
    ]
    assert "north" in (project.folder / "r.md").read_text(encoding="utf-8")
    assert "<html" in (project.folder / "r.html").read_text(encoding="utf-8")
    assert "\x1b" not in ended.output


def test_the_version_of_the_cli_is_looked_up_once_for_all_customers(project: StubProject) -> None:
    assert fleet("preview").exit_code == 0
    asked = [one["customer"] for one in project.calls() if one["operation"] not in ("export", "ls")]
    assert sorted(asked) == ["", "north", "south"]
    assert sorted(project.operations("")) == ["ls", "version"]
    assert not [one for one in project.calls() if "plugin" in one["arguments"]]


def test_up_asks_nobody_when_told_so_and_still_previews(project: StubProject) -> None:
    assert fleet("up", "--yes", "--only", "north").exit_code == 0
    assert project.steps("north") == ["preview", "up"]
    assert project.operations("south") == []


def test_one_failure_ends_with_one_and_is_all_that_is_resumed(
    project: StubProject, jobs: Jobs
) -> None:
    jobs.bad = {"north"}
    ended = fleet("preview")
    assert ended.exit_code == 1
    assert "north: failed" in ended.output
    jobs.bad, jobs.done = {"south"}, []
    resumed = fleet("preview", "--resume", "--report", "r.json")
    assert resumed.exit_code == 0, resumed.output
    assert jobs.done == [("north", "preview")]
    assert [one.outcome for one in read_json(project.folder / "r.json").customers] == ["done"] * 2
    nothing = fleet("preview", "--resume")
    assert (nothing.exit_code, "Nothing is missing" in nothing.output) == (0, True)


def test_changes_that_were_not_expected_are_a_failure(jobs: Jobs) -> None:
    jobs.changes = {"create": 3, "same": 1}
    assert fleet("preview").exit_code == 0
    strict = fleet("preview", "--expect-no-changes")
    assert strict.exit_code == 1
    assert "changes are pending: 3 create" in strict.output


def test_a_canary_that_fails_keeps_the_rest_from_starting(jobs: Jobs) -> None:
    jobs.bad = {"north"}
    ended = fleet("preview", "--canary", "1")
    assert ended.exit_code == 1
    assert jobs.done == [("north", "preview")]
    assert "south: not started" in ended.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["preview", "--only", "nort"], "names no customer: did you mean north?"),
        (["preview", "--report", "r.pdf"], "expected a name that ends in .json, .md, .html"),
        (["preview", "--report", "nowhere/r.md"], "there is no folder nowhere"),
        (["preview", "--resume"], "there is no preview to resume"),
        (["up", "--changed-since", "x", "--yes"], "failed"),
    ],
)
def test_a_wrong_call_is_told_in_one_line(
    project: StubProject, arguments: list[str], told: str
) -> None:
    ended = fleet(*arguments)
    assert ended.exit_code == 2
    (line,) = ended.output.strip().splitlines()
    assert line.startswith("breakglass: ")
    assert told in line
    assert project.calls() == []


def test_the_list_says_who_runs_with_what(
    project: StubProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARM_CLIENT_ID__NORTH", "app")
    monkeypatch.setenv("ARM_CLIENT_SECRET__NORTH", "not-to-be-shown")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "azblob://state?storage_account=x")
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(project.folder))
    shown = fleet("list")
    assert shown.exit_code == 0
    assert "the tenant's identity" in shown.stdout
    assert "none: shared ones" in shown.stdout
    (unseen,) = [line for line in shown.stderr.splitlines() if "cannot be seen" in line]
    assert unseen.startswith("north and south: in which tenant state (azblob://state) lies")
    document = json.loads(fleet("list", "--json", "--only", "north").stdout)
    assert document[0]["ownCredentials"] == ["the tenant's identity"]
    assert "not-to-be-shown" not in shown.output


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"PULUMI_CONFIG_PASSPHRASE": "all-the-same"}, True),
        ({"PULUMI_CONFIG_PASSPHRASE_FILE": "all-the-same"}, True),
        ({"PULUMI_CONFIG_PASSPHRASE__NORTH": "a", "PULUMI_CONFIG_PASSPHRASE__SOUTH": "a"}, True),
        ({"PULUMI_CONFIG_PASSPHRASE__NORTH": "a", "PULUMI_CONFIG_PASSPHRASE__SOUTH": "b"}, False),
        ({"PULUMI_CONFIG_PASSPHRASE": "all", "PULUMI_CONFIG_PASSPHRASE__SOUTH": "b"}, False),
        ({}, False),
    ],
)
@pytest.mark.usefixtures("project")
def test_the_list_warns_of_one_key_for_several_customers(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], told: bool
) -> None:
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    shown = fleet("list", "--only", "north")
    assert shown.exit_code == 0
    lines = [line for line in shown.stderr.splitlines() if "one key for their secrets" in line]
    assert len(lines) == told, shown.stderr
    assert all(line.startswith("north and south have one key") for line in lines)
    assert "all-the-same" not in shown.output


def test_the_list_warns_of_one_key_of_a_key_vault(project: StubProject) -> None:
    for name, key in (("north", "one"), ("south", "one")):
        path = project.folder / f"Pulumi.{name}.yaml"
        settings = path.read_text(encoding="utf-8")
        provider = f"secretsprovider: azurekeyvault://kv.vault.azure.net/keys/{key}\n"
        path.write_text(provider + settings, encoding="utf-8")
    assert "(azurekeyvault://kv.vault.azure.net/keys/one): who has it" in fleet("list").stderr
    path.write_text(provider.replace("one", "two") + settings, encoding="utf-8")
    assert "one key for their secrets" not in fleet("list").stderr


@pytest.mark.parametrize(("command", "names"), [("list", "north and south: "), ("preview", "")])
@pytest.mark.usefixtures("project")
def test_one_audience_for_several_customers_is_warned_of_once(
    monkeypatch: pytest.MonkeyPatch, command: str, names: str
) -> None:
    monkeypatch.setenv("ARM_USE_OIDC", "true")
    assert "have one audience" not in fleet(command).output
    monkeypatch.setenv("ARM_OIDC_AUDIENCE", "api://all")
    told = [line for line in fleet(command).output.splitlines() if "have one audience" in line]
    (line,) = told
    assert line.startswith(f"{names}several customers' tokens have one audience (api://all)")


def test_a_command_runs_as_one_customer_alone(
    project: StubProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARM_CLIENT_SECRET__NORTH", "northern")
    monkeypatch.setenv("ARM_CLIENT_SECRET__SOUTH", "southern")
    monkeypatch.setenv("ARM_CLIENT_SECRET", "of all")
    python = (
        "import json, os, pathlib; pathlib.Path('seen').write_text(json.dumps(dict(os.environ)))"
    )
    ended = fleet("exec", "north", "--", sys.executable, "-c", f"{python}; raise SystemExit(7)")
    assert ended.exit_code == 7
    seen = json.loads((project.folder / "seen").read_text(encoding="utf-8"))
    assert seen["ARM_CLIENT_SECRET"] == "northern"
    assert (seen["PULUMI_STACK"], seen["ARM_TENANT_ID"]) == ("north", tenant_of(0))
    assert {"southern", "of all"}.isdisjoint(seen.values())


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nobody", "--", "pulumi"], "there is no Pulumi.nobody.yaml"),
        (["north", "--", "no-such-command"], "there is no command 'no-such-command' on PATH"),
    ],
)
def test_a_command_as_a_customer_that_cannot_be_is_told_in_one_line(
    arguments: list[str], told: str
) -> None:
    ended = fleet("exec", *arguments)
    assert ended.exit_code != 0
    (line,) = ended.output.strip().splitlines()
    assert told in line


def test_a_customer_is_added_and_shown(project: StubProject) -> None:
    template = project.folder / "Pulumi.prod.yaml"
    template.write_text((project.folder / "Pulumi.north.yaml").read_text(encoding="utf-8"))
    ids = ["--tenant", "1" * 8 + "-2222-4333-8444-" + "5" * 12, "--subscription"]
    ids.append("6" * 8 + "-7777-4888-8999-" + "a" * 12)
    added = fleet("add", "east", *ids)
    assert added.exit_code == 0, added.output
    assert "Next: breakglass fleet exec east -- pulumi stack init east" in added.output
    assert "east" in fleet("list").output
    for which in (
        "deployment-client",
        "review-client",
        "deployment-connection",
        "review-connection",
        "preview-connection",
    ):
        text = fleet("add", which, *ids, "--same-tenant", f"--{which}-id", tenant_of(7))
        key = {"client": "ClientId", "connection": "ConnectionId"}[which.partition("-")[2]]
        written = (project.folder / f"Pulumi.{which}.yaml").read_text(encoding="utf-8")
        assert f"  fleet:{which.partition('-')[0]}{key}: {tenant_of(7)}\n" in written, text.output
    assert fleet("add", "east", *ids).exit_code == 2
    assert fleet("add", "west", *ids, "--same-tenant", "--init").exit_code == 0
    assert project.calls()[-1]["arguments"][:3] == ["stack", "init", "west"]


def test_shards_and_their_reports_make_one_run(project: StubProject, jobs: Jobs) -> None:
    dealt = json.loads(fleet("matrix", "--shards", "2").stdout)
    for row in dealt["include"]:
        name = f"{row['shard']}.json"
        assert fleet("preview", "--only", row["customers"], "--report", name).exit_code == 0
    joined = fleet("merge", "1.json", "2.json", "--report", "all.json", "--expect", "north,south")
    assert joined.exit_code == 0
    report = read_json(project.folder / "all.json")
    assert [one.customer for one in report.customers] == ["north", "south"]
    assert fleet("merge", "1.json", "--expect", "north,south").exit_code == 1


def test_plain_lines_tell_beginning_end_and_problems() -> None:
    console = Console(file=io.StringIO(), width=80)
    progress = progress_on(console, 2)
    assert isinstance(progress, PlainLines)
    problem = Problem(what="[red]no[/red]", todo="do it")
    problems = (problem, Problem(what="nothing to do about it", todo=""))
    bad = not_started(job("north")).model_copy(update={"outcome": "failed", "problems": problems})
    with progress:
        progress.begin("north")
        progress.end(bad)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "  north: started",
        "✗ [1/2] north: failed, 0 s",
        "    [red]no[/red]",
        "      → do it",
        "    nothing to do about it",
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("file", "variables", "lives"),
    [
        (Terminal, {}, True),
        (Terminal, {"CI": "false"}, True),
        (Terminal, {"CI": "true"}, False),
        (Terminal, {"GITHUB_ACTIONS": "true"}, False),
        (Terminal, {"TF_BUILD": "True"}, False),
        (io.StringIO, {"FORCE_COLOR": "1"}, False),
        (io.StringIO, {}, False),
    ],
)
def test_only_a_terminal_before_which_somebody_sits_is_drawn_anew(
    monkeypatch: pytest.MonkeyPatch,
    file: type[io.StringIO],
    variables: dict[str, str],
    lives: bool,
) -> None:
    for name in ("CI", "GITHUB_ACTIONS", "TF_BUILD"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    console = Console(file=file(), width=80)
    assert isinstance(progress_on(console, 1), LiveTable) is lives


def test_a_terminal_shows_who_runs_since_when() -> None:
    console = Console(file=Terminal(), force_terminal=True, width=80)
    now = [100.0]
    table = LiveTable(console, 3, clock=lambda: now[0])
    table.begin("north")
    table.begin("south")
    now[0] = 107.0
    problem = Problem(what="nothing to do about it", todo="")
    table.end(not_started(job("south")).model_copy(update={"problems": (problem,)}))
    assert isinstance(console.file, Terminal)
    assert "nothing to do about it" in console.file.getvalue()
    assert "→" not in console.file.getvalue()
    with console.capture() as shown:
        console.print(table.render())
    assert "north 7 s" in shown.get().replace("\x1b[2m", "").replace("\x1b[0m", "")
    assert "1 running, 1 waiting, 1 not started" in shown.get()
