"""The workspace takes all logs: behind a daily cap it drops what comes, and the alarm is blind.

Source: Microsoft Learn, "Set daily cap on Log Analytics workspace" (-1: none).
"""

from collections.abc import Iterable

from policies.resource_types import MONITORING, WORKSPACE
from policies.rule import Config, resource_rule
from policies.seen import Seen, mapping


def judge(workspace: Seen, config: Config) -> Iterable[str]:
    """Looks at the cap that is asked for."""
    del config
    cap = mapping(workspace.props.get("workspaceCapping")).get("dailyQuotaGb")
    if isinstance(cap, int | float) and cap >= 0:
        yield (
            f"{workspace.name}: found a daily cap of {cap:g} GB, expected none: sign-ins that come"
            " after it ring no alert; take workspace_capping out of the program"
        )


RULE = resource_rule(
    "logs-without-cap",
    "The workspace has no daily cap.",
    judge,
    applies=lambda one: one.type == WORKSPACE and one.has_parent(MONITORING),
)
