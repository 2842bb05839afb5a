"""Excludes one existing group from the tenant's Conditional Access policies, and nothing else."""

import sys
from uuid import UUID

import pulumi

from components.ca_exclusion_patch import CaExclusionPatch, CaExclusionPatchArgs
from components.exclusion_listing import list_policies
from entra.audit_log import PATIENCE_SECONDS, AuditLog
from entra.client import GraphClient
from entra.conditional_access import ConditionalAccessClient
from entra.directory import Directory
from entra.errors import EntraError, Forbidden, NotFound
from entra.identity import Identity
from entra.limiter import limiter_for

config = pulumi.Config()
group_id = config.require("groupId")
try:
    UUID(group_id)
except ValueError:
    raise pulumi.RunError(
        f"exclusion-only:groupId is {group_id!r}: expected the object id that the Entra admin"
        " centre shows for the group; set it with `pulumi config set groupId …`"
    ) from None


def named_group(graph: GraphClient) -> str:
    """What the setting, or else the tenant, calls the group; else its id. Raises RunError."""
    named = config.get("groupName")
    try:
        found = graph.get(f"/v1.0/groups/{group_id}", {"$select": "displayName"})
    except Forbidden:
        pulumi.log.info(
            f"group {group_id} is not looked up (that needs Group.Read.All): compare its id with"
            " the Entra admin centre's"
        )
        return named or group_id
    except NotFound:
        raise pulumi.RunError(
            f"exclusion-only:groupId is {group_id!r}: the tenant has no such group; the Entra admin"
            " centre shows the object id of each under Groups"
        ) from None
    return named or str(found.get("displayName") or group_id)


try:
    identity = Identity.from_environment()
    pace = limiter_for(identity.tenant_id, identity.endpoints.graph)
    graph = GraphClient(identity)
    client = ConditionalAccessClient(graph, pace)
    own_object_id = str(identity.graph_claims().get("oid"))
    audit = AuditLog(GraphClient(identity, patience=PATIENCE_SECONDS), own_object_id)
    security_defaults = Directory(graph).security_defaults()
    policies = list_policies(client)
    group_name = named_group(graph)
except EntraError as error:
    pulumi.log.error(str(error))
    sys.exit(32)  # the exit code to which the engine adds no line of its own

exclusion = CaExclusionPatch(
    "exclusion",
    CaExclusionPatchArgs(
        tenant_id=identity.tenant_id,
        policies=policies,
        reader=client,
        group_ids=[group_id],
        group_names=[group_name],
        scope=config.require("scope"),
        skip=config.require_object("skip"),
        security_defaults=security_defaults,
        audit=audit,
    ),
    pulumi.ResourceOptions(protect=config.require_bool("protect")),
)
pulumi.export("excludedPolicies", exclusion.excluded)
pulumi.export("skippedPolicies", exclusion.skipped)
