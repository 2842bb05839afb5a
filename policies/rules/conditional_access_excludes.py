"""A Conditional Access policy that this stack makes excludes the accounts from its first second.

In a program whose accounts are elsewhere: all that its exclusions are to exclude.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from policies.excluded import for_others
from policies.resource_types import CONDITIONAL_ACCESS, EXCLUSION, GROUP_COMPONENT
from policies.rule import Config, stack_rule
from policies.seen import UNKNOWN, Seen, accounts, listing, mapping, of_type


def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
    """Compares each policy's exclusions with the group, or else with every account."""
    del config
    elsewhere = for_others(one.type for one in stack)
    groups = _ids(one.text("groupId") for one in of_type(stack, GROUP_COMPONENT))
    for policy in of_type(stack, CONDITIONAL_ACCESS):
        chosen = mapping(mapping(policy.props.get("conditions")).get("users"))
        if _for_nobody(chosen):
            continue
        by_group, by_user = chosen.get("excludedGroups"), chosen.get("excludedUsers")
        if elsewhere and _all_wanted(chosen, stack):
            continue
        if groups & _ids(listing(by_group)) or _waits_for_group(policy, by_group):
            continue
        if not elsewhere and _all_accounts(policy, by_user, stack):
            continue
        yield (
            policy,
            f"{policy.name}: found neither the group nor all accounts of the stack among its"
            " excluded groups and users, expected one of them: it would stop the accounts until the"
            " exclusion is written; add the group's id to conditions.users.excluded_groups",
        )


def _all_wanted(chosen: Mapping[str, Any], stack: Sequence[Seen]) -> bool:
    """Whether the policy excludes whom the stack excludes from others, as far as that is known."""
    for key, mine in (("groups", "excludedGroups"), ("users", "excludedUsers")):
        there = chosen.get(mine)
        if there is UNKNOWN or UNKNOWN in listing(there):
            continue
        lists = [mapping(one.props.get("wanted")).get(key) for one in of_type(stack, EXCLUSION)]
        if _ids(entry for one in lists for entry in listing(one)) - _ids(listing(there)):
            return False
    return True


def _for_nobody(chosen: Mapping[str, Any]) -> bool:
    """Whether it applies to no user, as one for workload identities: it has nobody to exclude."""
    others = ("includedGroups", "includedRoles", "includedGuestsOrExternalUsers")
    users = listing(chosen.get("includedUsers"))
    only_none = bool(users) and all(str(one).casefold() == "none" for one in users)
    return only_none and not any(chosen.get(one) for one in others)


def _ids(values: Iterable[Any]) -> set[str]:
    return {value.casefold() for value in values if isinstance(value, str) and value}


def _waits_for_group(policy: Seen, value: Any) -> bool:
    """Whether a list holds something not known yet, and the policy waits for the group."""
    unknown = value is UNKNOWN or UNKNOWN in listing(value)
    return unknown and any(GROUP_COMPONENT in urn for urn in policy.depends_on)


def _all_accounts(policy: Seen, value: Any, stack: Sequence[Seen]) -> bool:
    """Whether each account is in the list: by its id, or by an id that is not known yet, one for
    each of them, while the policy waits for all of them.
    """
    there = _ids(listing(value))
    lacking = [one for one in accounts(stack) if one.text("objectId").casefold() not in there]
    if value is not UNKNOWN and listing(value).count(UNKNOWN) < len(lacking):
        return False
    children = {one.urn: one.parent for one in stack}
    awaited = {*policy.depends_on, *(children.get(urn) for urn in policy.depends_on)}
    return all(one.urn in awaited for one in lacking)


RULE = stack_rule(
    "conditional-access-excludes",
    "No Conditional Access policy of the stack goes without the exclusion.",
    judge,
    applies=lambda stack: bool(
        of_type(stack, CONDITIONAL_ACCESS)
        and (accounts(stack) or for_others(one.type for one in stack))
    ),
)
