"""The stack, from settings to outputs: the product's table of contents."""

from typing import Any

import pulumi

import arguments
from components import BreakGlassAccount, BreakGlassGroup, CaExclusionPatch, SignInMonitoring
from entra.client import GraphClient
from entra.conditional_access import ConditionalAccessClient
from entra.directory import Directory
from entra.errors import EntraError
from entra.identity import Identity
from entra.limiter import limiter_for
from entra.preflight import check_tenant
from next_steps import next_steps
from settings import Settings, load_settings


def main(settings: Settings) -> None:
    """Check who and where we are; then everything in the order in which it protects."""
    identity, wanted = Identity.from_environment(), arguments.PERMISSIONS
    tenant = check_tenant(
        identity,
        tenant_id=settings.tenant_id,
        subscription_id=settings.subscription_id,
        permissions=wanted,
    )
    pulumi.log.info(str(tenant))
    graph = GraphClient(identity)
    limiter = limiter_for(identity.tenant_id, identity.endpoints.graph)
    policies, directory = ConditionalAccessClient(graph, limiter), Directory(graph)

    ready: tuple[pulumi.Output[Any], Any] = pulumi.deferred_output()
    armed, arm = ready
    opts = pulumi.ResourceOptions(protect=settings.protect)
    account = arguments.account(settings, tenant, directory, armed)
    names = [f"account-{number}" for number in range(1, settings.accounts.count + 1)]
    accounts = [BreakGlassAccount(name, account, opts) for name in names]
    group = BreakGlassGroup("group", arguments.group(settings, accounts), opts)
    exclusion = CaExclusionPatch(
        "exclusion", arguments.exclusion(settings, policies, group.group_id, accounts), opts
    )
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
