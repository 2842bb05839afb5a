"""What the stack shows when it is done: names, ids, proofs, and what is still to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from arguments import Accounts
from components.break_glass_account import BreakGlassAccount
from components.break_glass_group import BreakGlassGroup
from components.ca_exclusion_patch import CaExclusionPatch
from components.sign_in_monitoring import SignInMonitoring
from next_steps import next_steps
from premium import left_out
from settings import Settings
from survey import Survey


@dataclass(frozen=True)
class Made:
    """What the program registered."""

    accounts: Accounts
    group: BreakGlassGroup | None
    monitoring: SignInMonitoring
    exclusion: CaExclusionPatch


def outputs(settings: Settings, found: Survey, made: Made) -> Mapping[str, Any]:
    """By name, in the order in which the stack shows them; only the passwords are a secret."""
    own = [one for one in made.accounts.values() if isinstance(one, BreakGlassAccount)]
    return {
        "tenant": str(found.tenant),
        "accounts": [account.summary for account in made.accounts.values()],
        "passwords": pulumi.Output.all(*(account.credentials for account in own)).apply(dict),
        **({"groupId": made.group.group_id} if made.group else {}),
        "excludedPolicies": made.exclusion.excluded,
        "skippedPolicies": made.exclusion.skipped,
        "workspaceId": made.monitoring.workspace_id,
        "watchedWorkspaces": made.monitoring.watched_workspaces,
        "alertQuery": made.monitoring.query,
        "alerts": made.monitoring.alerts,
        "portalLinks": made.monitoring.links,
        "administratorsTold": [one.user_principal_name for one in found.monitoring.administrators],
        "estimatedMonthlyCost": found.cost.as_output(),
        "leftOut": left_out(settings),
        "obstacles": found.obstacles,
        "nextSteps": next_steps(settings, found),
    }
