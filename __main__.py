"""The stack, from settings to outputs: the product's table of contents."""

import sys
from typing import Final

import pulumi

import arguments
from components.break_glass_account import BreakGlassAccount
from components.break_glass_group import BreakGlassGroup
from components.ca_exclusion_patch import CaExclusionPatch
from components.ordering import gate
from components.sign_in_monitoring import SignInMonitoring
from entra.errors import EntraError
from next_steps import next_steps
from settings import Settings, load_settings
from survey import Survey, survey

ERROR_ALREADY_SHOWN: Final = 32
"""The exit code to which the engine adds no line of its own."""


def register(settings: Settings, found: Survey) -> None:
    """User, group membership, exclusions, alarm, and only then Global Administrator."""
    opts = pulumi.ResourceOptions(protect=settings.protect)
    with gate() as (armed, arm):
        account = arguments.account(settings, found, armed)
        tools = arguments.account_tools(found)
        accounts = [
            BreakGlassAccount(name, account, opts, tools=tools) for name in found.account_names
        ]
        group = BreakGlassGroup("group", arguments.group(settings, found, accounts), opts)
        excluded = arguments.exclusion(settings, found, group.group_id, accounts)
        exclusion = CaExclusionPatch(
            "exclusion", excluded, opts, tools=arguments.exclusion_tools(found)
        )
        watched = arguments.monitoring(settings, found, accounts)
        monitoring = SignInMonitoring(
            "monitoring", watched, opts, tools=arguments.monitoring_tools(found)
        )
        arm(pulumi.Output.all(exclusion.verified, monitoring.ready))

    pulumi.export("tenant", str(found.tenant))
    pulumi.export("accounts", [account.summary for account in accounts])
    pulumi.export("passwords", pulumi.Output.all(*(a.credentials for a in accounts)).apply(dict))
    pulumi.export("groupId", group.group_id)
    pulumi.export("excludedPolicies", exclusion.excluded)
    pulumi.export("skippedPolicies", exclusion.skipped)
    pulumi.export("workspaceId", monitoring.workspace_id)
    pulumi.export("alertQuery", monitoring.query)
    pulumi.export("nextSteps", next_steps(found.tenant))


try:
    settings = load_settings()
    found = survey(settings)
except (EntraError, pulumi.RunError) as error:
    pulumi.log.error(str(error))
    sys.exit(ERROR_ALREADY_SHOWN)
try:
    register(settings, found)
except EntraError as error:
    raise pulumi.RunError(str(error)) from None
