"""Put back the exclusions that somebody took out, and change nothing else of a stack.

What is lost is told by the state and the tenant, as `breakglass verify` tells it. A preview of
those policies alone then has to show their exclusions come back and not one change more; only after
that is anything written. What else is pending (a new policy, settings that are not deployed yet, an
alarm that somebody switched off) stays pending.

Source: Pulumi documentation, "pulumi up" (`--target`), "pulumi preview" (`--json`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from cli.chosen_stack import ChosenStack, ask_engine, exported_state
from cli.failure import CommandFailed
from cli.policy_check import Result
from cli.stack_state import EXCLUSION_TYPE, deployment_of, read_state
from cli.verification import Report, connect, verify

JSON = Mapping[str, Any]
DECIDED: Final = ("wanted", "reason", "tenantId", "decidedUnder")
"""What an undeployed setting would change of a policy's resource."""
UNCHANGED: Final = frozenset({"same", "refresh", "read"})
"""Steps of a preview that write nothing."""


@dataclass(frozen=True)
class Restored:
    """What became of a stack's lost exclusions."""

    lost: tuple[str, ...] = ()
    """Names of the policies that had lost the exclusion."""
    back: tuple[str, ...] = ()
    """Those that have it again."""
    left: tuple[tuple[str, str], ...] = ()
    """Those that have it not, each with the reason."""


def restore(stack: ChosenStack) -> Restored:
    """Put back what is lost in one stack. Raises CommandFailed in one line."""
    exported = exported_state(stack)
    names = _lost(_verified(exported, stack))
    if not names:
        return Restored()
    children = _children(exported, names)
    steps = _steps(stack, list(children))
    foreign = [urn for urn in steps if urn not in children]
    if foreign:
        raise CommandFailed(
            f"stack {stack.name}: to put back an exclusion would change"
            f" {foreign[0].rpartition('::')[2]} too: nothing was changed; look at it with"
            f" `pulumi preview --diff --stack {stack.name}`"
        )
    left = [(urn, reason) for urn, step in steps.items() if (reason := _other_change(step))]
    targets = [urn for urn in steps if urn not in dict(left)]
    said = _up(stack, targets) if targets else ""
    still = _lost(_verified(exported_state(stack), stack))
    reasons = {children[urn]: reason for urn, reason in left}
    return Restored(
        lost=tuple(names.values()),
        back=tuple(name for policy_id, name in names.items() if policy_id not in still),
        left=tuple(
            (names[policy_id], reasons.get(policy_id) or said or "the run wrote nothing to it")
            for policy_id in still
            if policy_id in names
        ),
    )


def _verified(exported: str, stack: ChosenStack) -> Report:
    return verify(read_state(exported, stack.name), connect(stack), days=0)


def _lost(report: Report) -> dict[str, str]:
    """Policies that lack what the state says they had, id to name."""
    return {one.policy_id: one.name for one in report.all_findings if one.result is Result.LACKS}


def _children(exported: str, lost: Mapping[str, str]) -> dict[str, str]:
    """The stack's resources of these policies: URN to policy id."""
    resources = cast("list[JSON]", deployment_of(exported).get("resources") or [])
    found: dict[str, str] = {}
    for one in resources:
        policy_id = str(cast("JSON", one.get("outputs") or {}).get("policyId"))
        if one.get("type") == EXCLUSION_TYPE and policy_id in lost:
            found[str(one["urn"])] = policy_id
    return found


def _steps(stack: ChosenStack, urns: Sequence[str]) -> dict[str, JSON]:
    """What a preview of these resources alone would change, by URN."""
    done = ask_engine(_command(stack, "preview", urns, "--json"), stack)
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


def _other_change(step: JSON) -> str:
    """Why a step is more than putting back what the state wants; empty when it is just that."""
    before = cast("JSON", (step.get("oldState") or {}).get("inputs") or {})
    after = cast("JSON", (step.get("newState") or {}).get("inputs") or {})
    if step.get("op") != "update":
        return f"its resource would be changed by {step.get('op')}: run `pulumi up`"
    if any(before.get(key) != after.get(key) for key in DECIDED):
        return "settings that are not deployed yet want something else of it: run `pulumi up`"
    if not after.get("pending"):
        return "the program does not see it as lost"
    return ""


def _up(stack: ChosenStack, urns: Sequence[str]) -> str:
    """Write to these resources alone; what the engine said when it did not end well."""
    done = ask_engine([*_command(stack, "up", urns, "--yes", "--skip-preview")], stack)
    return "" if done.returncode == 0 else _told(stack, done.stdout + done.stderr)


def _command(stack: ChosenStack, operation: str, urns: Sequence[str], *more: str) -> list[str]:
    targets = [part for urn in urns for part in ("--target", urn)]
    named = ["--stack", str(stack.name)]
    return [str(stack.executable), operation, *named, *targets, *more]


def _told(stack: ChosenStack, output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("error:")]
    reason = (errors or lines or ["no reason given"])[0].removeprefix("error:").strip()
    return f"stack {stack.name}: {reason}"
