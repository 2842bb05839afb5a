"""Every rule of the pack on a stack that is right, on a wrong one, and on one it has no say in."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

import pytest
from pulumi_policy import Policy, ResourceValidationPolicy

from policies.pack import RULES
from policies.resource_types import (
    CONDITIONAL_ACCESS,
    EXCLUSION,
    EXCLUSION_COMPONENT,
    STACK,
    USER,
    WORKSPACE,
)
from policies.rules import alarm_stays, exclusion_stays
from tests.policy.pack_scene import (
    NOT_APPLICABLE,
    ROOT,
    Thing,
    dynamic_verdict,
    secret,
    stack_verdict,
    verdict,
)
from tests.policy.recorded_program import recorded, shown

Stack = Sequence[Thing]
NOTHING_OF_OURS: Final = (Thing(WORKSPACE, "logs", {"retentionInDays": 7}), Thing(USER, "guest"))


@cache
def right() -> Stack:
    """The product's own program, which is told of one more receiver, outside the tenant."""
    mails = [{"name": "Outside", "address": "alarm@example.org"}]
    return shown(recorded(monitoring={"notify": {"emails": mails}}))


@cache
def inputs() -> Stack:
    """The same before anything is made."""
    mails = [{"name": "Outside", "address": "alarm@example.org"}]
    return shown(recorded(monitoring={"notify": {"emails": mails}}), outputs=False)


def but(name: str, **props: Any) -> Stack:
    """All of it, and one resource with other properties; None takes one out."""
    return [one.having(**props) if one.name == name else one for one in right()]


def without(*names: str) -> Stack:
    """All of it but these."""
    return [one for one in right() if one.name not in names]


def policy(*groups: str) -> Thing:
    """A Conditional Access policy of the stack's own."""
    conditions = {"users": {"excludedGroups": [*groups]}}
    return Thing(CONDITIONAL_ACCESS, "mfa", {"conditions": conditions})


def processing_rule(action: str) -> Thing:
    """An alert processing rule of the stack's own."""
    properties = {"actions": [{"actionType": action}], "enabled": True}
    return Thing(
        "azure-native:alertsmanagement:AlertProcessingRuleByName",
        "mute",
        {"properties": properties},
    )


def group_id() -> str:
    """The group of the recorded program."""
    return next(str(one.props["groupId"]) for one in right() if one.name == "group")


WRONG: Final[dict[str, Callable[[], Stack]]] = {
    "two-accounts": lambda: without("account-2"),
    "account-enabled": lambda: but("account-1-user", accountEnabled=False),
    "cloud-only-domain": lambda: but("account-1-user", userPrincipalName="a@contoso.com"),
    "permanent-global-administrator": lambda: without("account-1-global-administrator"),
    "strong-password": lambda: but("account-1-password", length=20.0),
    "kept-passwords": lambda: [
        replace(one, ignore_changes=("length",)) for one in but("account-1-password", length=20.0)
    ],
    "protected-together": lambda: [
        replace(one, protect=one.protect and one.name != "group-group") for one in right()
    ],
    "group-role-assignable": lambda: but("group-group", assignableToRole=False),
    "conditional-access-excludes": lambda: [*right(), policy()],
    "accounts-excluded": lambda: [one for one in right() if one.type != EXCLUSION_COMPONENT],
    "exclusion-stays": lambda: without("exclusion-id-of-require-mfa"),
    "alarm-rings": lambda: but("monitoring-use-alert", enabled=False),
    "alarm-not-muted": lambda: [*right(), processing_rule("RemoveAllActionGroups")],
    "alarm-tells-its-own": lambda: [
        replace(one, depends_on=()) if one.name == "monitoring-use-alert" else one
        for one in right()
    ],
    "alarm-sees-every-use": lambda: but("monitoring-use-alert", scopes=["elsewhere"]),
    "alarm-stays": lambda: without("monitoring-silence-alert"),
    "alarm-complete": lambda: without("monitoring-silence-alert"),
    "alarm-receivers": lambda: but("monitoring-action-group", emailReceivers=[]),
    "receiver-outside-tenant": lambda: but(
        "monitoring-action-group", emailReceivers=[{"emailAddress": "it@contoso.com"}]
    ),
    "log-retention": lambda: but("monitoring-workspace", retentionInDays=30.0),
    "logs-without-cap": lambda: but("monitoring-workspace", workspaceCapping={"dailyQuotaGb": 0.5}),
    "no-plain-secrets": lambda: [*inputs(), Thing(STACK, "s", {"clientSecret": "plain"})],
    "dynamic-without-credentials": lambda: but(
        "exclusion-id-of-require-mfa", clientSecret=secret("x")
    ),
}
RIGHT: Final[dict[str, Callable[[], Stack]]] = {
    "alarm-not-muted": lambda: [*right(), processing_rule("AddActionGroups")],
    "conditional-access-excludes": lambda: [*right(), policy(group_id())],
    # Of outputs a recording does not tell which are secrets.
    "no-plain-secrets": inputs,
}
"""Where it is not the program as it is."""
OTHER: Final[dict[str, Callable[[], Stack]]] = {
    "no-plain-secrets": lambda: [Thing(WORKSPACE, "logs"), Thing(STACK, "s")],
    "conditional-access-excludes": lambda: [policy()],
    "strong-password": lambda: [Thing(WORKSPACE, "logs")],
}
"""Where it is not a stack with nothing of ours."""


def said(rule: Policy, stack: Stack) -> list[str] | str:
    """The lines of a rule, `NOT_APPLICABLE` when there is nothing for it in the whole stack."""
    if rule.name == "dynamic-without-credentials":
        looked = [dynamic_verdict(provider(one), one) for one in stack]
    elif isinstance(rule, ResourceValidationPolicy):
        looked = [verdict(rule, one) for one in stack]
    else:
        return stack_verdict(with_state(rule), stack)
    found = [one for one in looked if one != NOT_APPLICABLE]
    return [line for one in found for line in one] if found else NOT_APPLICABLE


def provider(one: Thing) -> str | None:
    """That of a dynamic resource: the name of a class and nothing else."""
    return "gASVDgAAAAAAAACMAW2UjAFDlJOUKYGULg==" if one.type == EXCLUSION else None


def with_state(rule: Policy) -> Any:
    """A rule that reads the state finds the program as it is in it."""
    state = {
        one.urn: {
            "type": one.type,
            "outputs": one.props,
            "parent": one.parent.urn if one.parent else ROOT,
        }
        for one in right()
    }

    def stood(_urn: str, _organization: str) -> dict[str, dict[str, Any]]:
        return state

    readers = {one.RULE.name: one.rule(stood) for one in (alarm_stays, exclusion_stays)}
    return readers.get(rule.name, rule)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_stack_that_is_right_is_looked_at_and_taken(rule: Policy) -> None:
    assert said(rule, RIGHT.get(rule.name, right)()) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_stack_that_is_wrong_is_told(rule: Policy) -> None:
    lines = said(rule, WRONG[rule.name]())
    assert lines != NOT_APPLICABLE
    assert lines


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_stack_with_nothing_of_the_kind_is_not_applicable(rule: Policy) -> None:
    assert said(rule, OTHER.get(rule.name, lambda: NOTHING_OF_OURS)()) == NOT_APPLICABLE
