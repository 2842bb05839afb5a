"""A report as JSON: written whole or not at all, read with its version checked, and its schema.

    FleetError
      ReportError    a file that cannot be written, or read as a report; one line names it

Run as a program it prints the schema, as `docs/fleet-report.schema.json` has it.
"""

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any, Final, cast

from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema

from fleet.errors import FleetError
from fleet.report import VERSION, CustomerReport, FleetReport

PAUSES: Final = (0.02, 0.1, 0.5)
"""Seconds after which a file that somebody holds open is tried again."""


class ReportError(FleetError):
    """A report that cannot be written, read or joined; the message is one line."""


def write_json(report: FleetReport | CustomerReport, path: Path) -> None:
    """Write a report, or one customer's part of it.

    Whoever reads the file meanwhile finds the old one or the new one, whole.

    Raises:
        ReportError: the folder is missing, full or not writable.
    """
    write_text(report.model_dump_json(by_alias=True, indent=2) + "\n", path)


def write_text(text: str, path: Path) -> None:
    """Put a text in place of a file at once, by way of a file beside it; its owner's alone.

    Raises:
        ReportError: the folder is missing, full or not writable.
    """
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            _put(Path(beside), path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ReportError(f"{path} could not be written: {error.strerror or error}") from None


def _put(beside: Path, path: Path) -> None:
    """Replace; on Windows nobody can while somebody reads the old file, such as a virus scanner."""
    for pause in PAUSES:
        try:
            beside.replace(path)
            return
        except PermissionError:
            time.sleep(pause)
    beside.replace(path)


def read_json(path: Path) -> FleetReport:
    """Read a report that `write_json` wrote.

    Raises:
        ReportError: no such file, no JSON, of another version, or not what the schema says.
    """
    try:
        found: object = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"{path} could not be read: {error.strerror}") from None
    except ValueError as error:
        raise ReportError(f"{path} is no JSON: {error}") from None
    if not isinstance(found, dict) or "version" not in found:
        raise ReportError(
            f"{path} is no fleet report: an object with `version` is expected, as"
            " `breakglass fleet … --report FILE.json` writes it"
        )
    version = cast("dict[str, object]", found)["version"]
    if version != VERSION:
        raise ReportError(
            f"{path} has version {version!r}, this breakglass reads {VERSION}: use the same"
            " breakglass for all of the run"
        )
    try:
        return FleetReport.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the report"
        raise ReportError(f"{path}: {where}: {first['msg']}") from None


class _Untitled(GenerateJsonSchema):
    """Without titles that only say the field's name again."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002
        return False


def schema() -> dict[str, Any]:
    """The JSON schema (2020-12) of what `write_json` writes."""
    made = FleetReport.model_json_schema(
        by_alias=True, schema_generator=_Untitled, mode="serialization"
    )
    # It has a default for whoever makes a report; whoever reads one refuses it without.
    made["required"] = ["version", *made["required"]]
    return {"$schema": GenerateJsonSchema.schema_dialect, **made}


def schema_text() -> str:
    """The schema as the committed file has it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
