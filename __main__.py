"""The stack, from settings to outputs: the product's table of contents."""

import pulumi

import arguments
from components import BreakGlassAccount, BreakGlassGroup, CaExclusionPatch, SignInMonitoring
from components.ordering import gate
from entra.client import GraphClient
from entra.conditional_access import ConditionalAccessClient
from entra.directory import Directory
from entra.errors import EntraError
from entra.identity import Identity
from entra.limiter import limiter_for
from entra.preflight import TenantFacts, check_tenant
from next_steps import next_steps
from settings import Settings, load_settings


def main(settings: Settings) -> None:
    """Find out who and where we are; only then register anything."""
    identity = Identity.from_environment()
    tenant = check_tenant(identity, **arguments.expected(settings))
    pulumi.log.info(str(tenant))
    graph = GraphClient(identity)
    limiter = limiter_for(identity.tenant_id, identity.endpoints.graph)
    register(settings, tenant, Directory(graph), ConditionalAccessClient(graph, limiter))


def register(
    settings: Settings, tenant: TenantFacts, directory: Directory, client: ConditionalAccessClient
) -> None:
    """User, group membership, exclusions, alarm, and only then Global Administrator."""
    policies = client.list_policies()
    opts = pulumi.ResourceOptions(protect=settings.protect)
    names = arguments.account_names(settings)
    with gate() as (armed, arm):
        account = arguments.account(settings, tenant, directory, armed)
        accounts = [BreakGlassAccount(name, account, opts) for name in names]
        group = BreakGlassGroup("group", arguments.group(settings, accounts), opts)
        excluded = arguments.exclusion(settings, client, policies, group.group_id, accounts)
        exclusion = CaExclusionPatch("exclusion", excluded, opts)
        monitoring = SignInMonitoring("monitoring", arguments.monitoring(settings, accounts), opts)
        arm(pulumi.Output.all(exclusion.verified, monitoring.ready))

    pulumi.export("tenant", str(tenant))
    pulumi.export("accounts", [account.summary for account in accounts])
    pulumi.export("passwords", pulumi.Output.all(*(a.credentials for a in accounts)).apply(dict))
    pulumi.export("groupId", group.group_id)
    pulumi.export("excludedPolicies", exclusion.excluded)
    pulumi.export("skippedPolicies", exclusion.skipped)
    pulumi.export("workspaceId", monitoring.workspace_id)
    pulumi.export("alertQuery", monitoring.query)
    pulumi.export("nextSteps", next_steps(tenant))


try:
    main(load_settings())
except EntraError as error:
    raise pulumi.RunError(str(error)) from None
