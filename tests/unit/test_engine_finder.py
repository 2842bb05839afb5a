"""In which order an engine is looked for, and what a failure leaves behind."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.engine import Engine, EngineError, ensure_engine, finder
from sandbox.engine.build import write_host_launcher
from sandbox.engine.finder import engine_version, is_supported, language_host_in
from sandbox.engine.model import PINNED_VERSION

Fill = Callable[[Path, Callable[[str], None]], None]


def fake_program(path: Path, answer: str, exit_code: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {answer}\nexit {exit_code}\n")
    path.chmod(0o755)
    return path


class Machine:
    """A machine with an empty cache and nothing on PATH, and what was done on it."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bin = tmp_path / "bin"
        self.bin.mkdir()
        self.cache = tmp_path / "cache"
        self.said: list[str] = []
        self.done: list[str] = []
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("PATH", f"{self.bin}:/usr/bin:/bin")
        monkeypatch.setenv("BREAK_GLASS_CACHE", str(self.cache))
        self.internet(available=False)
        self.builder(self.good_build)
        self.installer(self.refuse)

    def internet(self, *, available: bool) -> None:
        self._monkeypatch.setattr(finder, "internet_available", lambda: available)

    def builder(self, fill: Fill) -> None:
        self._monkeypatch.setattr(finder, "build_engine", fill)

    def installer(self, fill: Fill) -> None:
        self._monkeypatch.setattr(finder, "install_engine", fill)

    def good_build(self, folder: Path, _say: Callable[[str], None]) -> None:
        self.done.append("build")
        fake_program(folder / "bin" / "pulumi", f"v{PINNED_VERSION}")
        write_host_launcher(folder / "bin")

    def good_install(self, folder: Path, _say: Callable[[str], None]) -> None:
        self.done.append("install")
        fake_program(folder / "bin" / "pulumi", f"v{PINNED_VERSION}")
        fake_program(folder / "bin" / "pulumi-language-python", "official")

    def refuse(self, _folder: Path, _say: Callable[[str], None]) -> None:
        raise AssertionError("this must not be tried")

    def ensure(self) -> Engine:
        return ensure_engine(self.said.append)

    @property
    def left(self) -> list[str]:
        """What the engine's cache holds."""
        return sorted(path.name for path in (self.cache / "engine").iterdir())


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


@pytest.mark.parametrize("version", [PINNED_VERSION, "3.258.1", "3.300.0", "3.260.0-alpha.1"])
def test_a_version_from_the_pinned_one_on_is_supported(version: str) -> None:
    assert is_supported(version)


@pytest.mark.parametrize("version", ["3.257.9", "3.99.0", "2.999.0", "4.0.0", "3.258.0-alpha.1"])
def test_an_older_version_or_another_major_is_not_supported(version: str) -> None:
    assert not is_supported(version)


def test_path_comes_first_and_is_said_in_one_line(machine: Machine) -> None:
    program = fake_program(machine.bin / "pulumi", "v3.300.1")
    fake_program(machine.bin / "pulumi-language-python", "official")
    machine.builder(machine.refuse)

    engine = machine.ensure()

    assert (engine.source, engine.version, engine.executable) == ("path", "3.300.1", program)
    assert (engine.language_host, engine.hosts_beside) == ("official", True)
    assert engine.path_entries == (machine.bin,)
    assert machine.said == [f"Engine: pulumi 3.300.1 from PATH ({program})"]


def test_path_comes_before_the_cache(machine: Machine) -> None:
    machine.ensure()
    fake_program(machine.bin / "pulumi", "v3.300.1")
    fake_program(machine.bin / "pulumi-language-python", "official")
    assert machine.ensure().source == "path"


def test_an_old_pulumi_on_path_is_passed_over_with_its_version(machine: Machine) -> None:
    fake_program(machine.bin / "pulumi", "v3.200.0")
    assert machine.ensure().source == "build"
    assert "3.200.0" in machine.said[0]
    assert f"{PINNED_VERSION} or newer is needed" in machine.said[0]


def test_a_broken_pulumi_on_path_is_passed_over(machine: Machine) -> None:
    fake_program(machine.bin / "pulumi", "v3.300.0", exit_code=1)
    assert machine.ensure().source == "build"
    assert "does not run" in machine.said[0]


def test_a_linked_pulumi_finds_the_language_host_beside_its_target(machine: Machine) -> None:
    target = fake_program(machine.cache.parent / "elsewhere" / "pulumi", "v3.300.0")
    fake_program(target.parent / "pulumi-language-python", "official")
    (machine.bin / "pulumi").symlink_to(target)
    assert machine.ensure().hosts_beside


def test_a_pulumi_without_a_language_host_gets_ours(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_program(machine.bin / "pulumi", "v3.300.0")

    def fetch(folder: Path, _say: Callable[[str], None]) -> None:
        machine.done.append("fetch")
        fake_program(folder / "bin" / "pulumi-language-python-exec", "")

    monkeypatch.setattr(finder, "fetch_scripts", fetch)
    for _ in range(2):
        engine = machine.ensure()
        assert (engine.source, engine.language_host) == ("path", "stand-in")
        assert not engine.hosts_beside
        assert language_host_in(engine.path_entries[-1]) == "stand-in"
    assert machine.done == ["fetch"]


def test_a_language_host_elsewhere_on_path_is_used(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake_program(machine.bin / "pulumi", "v3.300.0")
    fake_program(tmp_path / "other" / "pulumi-language-python", "official")
    monkeypatch.setenv("PATH", f"{machine.bin}:{tmp_path / 'other'}:/usr/bin:/bin")
    engine = machine.ensure()
    assert (engine.language_host, engine.hosts_beside) == ("official", False)


def test_the_official_installer_is_used_where_its_site_answers(machine: Machine) -> None:
    machine.internet(available=True)
    machine.installer(machine.good_install)
    engine = machine.ensure()
    assert (engine.source, engine.language_host) == ("installer", "official")
    assert machine.done == ["install"]


def test_a_failed_download_gives_way_to_the_build(machine: Machine) -> None:
    def broken_download(folder: Path, _say: Callable[[str], None]) -> None:
        (folder / "bin").mkdir()
        raise EngineError("Pulumi's official installer failed: connection reset")

    machine.internet(available=True)
    machine.installer(broken_download)
    assert machine.ensure().source == "build"
    assert any("connection reset; building it instead" in line for line in machine.said)


def test_without_internet_the_engine_is_built_once_and_cached(machine: Machine) -> None:
    first = machine.ensure()
    second = machine.ensure()
    assert (first.source, second.source) == ("build", "cache")
    assert machine.done == ["build"]
    assert first.executable == second.executable
    assert second.language_host == "stand-in"
    assert machine.said[-1].startswith(f"Engine: pulumi {PINNED_VERSION} from the cache")


def test_the_cache_comes_before_a_new_download(machine: Machine) -> None:
    machine.ensure()
    machine.internet(available=True)
    assert machine.ensure().source == "cache"


def test_a_cache_folder_that_cannot_be_is_one_line_with_the_cure(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("BREAK_GLASS_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(
        EngineError, match=r"file/cache/engine cannot be used \(.+\); .*CACHE"
    ) as info:
        machine.ensure()
    assert "\n" not in str(info.value)


def test_an_interrupted_build_leaves_nothing_half(machine: Machine) -> None:
    def interrupted(folder: Path, _say: Callable[[str], None]) -> None:
        fake_program(folder / "bin" / "pulumi", f"v{PINNED_VERSION}")
        raise KeyboardInterrupt

    machine.builder(interrupted)
    with pytest.raises(KeyboardInterrupt):
        machine.ensure()
    assert machine.left == [".lock"]


def test_the_remains_of_a_killed_build_are_cleared_away_and_never_used(machine: Machine) -> None:
    remains = machine.cache / "engine" / ".unfinished-killed"
    fake_program(remains / "bin" / "pulumi", f"v{PINNED_VERSION}")
    assert machine.ensure().source == "build"
    assert machine.left == [".lock", PINNED_VERSION]


def test_a_cached_engine_that_no_longer_runs_is_replaced(machine: Machine) -> None:
    engine = machine.ensure()
    engine.executable.write_text("damaged")
    assert machine.ensure().source == "build"
    assert engine_version(engine.executable) == PINNED_VERSION


def test_a_build_of_another_version_is_not_cached(machine: Machine) -> None:
    def other_version(folder: Path, _say: Callable[[str], None]) -> None:
        fake_program(folder / "bin" / "pulumi", "v3.1.0")

    machine.builder(other_version)
    with pytest.raises(EngineError, match=r"3\.1\.0, not pulumi"):
        machine.ensure()
    assert machine.left == [".lock"]


def test_the_cached_launcher_of_an_earlier_release_is_renewed(machine: Machine) -> None:
    launcher = machine.ensure().executable.parent / "pulumi-language-python"
    current = launcher.read_text()
    launcher.write_text("#!/bin/sh\nexec python3 -m sandbox.engine.older\n")
    machine.ensure()
    assert launcher.read_text() == current


def test_of_two_at_once_one_builds_and_the_other_waits(machine: Machine) -> None:
    waiting = threading.Event()
    engines: list[Engine] = []

    def say(line: str) -> None:
        machine.said.append(line)
        if "waiting for it" in line:
            waiting.set()

    def slow_build(folder: Path, _say: Callable[[str], None]) -> None:
        machine.good_build(folder, _say)
        other.start()
        assert waiting.wait(30), "the second one did not wait"

    def ensure() -> None:
        engines.append(ensure_engine(say))

    machine.builder(slow_build)
    other = threading.Thread(target=ensure)
    ensure()
    other.join(30)
    assert machine.done == ["build"]
    assert sorted(engine.source for engine in engines) == ["build", "cache"]


def test_the_version_question_leaves_no_trace_in_the_users_home(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    program = machine.bin / "pulumi"
    program.write_text('#!/bin/sh\nmkdir -p "$PULUMI_HOME/logs"\necho v3.300.0\n')
    program.chmod(0o755)
    assert engine_version(program) == "3.300.0"
    assert not (tmp_path / "home").exists()
