"""Passwords are long, random, and a secret of the stack."""

from collections.abc import Iterable

from policies.resource_types import ACCOUNT, RANDOM_PASSWORD, USER
from policies.rule import Config, resource_rule
from policies.secret_marks import SecretText
from policies.seen import Seen

SHORTEST = 32
WAY = "set break-glass:accounts.passwordLength to {} or more, and a new passwordRotation"


def judge(one: Seen, config: Config) -> Iterable[str]:
    """Looks at the length that is asked for, and at the password itself without telling it."""
    wanted = int(config.get("minimumLength", SHORTEST))
    if one.type == RANDOM_PASSWORD:
        length = one.props.get("length")
        # A retiring account keeps the password that it has.
        if (
            isinstance(length, int | float)
            and length < wanted
            and "length" not in one.ignore_changes
        ):
            yield f"{one.name}: found a length of {length:.0f}, expected {wanted} or more; " + (
                WAY.format(wanted)
            )
        return
    password = one.props.get("password")
    if not isinstance(password, str):
        return
    if len(password) < wanted and "password" not in one.ignore_changes:
        yield (
            f"{one.name}: found a password of {len(password)} characters, expected {wanted} or"
            f" more; {WAY.format(wanted)}"
        )
    if not isinstance(password, SecretText):
        yield (
            f"{one.name}: found the password in plain text, expected a secret of the stack; take it"
            " from a RandomPassword, or wrap it in pulumi.Output.secret"
        )


RULE = resource_rule(
    "strong-password",
    "Passwords have 32 characters or more and are secret.",
    judge,
    applies=lambda one: (
        one.type == USER or (one.type == RANDOM_PASSWORD and one.has_parent(ACCOUNT))
    ),
    config={"minimumLength": {"type": "integer", "minimum": 16, "default": SHORTEST}},
)
