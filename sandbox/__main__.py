"""`python -m sandbox serve` runs simulated tenants; `… env` prints how a client reaches them.

`serve` ends on SIGTERM or Ctrl-C, after saving, and says what it was asked and does not know. The
client secret is written to the environment file only (readable by its owner), never printed by
`serve`.
"""

import argparse
import json
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from sandbox.api.credentials import write_private
from sandbox.api.persistence import read_document
from sandbox.api.server import TenantServer
from sandbox.tenant.behaviour import knob_from_text
from sandbox.tenant.errors import DocumentError

_ENVIRONMENT_FILE = Path(".sandbox/environment.json")
_LARGEST_PORT = 65_535
_SEED = Path(__file__).parent / "tenants" / "contoso.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the result is the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _env(options) if options.command == "env" else _serve(options)
    except (DocumentError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _serve(options: argparse.Namespace) -> int:
    environment_file: Path = options.environment_file
    if not 0 <= options.port <= _LARGEST_PORT:
        raise DocumentError(f"--port: expected 0 to {_LARGEST_PORT}, found {options.port}")
    server = TenantServer(
        [read_document(seed) for seed in options.seed or [_SEED]],
        port=options.port,
        knobs=_knobs(options),
        data=options.data,
        certificate_folder=environment_file.parent,
    )
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    # Windows ends a console process with Ctrl-Break, which has a signal of its own there.
    for number in {signal.SIGTERM, signal.SIGINT, getattr(signal, "SIGBREAK", signal.SIGINT)}:
        signal.signal(number, end)
    if server.overruled:
        print(f"Saved knobs overruled by options: {', '.join(server.overruled)}", flush=True)
    with server:
        for index, tenant_id in enumerate(server.world.tenants):
            file = environment_file if index == 0 else _file_of(environment_file, tenant_id)
            write_private(file, json.dumps(server.environment(tenant_id), indent=2))
        tenants = ", ".join(
            f"{tenant.display_name} ({tenant.directory.initial_domain}, {tenant.id})"
            for tenant in server.world.tenants.values()
        )
        taken = "" if options.port in (0, server.port) else f" (port {options.port} was taken)"
        print(f"{server.url}{taken} serves {tenants}", flush=True)
        # A wait without a limit would not let a signal through on Windows.
        while not ended.wait(0.5):
            pass
    _print_unknown(server)
    return 0


def _knobs(options: argparse.Namespace) -> dict[str, Any]:
    """What the options say of the tenants' behaviour; raises DocumentError."""
    texts: list[str] = options.knob or []
    try:
        knobs = dict(knob_from_text(text) for text in texts)
    except ValueError as error:
        raise DocumentError(f"--knob: {error}") from None
    if options.ca_rate is not None:
        knobs["conditionalAccessRequestsPerSecond"] = options.ca_rate
    if options.lag is not None:
        knobs["readLagSeconds"] = options.lag
    return knobs


def _print_unknown(server: TenantServer) -> None:
    """What was asked that is not simulated; nothing when there was none."""
    calls = server.world.requests.unknown()
    if not calls:
        return
    things = "1 thing" if len(calls) == 1 else f"{len(calls)} things"
    print(f"The tenants were asked {things} that they do not know:")
    for call in calls:
        times = f"  {call['count']} times" if call["count"] > 1 else ""
        print(f"  {call['method']} {call['path']}{times}")


def _env(options: argparse.Namespace) -> int:
    file: Path = options.environment_file
    if options.tenant is not None and _file_of(file, options.tenant).exists():
        file = _file_of(file, options.tenant)
    variables = {name: str(value) for name, value in read_document(file).items()}
    if options.tenant not in (None, variables.get("ARM_TENANT_ID")):
        raise DocumentError(f"{file}: no variables of tenant {options.tenant} here")
    if options.shell == "json":
        print(json.dumps(variables, indent=2))
        return 0
    for name, value in variables.items():
        if options.shell == "powershell":
            quoted = value.replace("'", "''")
            print(f"$env:{name} = '{quoted}'")
        else:
            print(f"export {name}={shlex.quote(value)}")
    return 0


def _file_of(environment_file: Path, tenant_id: str) -> Path:
    return environment_file.with_name(f"{environment_file.stem}-{tenant_id}.json")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A simulated tenant.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run tenants until SIGTERM or Ctrl-C")
    serve.add_argument("--port", type=int, default=8443, help="0 or taken: a free one is chosen")
    serve.add_argument("--seed", type=Path, action="append", help="tenant document, repeatable")
    serve.add_argument("--ca-rate", type=float, help="Conditional Access requests a second")
    serve.add_argument(
        "--lag", type=float, help="mean seconds until a write is seen by every reader"
    )
    serve.add_argument(
        "--knob",
        action="append",
        metavar="NAME=VALUE",
        help="any other knob of the tenants' behaviour, repeatable",
    )
    serve.add_argument("--data", type=Path, help="file that keeps the state over restarts")
    env = commands.add_parser("env", help="print the variables that a client needs")
    env.add_argument("--shell", choices=("bash", "powershell", "json"), default="bash")
    env.add_argument("--tenant", help="tenant id, when several tenants are served")
    for command in (serve, env):
        command.add_argument("--environment-file", type=Path, default=_ENVIRONMENT_FILE)
    return parser


if __name__ == "__main__":
    sys.exit(main())
