"""An administrator's mistakes, the previews that show them, the `up`s that heal them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cli.chapters.sign_ins import sign_in_as_break_glass
from cli.chapters.stage import MISTAKE, CaTraffic, Stage, count, run_up
from cli.control_face import Policy
from cli.facts import DriftFacts, HealFacts
from cli.failure import CommandFailed
from cli.pulumi_run import Outcome
from cli.screen import plain
from cli.stack_outputs import StackOutputs

# Whoever saves it this way says outright that nobody is excluded.
_BLOCK_EVERYBODY = {
    "displayName": MISTAKE,
    "state": "enabled",
    "conditions": {
        "applications": {"includeApplications": ["All"]},
        "clientAppTypes": ["all"],
        "users": {"includeUsers": ["All"], "excludeGroups": [], "excludeUsers": []},
    },
    "grantControls": {"operator": "OR", "builtInControls": ["block"]},
}


@dataclass(frozen=True)
class Healing:
    """What healing a new policy took."""

    policy: Policy
    facts: HealFacts
    traffic: CaTraffic


def heal(stage: Stage, outputs: StackOutputs) -> Healing:
    """Block everybody, preview, heal, sign in again.

    Raises CommandFailed when the mistake does no harm or the preview does not show it: then the
    rest of the chapter would prove nothing.
    """
    stage.screen.chapter("4  Somebody makes a mistake")
    policy = stage.tenant.save_policy(_BLOCK_EVERYBODY)
    stage.screen.say(
        f"An administrator saves '{plain(MISTAKE)}'. Now everybody is out, "
        f"{_blocked(stage, outputs)}. `pulumi preview` shows the policy as new:"
    )
    _preview(stage)
    facts, traffic = _up(stage, outputs)
    return Healing(policy, facts, traffic)


def heal_again(stage: Stage, outputs: StackOutputs, policy: Policy) -> DriftFacts:
    """Save the same policy once more without the exclusion: a drift of what is in the stack.

    Raises CommandFailed as `heal` does.
    """
    stage.tenant.change_policy(policy.id, _BLOCK_EVERYBODY)
    stage.screen.say("")
    stage.screen.say(
        "The administrator saves it again, from a template that knows nothing of the exclusion: "
        f"{_blocked(stage, outputs)}. `pulumi preview` shows what is pending:"
    )
    preview = _preview(stage)
    shown = shows_pending(preview.lines, policy.id)
    if shown:
        said = pending_of(preview.lines, policy.id)
        stage.screen.good(f"[bold]~ pending[/] on '{plain(policy.display_name)}': {plain(said)}.")
    facts, _ = _up(stage, outputs, skip_preview=True)
    return DriftFacts(pending_shown=shown, writes=facts.writes, sign_in_after=facts.sign_in_after)


def shows_pending(lines: Sequence[str], policy_id: str) -> bool:
    """Whether a preview names `pending` as what differs in the exclusion of a policy."""
    step = re.compile(rf"^ ~ .*-{re.escape(policy_id)} update .*\[diff: .*\bpending\b")
    return any(step.search(line) for line in lines)


def pending_of(lines: Sequence[str], policy_id: str) -> str:
    """What a preview says is to be done with a policy, in the program's own words."""
    mark = f"({policy_id}): "
    return next((line.partition(mark)[2] for line in lines if mark in line), "it does not say what")


def _blocked(stage: Stage, outputs: StackOutputs) -> str:
    stopped = sign_in_as_break_glass(stage, outputs)
    if stopped.decision != "blocked":
        raise CommandFailed(f"The policy that blocks everybody let {stopped.user} in.")
    return f"{plain(stopped.user)} too: [bold red]{stopped.decision}[/]"


def _preview(stage: Stage) -> Outcome:
    preview = stage.pulumi.preview()
    if preview.exit_code != 0:
        raise CommandFailed(f"`pulumi preview` {preview.ending}.")
    if preview.changes == 0:
        raise CommandFailed("`pulumi preview` does not show the policy that blocks everybody.")
    return preview


def _up(
    stage: Stage, outputs: StackOutputs, *, skip_preview: bool = False
) -> tuple[HealFacts, CaTraffic]:
    stage.screen.say(f"`pulumi up{' --skip-preview' if skip_preview else ''}` heals it:")
    _, traffic = run_up(stage, skip_preview=skip_preview)
    after = sign_in_as_break_glass(stage, outputs)
    tell = stage.screen.good if after.decision == "allowed" else stage.screen.bad
    tell(
        f"{count(traffic.writes, 'write')} to Conditional Access. {plain(after.user)} signs in "
        f"again: [bold]{after.decision}[/]."
    )
    return HealFacts(writes=traffic.writes, sign_in_after=after.decision), traffic
