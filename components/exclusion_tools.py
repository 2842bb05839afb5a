"""Whom `CaExclusionPatch` asks, and what was found out before it: by the program, or by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import pulumi

from components.exclusion_drift import PolicyAudit
from components.exclusion_listing import PolicyReader, list_policies
from components.stack_memory import StackMemory, earlier_outputs
from entra.audit_log import PATIENCE_SECONDS, AuditLog
from entra.client import GraphClient
from entra.conditional_access import ConditionalAccessClient
from entra.directory import Directory
from entra.errors import EntraError
from entra.identity import Identity
from entra.limiter import limiter_for
from entra.policy import Policy


@dataclass(frozen=True)
class ExclusionTools:
    """A listing made just now, and who answers further questions."""

    tenant_id: str
    """Of the identity that lists and writes."""
    policies: Sequence[Policy]
    """What the listing saw (`list_policies()`)."""
    reader: PolicyReader
    """Answers for a single policy that the listing lacks, and for the proof at the end."""
    security_defaults: bool = False
    """The tenant has security defaults on, so that no policy is enforced."""
    audit: PolicyAudit | None = None
    """Who changed a policy last; None: nobody is asked."""
    memory: StackMemory = field(default_factory=earlier_outputs, repr=False)
    """What the stack's state knew before this run."""

    @classmethod
    def from_environment(cls) -> Self:
        """For a component that stands alone: the tenant of the `ARM_*` variables, listed now.

        Raises RunError in one line for whatever the tenant does not answer.
        """
        try:
            identity = Identity.from_environment()
            graph = GraphClient(identity)
            limiter = limiter_for(identity.tenant_id, identity.endpoints.graph)
            client = ConditionalAccessClient(graph, limiter)
            own_object_id = str(identity.graph_claims().get("oid"))
            return cls(
                tenant_id=identity.tenant_id,
                policies=list_policies(client),
                reader=client,
                security_defaults=Directory(graph).security_defaults(),
                audit=AuditLog(GraphClient(identity, patience=PATIENCE_SECONDS), own_object_id),
            )
        except EntraError as error:
            raise pulumi.RunError(str(error)) from None


def refuse_foreign_tenant(wanted: str | None, found: str) -> None:
    """Raises RunError when the identity belongs to another tenant than the one asked for."""
    if wanted is not None and wanted.lower() != found.lower():
        raise pulumi.RunError(
            f"the exclusion is for tenant {wanted}, but the identity (ARM_TENANT_ID) belongs to"
            f" {found}: set the variables of the right tenant; nothing was changed"
        )
