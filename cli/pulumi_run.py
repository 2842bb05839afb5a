"""Runs the Pulumi CLI on the sandbox's stack, its output passed on line by line.

Secrets reach the CLI through the environment and files only, never through its arguments.
"""

import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.engine_lines import ESCAPES, EngineLines
from cli.failure import CommandFailed
from cli.leftovers import locks
from cli.stack_config import copy_settings, salt_line
from cli.stack_outputs import StackOutputs
from cli.workspace import PROJECT, STACK, SandboxFolder
from fleet.answer import answer_of

# `    + 39 created`, `    +-1 to replace`, `    41 unchanged`, `    2 changes. 41 unchanged`; not
# `    1 errored`, which says nothing of what is there.
_COUNT = re.compile(
    r"^ +(?:[+~\-=]{1,2} ?|\d+ changes?\. )?(?P<number>\d+) (?:to )?"
    r"(?P<kind>create|update|replace|delete|import|unchanged)d?$"
)


@dataclass(frozen=True)
class Outcome:
    """How one run of the CLI ended."""

    exit_code: int
    seconds: float
    changes: int  # resources that are created, changed or deleted; 0 when there was no summary
    resources: int  # resources that are there afterwards, as the summary counts them
    lines: tuple[str, ...]  # what it printed, without colors

    @property
    def ending(self) -> str:
        """How a run that failed ended, to go behind its name."""
        if self.exit_code < 0:
            return f"was ended (signal {-self.exit_code})"
        return "stopped with the error above"


class PulumiRun:
    """The stack `sandbox` and the CLI that works on it."""

    def __init__(
        self,
        executable: Path,
        folder: SandboxFolder,
        environment: Mapping[str, str],
        *,
        show: Callable[[str], None],
        colors: bool,
    ) -> None:
        self._executable = executable
        self._folder = folder
        self._environment = dict(environment)
        self._show = show
        self._colors = colors

    def prepare(self) -> None:
        """Make the stack if there is none, bring its settings up to date, clear what a kill left.

        Raises CommandFailed when another Pulumi run works on the stack.
        """
        committed = self._folder.project / f"Pulumi.{STACK}.yaml"
        self._folder.state.mkdir(parents=True, exist_ok=True)
        if any(stack["name"] == STACK for stack in self._stacks()):
            copy_settings(committed, self._folder.stack_config)
            if locks(self._folder):
                self._quiet(["cancel", "--yes", "--stack", STACK])
            return
        # `stack new` writes its salt beside Pulumi.yaml: give it a project folder of its own.
        with tempfile.TemporaryDirectory(dir=self._folder.path) as project:
            written = Path(project, "Pulumi.yaml")
            written.write_text(f"name: {PROJECT}\nruntime: python\n", encoding="utf-8")
            arguments = ["stack", "new", STACK, "--no-select", "--yes"]
            self._quiet([*arguments, "--secrets-provider", "passphrase", "--cwd", project])
            salt = salt_line(Path(project, f"Pulumi.{STACK}.yaml"))
        copy_settings(committed, self._folder.stack_config, salt=salt)

    def up(self, *, skip_preview: bool = False) -> Outcome:
        """`pulumi up`, with its preview unless that has just been shown."""
        return self._streamed(["up", "--yes", *(["--skip-preview"] if skip_preview else [])])

    def preview(
        self, *, expect_no_changes: bool = False, policy_pack: Path | None = None
    ) -> Outcome:
        """`pulumi preview`; `expect_no_changes` makes changes an error."""
        arguments = ["preview", *(["--policy-pack", str(policy_pack)] if policy_pack else [])]
        if expect_no_changes:
            arguments.append("--expect-no-changes")
        return self._streamed(arguments)

    def outputs(self) -> StackOutputs:
        """The stack's outputs, without the passwords."""
        text = self._quiet(["stack", "output", "--json", "--stack", STACK])
        return StackOutputs.model_validate_json(text)

    def password(self, account: str) -> str:
        """The password that the stack keeps for an account, by user principal name."""
        arguments = ["stack", "output", "passwords", "--json", "--show-secrets"]
        return json.loads(self._quiet([*arguments, "--stack", STACK]))[account]

    def is_empty(self) -> bool:
        """Whether nothing has been made yet."""
        return not any(s["resourceCount"] for s in self._stacks() if s["name"] == STACK)

    def _stacks(self) -> list[dict[str, Any]]:
        return json.loads(self._quiet(["stack", "ls", "--json"]))

    def _command(self, arguments: Sequence[str]) -> list[str]:
        color = "always" if self._colors else "never"
        return [str(self._executable), *arguments, "--non-interactive", "--color", color]

    def _streamed(self, arguments: Sequence[str]) -> Outcome:
        """Run on the stack, show every line as it comes."""
        started = time.monotonic()
        lines: list[str] = []
        process = subprocess.Popen(
            self._command(
                [
                    *arguments,
                    *("--stack", STACK, "--config-file", str(self._folder.stack_config)),
                    *("--suppress-permalink=true", "--suppress-progress", "--suppress-outputs"),
                ]
            ),
            cwd=self._folder.project,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        assert process.stdout is not None  # noqa: S101  (asked for just above)
        show = EngineLines(self._show)

        def read(output: Iterable[str]) -> int:
            for line in output:
                lines.append(ESCAPES.sub("", line.rstrip()))
                show(line.rstrip("\n"))
            return process.wait()

        try:
            exit_code = read(process.stdout)
        except KeyboardInterrupt:
            # The terminal told Pulumi too: let it finish what it began and save its state.
            read(process.stdout)
            raise
        counts = summary(lines)
        return Outcome(
            exit_code,
            time.monotonic() - started,
            changes=sum(number for kind, number in counts.items() if kind != "unchanged"),
            resources=sum(number for kind, number in counts.items() if kind != "delete"),
            lines=tuple(lines),
        )

    def _quiet(self, arguments: Sequence[str]) -> str:
        """Run without showing; the answer is what it printed."""
        done = answer_of(
            [str(self._executable), *arguments, "--non-interactive", "--color", "never"],
            self._folder.project,
            self._environment,
        )
        if done.returncode != 0:
            reason = done.stderr.strip() or "no reason given"
            raise CommandFailed(f"`pulumi {' '.join(arguments[:2])}` failed: {reason}")
        return done.stdout


def summary(lines: Sequence[str]) -> dict[str, int]:
    """Resources by what happens to them, from the last summary in Pulumi's output.

    Its event log says the same in JSON, but holds secrets in clear.
    """
    counts: dict[str, int] = {}
    inside = False
    for line in lines:
        if line == "Resources:":
            counts, inside = {}, True
        elif inside and (found := _COUNT.match(line)):
            counts[found["kind"]] = int(found["number"])
        else:
            inside = inside and bool(line.strip())
    return counts
