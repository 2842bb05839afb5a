"""`breakglass verify`: read the stack's state, look at the tenant, tell what is not right."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from cli.chosen_stack import ChosenStack
from cli.failure import CommandFailed
from cli.policy_check import Finding, Result, check
from cli.stack_state import ExclusionSet, StackState
from cli.tenant_access import identity_of
from entra.audit_log import PATIENCE_SECONDS, AuditLog
from entra.client import GraphClient
from entra.conditional_access import ConditionalAccessClient
from entra.errors import EntraError, Forbidden, GraphError
from entra.exclusion import Entries
from entra.limiter import limiter_for
from entra.lost_edits import LostEdit, lost_edits
from entra.permissions import READ_AUDIT_LOG, READ_POLICIES, how_to_grant
from entra.policy import Policy
from entra.policy_change import Loss, PolicyChange, PolicyRecord, culprits, not_logged, other_writer

# Each is a second of everybody's budget; beyond so many a second listing sees them all at once.
MOST_ASKED_ALONE: Final = 10


class Policies(Protocol):
    """What is asked of ``ConditionalAccessClient``."""

    def list_policies(self) -> list[Policy]:
        """All policies."""
        ...

    def get_policy(self, policy_id: str) -> Policy | None:
        """One policy, None for 404."""
        ...


class Audit(Protocol):
    """What is asked of ``AuditLog``."""

    def changes_since(self, moment: datetime) -> list[PolicyRecord]:
        """Changes of policies, newest first."""
        ...


@dataclass(frozen=True)
class Report:
    """What a verification found."""

    stack: str
    tenant_id: str
    findings: Mapping[str, Sequence[Finding]]
    """By the name of the component."""
    unfinished: bool
    """The last run ended midway."""
    lost: Sequence[LostEdit]
    culprits: Mapping[str, PolicyChange]
    """By policy id: the change behind what it lacks, as far as the audit log shows it."""
    audit_read: bool
    """The audit log was read: a change that is not among the culprits is not in it."""
    audit_troubles: Sequence[str]
    """What the audit log could not be asked, or does not tell yet; each in one line."""
    labels: Mapping[str, str]
    """How messages name an id of the stack's: ``group BTG Admins``."""

    @property
    def all_findings(self) -> list[Finding]:
        """Of every component."""
        return [one for found in self.findings.values() for one in found]

    @property
    def wrong(self) -> list[Finding]:
        """The policies that are not as the stack wants them."""
        return [one for one in self.all_findings if not one.result.is_right]

    @property
    def is_right(self) -> bool:
        """Whether nobody has to do anything."""
        return not (self.wrong or self.unfinished or self.lost)


@dataclass(frozen=True)
class Tenant:
    """The tenant that the identity belongs to."""

    tenant_id: str
    policies: Policies
    audit: Audit


def connect(stack: ChosenStack) -> Tenant:
    """The tenant of the stack's ARM_* variables. Raises CommandFailed in one line."""
    try:
        identity = identity_of(stack)
        claims = identity.graph_claims()
        graph = GraphClient(identity)
        pace = limiter_for(identity.tenant_id, identity.endpoints.graph, stack.environment)
    except EntraError as error:
        raise CommandFailed(str(error)) from None
    return Tenant(
        str(claims.get("tid")),
        ConditionalAccessClient(graph, pace),
        AuditLog(GraphClient(identity, patience=PATIENCE_SECONDS), str(claims.get("oid"))),
    )


def verify(state: StackState, tenant: Tenant, *, days: int, now: datetime | None = None) -> Report:
    """Compare state and tenant. Raises CommandFailed when the policies cannot be looked at.

    `days`: how far back the audit log is read; 0: not at all.
    """
    _check_tenant(state, tenant)
    try:
        live = _look(state.sets, tenant.policies)
    except Forbidden as error:
        raise CommandFailed(
            f"the policies may not be read ({error.message or error.code}):"
            f" {how_to_grant(READ_POLICIES)}"
        ) from None
    except EntraError as error:
        raise CommandFailed(f"the policies cannot be looked at: {error}") from None
    now = now or datetime.now(UTC)
    records, trouble = _records(tenant.audit, days, now)
    findings = {group.name: check(group, live) for group in state.sets}
    return Report(
        stack=state.stack,
        tenant_id=tenant.tenant_id,
        findings=findings,
        unfinished=state.interrupted or any(group.is_unfinished for group in state.sets),
        lost=lost_edits(records, state.ours, live),
        culprits=culprits(_losses(findings), records),
        audit_read=days > 0 and not trouble,
        audit_troubles=[trouble]
        if trouble
        else list(_unsure(records, state, live.values(), days=days, now=now)),
        labels=state.labels,
    )


def _check_tenant(state: StackState, tenant: Tenant) -> None:
    for tenant_id in state.tenant_ids:
        if tenant_id.casefold() != tenant.tenant_id.casefold():
            raise CommandFailed(
                f"stack {state.stack} excludes accounts in tenant {tenant_id}, but the credentials"
                f" in ARM_* belong to tenant {tenant.tenant_id}: use those of {tenant_id}, or name"
                " another stack with --stack"
            )


def _look(groups: Sequence[ExclusionSet], policies: Policies) -> dict[str, Policy]:
    """The live policies by id; what seems wrong in the listing is asked for once more.

    A listing can come from a replica that lags behind, so it alone condemns no policy.
    """
    live = {policy.id: policy for policy in policies.list_policies()}
    doubted = {
        one.policy_id
        for group in groups
        for one in check(group, live)
        if not one.result.is_right or one.result is Result.GONE
    }
    absent = [policy_id for policy_id in doubted if policy_id not in live]
    present = [policy_id for policy_id in doubted if policy_id in live]
    if len(present) > MOST_ASKED_ALONE:
        newer = {policy.id: policy for policy in policies.list_policies()}
        live.update(newer)
        present = []
        absent = [policy_id for policy_id in absent if policy_id not in newer]
    for policy_id in (*present, *absent):
        policy = policies.get_policy(policy_id)
        if policy is None:
            live.pop(policy_id, None)
        else:
            live[policy_id] = policy
    return live


def _unsure(
    records: Sequence[PolicyRecord],
    state: StackState,
    policies: Iterable[Policy],
    *,
    days: int,
    now: datetime,
) -> Iterator[str]:
    """Why a lost edit could be there although none was found."""
    if days == 0:
        return
    writer = other_writer(records, state.ours)
    if writer is not None:
        yield (
            f"{writer} writes this stack's exclusions, and these credentials are not its own:"
            " only a verification with its credentials sees whether an edit was lost"
        )
    late = not_logged(records, policies, since=now - timedelta(days=days))
    if late:
        yield (
            f"what changed last in {late} {'policy' if late == 1 else 'policies'} is not in the"
            " audit log, which lags some minutes: verify again later to see whether an edit was"
            " lost there"
        )


def _losses(findings: Mapping[str, Sequence[Finding]]) -> dict[str, Loss]:
    """What somebody has taken out. A new policy never held it: who changed it last is asked."""
    losses: dict[str, Loss] = {}
    for one in (one for found in findings.values() for one in found):
        if one.result in (Result.LACKS, Result.NEW):
            entries = one.missing if one.result is Result.LACKS else Entries()
            known = losses.get(one.policy_id)
            losses[one.policy_id] = Loss(
                entries | (known.entries if known else entries), one.modified
            )
    return losses


def _records(audit: Audit, days: int, now: datetime) -> tuple[list[PolicyRecord], str]:
    if days == 0:
        return [], ""
    try:
        return audit.changes_since(now - timedelta(days=days)), ""
    except Forbidden:
        return [], (
            "who changed what, and whether an administrator's edit was lost, is not known:"
            f" {how_to_grant(READ_AUDIT_LOG)}"
        )
    except GraphError as error:
        return [], f"the audit log could not be read: {error}"
