"""The last preview, what to do next, and what the tenant could not answer."""

from collections import Counter

from cli.chapters.stage import Stage
from cli.facts import UpFacts
from cli.failure import CommandFailed
from cli.pulumi_run import Outcome
from cli.screen import plain, short
from cli.stack_outputs import StackOutputs
from cli.workspace import CLEAN


def last_preview(stage: Stage) -> Outcome:
    """`pulumi preview --expect-no-changes`: the stack and the tenant agree.

    Raises CommandFailed when the preview itself fails, which would look like no changes.
    """
    stage.screen.chapter("5  Nothing left to do?")
    outcome = stage.pulumi.preview(expect_no_changes=True)
    if outcome.exit_code == 0 and outcome.changes == 0:
        stage.screen.good("`pulumi preview --expect-no-changes`: no changes.")
    elif outcome.changes == 0:
        raise CommandFailed(f"`pulumi preview` {outcome.ending}.")
    else:
        stage.screen.bad(f"`pulumi preview --expect-no-changes`: {outcome.changes} changes.")
    return outcome


def say_next_steps(stage: Stage, outputs: StackOutputs) -> None:
    """What to do for a real tenant, how to play on, how to leave."""
    stage.screen.chapter("6  Next")
    for step in outputs.next_steps:
        stage.screen.say(f"• {plain(step)}")
    stage.screen.say("• Your own tenant: README.md, 'On your own tenant'. The program is the same.")
    stage.screen.say(
        "• Play on: `breakglass sandbox sign-in <user>`, `breakglass sandbox outbox`, "
        "`breakglass sandbox env`."
    )
    stage.screen.say(f"• Leave: `{CLEAN}` ends the tenant and removes all but the shared engine.")


def unknown_calls(stage: Stage) -> Counter[str]:
    """How often each call came that the tenant does not know, since its start."""
    found: Counter[str] = Counter()
    for call in stage.tenant.unknown():
        found[f"{call.method} {call.path}"] += call.count
    return found


def say_unknown_calls(stage: Stage, before: Counter[str]) -> None:
    """Say what this run asked in vain; `before` is what had been asked when it began."""
    found = unknown_calls(stage) - before
    if not found:
        return
    things = "1 thing" if len(found) == 1 else f"{len(found)} things"
    stage.screen.say("")
    stage.screen.bad(f"The tenant was asked {things} that it does not know:")
    for call, times in found.items():
        stage.screen.say(f"  {plain(call)}" + (f" ({times} times)" if times > 1 else ""))
    stage.screen.say("  They were answered as the real service answers an unknown path.")


def say_result(stage: Stage, facts: UpFacts) -> bool:
    """Say whether all is as promised; True when it is."""
    shortfalls = facts.shortfalls()
    stage.screen.say("")
    for line in shortfalls:
        stage.screen.bad(plain(line))
    seconds = facts.seconds
    facts_file = short(stage.folder.facts, stage.folder.project)
    if not shortfalls:
        stage.screen.good(
            f"All as promised: set up in {seconds.setup:.0f} s, `pulumi up` {seconds.up:.0f} s, "
            f"preview {seconds.preview:.0f} s. Measured facts: {plain(facts_file)}"
        )
    return not shortfalls
