"""Find, install or build a Pulumi engine: PATH, the user's cache, the official installer, a build.

PATH comes first because it is what the user runs anyway; the cache before the installer because
it is there at once. Nothing half made is ever found: an engine is prepared in a folder of its own
and renamed into the cache when it is complete, one process at a time.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from sandbox.engine.build import build_engine, fetch_scripts, write_host_launcher
from sandbox.engine.installer import install_engine
from sandbox.engine.internet import internet_available
from sandbox.engine.model import (
    CACHE_VARIABLE,
    PINNED_VERSION,
    Engine,
    EngineError,
    engine_cache,
    executable_name,
)
from sandbox.engine.progress import Say

ORIGIN_FILE = "engine.json"
"""In a cached engine's folder: its version and whether it was installed or built."""

UNFINISHED = ".unfinished-"
HOST = "pulumi-language-python"


def engine_version(executable: Path) -> str | None:
    """Return the version that a `pulumi` command reports, such as `3.258.0`; None if it fails."""
    with tempfile.TemporaryDirectory() as home:
        # A home of its own: the question must leave no log files in the user's.
        variables = {**os.environ, "PULUMI_HOME": home, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        try:
            answer = subprocess.run(
                [str(executable), "version"],
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
                env=variables,
            ).stdout
        except (OSError, subprocess.SubprocessError):
            return None
    found = re.match(r"v?(\d+\.\d+\.\d+\S*)", answer.strip())
    return found[1] if found else None


def is_supported(version: str) -> bool:
    """Say whether an engine of this version can be used: the pinned one or newer, same major."""
    numbers = _numbers(version)
    pinned = _numbers(PINNED_VERSION)
    # 3.258.0-alpha.1 comes before 3.258.0.
    unfinished = "-" in version and numbers == pinned
    return numbers[0] == pinned[0] and numbers >= pinned and not unfinished


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.split(r"[-+]", version)[0].split("."))


def language_host_in(folder: Path) -> str | None:
    """Return `official`, `stand-in` (our launcher) or None for the language host in a folder."""
    for name in (HOST, f"{HOST}.exe", f"{HOST}.cmd"):
        path = folder / name
        if path.is_file():
            with path.open("rb") as stream:
                return "stand-in" if b"sandbox.engine" in stream.read(4096) else "official"
    return None


def _engine_on_path(say: Say) -> Engine | None:
    found = shutil.which("pulumi")
    if found is None:
        return None
    executable = Path(found)
    version = engine_version(executable)
    if version is None or not is_supported(version):
        reason = "does not run" if version is None else f"is {version}"
        say(f"Engine: {executable} {reason}, {PINNED_VERSION} or newer is needed; looking further")
        return None
    say(f"Engine: pulumi {version} from PATH ({executable})")
    beside = language_host_in(executable.resolve().parent)
    if beside is not None:
        return Engine(version, "path", executable, beside, (executable.parent,))
    elsewhere = shutil.which(HOST)
    if elsewhere is not None:
        entries = (executable.parent, Path(elsewhere).parent)
        return Engine(version, "path", executable, "official", entries, hosts_beside=False)
    say(f"Engine: {executable} has no {HOST} beside it; using our own small one")
    scripts = engine_cache() / f"python-host-{PINNED_VERSION}"
    with _locked(say):
        if not scripts.is_dir():
            _make(scripts, lambda folder: fetch_scripts(folder, say))
        write_host_launcher(scripts / "bin")
    entries = (executable.parent, scripts / "bin")
    return Engine(version, "path", executable, "stand-in", entries, hosts_beside=False)


def _cached_engine() -> Engine | None:
    folder = engine_cache() / PINNED_VERSION
    executable = folder / "bin" / executable_name("pulumi")
    if not (folder / ORIGIN_FILE).is_file() or engine_version(executable) != PINNED_VERSION:
        return None
    host = language_host_in(executable.parent)
    if host == "stand-in":
        write_host_launcher(executable.parent)
    return Engine(PINNED_VERSION, "cache", executable, host or "official", (executable.parent,))


@contextmanager
def _locked(say: Say) -> Generator[None]:
    """Hold the lock on the engine cache; says so when another process has it first."""
    engine_cache().mkdir(parents=True, exist_ok=True)
    lock = FileLock(engine_cache() / ".lock")
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        say("Engine: another process is preparing one; waiting for it")
        held = lock.acquire()
    with held:
        yield


def _make(target: Path, make: Callable[[Path], None]) -> None:
    """Let `make` fill a new folder, then rename it to `target`. Only while the lock is held."""
    for leftover in target.parent.glob(f"{UNFINISHED}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=UNFINISHED))
    try:
        make(folder)
        shutil.rmtree(target, ignore_errors=True)
        folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_engine(source: str, fill: Callable[[Path, Say], None], say: Say) -> Engine:
    target = engine_cache() / PINNED_VERSION
    started = time.monotonic()

    def make(folder: Path) -> None:
        fill(folder, say)
        executable = folder / "bin" / executable_name("pulumi")
        version = engine_version(executable)
        if version != PINNED_VERSION:
            found = version or "one that does not run"
            raise EngineError(f"the new engine is {found}, not pulumi {PINNED_VERSION}")
        origin = {"version": PINNED_VERSION, "source": source}
        (folder / ORIGIN_FILE).write_text(json.dumps(origin) + "\n", encoding="utf-8")

    _make(target, make)
    verb = "installed" if source == "installer" else "built"
    seconds = time.monotonic() - started
    say(f"Engine: {verb} pulumi {PINNED_VERSION} in {seconds:.0f} s ({target})")
    executable = target / "bin" / executable_name("pulumi")
    host = language_host_in(executable.parent) or "official"
    return Engine(PINNED_VERSION, source, executable, host, (executable.parent,))


def ensure_engine(say: Say) -> Engine:
    """Return an engine that is ready to run Python programs, installing or building one at need.

    Args:
        say: takes one line for each choice and, while something takes long, for its progress.

    Raises:
        EngineError: every way failed; the message is one line and names the cure.
    """
    try:
        found = _engine_on_path_or_none(say) or _cached_engine()
        if found is None:
            with _locked(say):
                found = _cached_engine() or _new_engine(say)
    except OSError as error:
        raise EngineError(
            f"the engine's folder {engine_cache()} cannot be used ({error.strerror or error}); "
            f"make it writable, or name another one in {CACHE_VARIABLE}"
        ) from error
    if found.source == "cache":
        say(f"Engine: pulumi {found.version} from the cache ({found.executable.parent.parent})")
    return found


def _engine_on_path_or_none(say: Say) -> Engine | None:
    try:
        return _engine_on_path(say)
    except EngineError as error:
        say(f"Engine: {error}; looking further")
        return None


def _new_engine(say: Say) -> Engine:
    if internet_available():
        say(f"Engine: no pulumi on PATH; installing {PINNED_VERSION} with the official installer")
        try:
            return _make_engine("installer", install_engine, say)
        except EngineError as error:
            say(f"Engine: {error}; building it instead")
    say(
        f"Engine: no pulumi on PATH and no download site in reach; building {PINNED_VERSION} "
        "from its Go module (once for this user, some minutes)"
    )
    return _make_engine("build", build_engine, say)
