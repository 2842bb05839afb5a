"""The product's own program passes the pack, whatever its settings, and nothing of it may go."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any, Final

import pytest
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy

from components.group_guard import GroupGuardProvider
from components.policy_exclusion import PolicyExclusionProvider
from entra.resource_manager import DiagnosticSetting
from policies.pack import RULES
from policies.resource_types import (
    ACCOUNT,
    ACTION_GROUP,
    ADOPTED_ACCOUNT,
    DYNAMIC,
    EXCLUSION,
    EXCLUSION_COMPONENT,
    GROUP_COMPONENT,
    GROUP_GUARD,
    MONITORING,
    RANDOM,
    STACK,
    WORKSPACE,
)
from policies.rules import (
    alarm_complete,
    alarm_stays,
    exclusion_stays,
    no_plain_secrets,
)
from policies.rules.protected_together import PROTECTED, SEALED
from policies.stack_settings import SETTINGS
from tests.policy.pack_scene import (
    NOT_APPLICABLE,
    ROOT,
    Thing,
    dynamic_verdict,
    pickled,
    stack_verdict,
    texts,
    verdict,
)
from tests.policy.recorded_program import recorded, shown
from tests.unit.directories import user
from tests.unit.program_scene import FACTS, Tenant

EMAILS: Final = [{"name": "Desk", "address": "it@contoso.com"}]
ADA: Final = "1c2d3e4f-0000-4000-8000-000000000001"
HERE: Final = "/subscriptions/9a1d2c3b-4e5f-4a6b-8c7d-0e1f2a3b4c5d/resourceGroups/rg-logs/providers"
TOLD: Final = {"existing": f"{HERE}/Microsoft.Insights/actionGroups/ag-oncall"}
CENTRAL: Final = f"{HERE}/Microsoft.OperationalInsights/workspaces/log-central"
NO_WATCH: Final = dict.fromkeys(("exclusion", "tamper", "silence", "rules", "health"), False)
Program = tuple[list[Thing], list[Thing]]
OF_THE_RUN: Final = ("before", "exports", "preview")
EVIDENCE: Final = ("azure-native:resources:ResourceGroup", WORKSPACE)
"""What stays in Azure when the stack lets go of it, so that it needs no protection."""
FRAMES: Final = (GROUP_COMPONENT, EXCLUSION_COMPONENT, MONITORING)
LEFT_TO_THE_ENGINE: Final = (STACK, RANDOM, GROUP_GUARD, *FRAMES, *EVIDENCE)
"""What a protected resource needs, what warns of others, what is only a name, and what stays."""
PROVIDERS: Final = {
    EXCLUSION: pickled(PolicyExclusionProvider()),
    GROUP_GUARD: pickled(GroupGuardProvider()),
}


def monitoring(**settings: Any) -> dict[str, Any]:
    return {"monitoring": {"notify": {"emails": EMAILS}, **settings}}


def without_licence(tenant: Tenant) -> None:
    tenant.facts, tenant.policies = replace(FACTS, has_premium=False), []


def with_ada(tenant: Tenant) -> None:
    tenant.directory.live.append(user(ADA, "ada@contoso.onmicrosoft.com"))


def with_others_resources(tenant: Tenant) -> None:
    for one in (CENTRAL, TOLD["existing"]):
        name = one.rpartition("/")[2]
        properties = {"enabled": True, "emailReceivers": [{"emailAddress": "it@contoso.com"}]}
        found = {"id": one, "name": name, "location": "westeurope", "properties": properties}
        tenant.azure[one] = found


SIEM: Final = DiagnosticSetting(
    "/providers/microsoft.aadiam/diagnosticSettings/siem",
    "siem",
    CENTRAL,
    ("SignInLogs", "AuditLogs", "NonInteractiveUserSignInLogs"),
)
SETTINGS_OF_A_USER: Final[dict[str, dict[str, Any]]] = {
    "as they are": {},
    "a first preview": {"preview": True},
    "nothing protected": {"protect": "false"},
    "accounts by name": {
        "accounts": {
            "named": {"red": {"roles": ["Security Reader"]}, "blue": {}, "own": {"excluded": False}}
        }
    },
    "an adopted account": {"accounts": {"adopt": [ADA], "count": 2}, "before": with_ada},
    "excluded by the group alone": {"exclusion": {"users": False, "scope": "mfa-only"}},
    "a policy left alone": {"exclusion": {"skip": ["Block legacy"]}},
    "another schedule": monitoring(
        customer="Contoso | take 0",
        alert={"frequencyMinutes": 60, "periodMinutes": 120, "overlapMinutes": 60},
    ),
    "no watch": monitoring(watch=NO_WATCH),
    "logs that are deleted": monitoring(deleteLogs=True),
    "a workspace that exists": {
        **monitoring(workspace={"existing": CENTRAL}),
        "before": with_others_resources,
    },
    "an export that exists": {
        **monitoring(workspace={"existing": CENTRAL}, diagnosticSetting={"existing": "siem"}),
        "before": with_others_resources,
        "exports": (SIEM,),
    },
    "action groups that exist": {**monitoring(notify=TOLD), "before": with_others_resources},
    "no licence": {"premium": "absent", "before": without_licence},
}


@pytest.fixture(params=SETTINGS_OF_A_USER)
def program(request: pytest.FixtureRequest) -> Iterator[Program]:
    """The program as rules on the stack see it, and as rules on inputs do."""
    settings = SETTINGS_OF_A_USER[request.param]
    SETTINGS.keep(texts(**{key: one for key, one in settings.items() if key not in OF_THE_RUN}))
    yield seen(request.param)
    SETTINGS.keep({})


@cache
def seen(name: str) -> Program:
    run = recorded(**SETTINGS_OF_A_USER[name])
    return shown(run), shown(run, outputs=False)


def refused(
    stack: Iterable[Thing], before: Iterable[Thing], inputs: Iterable[Thing] = ()
) -> list[str]:
    """What all mandatory rules say to a plan, given what the state has."""
    state = {
        one.urn: {"type": one.type, "outputs": one.props, "parent": _parent(one)} for one in before
    }
    asked = {
        alarm_stays.RULE.name: alarm_stays.rule(lambda _urn, _org: state),
        exclusion_stays.RULE.name: exclusion_stays.rule(lambda _urn, _org: state),
    }
    planned, given = [*stack], [*inputs]
    found: list[str] = []
    for policy in RULES:
        if policy.enforcement_level is not EnforcementLevel.MANDATORY:
            continue
        if isinstance(policy, ResourceValidationPolicy):
            answers = [verdict(policy, one) for one in given]
        else:
            # Of outputs a recording does not tell which are secrets.
            seen = given if policy.name == no_plain_secrets.RULE.name else planned
            rule: Any = asked.get(policy.name, policy)
            answers = [stack_verdict(rule, seen)]
        found += [line for one in answers if one != NOT_APPLICABLE for line in one]
    return found


def _parent(one: Thing) -> str:
    return one.parent.urn if one.parent else ROOT


def test_no_rule_refuses_it(program: Program) -> None:
    stack, inputs = program
    assert refused(stack, stack, inputs) == []


def test_dynamic_resources_are_given_no_credential(program: Program) -> None:
    for one in program[1]:
        if one.type.startswith(DYNAMIC):
            told = dynamic_verdict(PROVIDERS[one.type], one)
            assert told == [], one.name


def test_every_part_of_it_is_protected_held_or_evidence(program: Program) -> None:
    stack = [one for one in program[0] if one.type not in (STACK, ACCOUNT, ADOPTED_ACCOUNT)]
    for one in stack:
        listed = one.type in PROTECTED or one.type.startswith(tuple(SEALED))
        assert listed or one.type in EVIDENCE, f"{one.name}: a {one.type} that no rule knows"
        if one.protect:
            assert one.type in PROTECTED or one.type in (ACTION_GROUP, *EVIDENCE), one.name
    if any(one.protect for one in stack):
        assert not [one.name for one in stack if one.type in PROTECTED and not one.protect]


def test_the_rule_lists_no_type_that_the_program_does_not_protect() -> None:
    stack, _ = seen("an adopted account")
    protected = {one.type for one in stack if one.protect}
    assert protected - {ACTION_GROUP, ADOPTED_ACCOUNT} == {*PROTECTED}
    bare = {one.type for one in stack if not one.protect} - {STACK, ACCOUNT, *EVIDENCE}
    assert {next(seal for seal in SEALED if one.startswith(seal)) for one in bare} == {*SEALED}


def test_the_default_has_a_complete_alarm() -> None:
    assert stack_verdict(alarm_complete.RULE, seen("as they are")[0]) == []


@pytest.fixture(scope="module")
def usual() -> list[Thing]:
    """The program, as rules on the stack see it, when nothing is excluded twice."""
    return shown(recorded(exclusion={"users": False}))


def test_nothing_can_be_left_out_of_it(usual: list[Thing]) -> None:
    missed = [
        one.name
        for one in usual
        if not one.type.startswith(LEFT_TO_THE_ENGINE)
        and not refused((other for other in usual if other is not one), usual)
    ]
    assert missed == []


def test_nothing_can_lose_its_protection_alone(usual: list[Thing]) -> None:
    missed = [
        one.name
        for one in usual
        if one.protect
        and not refused((replace(o, protect=False) if o is one else o for o in usual), usual)
    ]
    assert missed == []
