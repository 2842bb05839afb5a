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
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from cli.chosen_stack import ChosenStack, ask_engine, exported_state
from cli.failure import CommandFailed
from cli.policy_check import Finding, Result
from cli.stack_state import EXCLUSION_TYPE, deployment_of, read_state
from cli.tenant_access import identity_of
from cli.verification import Report, connect, verify
from entra.client import GraphClient
from entra.conditional_access import ConditionalAccessClient
from entra.errors import EntraError, Forbidden
from entra.exclusion import Entries, decide, live_entries
from entra.limiter import limiter_for
from entra.permissions import WRITE_POLICIES, how_to_grant
from entra.write_turn import WriteTurn, Written, write_turn_for

JSON = Mapping[str, Any]
DECIDED: Final = ("wanted", "reason", "tenantId", "decidedUnder")
"""What an undeployed setting would change of a policy's resource."""
UNCHANGED: Final = frozenset({"same", "refresh", "read"})
"""Steps of a preview that write nothing."""
PREVIEW_SECONDS: Final = 900.0
"""A preview that takes longer is given up: it writes nothing, so it may be ended at once."""
NOT_BEGUN: Final = "the run was stopped before"
LONGEST_WAIT_SECONDS: Final = 20.0
"""How old a read may be when the write that rests on it goes out."""


@dataclass(frozen=True)
class Restored:
    """What became of a stack's lost exclusions."""

    lost: tuple[str, ...] = ()
    """Names of the policies that had lost the exclusion."""
    back: tuple[str, ...] = ()
    """Those that have it again."""
    left: tuple[tuple[str, str], ...] = ()
    """Those that have it not, each with the reason."""


class Stopped(Exception):  # noqa: N818  (somebody wanted it: no error)
    """Somebody wants an end, and nothing more was begun."""

    def __init__(self, so_far: Restored) -> None:
        super().__init__("stopped")
        self.so_far = so_far


def restore(stack: ChosenStack, *, stopped: Callable[[], bool] = lambda: False) -> Restored:
    """Put back what is lost in one stack. Raises CommandFailed in one line.

    Raises Stopped between two steps once `stopped` says so: a policy is written or it is not.
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
    reasons = {
        policy_id: reason
        for urn, policy_id in children.items()
        if (reason := _other_change(steps.get(urn)))
    }
    wanted = {policy_id: one for policy_id, one in lost.items() if policy_id not in reasons}
    if wanted:
        reasons |= _put_back(stack, exported, wanted, stopped)
    if stopped():
        written = [one.name for policy_id, one in wanted.items() if reasons.get(policy_id) == ""]
        left = tuple(
            (one.name, reasons.get(i) or NOT_BEGUN)
            for i, one in lost.items()
            if one.name not in written
        )
        raise Stopped(Restored(tuple(one.name for one in lost.values()), tuple(written), left))
    still = _lost(_verified(exported_state(stack), stack))
    return Restored(
        lost=tuple(one.name for one in lost.values()),
        back=tuple(one.name for policy_id, one in lost.items() if policy_id not in still),
        left=tuple(
            (one.name, reasons.get(policy_id) or "it was written and taken out again")
            for policy_id, one in lost.items()
            if policy_id in still
        ),
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
        policy_id = str(cast("JSON", one.get("outputs") or {}).get("policyId"))
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


def _other_change(step: JSON | None) -> str:
    """Why a step is not just putting back what the state wants; empty when it is."""
    if step is None:
        return "the program does not see it as lost"
    before = cast("JSON", (step.get("oldState") or {}).get("inputs") or {})
    after = cast("JSON", (step.get("newState") or {}).get("inputs") or {})
    if step.get("op") != "update":
        return f"its resource would be changed by {step.get('op')}: run `pulumi up`"
    if any(before.get(key) != after.get(key) for key in DECIDED):
        return "settings that are not deployed yet want something else of it: run `pulumi up`"
    if not after.get("pending"):
        return "the program does not see it as lost"
    return ""


def _command(stack: ChosenStack, urns: Sequence[str]) -> list[str]:
    targets = [part for urn in urns for part in ("--target", urn)]
    return [str(stack.executable), "preview", "--stack", str(stack.name), *targets, "--json"]


def _writer(stack: ChosenStack) -> tuple[ConditionalAccessClient, WriteTurn]:
    """The policies of the stack's tenant, and who may write them now. Raises CommandFailed."""
    try:
        identity = identity_of(stack)
        tenant, graph = identity.tenant_id, identity.endpoints.graph
        pace = limiter_for(tenant, graph, stack.environment)
        turn = write_turn_for(tenant, graph, stack.environment)
    except EntraError as error:
        raise CommandFailed(str(error)) from None
    return ConditionalAccessClient(GraphClient(identity), pace), turn


def _put_back(
    stack: ChosenStack,
    exported: str,
    lost: Mapping[str, Finding],
    stopped: Callable[[], bool] = lambda: False,
) -> dict[str, str]:
    """Write to each policy what it has lost; why not, by policy id, empty where that was done.

    One that `stopped` kept from being begun is not named.
    """
    policies, turn = _writer(stack)
    reasons: dict[str, str] = {}
    for policy_id, one in lost.items():
        if stopped():
            break
        # A run that is about to take the exclusion out has written its state before.
        if deployment_of(exported_state(stack)) != deployment_of(exported):
            reasons[policy_id] = "another run changes this stack now: it has the word"
            continue
        try:
            with turn.held():
                reasons[policy_id] = _write(policies, turn, policy_id, one.missing)
        except Forbidden as error:
            reasons[policy_id] = f"{error.message or error.code}: {how_to_grant(WRITE_POLICIES)}"
        except EntraError as error:
            reasons[policy_id] = str(error)
    return reasons


def _write(
    policies: ConditionalAccessClient, turn: WriteTurn, policy_id: str, missing: Entries
) -> str:
    """Add what is missing to what stands there now; why not, empty when it is there.

    With the turn held. Raises EntraError.
    """
    policy = policies.get_policy(policy_id)
    latest = time.monotonic() + LONGEST_WAIT_SECONDS
    if policy is None:
        return "the policy was deleted meanwhile"
    last = turn.last_written(policy_id)
    if last is not None and not last.is_known_to(policy):
        return "it was written a moment ago and the service does not show that yet: run again"
    change = decide(live_entries(policy), missing, Entries(), Entries()).change
    if change is not None:
        with turn.writing(policy_id, Written.of(policy, change)):
            policies.write_exclusions(policy_id, change, in_time=lambda: time.monotonic() <= latest)
    return ""


def _told(stack: ChosenStack, output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("error:")]
    reason = (errors or lines or ["no reason given"])[0].removeprefix("error:").strip()
    return f"stack {stack.name}: {reason}"
