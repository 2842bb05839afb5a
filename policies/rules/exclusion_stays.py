"""No exclusion is deleted or replaced, or loses an account, while the account lives.

No rule is asked about a deletion. So this one asks for the stack's state, where everything that
stood before is, and compares. What the service itself says is gone (`gone`, an
output of CaExclusionPatch) is no deletion: nobody can exclude anything from it.

In an `up` this comes when everything is done; the preview before it is what refuses in time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pulumi_policy import StackValidationPolicy

from policies.earlier_state import StateError, read_state
from policies.resource_types import ADOPTED_ACCOUNT, EXCLUSION, EXCLUSION_COMPONENT, STACK, USER
from policies.rule import Config, stack_rule
from policies.seen import UNKNOWN, Seen, accounts, listing, mapping, of_type

StateReader = Callable[[str, str], Mapping[str, Mapping[str, Any]]]
"""URN of the stack, organization → the state's resources by URN."""
FIXED = ("policyId", "tenantId")
"""What replaces an exclusion when it changes."""


def rule(state: StateReader = read_state) -> StackValidationPolicy:
    """The rule, with what reads the state."""

    def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
        yield from _anew(stack)
        root = next(iter(of_type(stack, STACK)), stack[0])
        try:
            before = state(root.urn, str(config.get("organization", "")))
        except StateError as error:
            yield (
                None,
                f"exclusions: found no way to the stack's state ({error}), expected to compare with"
                " it: what would be deleted is not seen otherwise; put pulumi on PATH, or set the"
                " rule's organization",
            )
            return
        yield from _lost(stack, before)

    return stack_rule(
        "exclusion-stays",
        "No exclusion goes while an account lives.",
        judge,
        applies=_living,
        config={"organization": {"type": "string", "default": ""}},
    )


def _living(stack: Sequence[Seen]) -> bool:
    return bool(of_type(stack, USER, ADOPTED_ACCOUNT))


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
    stack: Sequence[Seen], before: Mapping[str, Mapping[str, Any]]
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
        if _wanted(planned[urn]) and not planned[urn].props.get("reason"):
            yield from _narrowed(planned[urn], mapping(old.get("wanted")), title, stack)
        moved = [key for key in FIXED if _moved(old.get(key), planned[urn].props.get(key))]
        if moved:
            yield (
                planned[urn],
                f"{planned[urn].name}: found another {' and '.join(moved)} than in the state, which"
                f" replaces the exclusion from {title}, expected the same; make a stack of its own"
                " for another tenant or policy",
            )


def _narrowed(
    one: Seen, old: Mapping[str, Any], title: str, stack: Sequence[Seen]
) -> Iterable[tuple[Seen | None, str]]:
    """An account is excluded by the group or by itself; which of both the settings may change."""
    wanted = one.props.get("wanted")
    for account in accounts(stack):
        object_id = account.text("objectId")
        if object_id and _covers(old, object_id) and not _covers(wanted, object_id):
            yield (
                one,
                f"{one.name}: found that {title} would no longer exclude {account.name}"
                f" ({object_id}), expected it to as long as the account lives; give"
                " CaExclusionPatch the group or the account",
            )


def _covers(wanted: Any, object_id: str) -> bool:
    groups, users = mapping(wanted).get("groups"), mapping(wanted).get("users")
    if UNKNOWN in (wanted, groups, users) or UNKNOWN in listing(users):
        return True
    return bool(groups) or object_id.casefold() in {str(id_).casefold() for id_ in listing(users)}


def _moved(old: Any, new: Any) -> bool:
    return isinstance(new, str) and str(old).casefold() != new.casefold()


RULE = rule()
