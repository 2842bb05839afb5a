"""A short password is kept as it is only by an account that retires.

`strong-password` leaves alone what a resource is told not to change: an account that retires keeps
the password that it has. It sees one resource at a time, not whose it is; this rule does.
"""

from collections.abc import Iterable, Sequence

from policies.resource_types import ACCOUNT, RANDOM_PASSWORD, USER
from policies.rule import Config, stack_rule
from policies.rules.strong_password import SHORTEST, WAY
from policies.seen import Seen, accounts, of_type


def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
    """Looks at lengths alone."""
    wanted = int(config.get("minimumLength", SHORTEST))
    staying = {one.urn: one.name for one in accounts(stack)}
    for one in of_type(stack, RANDOM_PASSWORD, USER):
        key = "length" if one.type == RANDOM_PASSWORD else "password"
        value = one.props.get(key)
        length = len(value) if isinstance(value, str) and value else value
        if one.parent not in staying or not {key, "*"} & one.ignore_changes:
            continue
        if isinstance(length, int | float) and length < wanted:
            yield (
                one,
                f"{one.name}: found a kept password of {length:.0f} characters although"
                f" {staying[one.parent]} stays, expected {wanted} or more; take ignore_changes out,"
                f" and {WAY.format(wanted)}",
            )


RULE = stack_rule(
    "kept-passwords",
    "Only an account that retires keeps a short password.",
    judge,
    applies=lambda stack: bool(of_type(stack, ACCOUNT)),
    config={"minimumLength": {"type": "integer", "minimum": 16, "default": SHORTEST}},
)
