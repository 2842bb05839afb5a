"""What is found out before anything is registered: who we are, where, and what is there.

Whatever does not fit stops the program here: nothing is half made. Errors: `EntraError` (see
`entra.errors`) and `pulumi.RunError`, one line each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi

from accounts_survey import AccountsSurvey, find_wanted, survey_accounts, tell_obstacles
from alerting.cost import Estimate, estimate
from alerting.cost_plan import cost_plan
from components.exclusion_listing import list_policies
from components.group_checks import FoundGroup, find_group
from components.protection import (
    WantedAccount,
    WantedStack,
    leaving,
    refuse_another_tenant,
    refuse_losses,
)
from components.stack_memory import StackMemory, read_memory
from entra import preflight
from entra.audit_log import PATIENCE_SECONDS, AuditLog
from entra.client import GraphClient
from entra.conditional_access import ConditionalAccessClient
from entra.directory import Directory
from entra.identity import Identity
from entra.limiter import limiter_for
from entra.permissions import READ_THE_STACK
from entra.policy import Policy
from entra.preflight import TenantFacts
from monitoring_plan import wanted_resources
from monitoring_survey import FoundMonitoring, survey_monitoring
from premium import check_licence, refuse_fixed_policies
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

Two are none of them. Without AuditLog.Read.All a lost exclusion is put back all the same, only who
took it out is not told; without UserAuthenticationMethod.Read.All the accounts are made all the
same, only whether a passkey is registered is not told."""


@dataclass(frozen=True)
class Survey:
    """The tenant as this run found it."""

    tenant: TenantFacts
    accounts: AccountsSurvey
    leaving: Sequence[str]
    """Names of accounts in the state that the settings leave out: they go in this run."""
    group: FoundGroup | None
    """None: the stack goes without, because the tenant has no Entra ID P1 licence."""
    obstacles: Sequence[Mapping[str, str]]
    """What stands between the accounts and their use."""
    directory: Directory
    client: ConditionalAccessClient
    policies: Sequence[Policy]
    audit: AuditLog
    """Who changed a policy; asked only when one has lost our exclusion."""
    monitoring: FoundMonitoring
    """Whatever Azure has of logs and alarms, and who is told."""
    cost: Estimate
    """Of logs and alarms, at list prices."""
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
        reading=READ_THE_STACK if pulumi.runtime.is_dry_run() else (),
    )
    pulumi.log.info(str(tenant))
    if not tenant.may_write:
        pulumi.log.info(
            f"application {identity.client_id} can only read: this preview shows what another"
            " identity would change"
        )
    # Not sooner: to read the state writes a provider of the engine's into it.
    memory = read_memory()
    refuse_another_tenant(settings.tenant_id, memory)
    check_licence(settings, tenant, memory)
    graph = GraphClient(identity)
    directory = Directory(graph)
    adopted, wanted = find_wanted(settings.accounts, directory, tenant.domains, memory)
    refuse_losses(_wanted_stack(settings, wanted), memory)
    accounts = survey_accounts(settings.accounts, adopted, directory, tenant, memory)
    group = _find_group(settings, directory, memory)
    client = ConditionalAccessClient(
        graph, limiter_for(identity.tenant_id, identity.endpoints.graph)
    )
    monitoring = survey_monitoring(settings, tenant, identity, memory)
    cost = monthly_cost(settings, tenant, monitoring)
    pulumi.log.info(cost.summary())
    policies = list_policies(client)
    refuse_fixed_policies(settings, tenant, policies, memory)
    return Survey(
        tenant=tenant,
        accounts=accounts,
        leaving=leaving([account.name for account in wanted], memory),
        group=group,
        obstacles=tell_obstacles(accounts, identity, group.id if group else None),
        directory=directory,
        client=client,
        policies=policies,
        audit=AuditLog(GraphClient(identity, patience=PATIENCE_SECONDS), tenant.own_object_id),
        monitoring=monitoring,
        cost=cost,
        memory=memory,
    )


def _find_group(settings: Settings, directory: Directory, memory: StackMemory) -> FoundGroup | None:
    if settings.premium == "absent":
        return None
    return find_group(
        directory=directory,
        memory=memory,
        name=settings.group.name,
        existing=settings.group.existing,
        recreate=settings.group.recreate,
        setting="break-glass:group",
    )


def monthly_cost(settings: Settings, tenant: TenantFacts, monitoring: FoundMonitoring) -> Estimate:
    """What the monitoring costs a month at list prices, with everybody who was found."""
    required = settings.premium == "required"
    return estimate(
        cost_plan(
            settings.monitoring.model_dump(by_alias=True),
            premium=required,
            administrators=len(monitoring.administrators),
            watch_administrators=len(monitoring.watch_administrators),
            licence_missing=required and not tenant.has_premium,
        )
    )


def _wanted_stack(settings: Settings, accounts: Sequence[WantedAccount]) -> WantedStack:
    return WantedStack(
        accounts=accounts,
        counted=settings.accounts.named is None,
        existing_group=settings.group.existing,
        resources=wanted_resources(settings),
    )
