"""Two or more accounts stay: one alone may be locked out, lost or in use."""

from collections.abc import Iterable, Sequence

from policies.resource_types import ACCOUNT, ADOPTED_ACCOUNT, EXCLUSION_COMPONENT, GROUP_COMPONENT
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


RULE = stack_rule(
    "two-accounts",
    "Two or more emergency-access accounts stay.",
    judge,
    applies=lambda stack: bool(
        of_type(stack, ACCOUNT, ADOPTED_ACCOUNT, GROUP_COMPONENT, EXCLUSION_COMPONENT)
    ),
    config={"minimum": {"type": "integer", "minimum": 2, "default": FEWEST}},
)
