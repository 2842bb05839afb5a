"""Excludes one existing group from the tenant's Conditional Access policies, and nothing else."""

from uuid import UUID

import pulumi

from components.ca_exclusion_patch import CaExclusionPatch, CaExclusionPatchArgs
from entra.client import GraphClient
from entra.errors import EntraError, Forbidden, NotFound
from entra.identity import Identity

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
    group_name = named_group(GraphClient(Identity.from_environment()))
except EntraError as error:
    raise pulumi.RunError(str(error)) from None

exclusion = CaExclusionPatch(
    "exclusion",
    CaExclusionPatchArgs(
        group_ids=[group_id],
        group_names=[group_name],
        scope=config.require("scope"),
        skip=config.require_object("skip"),
    ),
    pulumi.ResourceOptions(protect=config.require_bool("protect")),
)
pulumi.export("excludedPolicies", exclusion.excluded)
pulumi.export("skippedPolicies", exclusion.skipped)
