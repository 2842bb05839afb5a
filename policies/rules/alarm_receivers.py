"""Whoever is told of an alarm: at least one receiver in each action group, and it is on."""

from collections.abc import Iterable
from typing import Final

from policies.resource_types import ACTION_GROUP, MONITORING
from policies.rule import Config, resource_rule
from policies.seen import Seen

RECEIVERS: Final = (
    "emailReceivers",
    "smsReceivers",
    "voiceReceivers",
    "azureAppPushReceivers",
    "webhookReceivers",
    "armRoleReceivers",
    "automationRunbookReceivers",
    "azureFunctionReceivers",
    "eventHubReceivers",
    "itsmReceivers",
    "logicAppReceivers",
)


def judge(group: Seen, config: Config) -> Iterable[str]:
    """Counts receivers of any kind; a list that is not known yet has some."""
    del config
    if not any(group.props.get(kind) for kind in RECEIVERS):
        yield (
            f"{group.name}: found no receiver, expected one or more; add one under"
            " break-glass:monitoring.notify"
        )
    if group.props.get("enabled") is False:
        yield f"{group.name}: found enabled false, expected true; set enabled=True"


RULE = resource_rule(
    "alarm-receivers",
    "Every action group tells somebody.",
    judge,
    applies=lambda one: one.type == ACTION_GROUP and one.has_parent(MONITORING),
)
