# pyright: basic
# gRPC-facing: sets up the SDK's runtime, whose settings carry no types.
"""The one harness for unit tests of components and of the whole program.

`run_program` runs a function as a Pulumi program against a monitor that records every
registration as the engine would see it. Pulumi's own mocks hide most of that (`protect`,
`retain_on_delete`, `ignore_changes`, parents, dependencies, secrets): hence this one.

    run = run_program(lambda: BreakGlassGroup("group", BreakGlassGroupArgs(member_ids=["1"])))
    assert run.one("azuread:index/group:Group").inputs["displayName"] == "BTG Admins"

Each call has an event loop, settings and configuration of its own; `ARM_*`, `AZURE_*` and
`PULUMI_*` variables are taken out of the environment while the program runs. With `preview=True`
the monitor answers as the engine does before anything exists: ids and computed outputs are unknown.
Assertions belong after the run, on the `Recording`: there is no `apply` whose failure can get lost.

Resource hooks and transforms do not run here; that a hook is attached is seen in
`Registration.hooks`, and `Recording.hooks` lets a test call it.
"""

import asyncio
import contextvars
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pulumi
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime.config import set_all_config
from pulumi.runtime.settings import SETTINGS, get_root_resource, reset_options
from pulumi.runtime.stack import run_pulumi_func

from tests.unit.event_loop import ImmediateLoop
from tests.unit.recording import UNKNOWN, Recording, Registration
from tests.unit.recording_monitor import (
    PROJECT,
    STACK,
    RecordingCallbacks,
    RecordingEngine,
    RecordingMonitor,
    Respond,
    object_id,
)
from tests.unit.sdk_shortcuts import shortcuts

__all__ = [
    "UNKNOWN",
    "Recording",
    "Registration",
    "hermetic_environment",
    "object_id",
    "run_program",
]


@contextmanager
def hermetic_environment(variables: Mapping[str, str] | None = None) -> Iterator[None]:
    """Takes this machine's `ARM_*`, `AZURE_*` and `PULUMI_*` variables away for a while.

    `PULUMI_ERROR_OUTPUT_STRING` is set: an `Output` that is formatted into a string raises.
    """
    foreign = ("ARM_", "AZURE_", "AZUREAD_", "PULUMI_", "BREAK_GLASS_")
    before = dict(os.environ)
    for key in before:
        if key.startswith(foreign):
            del os.environ[key]
    os.environ.update({"PULUMI_ERROR_OUTPUT_STRING": "true", **(variables or {})})
    try:
        yield
    finally:
        for key in os.environ.keys() - before.keys():
            del os.environ[key]
        os.environ.update(
            {key: text for key, text in before.items() if os.environ.get(key) != text}
        )


def run_program(
    program: Callable[[], Any],
    *,
    preview: bool = False,
    config: Mapping[str, str] | None = None,
    secret_config: Sequence[str] = (),
    respond: Respond | None = None,
    calls: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] | None = None,
    environment: Mapping[str, str] | None = None,
    expect_error: bool = False,
) -> Recording:
    """Runs `program` to its end and hands back what it did.

    `config` is the stack's configuration (`"break-glass:protect": "true"`, objects as JSON) and
    `secret_config` names the keys of it that are marked secret. `respond` answers registrations,
    `calls` answers functions by token; `readStackResourceOutputs` is empty unless given. What the
    program raises is raised here, or kept in `error` with `expect_error=True` (no error is then a
    failure).
    """
    return contextvars.copy_context().run(
        _run_in_context,
        program,
        preview,
        dict(config or {}),
        list(secret_config),
        respond,
        dict(calls or {}),
        environment,
        expect_error,
    )


def _run_in_context(
    program: Callable[[], Any],
    preview: bool,
    config: dict[str, str],
    secret_config: list[str],
    respond: Respond | None,
    calls: dict[str, Callable[[dict[str, Any]], dict[str, Any]]],
    environment: Mapping[str, str] | None,
    expect_error: bool,
) -> Recording:
    recording = Recording()
    ended = False
    answers = {"pulumi:pulumi:readStackResourceOutputs": lambda _: {"outputs": {}}, **calls}
    monitor = RecordingMonitor(recording, preview=preview, respond=respond, calls=answers)
    loop = ImmediateLoop()
    asyncio.set_event_loop(loop)
    try:
        with hermetic_environment(environment), shortcuts():
            reset_options(project=PROJECT, stack=STACK, preview=preview)
            set_all_config(config, secret_config)
            pulumi_mocks.set_mocks(
                monitor.mocks, project=PROJECT, stack=STACK, preview=preview, monitor=monitor
            )
            setattr(SETTINGS, "engine", RecordingEngine(recording))  # noqa: B010
            setattr(SETTINGS, "callbacks", RecordingCallbacks(recording))  # noqa: B010
            try:
                loop.run_until_complete(_run(program, recording))
                ended = True
            except BaseException as error:
                if not expect_error:
                    raise
                recording.error = error
    finally:
        if not ended:
            # What a failed program leaves undone is called off: it does not run into the next test.
            loop.call_off()
        asyncio.set_event_loop(None)
    assert not expect_error or recording.error is not None, "the program raised no error"
    return recording


async def _run(program: Callable[[], Any], recording: Recording) -> None:
    values: dict[str, Any] = {}

    def body() -> None:
        values["returned"] = program()

    await run_pulumi_func(body)
    root = get_root_resource()
    exported = dict(getattr(root, "outputs", {}))
    recording.value, _ = await _resolve(values["returned"])
    for name, value in exported.items():
        recording.outputs[name], secret = await _resolve(value)
        if secret:
            recording.secret_outputs.add(name)


async def _resolve(value: Any) -> tuple[Any, bool]:
    if isinstance(value, pulumi.Resource):
        return value, False
    output = pulumi.Output.from_input(value)
    known = await output.is_known()
    return (await output.future() if known else UNKNOWN), await output.is_secret()
