"""Exclude a group and its accounts from the tenant's Conditional Access policies.

The policies belong to somebody else: this component never makes, deletes, enables or otherwise
edits one. It owns its own entries in their exclusion lists. New policies are found whenever the
program runs; a policy that somebody makes in between is excluded at the next ``pulumi up``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi.runtime import rpc

from components import exclusion_telling as telling
from components.exclusion_choice import Choice, choose
from components.exclusion_drift import find_culprits
from components.exclusion_listing import settle
from components.exclusion_objects import ExclusionObjects, objects_of, wanted_of
from components.exclusion_outcome import (
    ExcludedPolicy,
    SkippedPolicy,
    excluded_policies,
    refusals,
    skipped_policies,
)
from components.exclusion_plan import PolicyPlan, plan_policy
from components.exclusion_proof import Claim, prove_exclusions
from components.exclusion_settings import ExclusionSettings, decided_under
from components.exclusion_state import ExclusionState, entries, properties_of
from components.exclusion_tools import ExclusionTools, refuse_foreign_tenant
from components.plain_arguments import either, given
from components.policy_exclusion import TYPE, PolicyExclusion
from entra.exclusion import Entries, Scope, skip_reason
from entra.policy import Policy, told
from entra.policy_change import Loss

COMPONENT_TYPE: Final = "break-glass:index:CaExclusionPatch"


@dataclass(frozen=True)
class CaExclusionPatchArgs:
    """What to exclude from which policies.

    Names say in messages what an id stands for, in the order of the ids.
    """

    group_ids: Sequence[pulumi.Input[str]]
    """Object ids of the groups to exclude."""
    group_names: Sequence[pulumi.Input[str]] | None = None
    """Their display names."""
    user_ids: Sequence[pulumi.Input[str]] | None = None
    """Object ids of accounts to exclude by themselves, beside the groups that they are in."""
    user_names: Sequence[pulumi.Input[str]] | None = None
    """Their user principal names."""
    owned_group_ids: Sequence[pulumi.Input[str]] | None = None
    """Groups that are deleted together with this stack, excluded or not: when one retires and at
    the end they leave every policy of this stack, also those in which they stood before."""
    owned_user_ids: Sequence[pulumi.Input[str]] | None = None
    """Accounts, likewise."""
    owned_user_names: Sequence[pulumi.Input[str]] | None = None
    """Their user principal names."""
    scope: str | None = None
    """`all` policies (default), or `mfa-only`: those that ask for multifactor authentication."""
    skip: Sequence[str] | None = None
    """Ids or display names of policies to leave alone."""
    freshness_seconds: int | None = None
    """How old (0 to 15 s) a listing may be on which a write rests; 0: each policy is read right
    before its write. Default 0, and 15 when more than 20 policies are to be written."""
    tenant_id: str | None = None
    """Tenant in which to exclude. When it is given, an identity of another tenant is refused."""


@dataclass(frozen=True)
class _Run:
    """What this run is going to do."""

    plans: Mapping[str, PolicyPlan]
    freshness_seconds: int


class CaExclusionPatch(pulumi.ComponentResource):
    """The exclusion of a group and accounts from every Conditional Access policy.

    Each listed policy has one child, named after the policy's id, also when it is skipped: then
    with a reason and nothing wanted. What the listing saw missing appears in the preview as
    ``pending`` and as one log line, on a loss with who changed the policy last. A loss, and a
    policy that the stack knows and the listing lacks, are looked at twice; only the service's 404
    means that a policy is gone. After the last write all policies are listed once more and each is
    checked, those made meanwhile too: ``verified`` resolves only if all are right.

    A Microsoft-managed policy that refuses the exclusion is among the skipped, with a warning at
    every run, and is tried again when it has changed.

    What the stack deletes leaves every policy that a run has seen, whoever put it there. Not
    cleaned when an account retires: what others wrote into a policy that no run has seen before.

    Left out on purpose: the policies' own design, and named locations as a way around MFA.

    Raises ``pulumi.RunError`` when policies lack the exclusion in the end, and for a policy that
    the stack manages and that cannot be read.
    """

    excluded: pulumi.Output[list[ExcludedPolicy]]
    """Policies with our exclusion."""
    skipped: pulumi.Output[list[SkippedPolicy]]
    """Policies without, and why."""
    verified: pulumi.Output[bool]
    """True after the proof; what must come after the exclusions depends on it."""

    def __init__(
        self,
        name: str,
        args: CaExclusionPatchArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        tools: ExclusionTools | None = None,
    ) -> None:
        """`tools`: whom to ask; without them the tenant of the `ARM_*` variables is listed."""
        args = given(CaExclusionPatchArgs, args)
        self._tools = tools or ExclusionTools.from_environment()
        refuse_foreign_tenant(args.tenant_id, self._tools.tenant_id)
        super().__init__(COMPONENT_TYPE, name, None, opts)
        self._name = name
        self._skip = args.skip or ()
        self._freshness_seconds = either(args.freshness_seconds, 0)
        self._ours = wanted_of(args.group_ids, args.user_ids or ())
        self._stack_objects = wanted_of(args.owned_group_ids or (), args.owned_user_ids or ())
        chosen = ExclusionSettings.of(either(args.scope, Scope.ALL), self._skip)
        self._earlier = self._remembered()
        self._last_run = self._last_settings()
        self._settings = chosen.numbered(
            [self._last_run, *(state.decided_under for state in self._earlier.values())]
        )
        policies = settle(self._tools.policies, self._tools.reader, self._earlier, self._say)
        choices = self._choices(policies)
        self._tell_of_the_tenant(policies)
        objects = objects_of(args.group_ids, args.group_names, args.user_ids, args.user_names)
        owned = objects_of(args.owned_group_ids, (), args.owned_user_ids, args.owned_user_names)
        labels = pulumi.Output.all(owned, objects).apply(_labels, run_with_unknowns=True)
        run = pulumi.Output.all(objects, owned).apply(lambda all_: self._plan(choices, *all_))
        children = {choice.policy.id: self._child(choice, labels, run) for choice in choices}
        refused = self._refused(run, children)
        self.excluded = refused.apply(lambda found: excluded_policies(choices, found))
        self.skipped = refused.apply(lambda found: skipped_policies(choices, found))
        self.verified = self._proof(choices, objects, children, refused)
        self.register_outputs(
            {
                "excluded": self.excluded,
                "skipped": self.skipped,
                "verified": self.verified,
                # The service says that there is no such policy any more: nothing was taken away.
                "gone": sorted(self._earlier.keys() - {policy.id for policy in policies}),
                "wanted": self._ours,
                "tenantId": self._tools.tenant_id,
                **self._settings.properties,
            }
        )

    def _remembered(self) -> dict[str, ExclusionState]:
        """What the state keeps of our own children, by policy id."""
        found: dict[str, ExclusionState] = {}
        for urn, outputs in self._tools.memory(TYPE).items():
            policy_id = str(outputs.get("policyId"))
            if urn.endswith(f"::{self._child_name(policy_id)}"):
                found[policy_id] = ExclusionState.read(outputs)
        return found

    def _choices(self, policies: Sequence[Policy]) -> list[Choice]:
        choices: list[Choice] = []
        for policy in policies:
            state = self._earlier.get(policy.id)
            before = decided_under(state.decided_under if state else None, self._last_run)
            earlier = state.wanted if state else Entries()
            choices.append(choose(policy, self._settings, before=before, earlier=earlier))
        return choices

    def _last_settings(self) -> ExclusionSettings | None:
        """Those of the last run that came to its end; none for a new stack."""
        for urn, outputs in self._tools.memory(COMPONENT_TYPE).items():
            if urn.endswith(f"::{self._name}"):
                return ExclusionSettings.read(outputs)
        return None

    def _plan(
        self, choices: Sequence[Choice], objects: ExclusionObjects, owned: ExclusionObjects
    ) -> _Run:
        """What to do with every policy, and all that is told about it, once."""
        plans = [
            plan_policy(choice, objects, self._earlier.get(choice.policy.id), owned=owned.known)
            for choice in choices
        ]
        changing = [plan for plan in plans if plan.changes]
        losses = {
            plan.policy.id: Loss(plan.lost, plan.policy.modified) for plan in changing if plan.lost
        }
        culprits = find_culprits(self._tools.audit, losses)
        for plan in changing:
            say = self._warn if telling.is_warning(plan) else self._say
            say(telling.policy_line(plan, culprits))
        if culprits.unknown_because:
            self._say(culprits.unknown_because)
        for plan in plans:
            if plan.refusal:
                self._warn(telling.refusal_line(plan.policy, plan.refusal))
        if total := telling.summary(len(changing), self._freshness_seconds):
            self._say(total)
        freshness = telling.freshness_of(len(changing), self._freshness_seconds)
        return _Run({plan.policy.id: plan for plan in plans}, freshness)

    def _tell_of_the_tenant(self, policies: Sequence[Policy]) -> None:
        if self._tools.security_defaults:
            self._warn(telling.security_defaults_line(len(policies)))
        if not policies:
            self._say(telling.NO_POLICIES)
        skip = telling.skip_lines(policies, self._skip)
        for line in (*skip, *telling.riddle_lines(policies)):
            self._warn(line)

    def _child(
        self,
        choice: Choice,
        labels: pulumi.Output[dict[str, str]],
        run: pulumi.Output[_Run],
    ) -> PolicyExclusion:
        policy, reason, stays, ours = choice.policy, choice.reason, choice.stays, self._ours
        nothing = properties_of(Entries())

        def remaining(value: dict[str, list[str]]) -> dict[str, list[str]]:
            return properties_of(entries(value) & stays)

        return PolicyExclusion(
            self._child_name(policy.id),
            {
                "tenantId": self._tools.tenant_id,
                "policyId": policy.id,
                "policyName": told(policy.display_name),
                "wanted": ours if reason is None else ours.apply(remaining) if stays else nothing,
                "stackObjects": self._stack_objects,
                "labels": labels,
                "reason": reason or "",
                "pending": run.apply(lambda value: list(value.plans[policy.id].pending)),
                "freshnessSeconds": run.apply(lambda value: value.freshness_seconds),
                "decidedUnder": self._settings.properties,
                "stack": f"{pulumi.get_project()}/{pulumi.get_stack()}/{self._name}",
            },
            pulumi.ResourceOptions(parent=self),
        )

    def _refused(
        self, run: pulumi.Output[_Run], children: Mapping[str, PolicyExclusion]
    ) -> pulumi.Output[dict[str, str]]:
        """Why the service takes no exclusion, by policy id; known in a preview too."""

        def build(values: Sequence[Any]) -> dict[str, str]:
            plans: Mapping[str, PolicyPlan] = values[0].plans
            answers = {
                policy_id: None if rpc.contains_unknowns(answer) else str(answer or "")
                for policy_id, answer in zip(children, values[1:], strict=True)
            }
            return refusals(plans, answers, self._earlier)

        answers = [child.refused for child in children.values()]
        return pulumi.Output.all(run, *answers).apply(build, run_with_unknowns=True)

    def _proof(
        self,
        choices: Sequence[Choice],
        objects: pulumi.Output[ExclusionObjects],
        children: Mapping[str, PolicyExclusion],
        refused: pulumi.Output[dict[str, str]],
    ) -> pulumi.Output[bool]:
        """List once after the last child and check every policy; not on a preview."""

        def prove(values: Sequence[Any]) -> bool:
            if pulumi.runtime.is_dry_run():
                return True
            wanted: ExclusionObjects = values[0]
            left_out: Mapping[str, str] = values[1]
            claim = Claim(
                wanted=wanted.known,
                labels=wanted.labels,
                expected=[choice.policy.id for choice in choices if choice.reason is None],
                known=[choice.policy.id for choice in choices],
                needs=lambda policy: policy.id not in left_out and self._applies_to(policy),
            )
            prove_exclusions(self._tools.reader, claim)
            return True

        written = [child.id for child in children.values()]
        return pulumi.Output.all(objects, refused, *written).apply(prove)

    def _applies_to(self, policy: Policy) -> bool:
        settings = self._settings
        return skip_reason(policy, scope=settings.scope, skip=settings.skip) is None

    def _child_name(self, policy_id: str) -> str:
        return f"{self._name}-{policy_id}"

    def _say(self, text: str) -> None:
        pulumi.log.info(text, self)

    def _warn(self, text: str) -> None:
        pulumi.log.warn(text, self)


def _labels(owned_and_excluded: Sequence[ExclusionObjects]) -> dict[str, str]:
    owned, excluded = owned_and_excluded
    return {**owned.labels, **excluded.labels}
