"""`breakglass sandbox fault`: chosen requests to the simulated tenant fail."""

import json
from enum import StrEnum
from typing import Annotated, Any

import typer

from cli.failure import CommandFailed
from cli.options import plain_errors
from cli.running import control_face


class When(StrEnum):
    """Whether a request fails before or after it had its effect."""

    before = "before"
    after = "after"


@plain_errors
def fault(
    path: Annotated[
        str | None, typer.Option(help="Regular expression, searched in path and query.")
    ] = None,
    method: Annotated[str | None, typer.Option(help="GET, POST, PATCH …; else any.")] = None,
    status: Annotated[
        int | None, typer.Option(min=200, max=599, help="Answer with this status.")
    ] = None,
    code: Annotated[str | None, typer.Option(help="The error's code.")] = None,
    message: Annotated[str | None, typer.Option(help="The error's message.")] = None,
    body: Annotated[str | None, typer.Option(help="The answer's body: JSON, or a text.")] = None,
    header: Annotated[
        list[str] | None, typer.Option(help="'Name: value' over the answer's own, repeatable.")
    ] = None,
    retry_after: Annotated[int | None, typer.Option(min=0, help="Seconds.")] = None,
    drop: Annotated[bool, typer.Option("--drop", help="The connection ends, no answer.")] = False,
    hang: Annotated[bool, typer.Option("--hang", help="No answer, ever.")] = False,
    broken_json: Annotated[
        bool, typer.Option("--broken-json", help="The JSON ends in its middle.")
    ] = False,
    cut_short: Annotated[
        bool, typer.Option("--cut-short", help="The connection ends in the middle of the answer.")
    ] = False,
    truncate: Annotated[
        int | None, typer.Option(min=0, help="A listing has only so many items.")
    ] = None,
    hang_seconds: Annotated[
        float | None, typer.Option(min=0, help="Wait before the answer, in real seconds.")
    ] = None,
    drip_seconds: Annotated[
        float | None, typer.Option(min=0, help="The answer takes so long, in small pieces.")
    ] = None,
    nth: Annotated[int | None, typer.Option(min=1, help="From the nth such request on.")] = None,
    times: Annotated[int | None, typer.Option(min=1, help="So many of them; else one.")] = None,
    share: Annotated[
        float | None, typer.Option(min=0, max=1, help="This share of them, by chance.")
    ] = None,
    when: Annotated[
        When | None, typer.Option(help="Before or after the request had its effect.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Forget all faults first.")] = False,
) -> None:
    """Let requests fail. Without options: list the faults that still wait."""
    wanted: dict[str, Any] = {
        "path": path,
        "method": method,
        "status": status,
        "code": code,
        "message": message,
        "body": None if body is None else _body(body),
        "headers": dict(_header(text) for text in header or []) or None,
        "retryAfter": retry_after,
        "drop": drop or None,
        "hang": hang or None,
        "brokenJson": broken_json or None,
        "cutShort": cut_short or None,
        "truncate": truncate,
        "hangSeconds": hang_seconds,
        "dripSeconds": drip_seconds,
        "nth": nth,
        "times": times,
        "share": share,
        "when": when and when.value,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    face = control_face()
    if clear:
        face.clear_faults()
    if given:
        face.order_fault(given)
    waiting = face.faults()
    for entry in waiting:
        typer.echo(json.dumps(entry, ensure_ascii=False))
    if not waiting:
        typer.echo("No fault is waiting.")


def _body(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise CommandFailed(
            f"--header {text!r}: expected 'Name: value', for example 'Retry-After: 5'.",
            exit_code=2,
        )
    return name.strip(), value.strip()
