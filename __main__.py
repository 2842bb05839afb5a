"""The stack, from settings to outputs: the product's table of contents."""

import sys

import pulumi

import arguments
from components.adopted_account import AdoptedAccount
from components.break_glass_account import BreakGlassAccount
from components.break_glass_group import BreakGlassGroup
from components.ca_exclusion_patch import CaExclusionPatch
from components.ordering import gate
from components.sign_in_monitoring import SignInMonitoring
from entra.errors import EntraError
from next_steps import next_steps
from settings import Settings, load_settings
from survey import Survey, survey


def register(settings: Settings, found: Survey) -> None:
    """User, group membership, exclusions, alarm, and only then Global Administrator."""
    opts, tools = pulumi.ResourceOptions(protect=settings.protect), arguments.tools(found)
    with gate() as (armed, arm):
        mine = arguments.made(found, armed).items()
        made = {name: BreakGlassAccount(name, a, opts, tools=tools.made) for name, a in mine}
        theirs = arguments.adopted(found, armed).items()
        taken = {name: AdoptedAccount(name, a, opts, tools=tools.taken[name]) for name, a in theirs}
        accounts = {**made, **taken}
        members = arguments.group(settings, found, accounts)
        group = BreakGlassGroup("group", members, opts, tools=tools.group)
        watched = arguments.monitoring(settings, accounts)
        monitoring = SignInMonitoring("monitoring", watched, opts, tools=tools.monitoring)
        excluded = arguments.exclusion(settings, found, group.group_id, accounts, monitoring.ready)
        exclusion = CaExclusionPatch("exclusion", excluded, opts, tools=tools.exclusion)
        arm(pulumi.Output.all(exclusion.verified, monitoring.ready))

    pulumi.export("tenant", str(found.tenant))
    pulumi.export("accounts", [account.summary for account in accounts.values()])
    credentials = pulumi.Output.all(*(account.credentials for account in made.values()))
    pulumi.export("passwords", credentials.apply(dict))
    pulumi.export("groupId", group.group_id)
    pulumi.export("excludedPolicies", exclusion.excluded)
    pulumi.export("skippedPolicies", exclusion.skipped)
    pulumi.export("workspaceId", monitoring.workspace_id)
    pulumi.export("alertQuery", monitoring.query)
    pulumi.export("obstacles", found.obstacles)
    pulumi.export("nextSteps", next_steps(found))


try:
    settings = load_settings()
    found = survey(settings)
except (EntraError, pulumi.RunError) as error:
    pulumi.log.error(str(error))
    sys.exit(32)  # the code to which the engine adds no line of its own
try:
    register(settings, found)
except EntraError as error:
    raise pulumi.RunError(str(error)) from None
