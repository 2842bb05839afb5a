"""`breakglass up`: from nothing to a tenant with working, excluded, watched emergency accounts."""

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from cli.chapters.alarm import let_earlier_alarms_ring, wait_for_alarm
from cli.chapters.ending import (
    last_preview,
    say_next_steps,
    say_result,
    say_unknown_calls,
    unknown_calls,
)
from cli.chapters.first_up import first_up
from cli.chapters.healing import heal, heal_again
from cli.chapters.setting_up import Setup, set_up
from cli.chapters.sign_ins import admin_sign_in, break_glass_sign_in
from cli.facts import RequestFacts, SecondsFacts, UpFacts
from cli.failure import CommandFailed
from cli.screen import Screen
from cli.workspace import SandboxFolder, make_private


@dataclass(frozen=True)
class UpOptions:
    """How to run the story."""

    port: int
    ca_rate: float | None  # Conditional Access requests per second, where the user chose
    picture: Path | None


def tell(folder: SandboxFolder, options: UpOptions) -> bool:
    """Run the whole story; True when every fact is as promised.

    The facts are in `up.json` either way. Raises CommandFailed when it cannot go on.
    """
    started = _started()
    screen = Screen(record=options.picture is not None)
    with _alone(folder):
        folder.facts.unlink(missing_ok=True)  # no facts of an earlier run after a failed one
        setup = set_up(screen, folder, port=options.port, ca_rate=options.ca_rate)
        try:
            facts = _prove(setup, setup_seconds=time.time() - started)
        finally:
            setup.stage.tenant.close()
        facts.save(folder.facts)
        as_promised = say_result(setup.stage, facts)
    if options.picture is not None:
        screen.save_picture(options.picture, title="breakglass up")
    return as_promised


def _prove(setup: Setup, *, setup_seconds: float) -> UpFacts:
    stage = setup.stage
    asked_before = unknown_calls(stage)
    first = first_up(stage)
    since = let_earlier_alarms_ring(stage)
    break_glass = break_glass_sign_in(stage, first.outputs)
    admin = admin_sign_in(stage, first.outputs)
    alert, mail = wait_for_alarm(stage, since)
    healing = heal(stage, first.outputs)
    drift = heal_again(stage, first.outputs, healing.policy)
    preview = last_preview(stage)
    say_next_steps(stage, first.outputs)
    say_unknown_calls(stage, asked_before)
    return UpFacts(
        engine=setup.engine,
        plugins=setup.plugins,
        resources=first.resources,
        policies=first.policies,
        break_glass_sign_in=break_glass,
        admin_sign_in=admin,
        alert=alert,
        mail=mail,
        heal=healing.facts,
        drift=drift,
        final_preview_changes=preview.changes,
        ca_requests=RequestFacts(up=first.traffic.requests, heal=healing.traffic.requests),
        seconds=SecondsFacts(
            setup=round(setup_seconds, 1),
            up=round(first.seconds, 1),
            preview=round(preview.seconds, 1),
        ),
    )


def _started() -> float:
    """When the user's command began; dev.py hands it on, since it makes the environment first."""
    try:
        return float(os.environ["BREAK_GLASS_STARTED"])
    except (KeyError, ValueError):
        return time.time()


@contextmanager
def _alone(folder: SandboxFolder) -> Generator[None]:
    """One run at a time on a sandbox folder; the system frees the lock of a killed run."""
    make_private(folder.path)
    lock = FileLock(folder.path / "up.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise CommandFailed(
            "Another `breakglass up` is at work on this sandbox. Wait for its end, then try again."
        ) from None
    try:
        yield
    finally:
        lock.release()
