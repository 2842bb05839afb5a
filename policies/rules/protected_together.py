"""Everything is protected against deletion, or nothing is.

With the accounts protected and the exclusions not, `pulumi destroy` takes the exclusions and the
alarm away and leaves the accounts alive, stopped and unwatched.
"""

from collections.abc import Iterable, Sequence

from policies.resource_types import (
    ACCOUNT,
    ACCOUNT_ROLES,
    ACTION_GROUP,
    ACTIVITY_ALERT,
    ADOPTED_ACCOUNT,
    ALARMS,
    DIAGNOSTIC_SETTING,
    EXCLUSION,
    EXCLUSION_COMPONENT,
    GIVEN_ROLE,
    GROUP,
    GROUP_COMPONENT,
    GROUP_GUARD,
    MEMBER,
    MONITORING,
    QUERY_RULE,
    RANDOM,
    ROLE_ASSIGNMENT,
    USER,
)
from policies.rule import Config, stack_rule
from policies.seen import Seen, of_type, retires, type_of

PROTECTED = (
    USER,
    GROUP,
    MEMBER,
    GROUP_GUARD,
    EXCLUSION,
    EXCLUSION_COMPONENT,
    GROUP_COMPONENT,
    MONITORING,
    DIAGNOSTIC_SETTING,
    ACCOUNT_ROLES,
    GIVEN_ROLE,
    ALARMS,
)
"""What carries the protection itself."""
SEALED = {
    ROLE_ASSIGNMENT: ACCOUNT_ROLES,
    QUERY_RULE: ALARMS,
    ACTIVITY_ALERT: ALARMS,
    # That of the alarms is protected, the second one, of what watches them, is held.
    ACTION_GROUP: ALARMS,
    # Names and passwords of whatever kind: the account's identity.
    RANDOM: USER,
}
"""By how a type begins: what is held by another resource's protection, which depends on it."""
OWNERS = (ACCOUNT, ADOPTED_ACCOUNT, GROUP_COMPONENT, EXCLUSION_COMPONENT, MONITORING)
"""Whose children these are; whatever else the program makes may be without protection."""
MOST_NAMES = 6


def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
    """Compares the protection of all that is the stack's own and does not retire."""
    del config
    leaving = [one for one in of_type(stack, ACCOUNT, ADOPTED_ACCOUNT) if retires(one)]
    staying = [
        one for one in of_type(stack, *PROTECTED) if _is_ours(one) and not _leaves(one, leaving)
    ]
    bare = [one.name for one in staying if not one.protect]
    if len(bare) == len(staying):
        return
    if bare:
        more = f" and {len(bare) - MOST_NAMES} more" if len(bare) > MOST_NAMES else ""
        yield (
            None,
            f"{len(bare)} of {len(staying)} resources: found no protection on"
            f" {', '.join(bare[:MOST_NAMES])}{more}, expected all of them to have it or none;"
            " set break-glass:protect, and take single protect options out of the program",
        )
    for type_, seal in SEALED.items():
        held = {urn for one in of_type(stack, seal) for urn in one.depends_on}
        for one in sorted(stack, key=lambda one: one.name):
            if not one.type.startswith(type_) or one.protect or one.urn in held:
                continue
            if _is_ours(one) and not _leaves(one, leaving):
                yield (
                    one,
                    f"{one.name}: found neither protection nor a protected resource that depends"
                    f" on it, expected a {seal.rpartition(':')[2]} that does; make it by its"
                    " component",
                )


def _is_ours(one: Seen) -> bool:
    return one.type in OWNERS or type_of(one.parent) in OWNERS


def _leaves(one: Seen, leaving: Sequence[Seen]) -> bool:
    """Whether it belongs to an account that retires."""
    return any(
        one.parent == account.urn
        or (one.type == MEMBER and one.name.endswith(f"-member-{account.name}"))
        for account in leaving
    )


RULE = stack_rule(
    "protected-together",
    "Accounts, roles, group, exclusions and alarm are protected together or not at all.",
    judge,
    applies=lambda stack: any(_is_ours(one) for one in of_type(stack, *PROTECTED)),
)
