"""A report without the secrets that its process was given: others' words may have named one."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from fleet.environment import without_secrets
from fleet.report import CustomerReport

TOLD: Final = ("planned", "accounts", "alarm", "last_known", "problems", "notes")
"""The parts with words of others; what we say ourselves stays as it is."""


SHORTEST_LINE: Final = 6
"""A shorter line of a secret would stand in words that are none."""


def forms_of(secrets: Sequence[str]) -> list[str]:
    """The secrets as others may have told them, longest first.

    Output comes line by line, and what a report says is one line in which blanks are single: a
    secret of several lines, or with two blanks in a row, would be found in neither.
    """
    found = {*secrets}
    for secret in secrets:
        lines = [" ".join(line.split()) for line in secret.splitlines()]
        parts = [" ".join(secret.split()), *lines, *(line.strip() for line in secret.splitlines())]
        found.update(part for part in parts if len(part) >= SHORTEST_LINE)
    return sorted(found, key=len, reverse=True)


def cleaned(report: CustomerReport, secrets: Sequence[str]) -> CustomerReport:
    """The same report, each secret in others' words replaced."""
    document = report.model_dump()
    told = {part: _without(document[part], secrets) for part in TOLD}
    return CustomerReport.model_validate({**document, **told})


def _without(value: Any, secrets: Sequence[str]) -> Any:
    if isinstance(value, str):
        return without_secrets(value, secrets)
    if isinstance(value, Mapping):
        parts = cast("Mapping[str, Any]", value)
        return {key: _without(one, secrets) for key, one in parts.items()}
    if isinstance(value, list | tuple):
        return [_without(one, secrets) for one in cast("Sequence[Any]", value)]
    return value
