"""The accounts can sign in: a disabled one is none."""

from collections.abc import Iterable

from policies.resource_types import ACCOUNT, USER
from policies.rule import Config, resource_rule
from policies.seen import Seen


def judge(user: Seen, config: Config) -> Iterable[str]:
    """Looks at the account that the stack makes; one that is left out is enabled."""
    del config
    if user.props.get("accountEnabled") is False:
        yield (
            f"{user.name}: found accountEnabled false, expected true: a disabled account signs in"
            " nowhere; take account_enabled out of the program"
        )


RULE = resource_rule(
    "account-enabled",
    "No account of the stack is disabled.",
    judge,
    applies=lambda one: one.type == USER and one.has_parent(ACCOUNT),
)
