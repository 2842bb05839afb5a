"""The stack, from settings to outputs: the product's table of contents."""

import quick_start  # noqa: F401  # pyright: ignore[reportUnusedImport]

# isort: split
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
from outputs import Made, outputs
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
        group = None
        if found.group:
            members = arguments.group(settings, found, accounts)
            group = BreakGlassGroup("group", members, opts, tools=tools.group)
        group_id = group.group_id if group else None
        watched = arguments.monitoring(settings, found, accounts, group_id)
        monitoring = SignInMonitoring("monitoring", watched, opts, tools=tools.monitoring)
        excluded = arguments.exclusion(settings, found, group_id, accounts, monitoring.ready)
        exclusion = CaExclusionPatch("exclusion", excluded, opts, tools=tools.exclusion)
        arm(pulumi.Output.all(exclusion.verified, monitoring.ready))
    registered = Made(accounts, group, monitoring, exclusion)
    for name, value in outputs(settings, found, registered).items():
        pulumi.export(name, value)


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
