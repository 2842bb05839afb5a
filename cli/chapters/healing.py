"""An administrator's mistake, the preview that shows it, the `up` that heals it."""

from dataclasses import dataclass

from cli.chapters.sign_ins import sign_in_as_break_glass
from cli.chapters.stage import MISTAKE, CaTraffic, Stage, count, run_up
from cli.facts import HealFacts
from cli.failure import CommandFailed
from cli.screen import plain
from cli.stack_outputs import StackOutputs

_BLOCK_EVERYBODY = {
    "displayName": MISTAKE,
    "state": "enabled",
    "conditions": {
        "applications": {"includeApplications": ["All"]},
        "clientAppTypes": ["all"],
        "users": {"includeUsers": ["All"]},
    },
    "grantControls": {"operator": "OR", "builtInControls": ["block"]},
}


@dataclass(frozen=True)
class Healing:
    """What healing took."""

    facts: HealFacts
    traffic: CaTraffic


def heal(stage: Stage, outputs: StackOutputs) -> Healing:
    """Block everybody, preview, heal, sign in again.

    Raises CommandFailed when the mistake does no harm or the preview does not show it: then the
    rest of the chapter would prove nothing.
    """
    screen = stage.screen
    screen.chapter("4  Somebody makes a mistake")
    stage.tenant.save_policy(_BLOCK_EVERYBODY)
    stopped = sign_in_as_break_glass(stage, outputs)
    if stopped.decision != "blocked":
        raise CommandFailed(f"The policy that blocks everybody let {stopped.user} in.")
    screen.say(
        f"An administrator saves '{plain(MISTAKE)}'. Now everybody is out, "
        f"{plain(stopped.user)} too: [bold red]{stopped.decision}[/]. "
        "`pulumi preview` shows what is pending:"
    )
    preview = stage.pulumi.preview()
    if preview.exit_code != 0:
        raise CommandFailed("`pulumi preview` stopped with the error above.")
    if preview.changes == 0:
        raise CommandFailed("`pulumi preview` does not show the policy that blocks everybody.")
    screen.say("`pulumi up` heals it:")
    _, traffic = run_up(stage)
    after = sign_in_as_break_glass(stage, outputs)
    tell = screen.good if after.decision == "allowed" else screen.bad
    tell(
        f"{count(traffic.writes, 'write')} to Conditional Access. {plain(after.user)} signs in "
        f"again: [bold]{after.decision}[/]."
    )
    return Healing(HealFacts(writes=traffic.writes, sign_in_after=after.decision), traffic)
