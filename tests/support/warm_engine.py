"""The engine with the Python processes of `warm_python`: each operation takes half the time."""

import atexit
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from sandbox.engine import Engine, install_stand_ins

HERE: Final = Path(__file__).parent
NAME: Final = "python"
SOCKET: Final = "socket"
HOST: Final = "pulumi-language-python"


def warm_engine(engine: Engine) -> Engine:
    """The same engine in a folder of its own, beside launchers that fork.

    An official language host starts its programs itself; that engine stays as it is, and so does
    every engine where there is no fork.
    """
    if engine.language_host == "official" or not hasattr(os, "fork"):
        return engine
    folder = Path(tempfile.mkdtemp(prefix="warm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    serve_python(folder / SOCKET)
    executable = folder / engine.executable.name
    try:
        os.link(engine.executable, executable)
    except OSError:  # another file system
        shutil.copy2(engine.executable, executable)
    beside = _launcher_of_programs(engine)
    host = f"-m sandbox.engine.language_host --program-launcher {shlex.quote(str(beside))}"
    python = folder / NAME
    _script(python, shlex.join(python_command(folder / SOCKET)))
    quoted = shlex.quote(str(python))
    _script(folder / HOST, f"{quoted} -P -u {host} --program-python {quoted}")
    _script(folder / "pulumi-resource-pulumi-python", f"{quoted} -u -m pulumi.dynamic")
    entries = (folder, *engine.path_entries)
    return replace(engine, executable=executable, path_entries=entries, hosts_beside=True)


def equip(pulumi_home: Path, engine: Engine) -> None:
    """Make a folder for the engine: with plugins that fork, and without logs of every operation.

    To write, compress and encrypt those takes a third of the engine's own time, and nobody reads
    them here. There is no switch for it; where the folder of the logs cannot be made, none is kept.
    """
    install_stand_ins(pulumi_home, warm_python(engine))
    (pulumi_home / "logs").touch()


def warm_python(engine: Engine) -> Path | None:
    """What runs Python beside a warm engine; None beside another."""
    python = engine.executable.parent / NAME
    return python if (engine.executable.parent / SOCKET).exists() else None


def serve_python(socket: Path) -> "subprocess.Popen[str]":
    """Start `warm_python` at a Unix socket; it ends with this process, whose pipe it reads."""
    command = [sys.executable, "-P", str(HERE / "warm_python.py"), str(socket)]
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    if server.stdout is None or server.stdout.readline() != "ready\n":
        raise AssertionError(f"{shlex.join(command)} did not start")
    return server


def python_command(socket: Path) -> list[str]:
    """What stands for `python` there: its arguments follow."""
    return [sys.executable, "-I", "-S", str(HERE / "warm_client.py"), str(socket)]


def _launcher_of_programs(engine: Engine) -> Path:
    """The SDK's script that starts a program, where the engine has it."""
    name = f"{HOST}-exec"
    found = (entry / name for entry in (engine.executable.parent, *engine.path_entries))
    return next(one for one in found if one.is_file())


def _script(path: Path, command: str) -> None:
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
