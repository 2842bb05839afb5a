"""A stack on the real engine, for tests: own state, own PULUMI_HOME, own copy of the settings."""

import functools
import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import yaml

from sandbox.engine import Engine, ensure_engine, sandbox_environment
from tests.support.warm_engine import equip, warm_engine

REPOSITORY = Path(__file__).parents[2]
SETTINGS_FILE = "Pulumi.sandbox.yaml"
LIMIT_SECONDS = 240
SECRET_MARK: Final = "4dabf18193072939515e22adb298388d"
QUICK: Final = {"GOGC": "off", "GOMEMLIMIT": "512MiB"}
"""Go looks for garbage in the engine only when it holds that much: a tenth of each run is saved."""


@functools.cache
def session_engine() -> Engine:
    """The engine of this test process: found or built once, `make test` prepares it."""
    return warm_engine(ensure_engine(print))


@dataclass(frozen=True)
class Run:
    """One `pulumi` command that has ended; `output` is stdout and stderr as they came."""

    command: tuple[str, ...]
    returncode: int
    output: str
    seconds: float


class PulumiStack:
    """A stack of `program` with a new, empty state in `folder`, on stand-in plugins.

    Args:
        folder: a folder of the test's own, such as `tmp_path / "stack"`.
        server_environment: how to reach the simulated tenant (`TenantServer.environment()`), and
            whatever else the program's environment shall hold.
        config: settings over those of the program's Pulumi.sandbox.yaml, by full key
            (`break-glass:protect`); None takes a key out.
        program: the folder of Pulumi.yaml.
        name: the stack's name.
    """

    def __init__(
        self,
        folder: Path,
        server_environment: Mapping[str, str],
        config: Mapping[str, Any] | None = None,
        program: Path = REPOSITORY,
        name: str = "test",
    ) -> None:
        self.engine = session_engine()
        self.folder = folder
        self.program = program
        self.name = name
        self.pulumi_home = folder / "pulumi"
        self.config_file = folder / f"Pulumi.{name}.yaml"
        equip(self.pulumi_home, self.engine)
        self.environment = QUICK | sandbox_environment(self.engine, folder, server_environment)
        self._write_settings(config or {})
        self._create()

    def set_config(self, changes: Mapping[str, Any]) -> None:
        """Change settings for the next run; None takes a key out."""
        document = yaml.safe_load(self.config_file.read_text(encoding="utf-8"))
        settings: dict[str, Any] = {**(document.get("config") or {}), **changes}
        document["config"] = {key: value for key, value in settings.items() if value is not None}
        self.config_file.write_text(yaml.safe_dump(document), encoding="utf-8")

    def up(self, *arguments: str, check: bool = True) -> Run:
        """Run `pulumi up`, its preview first, as a user does."""
        return self._operation("up", "--yes", *arguments, check=check)

    def preview(self, *arguments: str, check: bool = True) -> Run:
        """Run `pulumi preview`."""
        return self._operation("preview", *arguments, check=check)

    def refresh(self, *arguments: str, check: bool = True) -> Run:
        """Run `pulumi refresh`."""
        return self._operation("refresh", "--yes", *arguments, check=check)

    def destroy(self, *arguments: str, check: bool = True) -> Run:
        """Run `pulumi destroy`."""
        return self._operation("destroy", "--yes", *arguments, check=check)

    def export(self) -> dict[str, Any]:
        """Return the state as `pulumi stack export` gives it, secrets encrypted."""
        return json.loads(self.run("stack", "export", "--stack", self.name).output)

    def resources(self) -> list[dict[str, Any]]:
        """Return the resources in the state: read from its file, which takes no process."""
        (file,) = (self.folder / "state" / ".pulumi" / "stacks").glob(f"*/{self.name}.json")
        saved: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        latest: dict[str, Any] = saved["checkpoint"].get("latest") or {}
        resources: list[dict[str, Any]] = latest.get("resources") or []
        return resources

    def outputs(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """Return the stack's outputs; a secret one is `[secret]` unless it is to be shown."""
        if show_secrets:
            shown = self.run("stack", "output", "--json", "--stack", self.name, "--show-secrets")
            return json.loads(shown.output)
        stacks = [one for one in self.resources() if one["type"] == "pulumi:pulumi:Stack"]
        return {name: _hidden(value) for one in stacks for name, value in _outputs(one).items()}

    def run(self, *arguments: str, check: bool = True) -> Run:
        """Run any `pulumi` command in the program's folder.

        Raises:
            AssertionError: it failed and `check` is true; the message holds its whole output.
        """
        command = (*arguments, "--non-interactive", "--color", "never")
        started = time.monotonic()
        finished = subprocess.run(
            [str(self.engine.executable), *command],
            cwd=self.program,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        result = Run(command, finished.returncode, finished.stdout, time.monotonic() - started)
        if check and result.returncode != 0:
            raise AssertionError(
                f"pulumi {' '.join(command)} exited with {result.returncode}:\n{result.output}"
            )
        return result

    def _operation(self, operation: str, *arguments: str, check: bool) -> Run:
        chosen = ("--stack", self.name, "--config-file", str(self.config_file))
        return self.run(operation, *chosen, *arguments, check=check)

    def _write_settings(self, config: Mapping[str, Any]) -> None:
        committed = self.program / SETTINGS_FILE
        text = committed.read_text(encoding="utf-8") if committed.is_file() else "config: {}\n"
        self.config_file.write_text(text, encoding="utf-8")
        self.set_config(config)

    def _create(self) -> None:
        # `stack init` leaves a settings file beside Pulumi.yaml; so not in the program's folder.
        project = yaml.safe_load((self.program / "Pulumi.yaml").read_text(encoding="utf-8"))
        elsewhere = self.folder / "project"
        elsewhere.mkdir()
        document = {"name": project["name"], "runtime": "python"}
        (elsewhere / "Pulumi.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        self.run("--cwd", str(elsewhere), "stack", "init", self.name, "--no-select")


def _outputs(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    return resource.get("outputs") or {}


def _hidden(value: Any) -> Any:
    marked: Any = cast("Any", value) if isinstance(value, dict) else {}
    return "[secret]" if SECRET_MARK in marked else cast("Any", value)
