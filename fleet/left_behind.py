"""Stacks that stand in the state backend and have no settings file any more.

A customer is a settings file. One whose file was deleted is in no run and no report, while its
accounts, exclusions and alarms stand and nobody looks after them. The backend still knows it. So it
is with a first tenant that was set up under the example's name, which is no customer's.

Source: Pulumi documentation, "pulumi stack ls" (`--json`).
"""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from fleet.answer import answer_of
from fleet.customers import NOT_CUSTOMERS, TEMPLATE, customer_names
from fleet.errors import FleetError
from fleet.job import Job, failed
from fleet.report import CustomerReport, Operation

SECONDS: Final = 120.0
"""So long the backend may take to list its stacks."""


def left_behind(pulumi: Path, folder: Path, environ: Mapping[str, str]) -> list[str]:
    """Names of such stacks of this project, sorted. Raises FleetError when they cannot be listed.

    Looked at is the backend that all share, with the variables that have no customer's name. A
    stack without resources does not count.
    """
    known = {*customer_names(folder), *NOT_CUSTOMERS} - {TEMPLATE}
    shared = {key: value for key, value in environ.items() if "__" not in key}
    return sorted(_standing(pulumi, folder, shared) - known)


def without_settings(name: str, operation: Operation) -> CustomerReport:
    """The report of such a stack."""
    if name == TEMPLATE:
        return failed(
            Job(name, operation, None),
            f"its stack stands in the backend, and {name} is the example's name, no customer's: no"
            " run looks after it",
            f"`pulumi stack rename NAME --stack {name}` makes it a customer; git brings the example"
            f" back (`git checkout Pulumi.{name}.yaml`)",
        )
    return failed(
        Job(name, operation, None),
        f"its stack stands in the backend, and there is no Pulumi.{name}.yaml: no run looks after"
        " it",
        f"bring the file back (`git log -- Pulumi.{name}.yaml`); a customer who has left: see"
        " docs/msp.md, and take the stack away",
    )


def _standing(pulumi: Path, folder: Path, environment: Mapping[str, str]) -> set[str]:
    try:
        done = answer_of(
            [str(pulumi), "stack", "ls", "--json", "--non-interactive", "--color", "never"],
            folder,
            {**environment, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            seconds=SECONDS,
        )
        listed: Any = json.loads(done.stdout) if done.returncode == 0 else None
        stacks = cast("list[Mapping[str, Any]]", listed)
        # With Pulumi Cloud an organization may stand before the name.
        return {str(one["name"]).rpartition("/")[2] for one in stacks if _is_standing(one)}
    except (OSError, subprocess.TimeoutExpired, ValueError, TypeError, LookupError):
        raise FleetError(
            "whether stacks without a settings file stand in the backend could not be seen:"
            " `pulumi stack ls` tells why"
        ) from None


def _is_standing(stack: Mapping[str, Any]) -> bool:
    # One that never ran has no count with Pulumi Cloud, and none of an own backend is without.
    return stack.get("resourceCount", 1 if stack.get("lastUpdate") else 0) != 0
