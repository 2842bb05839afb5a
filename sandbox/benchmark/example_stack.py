"""The example program on the real engine, with a state and a cache of its own."""

import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from sandbox.engine import Engine, install_stand_ins, sandbox_environment

_PROGRAM = Path(__file__).parents[2] / "examples" / "exclusion-only"
_PROJECT, _STACK = "exclusion-only", "benchmark"
_SHOWN_LINES = 15


class ExampleStack:
    """A stack of `examples/exclusion-only` in `folder`.

    `environment` reaches the tenant. The pace of requests is the program's own: nothing of the
    environment changes it.
    """

    def __init__(
        self, engine: Engine, folder: Path, environment: Mapping[str, str], group: str
    ) -> None:
        self._engine = engine
        project = folder / "project"
        project.mkdir(parents=True)
        install_stand_ins(folder / "pulumi")
        self._environment = sandbox_environment(engine, folder, environment)
        self._environment.pop("BREAK_GLASS_CA_INTERVAL_SECONDS", None)
        # JSON is YAML.
        settings = {"config": {f"{_PROJECT}:groupId": group}}
        self._settings = folder / f"Pulumi.{_STACK}.yaml"
        self._settings.write_text(json.dumps(settings), "utf-8")
        # `stack init` leaves a settings file beside Pulumi.yaml; so not in the program's folder.
        named = {"name": _PROJECT, "runtime": "python"}
        (project / "Pulumi.yaml").write_text(json.dumps(named), "utf-8")
        self._call(project, "stack", "init", _STACK, "--no-select")

    def run(self, operation: str, *arguments: str) -> float:
        """Run `pulumi up`, `preview` or `refresh`; the seconds that it took.

        Raises RuntimeError with what Pulumi says of it when it fails.
        """
        yes = () if operation == "preview" else ("--yes",)
        chosen = ("--stack", _STACK, "--config-file", str(self._settings))
        began = time.monotonic()
        self._call(_PROGRAM, operation, *yes, *chosen, *arguments)
        return time.monotonic() - began

    def _call(self, folder: Path, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._engine.executable), *arguments, "--non-interactive", "--color", "never"],
            cwd=folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            _, _, told = done.stdout.rpartition("Diagnostics:\n")
            lines = "\n".join(told.strip().splitlines()[:_SHOWN_LINES])
            raise RuntimeError(f"pulumi {arguments[0]} ended with {done.returncode}:\n{lines}")
