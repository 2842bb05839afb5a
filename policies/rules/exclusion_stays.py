"""No exclusion is deleted or replaced, or loses an account, while the account lives.

No rule is asked about a deletion. So this one asks for the stack's state, where everything that
stood before is, and compares. What the service itself says is gone (`gone`, an
output of CaExclusionPatch) is no deletion: nobody can exclude anything from it.

In an `up` this comes when everything is done; the preview before it is what refuses in time.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi_policy import StackValidationPolicy

from policies.earlier_state import ORGANIZATION, StateReader, earlier, leaves_accounts, state_once
from policies.resource_types import (
    EXCLUSION,
    EXCLUSION_COMPONENT,
    GROUP,
    GROUP_COMPONENT,
    MEMBER,
)
from policies.rule import Config, stack_rule
from policies.seen import UNKNOWN, Seen, accounts, listing, living, mapping, of_type, type_of
from policies.stack_settings import SETTINGS, StackSettings

FIXED = ("policyId", "tenantId")
"""What replaces an exclusion when it changes."""


def rule(
    state: StateReader = state_once, settings: StackSettings = SETTINGS
) -> StackValidationPolicy:
    """The rule, with what reads the state, and the settings."""

    def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
        yield from _anew(stack)
        before, trouble = earlier("exclusions", stack, config, state)
        yield from trouble
        yield from _lost(stack, before, settings)
        yield from _without_group(stack, before, settings)

    return stack_rule(
        "exclusion-stays",
        "No exclusion goes while an account lives.",
        judge,
        applies=living,
        # A program that registers none of them leaves accounts behind that live on.
        also=lambda stack, config: leaves_accounts(stack, config, state),
        config=ORGANIZATION,
    )


def _anew(stack: Sequence[Seen]) -> Iterable[tuple[Seen | None, str]]:
    for one in of_type(stack, EXCLUSION):
        if one.delete_before_replace:
            yield (
                one,
                f"{one.name}: found delete_before_replace, expected none: the policy would stop the"
                " accounts in between; take the option out",
            )
        if not one.props.get("reason") and not _wanted(one):
            yield (
                one,
                f"{one.name}: found nothing to exclude from {one.text('policyName')!r} and no"
                " reason why, expected the group or the accounts; give CaExclusionPatch its ids",
            )


def _wanted(one: Seen) -> bool:
    wanted = one.props.get("wanted")
    return wanted is UNKNOWN or any(mapping(wanted).values())


def _lost(
    stack: Sequence[Seen], before: Mapping[str, Mapping[str, Any]], settings: StackSettings
) -> Iterable[tuple[Seen | None, str]]:
    planned = {one.urn: one for one in of_type(stack, EXCLUSION)}
    gone = {
        str(policy_id)
        for one in of_type(stack, EXCLUSION_COMPONENT)
        for policy_id in listing(one.props.get("gone"))
    }
    watched = [one for one in accounts(stack) if not _let_go(one, settings)]
    were = [mapping(one.get("outputs")) for one in before.values() if one.get("type") == MEMBER]
    for urn, resource in sorted(before.items()):
        if resource.get("type") != EXCLUSION:
            continue
        old = mapping(resource.get("outputs"))
        title = f"policy {old.get('policyName')!r} ({old.get('policyId')})"
        if urn not in planned:
            if old.get("policyId") not in gone:
                yield (
                    None,
                    f"{urn.rpartition('::')[2]}: found that the exclusion from {title} would be"
                    " deleted, expected it to stay as long as an account lives; put it back into"
                    " the program (break-glass:exclusion.skip leaves a policy alone)",
                )
            continue
        if _wanted(planned[urn]) and not planned[urn].props.get("reason"):
            wanted = mapping(old.get("wanted"))
            lost = [
                account
                for account in watched
                if _excluded(wanted, account, were) and not _stays(planned[urn], account, stack)
            ]
            yield from _narrowed(planned[urn], lost, title)
        moved = [key for key in FIXED if _moved(old.get(key), planned[urn].props.get(key))]
        if moved:
            yield (
                planned[urn],
                f"{planned[urn].name}: found another {' and '.join(moved)} than in the state, which"
                f" replaces the exclusion from {title}, expected the same; make a stack of its own"
                " for another tenant or policy",
            )


def _narrowed(one: Seen, lost: Sequence[Seen], title: str) -> Iterable[tuple[Seen | None, str]]:
    for account in lost:
        yield (
            one,
            f"{one.name}: found that {title} would no longer exclude {account.name}"
            f" ({account.text('objectId')}), expected it to as long as the account lives; give"
            " CaExclusionPatch the group with the account in it, or the account",
        )


def _without_group(
    stack: Sequence[Seen], before: Mapping[str, Mapping[str, Any]], settings: StackSettings
) -> Iterable[tuple[Seen | None, str]]:
    if settings.value("group", "existing") or settings.text("premium") == "absent":
        return
    planned = {one.urn for one in of_type(stack, GROUP)}
    for urn, resource in sorted(before.items()):
        ours = type_of(str(resource.get("parent"))) == GROUP_COMPONENT
        if resource.get("type") == GROUP and ours and urn not in planned:
            yield (
                None,
                f"{urn.rpartition('::')[2]}: found that the group would be deleted by which"
                " policies exclude the accounts, expected it to stay as long as an account lives;"
                " put it back into the program, or set break-glass:group.existing",
            )


def _excluded(
    wanted: Mapping[str, Any], account: Seen, members: Sequence[Mapping[str, Any]]
) -> bool:
    """Whether the state has the account excluded: by itself, or as a member of a group."""
    object_id = account.text("objectId")
    inside = _has((one.get("memberObjectId") for one in members), object_id)
    return bool(object_id) and (
        _has(listing(wanted.get("users")), object_id) or bool(wanted.get("groups") and inside)
    )


def _stays(one: Seen, account: Seen, stack: Sequence[Seen]) -> bool:
    """Whether the account is to be excluded, one way or the other, as far as that is known."""
    wanted = one.props.get("wanted")
    groups, users = mapping(wanted).get("groups"), mapping(wanted).get("users")
    if UNKNOWN in (wanted, groups, users, *listing(groups), *listing(users)):
        return True
    ours = [group.text("groupId") for group in of_type(stack, GROUP_COMPONENT)]
    by_group = any(not group or _has(listing(groups), group) for group in ours) and bool(groups)
    inside = any(
        member.name.endswith(f"-member-{account.name}")
        or _has([member.props.get("memberObjectId")], account.text("objectId"))
        for member in of_type(stack, MEMBER)
    )
    return (by_group and inside) or _has(listing(users), account.text("objectId"))


def _has(ids: Iterable[Any], object_id: str) -> bool:
    return object_id.casefold() in {str(one).casefold() for one in ids}


def _let_go(account: Seen, settings: StackSettings) -> bool:
    """Whether the settings say that no policy excludes it."""
    if settings.is_off("accounts", "named", account.name, "excluded"):
        return True
    names = {account.text("objectId").casefold(), account.text("userPrincipalName").casefold()}
    return any(
        str(mapping(one).get("account")).casefold() in names
        and mapping(one).get("excluded") is False
        for one in settings.listed("accounts", "adopt")
    )


def _moved(old: Any, new: Any) -> bool:
    return isinstance(new, str) and str(old).casefold() != new.casefold()


RULE = rule()
