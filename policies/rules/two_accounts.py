"""Two or more accounts stay: one alone may be locked out, lost or in use."""

from collections.abc import Iterable, Sequence

from policies.resource_types import (
    ACCOUNT,
    ADOPTED_ACCOUNT,
    EXCLUSION_COMPONENT,
    GROUP_COMPONENT,
    MONITORING,
)
from policies.rule import Config, stack_rule
from policies.seen import Seen, accounts, of_type

FEWEST = 2


def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
    """Counts the accounts, made and adopted, that do not retire."""
    wanted = int(config.get("minimum", FEWEST))
    names = [one.name for one in accounts(stack)]
    if len(names) < wanted:
        yield (
            None,
            f"accounts: found {len(names)} that stay ({', '.join(names) or 'none'}), expected"
            f" {wanted} or more; add one under break-glass:accounts before another leaves",
        )


def _applies(stack: Sequence[Seen]) -> bool:
    """A program that only excludes, or only watches, has its accounts elsewhere. One that does both
    has lost them.
    """
    both = of_type(stack, EXCLUSION_COMPONENT) and of_type(stack, MONITORING)
    return bool(both or of_type(stack, ACCOUNT, ADOPTED_ACCOUNT, GROUP_COMPONENT))


RULE = stack_rule(
    "two-accounts",
    "Two or more emergency-access accounts stay.",
    judge,
    applies=_applies,
    config={"minimum": {"type": "integer", "minimum": 2, "default": FEWEST}},
)
