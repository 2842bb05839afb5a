"""The simulated tenant's process: start it, find it again, end it.

It is a process of its own, so that the tenant outlives the command that started it. It is found
through `tenant-process.json`; before it is trusted or ended, its command line must say that it
serves this very folder, so that a process id that the system gave away again harms nobody.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from filelock import FileLock

from cli.control_face import ControlFace
from cli.failure import CommandFailed
from cli.workspace import CLEAN, SandboxFolder, make_private, write_private

_START_SECONDS = 15.0
_STOP_SECONDS = 5.0
_LOG_LINES = 8
_DETACHED = 0x00000008 | 0x00000200  # Windows: DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP
DEFAULT_PORT = 8443
OVERRULED = "Saved knobs overruled by options: "


@dataclass(frozen=True)
class RunningTenant:
    """A tenant process that answers."""

    pid: int
    port: int
    url: str
    started: float
    ca_rate: float | None


def tenant_variables(folder: SandboxFolder) -> dict[str, str]:
    """The variables that a client of the tenant needs (`ARM_*` and the certificate authority).

    Raises CommandFailed when there has been no tenant yet.
    """
    try:
        variables: dict[str, str] = json.loads(folder.environment.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CommandFailed(
            "There is no simulated tenant yet. Start one with `breakglass sandbox start`."
        ) from None
    except ValueError:
        raise CommandFailed(
            f"{folder.environment} is damaged. Run `breakglass sandbox stop`, then "
            "`breakglass sandbox start`: it is written anew."
        ) from None
    return variables


def connect(tenant: RunningTenant, folder: SandboxFolder) -> ControlFace:
    """The control face of a running tenant."""
    return ControlFace(tenant.url, folder.certificate_authority)


def find(folder: SandboxFolder) -> RunningTenant | None:
    """The tenant that runs on this folder and answers; None when there is none."""
    tenant = _remembered(folder)
    if tenant is None or _process(tenant, folder) is None or not _answers(tenant.url, folder):
        return None
    return tenant


def start(
    folder: SandboxFolder, *, port: int = DEFAULT_PORT, ca_rate: float | None = None
) -> tuple[RunningTenant, bool]:
    """Start the tenant, or find the one that runs; the second value tells whether it was started.

    `ca_rate` is in Conditional Access requests per second; a tenant that was started with another
    is started again with its data. None: the tenant goes on at the rate that it has. Raises
    CommandFailed with the end of the log when the tenant does not answer within 15 seconds.
    """
    with _alone(folder):
        tenant = find(folder)
        if tenant is not None and ca_rate in (None, tenant.ca_rate):
            return tenant, False
        _stop(folder)
        _check_data(folder)
        return _start(folder, port, ca_rate), True


def elsewhere(tenant: RunningTenant, port: int, *, is_new: bool) -> str | None:
    """One line when the tenant is not at the port that was asked for; None when it is."""
    if port in (0, tenant.port):
        return None
    if is_new:
        return f"Port {port} was taken: port {tenant.port} serves instead."
    return (
        f"It runs at port {tenant.port}, not {port}, and stays there: `breakglass sandbox stop` "
        "first, to move it."
    )


def _check_data(folder: SandboxFolder) -> None:
    """Raises CommandFailed when the saved tenant cannot be read any more."""
    try:
        saved: object = json.loads(folder.tenant_data.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except ValueError as error:
        reason = f"not JSON: {error}"
    else:
        if isinstance(saved, dict):
            return
        reason = "not a JSON object"
    raise CommandFailed(
        f"The saved tenant {folder.tenant_data} is damaged ({reason}). Run `breakglass sandbox "
        f"stop` and delete {folder.path}, or run `{CLEAN}`: the next start makes a new tenant."
    )


def stop(folder: SandboxFolder) -> bool:
    """End the tenant's process, if it is ours; True when there was one. Its data stays."""
    if not folder.path.is_dir():
        return False
    with _alone(folder):
        return _stop(folder)


def overruled(folder: SandboxFolder) -> str | None:
    """The line in which a tenant said that an option won over a knob that was saved, or None."""
    if not folder.tenant_log.exists():
        return None
    lines = folder.tenant_log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line for line in lines if line.startswith(OVERRULED)), None)


def _alone(folder: SandboxFolder) -> FileLock:
    """Starting and stopping, one command at a time."""
    make_private(folder.path)
    return FileLock(folder.path / "tenant.lock")


def _start(folder: SandboxFolder, port: int, ca_rate: float | None) -> RunningTenant:
    before = _stamp(folder.environment)
    process = _spawn(folder, port, ca_rate)
    tenant = RunningTenant(process.pid, port, f"https://localhost:{port}", time.time(), ca_rate)
    _remember(tenant, folder)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _stamp(folder.environment) != before:
            host = tenant_variables(folder)["ARM_METADATA_HOSTNAME"]
            tenant = RunningTenant(
                process.pid,
                int(host.rpartition(":")[2]),
                f"https://{host}",
                tenant.started,
                ca_rate,
            )
            if _answers(tenant.url, folder):
                _remember(tenant, folder)
                return tenant
        time.sleep(0.05)
    ended = process.poll()
    _stop(folder)
    what = "ended at once" if ended is not None else f"did not answer in {_START_SECONDS:.0f} s"
    raise CommandFailed(
        f"The simulated tenant {what}. {folder.tenant_log} ends with:\n{_log_end(folder)}"
    )


def _stop(folder: SandboxFolder) -> bool:
    tenant = _remembered(folder)
    process = _process(tenant, folder) if tenant is not None else None
    if process is not None:
        _end(process)
    folder.tenant_process.unlink(missing_ok=True)
    return process is not None


def _end(process: psutil.Process) -> None:
    # A Windows virtual environment's python.exe is a launcher: the server is its child.
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for member in family:
        try:
            member.terminate()
        except psutil.NoSuchProcess:
            continue
    _, alive = psutil.wait_procs(family, timeout=_STOP_SECONDS)
    for member in alive:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(alive, timeout=_STOP_SECONDS)


def _spawn(folder: SandboxFolder, port: int, ca_rate: float | None) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "sandbox", "serve"]
    command += ["--port", str(port), "--seed", str(folder.seed)]
    if ca_rate is not None:
        command += ["--ca-rate", str(ca_rate)]
    command += ["--data", str(folder.tenant_data), "--environment-file", str(folder.environment)]
    posix = os.name != "nt"
    descriptor = os.open(folder.tenant_log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            cwd=folder.project,
            env=_clean_environment(os.environ),
            start_new_session=posix,
            creationflags=0 if posix else _DETACHED,
        )
    finally:
        os.close(descriptor)


def _clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Without the credentials of a real tenant, which have no business in a simulated one."""
    return {
        name: value
        for name, value in environment.items()
        if not name.upper().startswith(("ARM_", "AZURE_", "PULUMI_"))
    }


def _remember(tenant: RunningTenant, folder: SandboxFolder) -> None:
    write_private(folder.tenant_process, json.dumps(asdict(tenant)) + "\n")


def _remembered(folder: SandboxFolder) -> RunningTenant | None:
    try:
        return RunningTenant(**json.loads(folder.tenant_process.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _process(tenant: RunningTenant, folder: SandboxFolder) -> psutil.Process | None:
    try:
        process = psutil.Process(tenant.pid)
        words = process.cmdline()
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    ours = "sandbox" in words and "serve" in words and str(folder.tenant_data) in words
    return process if ours else None


def _answers(url: str, folder: SandboxFolder) -> bool:
    if not folder.certificate_authority.is_file():
        return False
    face = ControlFace(url, folder.certificate_authority)
    try:
        health = face.health()
    except (CommandFailed, ValueError):
        return False
    finally:
        face.close()
    return health.ready and health.service == "break-glass sandbox"


def _stamp(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None


def _log_end(folder: SandboxFolder) -> str:
    lines = folder.tenant_log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-_LOG_LINES:])
