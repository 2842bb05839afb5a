"""What a stack's state says of its policy exclusions, read as `pulumi stack export` prints it.

The state is there after a run that failed half way too, when the stack's outputs are not. Secrets
in it stay encrypted: they are never asked for. The property names are those of the component's
state contract (``components.exclusion_state``); a test holds the two together.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final, cast

from cli.failure import CommandFailed
from entra.exclusion import Entries, Scope

EXCLUSION_TYPE: Final = "pulumi-python:dynamic/break-glass:PolicyExclusion"
COMPONENT_TYPE: Final = "break-glass:index:CaExclusionPatch"
# Under this key the engine says that a value is a secret.
_SECRET: Final = "4dabf18193072939515e22adb298388d"  # noqa: S105  (a mark, no secret)

JSON = Mapping[str, Any]


@dataclass(frozen=True)
class Exclusion:
    """One policy as the stack left it."""

    tenant_id: str
    policy_id: str
    policy_name: str
    wanted: Entries
    stack_objects: Entries
    added: Entries
    labels: Mapping[str, str]
    """Id → ``group BTG Admins`` or ``account ada@contoso.com``."""
    reason: str
    """Why the policy is skipped, else empty."""
    refused: str
    """Why the service would not take the exclusion, else empty."""


@dataclass(frozen=True)
class ExclusionSet:
    """The exclusions of one CaExclusionPatch."""

    name: str
    scope: Scope
    skip: tuple[str, ...]
    """What the last run left alone, by id or name; empty after one that did not finish."""
    exclusions: tuple[Exclusion, ...]
    last_wanted: Entries
    """What the last run was to exclude; empty after one that did not finish."""
    tenant_ids: frozenset[str]
    """As the last whole run and each policy say it; empty after a run that did not get to one."""

    @property
    def wanted(self) -> Entries:
        """What has to be excluded; empty when nothing in the state tells it."""
        chosen = _union(one.wanted for one in self.exclusions if not one.reason)
        return chosen or self.last_wanted or _union(one.stack_objects for one in self.exclusions)

    @property
    def ours(self) -> Entries:
        """Every id that this component has to do with."""
        return _union(one.wanted | one.stack_objects | one.added for one in self.exclusions)

    @property
    def labels(self) -> Mapping[str, str]:
        """How messages name an id."""
        return {key: label for one in self.exclusions for key, label in one.labels.items()}

    @property
    def is_unfinished(self) -> bool:
        """The first run ended before any policy, or one that changed the wanted entries midway."""
        chosen = [one.wanted for one in self.exclusions if not one.reason]
        differing = any((one - self.wanted) or (self.wanted - one) for one in chosen)
        return differing or not self.tenant_ids


@dataclass(frozen=True)
class StackState:
    """A stack's policy exclusions."""

    project: str
    stack: str
    sets: tuple[ExclusionSet, ...]
    interrupted: bool
    """A run was killed: the engine does not know how some of its operations ended."""

    @property
    def wanted(self) -> Entries:
        """What every component of the stack excludes."""
        return _union(group.wanted for group in self.sets)

    @property
    def ours(self) -> Entries:
        """Every id that the stack has to do with."""
        return _union(group.ours for group in self.sets)

    @property
    def labels(self) -> Mapping[str, str]:
        """How messages name an id."""
        return {key: label for group in self.sets for key, label in group.labels.items()}

    @property
    def tenant_ids(self) -> frozenset[str]:
        """The tenant of the policies; none after a first run that did not get to one."""
        return frozenset(one for group in self.sets for one in group.tenant_ids)


def read_state(exported: str, name: str | None = None) -> StackState:
    """Read what `pulumi stack export` printed. Raises CommandFailed without any exclusion in it.

    `name`: what the user calls the stack; an empty state does not tell its name.
    """
    deployment = deployment_of(exported)
    resources = cast("list[JSON]", deployment.get("resources") or [])
    urns = [str(resource.get("urn")) for resource in resources]
    stack, project = _named(urns[0]) if urns else ("", "")
    parents = {
        urn: resource
        for urn, resource in zip(urns, resources, strict=True)
        if resource.get("type") == COMPONENT_TYPE
    }
    children: dict[str, list[Exclusion]] = {urn: [] for urn in parents}
    for resource in resources:
        if resource.get("type") == EXCLUSION_TYPE and not resource.get("delete"):
            children.setdefault(str(resource.get("parent")), []).append(_exclusion(resource))
    if not children:
        raise CommandFailed(
            f"Stack {stack or name or 'without resources'} excludes nobody from any policy: run"
            " `pulumi up` first, or name another stack with --stack (`pulumi stack ls`)."
        )
    sets = tuple(
        _set(urn.rpartition("::")[2], parents.get(urn), found) for urn, found in children.items()
    )
    return StackState(project, stack, sets, _is_interrupted(deployment, urns))


def _is_interrupted(deployment: JSON, urns: list[str]) -> bool:
    """Whether the last run was killed, and no later one has done what it was at.

    The engine keeps a create that was cut off among its pending operations for good; once the
    resource is in the state, a later run has made it.
    """
    operations = cast("list[JSON]", deployment.get("pending_operations") or [])
    return any(
        operation.get("type") != "creating"
        or cast("JSON", operation.get("resource") or {}).get("urn") not in urns
        for operation in operations
    )


def deployment_of(exported: str) -> JSON:
    """The state in what `pulumi stack export` printed. Raises CommandFailed."""
    try:
        document: Any = json.loads(exported)
        deployment = document["deployment"]
    except (ValueError, LookupError, TypeError):
        deployment = None
    if not isinstance(deployment, dict):
        raise CommandFailed(
            "`pulumi stack export` printed no state that can be read: is the Pulumi CLI too old?"
        )
    return cast("JSON", deployment)


def _named(urn: str) -> tuple[str, str]:
    """`urn:pulumi:STACK::PROJECT::type::name` → stack and project."""
    words = urn.removeprefix("urn:pulumi:").split("::")
    return words[0], words[1] if len(words) > 1 else ""


def _set(name: str, component: JSON | None, found: list[Exclusion]) -> ExclusionSet:
    outputs = cast("JSON", (component or {}).get("outputs") or {})
    try:
        scope = Scope(str(outputs.get("scope")))
    except ValueError:
        # A component that a failed run did not finish has no outputs; its children say it too.
        narrow = any(Scope.MFA_ONLY in one.reason for one in found)
        scope = Scope.MFA_ONLY if narrow else Scope.ALL
    skip = cast("list[Any]", outputs.get("skip") or [])
    wanted = outputs.get("wanted")
    _refuse_secret((component or {}).get("urn"), "wanted", wanted)
    tenants = {one.tenant_id for one in found}
    if outputs.get("tenantId"):
        tenants.add(str(outputs["tenantId"]))
    return ExclusionSet(
        name,
        scope,
        tuple(map(str, skip)),
        tuple(found),
        _entries(wanted),
        frozenset(tenants),
    )


def _exclusion(resource: JSON) -> Exclusion:
    # A child that is not made yet has inputs only; of one whose update failed the outputs count.
    values: JSON = {**(resource.get("inputs") or {}), **(resource.get("outputs") or {})}
    for name in ("wanted", "stackObjects", "added", "labels"):
        _refuse_secret(resource.get("urn"), name, values.get(name))
    return Exclusion(
        tenant_id=str(values.get("tenantId")),
        policy_id=str(values.get("policyId")),
        policy_name=str(values.get("policyName")),
        wanted=_entries(values.get("wanted")),
        stack_objects=_entries(values.get("stackObjects")),
        added=_entries(values.get("added")),
        labels={str(k): str(v) for k, v in cast("JSON", values.get("labels") or {}).items()},
        reason=str(values.get("reason") or ""),
        refused=str(values.get("refused") or ""),
    )


def _refuse_secret(urn: Any, name: str, value: Any) -> None:
    if _is_secret(value):
        raise CommandFailed(
            f"{urn}: {name!r} is a secret in the state, so nobody can tell what has to be"
            " excluded: give the group's and accounts' ids as plain values."
        )


def _is_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        inner = cast("JSON", value)
        return _SECRET in inner or any(_is_secret(one) for one in inner.values())
    return isinstance(value, list) and any(_is_secret(one) for one in cast("list[Any]", value))


def _entries(value: Any) -> Entries:
    lists: JSON = cast("JSON", value) if isinstance(value, Mapping) else {}
    groups, users = (tuple(map(str, lists.get(key) or ())) for key in ("groups", "users"))
    return Entries(groups, users)


def _union(all_entries: Any) -> Entries:
    return reduce(Entries.__or__, all_entries, Entries())
