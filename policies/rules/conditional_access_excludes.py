"""A Conditional Access policy that this stack makes excludes the accounts from its first second."""

from collections.abc import Iterable, Sequence
from typing import Any

from policies.resource_types import ACCOUNT, CONDITIONAL_ACCESS, GROUP_COMPONENT
from policies.rule import Config, stack_rule
from policies.seen import UNKNOWN, Seen, accounts, listing, mapping, of_type


def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
    """Compares each policy's exclusions with the group, or else with every account."""
    del config
    groups = _ids(one.text("groupId") for one in of_type(stack, GROUP_COMPONENT))
    users = _ids(one.text("objectId") for one in accounts(stack))
    for policy in of_type(stack, CONDITIONAL_ACCESS):
        chosen = mapping(mapping(policy.props.get("conditions")).get("users"))
        by_group, by_user = chosen.get("excludedGroups"), chosen.get("excludedUsers")
        if groups & _ids(listing(by_group)) or _waits(policy, by_group, GROUP_COMPONENT):
            continue
        if (users and users <= _ids(listing(by_user))) or _waits(policy, by_user, ACCOUNT):
            continue
        yield (
            policy,
            f"{policy.name}: found neither the group nor all accounts of the stack among its"
            " excluded groups and users, expected one of them: it would stop the accounts until the"
            " exclusion is written; add the group's id to conditions.users.excluded_groups",
        )


def _ids(values: Iterable[Any]) -> set[str]:
    return {value.casefold() for value in values if isinstance(value, str) and value}


def _waits(policy: Seen, value: Any, component: str) -> bool:
    """Whether a list holds something not known yet, and the policy waits for such a component."""
    unknown = value is UNKNOWN or UNKNOWN in listing(value)
    return unknown and any(component in urn for urn in policy.depends_on)


RULE = stack_rule(
    "conditional-access-excludes",
    "No Conditional Access policy of the stack goes without the exclusion.",
    judge,
    applies=lambda stack: bool(of_type(stack, CONDITIONAL_ACCESS) and accounts(stack)),
)
