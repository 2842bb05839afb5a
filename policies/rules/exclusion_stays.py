"""No exclusion is deleted or replaced, or loses an account, while the account lives.

No rule is asked about a deletion. So this one asks for the stack's state, where everything that
stood before is, and compares. What the service itself says is gone (`gone`, an
output of CaExclusionPatch) is no deletion: nobody can exclude anything from it.

In an `up` this comes when everything is done; the preview before it is what refuses in time.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from pulumi_policy import StackValidationPolicy

from policies.earlier_state import ORGANIZATION, StateReader, earlier, leaves_accounts, state_once
from policies.excluded import (
    States,
    account_let_go,
    excludes_nobody,
    for_others,
    is_reached,
    policy_let_go,
    was_excluded,
)
from policies.resource_types import EXCLUSION, EXCLUSION_COMPONENT, GROUP, GROUP_COMPONENT
from policies.rule import Config, stack_rule
from policies.seen import Seen, accounts, listing, living, mapping, of_type, type_of
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
        applies=lambda stack: living(stack) or for_others(one.type for one in stack),
        # A program that registers none of them leaves accounts behind that live on.
        also=lambda stack, config: (
            leaves_accounts(stack, config, state) or _of_others(stack, config, state)
        ),
        config=ORGANIZATION,
    )


def _of_others(stack: Sequence[Seen], config: Config, state: StateReader) -> bool:
    """Whether the state excludes accounts that are elsewhere: they live on whatever goes here."""
    before, _ = earlier("exclusions", stack, config, state)
    return for_others(str(one.get("type")) for one in before.values())


def _anew(stack: Sequence[Seen]) -> Iterable[tuple[Seen | None, str]]:
    for one in of_type(stack, EXCLUSION):
        if one.delete_before_replace:
            yield (
                one,
                f"{one.name}: found delete_before_replace, expected none: the policy would stop the"
                " accounts in between; take the option out",
            )
        if not one.props.get("reason") and excludes_nobody(one):
            yield (
                one,
                f"{one.name}: found nothing to exclude from {one.text('policyName')!r} and no"
                " reason why, expected the group or the accounts; give CaExclusionPatch its ids",
            )


def _lost(
    stack: Sequence[Seen], before: States, settings: StackSettings
) -> Iterable[tuple[Seen | None, str]]:
    planned = {one.urn: one for one in of_type(stack, EXCLUSION)}
    gone = {
        str(policy_id)
        for one in of_type(stack, EXCLUSION_COMPONENT)
        for policy_id in listing(one.props.get("gone"))
    }
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
        if not policy_let_go(planned[urn], before, settings):
            yield from _narrowed(planned[urn], stack, before, settings)
        moved = [key for key in FIXED if _moved(old.get(key), planned[urn].props.get(key))]
        if moved:
            yield (
                planned[urn],
                f"{planned[urn].name}: found another {' and '.join(moved)} than in the state, which"
                f" replaces the exclusion from {title}, expected the same; make a stack of its own"
                " for another tenant or policy",
            )


def _narrowed(
    one: Seen, stack: Sequence[Seen], before: States, settings: StackSettings
) -> Iterable[tuple[Seen | None, str]]:
    """Whatever the exclusion says of why: a reason is the program's word, and that is judged."""
    old = mapping(before[one.urn].get("outputs"))
    wanted = mapping(old.get("wanted"))
    title = f"policy {old.get('policyName')!r} ({old.get('policyId')})"
    if for_others(one.type for one in stack) and any(wanted.values()) and excludes_nobody(one):
        yield (
            one,
            f"{one.name}: found that {title} would exclude nobody any more, expected whom it"
            " excludes now; give CaExclusionPatch their ids, or name the policy under skip",
        )
    for account in accounts(stack):
        if (
            was_excluded(wanted, account, before)
            and not is_reached(one, account, stack)
            and not account_let_go(account, settings)
        ):
            yield (
                one,
                f"{one.name}: found that {title} would no longer exclude {account.name}"
                f" ({account.text('objectId')}), expected it to as long as the account lives; give"
                " CaExclusionPatch the group with the account in it, or the account, or list the"
                " policy under break-glass:exclusion.skip",
            )


def _without_group(
    stack: Sequence[Seen], before: States, settings: StackSettings
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


def _moved(old: Any, new: Any) -> bool:
    return isinstance(new, str) and str(old).casefold() != new.casefold()


RULE = rule()
