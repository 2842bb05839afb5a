"""The main job: one `pulumi up`."""

from dataclasses import dataclass

from cli.chapters.setting_up import show_policies
from cli.chapters.stage import CaTraffic, Stage, count, left_from_last_run, run_up
from cli.facts import PolicyFacts
from cli.screen import plain
from cli.stack_outputs import StackOutputs


@dataclass(frozen=True)
class FirstUp:
    """What the first `pulumi up` made."""

    resources: int
    policies: PolicyFacts
    traffic: CaTraffic
    seconds: float
    outputs: StackOutputs


def first_up(stage: Stage) -> FirstUp:
    """Show the tenant, run `pulumi up`, count in the tenant what is excluded now."""
    for policy in left_from_last_run(stage.tenant.policies()):
        stage.tenant.delete_policy(policy.id)
        stage.screen.say(
            f"An administrator deletes '{plain(policy.display_name)}' of the last run: "
            "the next `pulumi up` drops its record of it."
        )
    before = stage.tenant.policies()
    if stage.pulumi.is_empty():
        show_policies(stage, before)
    stage.screen.chapter("pulumi up")
    stage.screen.say(
        "The program and the engine are the real ones; only the tenant is simulated. "
        f"{_pace(stage.ca_rate, len(before))}"
    )
    outcome, traffic = run_up(stage)
    outputs = stage.pulumi.outputs()
    policies = count_policies(stage, outputs)
    stage.screen.good(f"{count(outcome.resources, 'resource')} in {outcome.seconds:.0f} s.")
    say_policies(stage, policies, outputs)
    return FirstUp(outcome.resources, policies, traffic, outcome.seconds, outputs)


def count_policies(stage: Stage, outputs: StackOutputs) -> PolicyFacts:
    """Count in the tenant, not in the stack's own claims, which policies exclude the group."""
    policies = stage.tenant.policies()
    excluded = {p.id for p in policies if p.excludes_group(outputs.group_id)}
    skipped = {entry.id for entry in outputs.skipped_policies} - excluded
    return PolicyFacts(total=len(policies), excluded=len(excluded), skipped=len(skipped))


def say_policies(stage: Stage, policies: PolicyFacts, outputs: StackOutputs) -> None:
    """Say how many policies exclude the group, and why the others do not."""
    stage.screen.good(
        f"{policies.excluded} of {count(policies.total, 'policy')} exclude the group."
    )
    for entry in outputs.skipped_policies:
        stage.screen.say(f"  Left out: {plain(entry.name)} ({plain(entry.reason)})")


def _pace(rate: float, policies: int) -> str:
    if rate != 1.0:
        return f"The tenant takes {rate:g} Conditional Access requests per second here."
    return (
        "Microsoft takes one Conditional Access request per second from all apps of a tenant "
        f"together, and so does this tenant: {count(policies, 'policy')} take their time."
    )
