"""Where the logs go, and what Entra sends there.

Workspace and resource group hold the evidence, and others may have put things there: both stay in
Azure when they leave the stack, unless their deletion was asked for. What stays needs no protection
from deletion, and without it a stack can let go of its workspace and move to another one.
"""

from collections.abc import Sequence
from typing import Final

import pulumi
from pulumi_azure_native import aadiam, operationalinsights, resources

from alerting.log_categories import CATEGORIES_WITHOUT_PREMIUM, DEFAULT_CATEGORIES
from components.kept_monitoring import stack_tags
from components.monitoring_arguments import Diagnostics, ResourceGroup, Workspace
from components.monitoring_children import Children
from components.plain_arguments import either

RESOURCE_GROUP: Final = "rg-break-glass"
WORKSPACE: Final = "log-break-glass"
DIAGNOSTIC_SETTING: Final = "break-glass"


def resource_group(
    children: Children,
    wanted: ResourceGroup,
    location: pulumi.Input[str],
    delete_logs: bool,
) -> pulumi.Input[str]:
    """Name of the resource group, which is made unless it exists."""
    if wanted.existing is not None:
        return wanted.existing
    group = resources.ResourceGroup(
        children.called("resource-group"),
        resource_group_name=either(wanted.name, RESOURCE_GROUP),
        location=location,
        tags=stack_tags(),
        opts=_evidence(children, "resource-group", delete_logs=delete_logs),
    )
    return group.name


def workspace(
    children: Children,
    wanted: Workspace,
    resource_group_name: pulumi.Input[str],
    location: pulumi.Input[str],
    delete_logs: bool,
) -> pulumi.Output[str]:
    """Azure resource id of the workspace, which is made unless it exists."""
    if wanted.existing is not None:
        return pulumi.Output.from_input(wanted.existing)
    made = operationalinsights.Workspace(
        children.called("workspace"),
        workspace_name=either(wanted.name, WORKSPACE),
        resource_group_name=resource_group_name,
        location=location,
        retention_in_days=either(wanted.retention_days, 31),
        sku=operationalinsights.WorkspaceSkuArgs(name="PerGB2018"),
        tags=stack_tags(),
        opts=_evidence(children, "workspace", delete_logs=delete_logs),
    )
    return made.id


def workspace_path(group: ResourceGroup, wanted: Workspace) -> str:
    """How the workspace's Azure resource id ends, which is known before the workspace is made."""
    if wanted.existing is not None:
        return wanted.existing
    group_name = either(group.existing, either(group.name, RESOURCE_GROUP))
    return (
        f"/resourceGroups/{group_name}/providers/Microsoft.OperationalInsights/workspaces"
        f"/{either(wanted.name, WORKSPACE)}"
    )


def diagnostic_setting(
    children: Children,
    wanted: Diagnostics,
    workspace_id: pulumi.Input[str],
    *,
    premium: bool,
    after: Sequence[pulumi.Resource],
) -> aadiam.DiagnosticSetting | None:
    """What Entra sends to the workspace, made or changed once `after` is; None when it exists."""
    if wanted.existing is not None:
        return None
    default = DEFAULT_CATEGORIES if premium else CATEGORIES_WITHOUT_PREMIUM
    return aadiam.DiagnosticSetting(
        children.called("diagnostic-setting"),
        name=either(wanted.name, DIAGNOSTIC_SETTING),
        workspace_id=workspace_id,
        logs=[
            aadiam.LogSettingsArgs(category=category, enabled=True)
            for category in either(wanted.categories, default)
        ],
        opts=children.options("diagnostic-setting", depends_on=after),
    )


def _evidence(children: Children, suffix: str, *, delete_logs: bool) -> pulumi.ResourceOptions:
    opts = children.options(suffix)
    opts.retain_on_delete = not delete_logs
    opts.protect = None if delete_logs else False
    return opts
