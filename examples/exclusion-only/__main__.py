"""Excludes one existing group from the tenant's Conditional Access policies, and nothing else."""

from uuid import UUID

import pulumi

from components.ca_exclusion_patch import CaExclusionPatch, CaExclusionPatchArgs
from components.exclusion_listing import list_policies
from entra.client import GraphClient
from entra.conditional_access import ConditionalAccessClient
from entra.errors import EntraError
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
try:
    identity = Identity.from_environment()
    pace = limiter_for(identity.tenant_id, identity.endpoints.graph)
    client = ConditionalAccessClient(GraphClient(identity), pace)
    policies = list_policies(client)
except EntraError as error:
    raise pulumi.RunError(str(error)) from None

exclusion = CaExclusionPatch(
    "exclusion",
    CaExclusionPatchArgs(
        tenant_id=identity.tenant_id,
        policies=policies,
        reader=client,
        group_ids=[group_id],
        group_names=[config.require("groupName")],
        scope=config.require("scope"),
        skip=config.require_object("skip"),
    ),
    pulumi.ResourceOptions(protect=config.require_bool("protect")),
)
pulumi.export("excludedPolicies", exclusion.excluded)
pulumi.export("skippedPolicies", exclusion.skipped)
