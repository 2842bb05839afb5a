"""What the engine would hand a rule, made by hand, and what the rule says to it."""

import base64
import json
import pickle
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi_policy import (
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policies.registered import REGISTERED
from policies.resource_types import (
    ACCOUNT,
    EXCLUSION,
    EXCLUSION_COMPONENT,
    GROUP_COMPONENT,
    MEMBER,
    MONITORING,
    STACK,
    USER,
)
from policies.rules import dynamic_without_credentials
from policies.secret_marks import SECRET, SIGNATURE, marked

NOT_APPLICABLE = "not applicable"
LATER = UNKNOWN_STRING_VALUE
"""A value that is not known before `up`, as the engine sends it."""
ROOT = f"urn:pulumi:test::break-glass::{STACK}::break-glass-test"
IDS = tuple(f"{number}0000000-0000-4000-8000-000000000000" for number in range(10))
GROUP_ID = "99999999-0000-4000-8000-000000000000"


def secret(value: Any) -> dict[str, Any]:
    """A secret as the engine sends it."""
    return {SIGNATURE: SECRET, "value": value}


def texts(**settings: Any) -> dict[str, str]:
    """Settings as the engine knows them, from their names without `break-glass:`."""
    return {
        f"break-glass:{name}": value if isinstance(value, str) else json.dumps(value)
        for name, value in settings.items()
    }


@dataclass(frozen=True)
class Thing:
    """A resource; `props` as the engine sends them."""

    type: str
    name: str
    props: Mapping[str, Any] = field(default_factory=dict[str, Any])
    parent: "Thing | None" = None
    protect: bool = True
    delete_before_replace: bool | None = None
    ignore_changes: tuple[str, ...] = ()
    depends_on: "tuple[Thing, ...]" = ()
    retained: bool = False
    """Whether the state has it to be left alone when the program does not register it."""
    project: str = "break-glass"

    @property
    def urn(self) -> str:
        """With the types of its parents, as the engine makes it."""
        if self.type == STACK:
            return ROOT
        types = f"{self.parent.type}${self.type}" if self.parent else self.type
        return f"urn:pulumi:test::{self.project}::{types}::{self.name}"

    def having(self, **props: Any) -> "Thing":
        """The same with other properties; None takes one out."""
        changed = {**self.props, **props}
        return replace(self, props={k: v for k, v in changed.items() if v is not None})

    @property
    def options(self) -> PolicyResourceOptions:
        """As the SDK gives them to a rule."""
        return PolicyResourceOptions(
            self.protect,
            [*self.ignore_changes],
            self.delete_before_replace,
            [],
            PolicyCustomTimeouts(0, 0, 0),
            [],
            self.parent.urn if self.parent else ROOT,
        )

    @property
    def values(self) -> Any:
        """The properties as the pack hands them to a rule."""
        return unknown_checking_proxy(deserialize_properties(marked(dict(self.props))))


def verdict(
    policy: ResourceValidationPolicy, thing: Thing, config: Mapping[str, Any] | None = None
) -> list[str] | str:
    """The lines of a rule on resources, or `NOT_APPLICABLE`."""
    args = ResourceValidationArgs(
        thing.type, thing.values, thing.urn, thing.name, thing.options, None, config
    )
    return _said(policy, args)


def stack_verdict(
    policy: StackValidationPolicy,
    things: Iterable[Thing],
    config: Mapping[str, Any] | None = None,
    *,
    deleted: Iterable[Thing] = (),
) -> list[str] | str:
    """The lines of a rule on the stack, or `NOT_APPLICABLE`.

    `deleted`: what the engine shows, too, although the program does not register it.
    """
    root = Thing(STACK, "break-glass-test", protect=False)
    given = [*things]
    stack = given if any(one.type == STACK for one in given) else [root, *given]
    REGISTERED.forget()
    for one in stack:
        REGISTERED.note(one.urn)
    resources = {one.urn: _resource(one) for one in (*stack, *deleted)}
    for one in stack:
        needed = [resources[other.urn] for other in one.depends_on if other.urn in resources]
        resources[one.urn].dependencies.extend(needed)
    return _said(policy, StackValidationArgs([*resources.values()], config))


def pickled(provider: object) -> str:
    """As the SDK keeps a dynamic resource's provider."""
    return base64.b64encode(pickle.dumps(provider)).decode()


def dynamic_verdict(provider: str | None, thing: Thing) -> list[str] | str:
    """What the rule on dynamic resources says after its remediation was shown the provider."""
    rule = dynamic_without_credentials.rule()
    shown = {**thing.props, "__provider": provider} if provider is not None else thing.props
    args = ResourceValidationArgs(thing.type, shown, thing.urn, thing.name, thing.options, None)
    assert rule.remediate(args) is None
    return verdict(rule, thing)


def standing_stack() -> dict[str, Thing]:
    """Two accounts, their group, two exclusions and the frame of the alarm, by name."""
    things: list[Thing] = []
    for number in (1, 2):
        name, object_id = f"account-{number}", IDS[number]
        upn = f"k{number}@contoso.onmicrosoft.com"
        account = Thing(
            ACCOUNT, name, {"objectId": object_id, "userPrincipalName": upn, "retired": False}
        )
        user = {"objectId": object_id, "userPrincipalName": upn}
        things += [account, Thing(USER, f"{name}-user", user, account)]
    component = Thing(EXCLUSION_COMPONENT, "exclusion", {"gone": []})
    group = Thing(GROUP_COMPONENT, "group", {"groupId": GROUP_ID})
    things += [group, component, *(member(number, group) for number in (1, 2))]
    things += [exclusion(f"p{number}", component) for number in (1, 2)]
    things += [Thing(MONITORING, "monitoring")]
    return {one.name: one for one in things}


def member(number: int, group: Thing) -> Thing:
    """The membership of one account."""
    props = {"groupObjectId": GROUP_ID, "memberObjectId": IDS[number]}
    return Thing(MEMBER, f"group-member-account-{number}", props, group)


def exclusion(policy_id: str, component: Thing) -> Thing:
    """The child for one policy."""
    props = {
        "policyId": policy_id,
        "policyName": f"Policy {policy_id}",
        "tenantId": "t",
        "reason": "",
        "wanted": {"groups": [GROUP_ID], "users": [IDS[1], IDS[2]]},
    }
    return Thing(EXCLUSION, f"exclusion-{policy_id}", props, component)


def _said(policy: Any, args: Any) -> list[str] | str:
    lines: list[str] = []

    def report(line: str, urn: str | None = None) -> None:
        lines.append(line)

    try:
        policy.validate(args, report)
    except Exception as error:
        if type(error).__name__ != "_NotApplicableError":
            raise
        return NOT_APPLICABLE
    assert all("\n" not in line for line in lines)
    return lines


def _resource(thing: Thing) -> PolicyResource:
    return PolicyResource(
        thing.type, thing.values, thing.urn, thing.name, thing.options, None, None, [], {}
    )
