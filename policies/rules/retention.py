"""The workspace keeps the logs long enough to look back at what happened."""

from collections.abc import Iterable

from policies.resource_types import MONITORING, WORKSPACE
from policies.rule import Config, resource_rule
from policies.seen import Seen

FEWEST_DAYS = 31
"""Included in the price of ingestion."""


def judge(workspace: Seen, config: Config) -> Iterable[str]:
    """Looks at the days that are asked for."""
    wanted = int(config.get("minimumDays", FEWEST_DAYS))
    days = workspace.props.get("retentionInDays")
    if days is None or (isinstance(days, int | float) and days < wanted):
        found = "left out" if days is None else f"{days:.0f}"
        yield (
            f"{workspace.name}: found retentionInDays {found}, expected {wanted} or more; set"
            f" break-glass:monitoring.workspace.retentionDays to {wanted}"
        )


RULE = resource_rule(
    "log-retention",
    "The workspace keeps the logs for 31 days or more.",
    judge,
    applies=lambda one: one.type == WORKSPACE and one.has_parent(MONITORING),
    config={"minimumDays": {"type": "integer", "minimum": 30, "maximum": 730, "default": 31}},
)
