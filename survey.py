"""What is found out before anything is registered: who we are, where, and what is there.

Whatever does not fit stops the program here: nothing is half made. Errors: `EntraError` (see
`entra.errors`) and `pulumi.RunError`, one line each.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi

from components.account_checks import choose_domain
from components.break_glass_account import refuse_removed
from components.exclusion_listing import list_policies
from components.kept_logs import KeptLogs, WantedLogs, find_kept_logs
from components.stack_memory import StackMemory, read_memory
from entra import preflight
from entra.audit_log import PATIENCE_SECONDS, AuditLog
from entra.client import GraphClient
from entra.conditional_access import ConditionalAccessClient
from entra.directory import Directory
from entra.identity import Identity
from entra.limiter import limiter_for
from entra.policy import Policy
from entra.preflight import TenantFacts
from entra.resource_manager import ResourceManager
from settings import Settings

PERMISSIONS: Final = (
    "User.ReadWrite.All",
    "Group.ReadWrite.All",
    "RoleManagement.ReadWrite.Directory",
    "Policy.Read.All",
    "Policy.ReadWrite.ConditionalAccess",
    "Application.Read.All",
    "Organization.Read.All",
    "Domain.Read.All",
)
"""Microsoft Graph application permissions that the deploying identity needs.

AuditLog.Read.All is none of them: without it a lost exclusion is put back all the same, only who
took it out is not told."""


@dataclass(frozen=True)
class Survey:
    """The tenant as this run found it."""

    tenant: TenantFacts
    account_names: Sequence[str]
    """Resource names of the accounts."""
    domain: str
    """Of the accounts' user principal names."""
    directory: Directory
    client: ConditionalAccessClient
    policies: Sequence[Policy]
    audit: AuditLog
    """Who changed a policy; asked only when one has lost our exclusion."""
    kept_logs: KeptLogs
    """Resource group and workspace that outlived an earlier `destroy`."""
    memory: StackMemory = field(repr=False)
    """What the stack's state knew before this run."""


def survey(settings: Settings) -> Survey:
    """Compare identity, tenant and settings, look up what is there. Raises EntraError, RunError."""
    identity = Identity.from_environment()
    tenant = preflight.check_tenant(
        identity,
        tenant_id=settings.tenant_id,
        subscription_id=settings.subscription_id,
        permissions=PERMISSIONS,
    )
    pulumi.log.info(str(tenant))
    memory = read_memory()
    names = _account_names(settings, memory)
    domain = choose_domain(tenant.domains, settings.accounts.domain)
    kept = find_kept_logs(ResourceManager(identity), _wanted_logs(settings), memory)
    graph = GraphClient(identity)
    limiter = limiter_for(identity.tenant_id, identity.endpoints.graph)
    client = ConditionalAccessClient(graph, limiter)
    return Survey(
        tenant=tenant,
        account_names=names,
        domain=domain,
        directory=Directory(graph),
        client=client,
        policies=list_policies(client),
        audit=AuditLog(GraphClient(identity, patience=PATIENCE_SECONDS), tenant.own_object_id),
        kept_logs=kept,
        memory=memory,
    )


def _account_names(settings: Settings, memory: StackMemory) -> list[str]:
    """Resource names of the accounts. Raises RunError when that leaves out a protected one."""
    names = [f"account-{number}" for number in range(1, settings.accounts.count + 1)]
    refuse_removed(names, memory)
    return names


def _wanted_logs(settings: Settings) -> WantedLogs:
    return WantedLogs(
        subscription_id=settings.subscription_id,
        resource_group_name=settings.monitoring.resource_group.name,
        workspace_name=settings.monitoring.workspace.name,
        location=settings.location,
    )
