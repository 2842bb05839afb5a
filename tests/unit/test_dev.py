"""dev.py: what it makes, when it makes it anew, and what it takes away again."""

import ast
import itertools
import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

import dev
from sandbox.engine import cache_folder

REPOSITORY = Path(__file__).parents[2]


class Checkout:
    """A checkout in a folder of the test's own, and the commands that dev.py ran in it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.quiet: list[list[str]] = []
        self.calls: list[list[str]] = []
        self.failing: list[str] = []
        self.exit_codes: dict[str, int] = {}
        root.mkdir()
        for name in (*dev.DEVELOPMENT_FILES, "pyproject.toml"):
            (root / name).write_text(name)
        monkeypatch.setattr(dev, "ROOT", root)
        monkeypatch.setattr(dev, "VENV", root / ".venv")
        monkeypatch.setattr(dev, "STAMP", root / ".venv" / "break-glass.json")
        monkeypatch.setattr(dev, "LOCK", root / ".venv-lock")
        monkeypatch.setattr(dev, "run_quietly", self._run_quietly)
        monkeypatch.setattr(dev, "call", self._call)
        monkeypatch.setattr(dev, "usable", lambda: dev.executable("python").exists())
        monkeypatch.setenv("BREAK_GLASS_CACHE", str(root / "cache"))

    def _run_quietly(self, command: Sequence[str], what: str) -> list[str]:
        self.quiet.append(list(command))
        print(what)
        if "venv" in command:
            python = dev.executable("python")
            python.parent.mkdir(parents=True)
            python.touch()
        return self.failing if "pip" in command else []

    def _call(self, command: Sequence[str]) -> int:
        self.calls.append(list(command))
        text = " ".join(command)
        return next((code for part, code in self.exit_codes.items() if part in text), 0)

    @property
    def installs(self) -> list[list[str]]:
        """The requirement files of each installation."""
        found: list[list[str]] = []
        for command in self.quiet:
            if "pip" in command:
                pairs = itertools.pairwise(command)
                found.append([name for flag, name in pairs if flag == "-r"])
        return found


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    return Checkout(tmp_path / "checkout", monkeypatch)


# An old Python


def test_an_old_python_can_read_the_file_in_order_to_refuse() -> None:
    source = (REPOSITORY / "dev.py").read_text()
    ast.parse(source, feature_version=(3, 6))
    assert "from __future__" not in source


def test_an_old_python_is_refused_in_one_line_before_anything_else() -> None:
    program = (
        "import sys\nsys.version_info = (3, 9, 2, 'final', 0)\nsys.argv = ['dev.py', 'up']\n"
        "exec(compile(open('dev.py').read(), 'dev.py', 'exec'), {'__name__': '__main__'})"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("break-glass needs Python 3.11 or newer, this is 3.9 (")
    assert answer.stderr.count("\n") == 1
    assert answer.stdout == ""


def test_the_refusal_and_the_package_name_the_same_version() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == f">={'.'.join(map(str, dev.MINIMUM_PYTHON))}"


# The environment


def test_up_installs_no_development_tools(checkout: Checkout) -> None:
    dev.ensure_environment(development=False)
    assert checkout.installs == [["requirements.txt", "requirements-sandbox.txt"]]


def test_the_second_time_nothing_is_done(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    dev.ensure_environment(development=False)
    done = len(checkout.quiet)
    capsys.readouterr()
    dev.ensure_environment(development=False)
    assert len(checkout.quiet) == done
    assert capsys.readouterr().out == ""


def test_the_tests_tools_come_on_top_and_up_then_has_nothing_to_do(checkout: Checkout) -> None:
    dev.ensure_environment(development=False)
    dev.ensure_environment(development=True)
    dev.ensure_environment(development=False)
    assert [len(files) for files in checkout.installs] == [2, 3]
    assert sum("venv" in command for command in checkout.quiet) == 1


@pytest.mark.parametrize("name", [*dev.RUNTIME_FILES, "pyproject.toml"])
def test_a_changed_file_makes_it_install_again(checkout: Checkout, name: str) -> None:
    dev.ensure_environment(development=False)
    (checkout.root / name).write_text("changed")
    dev.ensure_environment(development=False)
    assert len(checkout.installs) == 2


def test_an_environment_that_is_gone_or_broken_is_made_again(checkout: Checkout) -> None:
    dev.ensure_environment(development=False)
    dev.executable("python").unlink()
    dev.executable("python").parent.rmdir()
    dev.ensure_environment(development=False)
    assert sum("venv" in command for command in checkout.quiet) == 2


def test_a_failed_installation_shows_its_end_and_is_tried_again(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.failing = ["ERROR: No matching distribution found for pulumi"]
    with pytest.raises(SystemExit) as error:
        dev.ensure_environment(development=False)
    assert "package index" in str(error.value)
    assert "No matching distribution" in capsys.readouterr().err
    assert dev.read_stamp() == {}
    checkout.failing = []
    dev.ensure_environment(development=False)
    assert len(checkout.installs) == 2


def test_an_environment_left_half_changed_is_not_taken_for_the_old_one(checkout: Checkout) -> None:
    dev.ensure_environment(development=False)
    file = checkout.root / "requirements.txt"
    before = file.read_text()
    file.write_text("changed")
    checkout.failing = ["ERROR: connection reset"]
    with pytest.raises(SystemExit):
        dev.ensure_environment(development=False)
    file.write_text(before)
    checkout.failing = []
    dev.ensure_environment(development=False)
    assert len(checkout.installs) == 3


def test_a_command_that_fails_gives_its_last_lines() -> None:
    program = "print('first'); print('\\n'.join(map(str, range(20)))); raise SystemExit('last')"
    lines = dev.run_quietly([sys.executable, "-c", program], "Trying")
    assert "last" in lines
    assert "first" not in lines
    assert dev.run_quietly([sys.executable, "-c", "print('fine')"], "Trying") == []
    assert dev.run_quietly([sys.executable, "-c", "raise SystemExit(3)"], "Trying") != []


def test_test_runs_the_unit_layer_first_and_stops_when_it_fails(checkout: Checkout) -> None:
    checkout.exit_codes = {"tests/unit -k limiter": 1}
    assert (dev.main(["test", "-k", "limiter"]), len(checkout.calls)) == (1, 1)


def test_test_prepares_the_engine_before_the_layers_that_need_it(checkout: Checkout) -> None:
    assert dev.main(["test"]) == 0
    texts = [" ".join(command[1:]) for command in checkout.calls]
    assert texts == [
        "-m tests.unit",
        "-m sandbox.engine",
        "-m tests.assessors.environment",
        "-m pytest -n auto --dist worksteal tests --ignore=tests/unit",
    ]


def test_a_choice_that_only_one_layer_knows_is_no_failure(checkout: Checkout) -> None:
    checkout.exit_codes = {"--ignore=tests/unit": 5}
    assert dev.main(["test", "-k", "only_unit"]) == 0
    checkout.exit_codes = {"worksteal tests/unit": 5}
    assert dev.main(["test", "-k", "only_engine"]) == 0
    checkout.exit_codes = {"pytest": 5}
    assert dev.main(["test", "-k", "nothing"]) == 5
    checkout.exit_codes = {"tests.unit": 5}
    assert dev.main(["test"]) == 5


def test_named_tests_run_alone(checkout: Checkout) -> None:
    (checkout.root / "some_test.py").touch()
    dev.main(["test", "some_test.py::test_one", "-x"])
    assert [command[3:] for command in checkout.calls] == [
        ["-n", "auto", "--dist", "worksteal", "some_test.py::test_one", "-x"]
    ]


def test_check_shows_all_findings_and_fails_for_any(checkout: Checkout) -> None:
    checkout.exit_codes = {"ruff format": 1}
    assert dev.main(["check"]) == 1
    assert [c[2] for c in checkout.calls] == ["ruff", "ruff", "pyright", "tests.ci.workflow_lint"]


def test_bench_needs_no_development_tools_and_fails_as_the_benchmark_does(
    checkout: Checkout,
) -> None:
    checkout.exit_codes = {"sandbox.benchmark": 1}
    assert dev.main(["bench"]) == 1
    assert dev.main(["bench", "exclusion"]) == 1
    calls = [["-m", "sandbox.benchmark"], ["-m", "sandbox.benchmark", "exclusion"]]
    assert [command[1:] for command in checkout.calls] == calls
    assert checkout.installs == [list(dev.RUNTIME_FILES)]


@pytest.mark.parametrize("arguments", [[], ["upp"], ["clean", "all"], ["check", "x"]])
def test_a_wrong_command_is_one_line(checkout: Checkout, arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="error: ") as error:
        dev.main(arguments)
    assert "\n" not in str(error.value)
    assert checkout.calls == []


@pytest.mark.parametrize("target", ["up", "test", "check", "bench", "clean"])
def test_each_make_target_is_one_call_of_dev(target: str) -> None:
    lines = (REPOSITORY / "Makefile").read_text().splitlines()
    assert [line for line in lines if line.startswith(f"{target}: ; @$(PYTHON) dev.py {target}")]


# Taking it away


def test_clean_takes_away_what_was_made_and_nothing_else(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    root = checkout.root
    made = [".sandbox/state", ".venv/bin", ".pytest_cache", "entra/__pycache__"]
    kept = ["entra/client.py", "Pulumi.prod.yaml", "cache/limiter/stamp", ".git/config"]
    kept += ["cache/engine/3.258.0/bin/pulumi"]
    for folder in made:
        (root / folder).mkdir(parents=True)
    for name in kept:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    assert dev.main(["clean"]) == 0
    assert [name for name in made if (root / name).exists()] == []
    assert [name for name in kept if not (root / name).exists()] == []
    assert not (root / ".sandbox").exists()
    told = [line for line in capsys.readouterr().out.splitlines() if "engine" in line]
    assert told == [
        f"Kept the Pulumi engine that all your checkouts share: {root / 'cache' / 'engine'} "
        "(`python3 dev.py clean --engine` removes it too)"
    ]


def test_clean_takes_the_engine_only_when_told_so_and_then_has_nothing_to_say(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = checkout.root / "cache" / "engine"
    engine.mkdir(parents=True)
    (checkout.root / "cache" / "limiter").mkdir()
    assert dev.main(["clean", "--engine"]) == 0
    assert capsys.readouterr().out == f"Removed {engine}\n"
    assert [path.name for path in engine.parent.iterdir()] == ["limiter"]
    assert dev.main(["clean"]) == 0
    assert capsys.readouterr().out == ""


def remember(folder: Path, pid: int) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "tenant-process.json").write_text(json.dumps({"pid": pid, "port": 1}))


def running(arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
    program = "import sys; sys.stdin.read()"
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdin=subprocess.PIPE, start_new_session=True
    )


def test_the_tenant_is_stopped_by_its_own_command(checkout: Checkout) -> None:
    dev.ensure_environment(development=False)
    dev.executable("breakglass").touch()
    remember(checkout.root / ".sandbox", os.getpid())
    dev.stop_tenant(checkout.root / ".sandbox")
    assert [command[1:] for command in checkout.calls] == [["sandbox", "stop"]]


def test_without_its_command_the_tenants_process_is_ended(checkout: Checkout) -> None:
    folder = checkout.root / ".sandbox"
    with running(["sandbox", "serve", "--data", str(folder / "tenant.json")]) as process:
        remember(folder, process.pid)
        dev.stop_tenant(folder)
        assert process.wait(10) == -signal.SIGTERM


def test_a_process_that_is_not_the_tenant_is_left_alone(checkout: Checkout) -> None:
    folder = checkout.root / ".sandbox"
    elsewhere = checkout.root / "other" / "tenant.json"
    with running(["sandbox", "serve", "--data", str(elsewhere)]) as process:
        remember(folder, process.pid)
        dev.stop_tenant(folder)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"pid": "x"}', '{"pid": null}'])
def test_a_damaged_note_of_the_process_does_no_harm(checkout: Checkout, content: str) -> None:
    folder = checkout.root / ".sandbox"
    folder.mkdir()
    (folder / "tenant-process.json").write_text(content)
    dev.stop_tenant(folder)
    assert checkout.calls == []


def test_clean_looks_for_the_engines_where_they_are_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("BREAK_GLASS_CACHE", raising=False)
    assert dev.user_cache() == cache_folder()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert dev.user_cache() == cache_folder()
    monkeypatch.setenv("BREAK_GLASS_CACHE", str(tmp_path / "own"))
    assert dev.user_cache() == cache_folder()


def test_the_user_cache_of_other_systems_is_known() -> None:
    windows = dev.user_cache({"LOCALAPPDATA": "/appdata"}, "win32")
    assert windows == Path("/appdata/break-glass/Cache")
    assert dev.user_cache({}, "darwin") == Path.home() / "Library/Caches/break-glass"
