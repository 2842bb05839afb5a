"""Put back the exclusions that somebody took out, and change nothing else of a stack.

What is lost is told by the state and the tenant, as `breakglass verify` tells it. A preview of
those policies alone then has to show their exclusions come back and nothing else of them change;
only after that is anything written, and only to the policy: what it had lost, beside all that it
excludes now. The state says already what is true again then, and is not touched: `pulumi up
--target` would save the outputs of a program that nobody deployed. What else is pending (a new
policy, settings that are not deployed yet, an alarm that somebody switched off) stays pending.

No run of the stack is held up meanwhile; one that has changed the state since it was looked at has
the word, and nothing more is written.

Source: Pulumi documentation, "pulumi preview" (`--target`, `--json`).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

from cli.chosen_stack import ChosenStack, ask_engine, exported_state
from cli.exclusion_put_back import NOT_BEGUN, Fate, again_for, put_back, writer_of
from cli.failure import CommandFailed
from cli.policy_check import Finding, Result
from cli.stack_state import EXCLUSION_TYPE, deployment_of, read_state
from cli.verification import Report, connect, verify

JSON = Mapping[str, Any]
DECIDED: Final = ("wanted", "reason", "tenantId", "decidedUnder")
"""What an undeployed setting would change of a policy's resource."""
UNCHANGED: Final = frozenset({"same", "refresh", "read"})
"""Steps of a preview that write nothing."""
PREVIEW_SECONDS: Final = 900.0
"""A preview that takes longer is given up: it writes nothing, so it may be ended at once."""


class Left(NamedTuple):
    """A policy that lacks the exclusion still."""

    name: str
    why: str
    todo: str


@dataclass(frozen=True)
class Restored:
    """What became of a stack's lost exclusions; policies by name."""

    lost: tuple[str, ...] = ()
    """Those that had lost the exclusion."""
    back: tuple[str, ...] = ()
    """Those that have it again."""
    left: tuple[Left, ...] = ()
    """Those that have it not."""
    written: tuple[str, ...] = ()
    """Those that were written to, whatever became of it."""
    notes: tuple[str, ...] = ()
    """What else is to be known; a line for each."""


class Stopped(Exception):  # noqa: N818  (somebody wanted it: no error)
    """Somebody wants an end, and nothing more was begun."""

    def __init__(self, so_far: Restored) -> None:
        super().__init__("stopped")
        self.so_far = so_far


def restore(
    stack: ChosenStack,
    *,
    stopped: Callable[[], bool] = lambda: False,
    on_write: Callable[[Restored], object] = lambda _: None,
) -> Restored:
    """Put back what is lost in one stack. Raises CommandFailed in one line, with nothing written.

    Raises Stopped between two steps once `stopped` says so: a policy is written or it is not.
    `on_write` hears after each write how things stand, for those who are told if we are killed.
    """
    exported = exported_state(stack)
    _go_on(stopped)
    lost = _lost(_verified(exported, stack))
    if not lost:
        return Restored()
    _go_on(stopped)
    children = _children(exported, lost)
    steps = _steps(stack, list(children))
    _go_on(stopped)
    fates = {
        policy_id: Fate(why=change[0], todo=change[1])
        for urn, policy_id in children.items()
        if (change := _other_change(steps.get(urn), stack))
    }
    wanted = {policy_id: one for policy_id, one in lost.items() if policy_id not in fates}

    def on_fate(policy_id: str, fate: Fate) -> None:
        fates[policy_id] = fate
        if fate.attempt is not None:
            on_write(_summed(lost, fates, stack))

    if wanted:
        put_back(stack, writer_of(stack, stopped), exported, wanted, on_fate)
    found = _summed(lost, fates, stack)
    if stopped():
        raise Stopped(found)
    return found


def _summed(lost: Mapping[str, Finding], fates: Mapping[str, Fate], stack: ChosenStack) -> Restored:
    not_begun = Fate(why=NOT_BEGUN, todo=again_for(stack))
    found = [(one.name, fates.get(policy_id, not_begun)) for policy_id, one in lost.items()]
    settled = [(name, fate) for name, fate in found if fate.is_back or fate.is_gone]
    return Restored(
        lost=tuple(name for name, _ in found),
        back=tuple(name for name, fate in found if fate.is_back),
        left=tuple(
            Left(name, fate.why, fate.todo)
            for name, fate in found
            if not (fate.is_back or fate.is_gone)
        ),
        written=tuple(name for name, fate in found if fate.written),
        notes=tuple(f"{name}: {fate.why}" for name, fate in settled if fate.why),
    )


def _go_on(stopped: Callable[[], bool]) -> None:
    if stopped():
        raise Stopped(Restored())


def _verified(exported: str, stack: ChosenStack) -> Report:
    return verify(read_state(exported, stack.name), connect(stack), days=0)


def _lost(report: Report) -> dict[str, Finding]:
    """Policies that lack what the state says they had, by id."""
    return {one.policy_id: one for one in report.all_findings if one.result is Result.LACKS}


def _children(exported: str, lost: Mapping[str, Finding]) -> dict[str, str]:
    """The stack's resources of these policies: URN to policy id."""
    resources = cast("list[JSON]", deployment_of(exported).get("resources") or [])
    found: dict[str, str] = {}
    for one in resources:
        # As the state is read for `lost`: one that is not made yet has inputs only.
        values: JSON = {**(one.get("inputs") or {}), **(one.get("outputs") or {})}
        policy_id = str(values.get("policyId"))
        if one.get("type") == EXCLUSION_TYPE and policy_id in lost:
            found[str(one["urn"])] = policy_id
    return found


def _steps(stack: ChosenStack, urns: Sequence[str]) -> dict[str, JSON]:
    """What a preview of these resources alone would change, by URN."""
    done = ask_engine(_command(stack, urns), stack, seconds=PREVIEW_SECONDS)
    try:
        document: Any = json.loads(done.stdout)
        steps = cast("list[JSON]", document.get("steps") or [])
    except (ValueError, AttributeError):
        raise CommandFailed(_told(stack, done.stdout + done.stderr)) from None
    if done.returncode != 0:
        diagnostics = cast("list[JSON]", document.get("diagnostics") or [])
        errors = [str(one.get("message")) for one in diagnostics if one.get("severity") == "error"]
        raise CommandFailed(_told(stack, "\n".join(errors) or done.stderr))
    return {str(one["urn"]): one for one in steps if one.get("op") not in UNCHANGED}


def _other_change(step: JSON | None, stack: ChosenStack) -> tuple[str, str] | None:
    """Why a step is not just putting back what the state wants, and what to do; None when it is."""
    deploy = f"deploy them: `breakglass fleet up --only {stack.name}`"
    unseen = (
        "the program does not see it as lost",
        f"look again: `breakglass verify --stack {stack.name}`",
    )
    if step is None:
        return unseen
    before = cast("JSON", (step.get("oldState") or {}).get("inputs") or {})
    after = cast("JSON", (step.get("newState") or {}).get("inputs") or {})
    if step.get("op") != "update":
        return f"its resource would be changed by {step.get('op')}", deploy.replace("them", "that")
    if any(before.get(key) != after.get(key) for key in DECIDED):
        return "settings that are not deployed yet want something else of it", deploy
    return None if after.get("pending") else unseen


def _command(stack: ChosenStack, urns: Sequence[str]) -> list[str]:
    targets = [part for urn in urns for part in ("--target", urn)]
    return [str(stack.executable), "preview", "--stack", str(stack.name), *targets, "--json"]


def _told(stack: ChosenStack, output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("error:")]
    reason = (errors or lines or ["no reason given"])[0].removeprefix("error:").strip()
    return f"stack {stack.name}: {reason}"
