"""Every exclusion reaches every account, from a stack's first run on.

`exclusion-stays` compares with what stood before, which a new stack or a new policy has not. This
one looks at the plan alone. An exclusion that says why it excludes nobody anew is left to the other
one; an account that the settings keep out of the exclusions, too.
"""

from collections.abc import Iterable, Sequence

from pulumi_policy import StackValidationPolicy

from policies.excluded import account_let_go, is_reached
from policies.resource_types import EXCLUSION, EXCLUSION_COMPONENT
from policies.rule import Config, stack_rule
from policies.seen import Seen, accounts, of_type
from policies.stack_settings import SETTINGS, StackSettings


def rule(settings: StackSettings = SETTINGS) -> StackValidationPolicy:
    """The rule, with the settings."""

    def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
        del config
        if not of_type(stack, EXCLUSION_COMPONENT):
            yield (
                None,
                "exclusions: found none for the accounts, expected a CaExclusionPatch: any"
                " Conditional Access policy could stop them; put it into the program",
            )
        for one in of_type(stack, EXCLUSION):
            if one.props.get("reason"):
                continue
            for account in accounts(stack):
                if not is_reached(one, account, stack) and not account_let_go(account, settings):
                    yield one, _told(one, account)

    return stack_rule(
        "accounts-excluded",
        "Every policy that the stack excludes from lets every account through.",
        judge,
        applies=lambda stack: bool(accounts(stack)),
    )


def _told(one: Seen, account: Seen) -> str:
    return (
        f"{one.name}: found that policy {one.text('policyName')!r} would exclude neither"
        f" {account.name} nor a group that the program puts it in, expected one of them; give"
        " CaExclusionPatch the account, or the group and make it a member"
    )


RULE = rule()
