"""Exclude a group and its accounts from the tenant's Conditional Access policies.

The policies belong to somebody else: this component never makes, deletes, enables or otherwise
edits one. It owns its own entries in their exclusion lists. New policies are found whenever the
program runs; a policy that somebody makes in between is excluded at the next ``pulumi up``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import pulumi
from pulumi.runtime import rpc

from components.exclusion_choice import Choice, choose
from components.exclusion_drift import PolicyAudit
from components.exclusion_proof import PolicyReader, prove_exclusions
from components.exclusion_state import entries, pending_lines, properties_of
from components.policy_exclusion import TYPE, PolicyExclusion
from components.stack_memory import Outputs, StackMemory, earlier_outputs
from entra.errors import EntraError
from entra.exclusion import Entries, Scope, is_named, live_entries, missing
from entra.policy import Policy

COMPONENT_TYPE: Final = "break-glass:index:CaExclusionPatch"


@dataclass(frozen=True)
class CaExclusionPatchArgs:
    """What to exclude from which policies.

    ``policies`` is what a listing saw just now (``list_policies()``), ``reader`` answers for a
    single policy that the listing lacks and for the proof at the end. Names say in messages what
    an id stands for, in the order of the ids.
    """

    tenant_id: str
    policies: Sequence[Policy]
    reader: PolicyReader
    group_ids: Sequence[pulumi.Input[str]]
    group_names: Sequence[pulumi.Input[str]] = ()
    user_ids: Sequence[pulumi.Input[str]] = ()
    user_names: Sequence[pulumi.Input[str]] = ()
    owned_by_stack: bool = False
    """Group and accounts are deleted together with this stack: destroying takes them out of every
    policy, also of those in which they stood before."""
    scope: str = Scope.ALL
    """``all`` policies, or ``mfa-only``: those that ask for multifactor authentication."""
    skip: Sequence[str] = ()
    """Ids or display names of policies to leave alone."""
    freshness_seconds: int = 0
    """How old (0 to 15 s) a listing may be on which a write rests; 0: each policy is read right
    before its write. With more than 20 policies to write it is 15 unless set."""
    security_defaults: bool = False
    """The tenant has security defaults on, so that no policy is enforced."""
    audit: PolicyAudit | None = None
    """Who changed a policy last; None: nobody is asked."""
    memory: StackMemory = field(default=earlier_outputs, repr=False)


@dataclass(frozen=True)
class _Objects:
    """Group and account ids with their names; None where the engine does not know an id yet."""

    groups: tuple[tuple[str | None, str], ...]
    users: tuple[tuple[str | None, str], ...]

    @property
    def known(self) -> Entries:
        return Entries(_known(self.groups), _known(self.users))

    @property
    def labels(self) -> dict[str, str]:
        return {key: name for key, name in (*self.groups, *self.users) if key is not None}

    def pending(self, policy: Policy) -> list[str]:
        """What the listing saw missing. An object that does not exist yet is surely missing."""
        coming = [name for key, name in (*self.groups, *self.users) if key is None]
        lacking = missing(live_entries(policy), self.known)
        return [*pending_lines(lacking, self.labels), *(f"exclude {name}" for name in coming)]


class CaExclusionPatch(pulumi.ComponentResource):
    """The exclusion of a group and accounts from every Conditional Access policy.

    Each listed policy has one child, named after the policy's id, also when it is skipped: then
    with a reason and nothing wanted. What the listing saw missing appears in the preview as
    ``pending`` and as one log line. A policy that the stack knows and the listing lacks is asked
    for by itself; only the service's 404 means that it is gone. After the last write all policies
    are listed once more and each is checked: ``verified`` resolves only if all are right.

    Left out on purpose: the policies' own design, and named locations as a way around MFA.

    Raises ``pulumi.RunError`` when policies lack the exclusion in the end, and for a policy that
    the stack manages and that cannot be read.
    """

    excluded: pulumi.Output[list[dict[str, str]]]
    """Policies with our exclusion: ``id``, ``name``."""
    skipped: pulumi.Output[list[dict[str, str]]]
    """Policies without: ``id``, ``name``, ``reason``."""
    verified: pulumi.Output[bool]
    """True after the proof; what must come after the exclusions depends on it."""

    def __init__(
        self, name: str, args: CaExclusionPatchArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(COMPONENT_TYPE, name, None, opts)
        self._name = name
        self._args = args
        scope = _scope(args.scope)
        earlier = self._earlier()
        found = [*args.policies, *self._lacking_from_listing(earlier)]
        policies = sorted(found, key=lambda policy: (policy.display_name.casefold(), policy.id))
        for entry in args.skip:
            if not any(is_named(policy, [entry]) for policy in policies):
                pulumi.log.warn(f"exclusion skip: no policy has the id or name {entry!r}", self)
        if not policies:
            pulumi.log.info("the tenant has no Conditional Access policy to be excluded from", self)
        objects = _objects(args)
        same_scope = self._earlier_scope() in (None, scope)
        choices = [
            choose(
                policy,
                scope=scope,
                same_scope=same_scope,
                skip=args.skip,
                earlier=entries(earlier.get(policy.id, {}).get("wanted")),
            )
            for policy in policies
        ]
        children = [
            self._child(choice, objects, earlier.get(choice.policy.id)) for choice in choices
        ]
        included = [choice.policy for choice in choices if choice.reason is None]
        self.excluded = pulumi.Output.from_input(
            [{"id": policy.id, "name": policy.display_name} for policy in included]
        )
        self.skipped = pulumi.Output.from_input(
            [
                {
                    "id": choice.policy.id,
                    "name": choice.policy.display_name,
                    "reason": choice.reason,
                }
                for choice in choices
                if choice.reason is not None
            ]
        )
        self.verified = self._proof(children, objects, [policy.id for policy in included])
        self.register_outputs(
            {
                "excluded": self.excluded,
                "skipped": self.skipped,
                "verified": self.verified,
                "scope": args.scope,
            }
        )

    def _earlier(self) -> dict[str, Outputs]:
        """Outputs of our own children in state, by policy id."""
        found: dict[str, Outputs] = {}
        for urn, outputs in self._args.memory(TYPE).items():
            policy_id = str(outputs.get("policyId"))
            if urn.endswith(f"::{self._child_name(policy_id)}"):
                found[policy_id] = outputs
        return found

    def _earlier_scope(self) -> str | None:
        """The scope of the last run, None for a new stack."""
        for urn, outputs in self._args.memory(COMPONENT_TYPE).items():
            if urn.endswith(f"::{self._name}"):
                return cast("str | None", outputs.get("scope"))
        return None

    def _lacking_from_listing(self, earlier: Mapping[str, Outputs]) -> Iterator[Policy]:
        listed = {policy.id for policy in self._args.policies}
        for policy_id, outputs in sorted(earlier.items()):
            if policy_id in listed:
                continue
            title = f"policy {outputs.get('policyName')!r} ({policy_id})"
            try:
                policy = self._args.reader.get_policy(policy_id)
            except EntraError as error:
                raise pulumi.RunError(
                    f"{title} is in this stack but not in the listing, and asking for it failed:"
                    f" {error}; nothing was changed, run again"
                ) from None
            if policy is None:
                pulumi.log.info(f"{title} was deleted by its owner", self)
            else:
                yield policy

    def _child(
        self,
        choice: Choice,
        objects: pulumi.Output[_Objects],
        earlier: Outputs | None,
    ) -> PolicyExclusion:
        policy, reason, stays = choice.policy, choice.reason, choice.stays
        nothing, ours = properties_of(Entries()), _entries(self._args)

        def pending(value: _Objects) -> list[str]:
            lines = value.pending(policy) if reason is None else []
            wanted = value.known if reason is None else value.known & stays
            self._tell(policy, lines, wanted, earlier)
            return lines

        def remaining(value: dict[str, list[str]]) -> dict[str, list[str]]:
            return properties_of(entries(value) & stays)

        return PolicyExclusion(
            self._child_name(policy.id),
            {
                "tenantId": self._args.tenant_id,
                "policyId": policy.id,
                "policyName": policy.display_name,
                "wanted": ours if reason is None else ours.apply(remaining) if stays else nothing,
                "stackObjects": ours if self._args.owned_by_stack else nothing,
                "labels": objects.apply(lambda value: value.labels),
                "reason": reason or "",
                "pending": objects.apply(pending),
                "freshnessSeconds": self._args.freshness_seconds,
                "stack": f"{pulumi.get_project()}/{pulumi.get_stack()}/{self._name}",
            },
            pulumi.ResourceOptions(parent=self),
        )

    def _tell(
        self,
        policy: Policy,
        lines: Sequence[str],
        wanted: Entries,
        earlier: Outputs | None,
    ) -> None:
        """One line for a policy that will be written; it is made in the preview and the update."""
        removed: list[str] = []
        if earlier is not None:
            labels: Mapping[str, str] = earlier.get("labels") or {}
            leaving = entries(earlier.get("added")) - wanted
            removed = [
                f"stop excluding {labels.get(entry, entry)}"
                for entry in (*leaving.groups, *leaving.users)
            ]
        if changes := [*lines, *removed]:
            pulumi.log.info(f"{policy.display_name} ({policy.id}): {', '.join(changes)}", self)

    def _proof(
        self,
        children: Sequence[PolicyExclusion],
        objects: pulumi.Output[_Objects],
        expected: Sequence[str],
    ) -> pulumi.Output[bool]:
        """List once after the last child and check every policy; not on a preview."""

        def prove(values: Sequence[Any]) -> bool:
            if not pulumi.runtime.is_dry_run():
                wanted: _Objects = values[0]
                prove_exclusions(self._args.reader, wanted.known, wanted.labels, expected)
            return True

        return pulumi.Output.all(objects, *(child.id for child in children)).apply(prove)

    def _child_name(self, policy_id: str) -> str:
        return f"{self._name}-{policy_id}"


def _scope(value: str) -> Scope:
    try:
        return Scope(value)
    except ValueError:
        raise pulumi.RunError(
            f"exclusion scope is {value!r}: expected {' or '.join(Scope)}"
        ) from None


def _objects(args: CaExclusionPatchArgs) -> pulumi.Output[_Objects]:
    def build(values: Sequence[Any]) -> _Objects:
        group_ids, group_names, user_ids, user_names = values
        return _Objects(
            _paired(group_ids, group_names, "group"), _paired(user_ids, user_names, "account")
        )

    return pulumi.Output.all(
        pulumi.Output.all(*args.group_ids),
        pulumi.Output.all(*args.group_names),
        pulumi.Output.all(*args.user_ids),
        pulumi.Output.all(*args.user_names),
    ).apply(build, run_with_unknowns=True)


def _paired(
    ids: Sequence[Any], names: Sequence[Any], kind: str
) -> tuple[tuple[str | None, str], ...]:
    pairs: list[tuple[str | None, str]] = []
    for number, found in enumerate(ids):
        name = names[number] if number < len(names) else None
        known_name = name is not None and not rpc.contains_unknowns(name)
        label = f"{kind} {name}" if known_name else f"{kind} {number + 1}"
        pairs.append((None if rpc.contains_unknowns(found) else str(found), label))
    return tuple(pairs)


def _entries(args: CaExclusionPatchArgs) -> pulumi.Output[dict[str, list[str]]]:
    def build(found: Sequence[Any]) -> dict[str, list[str]]:
        return properties_of(Entries(tuple(found[0]), tuple(found[1])))

    groups, users = pulumi.Output.all(*args.group_ids), pulumi.Output.all(*args.user_ids)
    return pulumi.Output.all(groups, users).apply(build)


def _known(pairs: Sequence[tuple[str | None, str]]) -> tuple[str, ...]:
    return tuple(key for key, _ in pairs if key is not None)
