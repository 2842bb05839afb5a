"""Whom an exclusion reaches, and what the settings let go of.

What an exclusion says itself of why it excludes nobody is the program's word, and the program is
what is judged: of that nothing counts here. A setting stands in a file that reviewers read.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from entra.exclusion import is_listed
from policies.resource_types import (
    ACCOUNT,
    ADOPTED_ACCOUNT,
    EXCLUSION,
    EXCLUSION_COMPONENT,
    GROUP_COMPONENT,
    MEMBER,
)
from policies.seen import UNKNOWN, Seen, listing, mapping, of_type
from policies.stack_settings import NAMESPACE, StackSettings

States = Mapping[str, Mapping[str, Any]]
"""The state's resources by URN."""
NARROW: Final = "mfa-only"
"""The scope that leaves policies out for what they ask for."""


def was_excluded(wanted: Mapping[str, Any], account: Seen, before: States) -> bool:
    """Whether the state has the account excluded: by itself, or as a member of a group."""
    object_id = account.text("objectId")
    were = [mapping(one.get("outputs")) for one in before.values() if one.get("type") == MEMBER]
    inside = has((one.get("memberObjectId") for one in were), object_id)
    return bool(object_id) and (
        has(listing(wanted.get("users")), object_id) or bool(wanted.get("groups") and inside)
    )


def is_reached(exclusion: Seen, account: Seen, stack: Sequence[Seen]) -> bool:
    """Whether the account is to be excluded, one way or the other, as far as that is known."""
    wanted = exclusion.props.get("wanted")
    groups, users = mapping(wanted).get("groups"), mapping(wanted).get("users")
    if UNKNOWN in (wanted, groups, users, *listing(groups), *listing(users)):
        return True
    if has(listing(users), account.text("objectId")):
        return True
    return any(
        _leads(member.props.get("groupObjectId"), listing(groups)) and _is_of(member, account)
        for member in of_type(stack, MEMBER)
    ) or any(
        _leads(group.props.get("groupId"), listing(groups)) and _was_there(account, group)
        for group in of_type(stack, GROUP_COMPONENT)
    )


def excludes_nobody(exclusion: Seen) -> bool:
    """Whether neither a group nor an account is to be excluded."""
    wanted = exclusion.props.get("wanted")
    return wanted is not UNKNOWN and not any(mapping(wanted).values())


def for_others(types: Iterable[str]) -> bool:
    """Whether resources of these types exclude accounts of which none is among them."""
    there = {*types}
    return EXCLUSION in there and not there & {ACCOUNT, ADOPTED_ACCOUNT}


def account_let_go(account: Seen, settings: StackSettings) -> bool:
    """Whether the settings say that no policy excludes it."""
    if settings.is_off("accounts", "named", account.name, "excluded"):
        return True
    names = {account.text("objectId").casefold(), account.text("userPrincipalName").casefold()}
    return any(
        str(mapping(one).get("account")).casefold() in names
        and mapping(one).get("excluded") is False
        for one in settings.listed("accounts", "adopt")
    )


def policy_let_go(exclusion: Seen, before: States, settings: StackSettings) -> bool:
    """Whether the settings leave a policy alone that the state has excluded somebody from.

    It is on the skip list, or the scope was narrowed since it was last decided on. What the policy
    says is no reason: `components.exclusion_choice` never takes an exclusion away for that.
    """
    old = mapping(mapping(before.get(exclusion.urn)).get("outputs"))
    names = [exclusion.text("policyName"), str(old.get("policyName"))]
    skip, scope = _chosen(exclusion, settings)
    policy_id = exclusion.text("policyId")
    if any(is_listed(policy_id, name, map(str, skip)) for name in names):
        return True
    return scope == NARROW and _scope_before(old, before) not in (NARROW, None)


def has(ids: Iterable[Any], object_id: str) -> bool:
    """Whether an id is among them, in whatever case."""
    return object_id.casefold() in {str(one).casefold() for one in ids}


def _leads(group: Any, groups: Sequence[Any]) -> bool:
    """Whether a membership may be one in these groups."""
    return bool(groups) and (not isinstance(group, str) or has(groups, group))


def _is_of(member: Seen, account: Seen) -> bool:
    known = member.text("memberObjectId")
    if known and account.text("objectId"):
        return has([known], account.text("objectId"))
    return member.name.endswith(f"-member-{account.name}")


def _was_there(account: Seen, group: Seen) -> bool:
    """Whether a group that was there before the stack may have had the account by then.

    Who was its member before us has no membership of ours.
    """
    return group.props.get("existing") is True and account.name in listing(
        group.props.get("accounts")
    )


def _chosen(exclusion: Seen, settings: StackSettings) -> tuple[list[Any], Any]:
    """Skip list and scope: ours, or those that a program of its own has under its own name."""
    project = exclusion.urn.split("::")[1]
    if project == NAMESPACE:
        return settings.listed("exclusion", "skip"), settings.value("exclusion", "scope")
    own = settings.read("skip", project), settings.text("scope", project)
    return listing(own[0]), own[1]


def _scope_before(old: Mapping[str, Any], before: States) -> Any:
    """The newer of what the policy remembers and of what the last whole run said; None: unknown."""
    runs = (
        mapping(one.get("outputs"))
        for one in before.values()
        if one.get("type") == EXCLUSION_COMPONENT
    )
    known = [one for one in (mapping(old.get("decidedUnder")), *runs) if one.get("scope")]
    newest = max(known, key=lambda one: one.get("revision") or 0, default=None)
    return newest.get("scope") if newest else None
