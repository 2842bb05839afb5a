"""`CaExclusionPatch` on the recording monitor: a reader that counts, a state, an audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pulumi

from components.ca_exclusion_patch import COMPONENT_TYPE, CaExclusionPatch, CaExclusionPatchArgs
from components.exclusion_drift import PolicyAudit
from components.exclusion_tools import ExclusionTools
from components.policy_exclusion import TYPE
from components.stack_memory import READ_OUTPUTS
from entra.errors import GraphError
from entra.policy import Policy
from entra.policy_change import Loss, PolicyChange
from tests.unit.graph_stub import policy_document
from tests.unit.harness import Recording, run_program

TENANT: Final = "11111111-1111-4111-8111-111111111111"
GROUP, ACCOUNT = "g-1", "u-1"
OURS: Final = {"groups": [GROUP], "users": [ACCOUNT]}
OWNED: Final[dict[str, Any]] = {
    "owned_group_ids": [GROUP],
    "owned_user_ids": [ACCOUNT],
    "owned_user_names": ["x@contoso.onmicrosoft.com"],
}
NOT_OWNED: Final[dict[str, Any]] = {key: [] for key in OWNED}
NO_USERS: Final[dict[str, Any]] = {"user_ids": [], "user_names": []}
NOTHING: Final[dict[str, list[str]]] = {"groups": [], "users": []}
WORKLOAD: Final[dict[str, Any]] = {
    "users": {"includeUsers": ["None"]},
    "conditions": {"clientApplications": {"includeServicePrincipals": ["all"]}},
}
EXCLUDE: Final = "exclude group BTG Admins, exclude account x@contoso.onmicrosoft.com"


def policy(policy_id: str, name: str = "MFA", **document: Any) -> Policy:
    return Policy.from_document(policy_document(policy_id, name, **document))


def excluded(policy_id: str, name: str = "MFA", **document: Any) -> Policy:
    users = {"excludeGroups": [GROUP], "excludeUsers": [ACCOUNT], **document.pop("users", {})}
    return policy(policy_id, name, users=users, **document)


class Reader:
    """Policies as they are after the writes; a listing lacks what is hidden."""

    def __init__(self, *policies: Policy | GraphError) -> None:
        self.policies = {p.id: p for p in policies if isinstance(p, Policy)}
        self.hidden: set[str] = set()
        self.error = next((p for p in policies if isinstance(p, GraphError)), None)
        self.listing_error: GraphError | None = None
        self.listings = 0
        self.asked: list[str] = []

    def list_policies(self) -> list[Policy]:
        self.listings += 1
        if self.listing_error is not None:
            raise self.listing_error
        return [p for p in self.policies.values() if p.id not in self.hidden]

    def get_policy(self, policy_id: str) -> Policy | None:
        self.asked.append(policy_id)
        if self.error is not None:
            raise self.error
        return self.policies.get(policy_id)


class Audit:
    """An audit log that knows one culprit, or cannot be read."""

    def __init__(self, by: str = "ada@contoso.com", error: Exception | None = None) -> None:
        self.by = by
        self.error = error
        self.asked: list[set[str]] = []

    def last_changes(self, losses: Mapping[str, Loss]) -> Mapping[str, PolicyChange]:
        self.asked.append(set(losses))
        if self.error is not None:
            raise self.error
        at = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
        return {
            key: PolicyChange(key, "Update conditional access policy", self.by, at)
            for key in losses
        }


@dataclass(frozen=True)
class Given:
    """What a `CaExclusionPatch` is given: data, and whom to ask."""

    args: CaExclusionPatchArgs
    tools: ExclusionTools

    def make(
        self, name: str = "exclusion", opts: pulumi.ResourceOptions | None = None
    ) -> CaExclusionPatch:
        """The component, in a program."""
        return CaExclusionPatch(name, self.args, opts, tools=self.tools)


def arguments(
    policies: Sequence[Policy],
    reader: Reader | None = None,
    *,
    audit: PolicyAudit | None = None,
    security_defaults: bool = False,
    **changes: Any,
) -> Given:
    """For a group and an account; without a reader every policy ends up right."""
    values: dict[str, Any] = {
        "group_ids": [GROUP],
        "group_names": ["BTG Admins"],
        "user_ids": [ACCOUNT],
        "user_names": ["x@contoso.onmicrosoft.com"],
        **OWNED,
    }
    tools = ExclusionTools(
        tenant_id=TENANT,
        policies=policies,
        reader=reader or Reader(*(excluded(p.id, p.display_name) for p in policies)),
        security_defaults=security_defaults,
        audit=audit,
    )
    return Given(CaExclusionPatchArgs(**values | changes), tools)


def run(
    given: Given,
    opts: pulumi.ResourceOptions | None = None,
    *,
    state: Mapping[str, Any] | None = None,
    before: Mapping[str, Any] | None = None,
    **options: Any,
) -> Recording:
    """Run the component; ``state``: its children, ``before``: its outputs in the last run."""
    return run_program(
        lambda: given.make(opts=opts),
        calls={READ_OUTPUTS: lambda _: {"outputs": _outputs(state or {}, before)}},
        **options,
    )


def known(policy_id: str, **more: Any) -> dict[str, Any]:
    """A child in state, right in the last run unless told otherwise."""
    return {
        f"exclusion-{policy_id}": {
            "policyId": policy_id,
            "policyName": "MFA",
            "tenantId": TENANT,
            "wanted": OURS,
            "added": OURS,
            "stackObjects": OURS,
            **more,
        }
    }


def answering(**outputs: Any) -> Any:
    """A monitor's answer for every child: it exists, with these outputs."""

    def respond(type_: str, name: str, _: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
        return (name, outputs) if type_ == TYPE else None

    return respond


def failure(status: int = 503, code: str = "serviceNotAvailable") -> GraphError:
    return GraphError(status, code, "", "GET", "/v1.0/identity/conditionalAccess/policies")


def outcome(seen: Recording) -> dict[str, Any]:
    """What the component hands out."""
    return seen.one(COMPONENT_TYPE).outputs


def _outputs(state: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    parent = "urn:pulumi:unit::break-glass"
    outputs: dict[str, Any] = {
        f"{parent}::{COMPONENT_TYPE}${TYPE}::{name}": {"type": TYPE, "outputs": properties}
        for name, properties in state.items()
    }
    if before is not None:
        outputs[f"{parent}::{COMPONENT_TYPE}::exclusion"] = {
            "type": COMPONENT_TYPE,
            "outputs": dict(before),
        }
    return outputs
