"""Calls `breakglass fleet …` in the test's own process, and stands in for what its jobs do."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from typer.testing import CliRunner, Result

from cli.main import app
from fleet.job import Job, Options, failed, not_started
from fleet.processes import Processes
from fleet.report import CustomerReport


def fleet(*arguments: str, typed: Sequence[str] = ()) -> Result:
    """The command, answered with these lines."""
    return CliRunner().invoke(app, ["fleet", *arguments], input="".join(f"{t}\n" for t in typed))


@dataclass
class Jobs:
    """Stands in for the jobs' processes: each ends at once, as planned."""

    done: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    changes: dict[str, int] = field(default_factory=lambda: {"same": 40})
    bad: set[str] = field(default_factory=set[str])
    bad_at: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def __call__(
        self, one: Job, folder: Path, options: Options, processes: Processes
    ) -> CustomerReport:
        self.done.append((one.customer, one.operation))
        if one.customer in self.bad or (one.customer, one.operation) in self.bad_at:
            return failed(one, "no", "do it")
        return not_started(one).model_copy(update={"outcome": "done", "changes": self.changes})
