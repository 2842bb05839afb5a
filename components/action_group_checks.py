"""The action groups that the settings name: are they there, and does anybody hear them?

Source: Azure REST API, "Action Groups - Get"; Microsoft, "Action groups in Azure Monitor".
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit

import pulumi

from components.argument_wording import MONITORING_SETTINGS, Wording
from components.azure_resources import (
    ACTION_GROUP_TYPE,
    ACTIVITY_ALERT_TYPE,
    AzureReader,
    find_surely,
    known_monitoring,
    same_id,
    those_that_exist,
)
from components.stack_memory import StackMemory
from entra.errors import EntraError

IN_THE_TENANT: Final = (".logic.azure.com", ".powerplatform.com", ".webhook.office.com")
"""Hosts of workflows that end in Teams, which is down or locked when the tenant is."""
MAIL_LIMIT: Final = 1000
"""E-mail receivers in an action group: Microsoft, "Azure Monitor service limits"."""
MAIL_WARNING: Final = 800


@dataclass(frozen=True)
class Reach:
    """Whom an action group tells: what it takes to say whether they are inside the tenant."""

    addresses: Sequence[str] = ()
    """Of mails, and of the accounts with which the Azure app is signed in."""
    webhooks: Sequence[str] = ()
    """Addresses, which may hold secrets: never to be told."""
    elsewhere: bool = False
    """A telephone, or somebody of whom nothing is known."""

    def __bool__(self) -> bool:
        return bool(self.addresses or self.webhooks or self.elsewhere)


@dataclass(frozen=True)
class FoundActionGroup:
    """An action group as Azure has it."""

    id: str
    """As Azure spells it."""
    reach: Reach
    notices: tuple[str, ...] = ()
    """What to warn of."""


def find_existing_action_group(
    azure: AzureReader,
    action_group_id: str,
    argument: str,
    *,
    standing: bool,
    wording: Wording = MONITORING_SETTINGS,
    sleep: Callable[[float], None] = time.sleep,
) -> FoundActionGroup:
    """The action group that an argument names, as in `notify.existing`.

    Raises RunError when it is not there, and when it tells nobody; a `standing` stack, which uses
    it already, is only warned of the latter.
    """
    holds = f"{wording.named(argument)} holds {action_group_id}"
    try:
        found = find_surely(azure, action_group_id, ACTION_GROUP_TYPE, sleep=sleep)
    except EntraError as error:
        raise pulumi.RunError(
            f"{holds}, which cannot be looked up: {error}; nothing was changed; the application"
            " needs the role 'Monitoring Reader' on that action group"
        ) from None
    if found is None:
        others = those_that_exist(azure, action_group_id, ACTION_GROUP_TYPE)
        raise pulumi.RunError(
            f"{holds}: there is no such action group; {others}; nothing was changed; name one of"
            f" them: {wording.to_set(argument, 'ID')}"
        )
    properties = cast("Mapping[str, Any]", found.get("properties") or {})
    reach = reach_of(properties)
    notices: list[str] = []
    if why := _deaf(properties, reach):
        line = (
            f"{holds}, which {why}, so that the alarm would ring where nobody hears it: change that"
            " (Azure portal → Monitor → Alerts → Action groups), or name another one"
        )
        if not standing:
            raise pulumi.RunError(f"{line}; nothing was changed")
        notices.append(line)
    return FoundActionGroup(str(found["id"]), reach, tuple(notices))


def rings_already(memory: StackMemory, action_group_id: str) -> bool:
    """Whether the state's alarms, or those on the alarms, tell this action group."""
    if same_id(str(known_monitoring(memory).get("actionGroupId") or ""), action_group_id):
        return True
    for outputs in memory(ACTIVITY_ALERT_TYPE).values():
        actions = cast("Mapping[str, Any]", outputs.get("actions") or {})
        for one in actions.get("actionGroups") or ():
            if same_id(str(one.get("actionGroupId") or ""), action_group_id):
                return True
    return False


def reach_of(properties: Mapping[str, Any]) -> Reach:
    """Whom an action group tells that is not the stack's."""
    lists = {
        kind: cast("Sequence[Mapping[str, Any]]", value)
        for kind, value in properties.items()
        if kind.endswith("Receivers") and value
    }
    mails = [*lists.pop("emailReceivers", ()), *lists.pop("azureAppPushReceivers", ())]
    return Reach(
        addresses=[str(one.get("emailAddress", "")) for one in mails],
        webhooks=[str(one.get("serviceUri", "")) for one in lists.pop("webhookReceivers", ())],
        elsewhere=bool(lists),
    )


def warn_if_inside(reach: Reach, domains: Collection[str], key: str) -> str | None:
    """The warning when everybody who is told needs the very tenant that may be locked or down;
    `domains`: the tenant's verified ones.
    """
    inside = {domain.casefold() for domain in domains}
    addresses = (address.rpartition("@")[2].casefold() for address in reach.addresses)
    hosts = ((urlsplit(uri).hostname or "").casefold() for uri in reach.webhooks)
    if (
        not reach
        or reach.elsewhere
        or not inside.issuperset(addresses)
        or not all(host.endswith(IN_THE_TENANT) for host in hosts)
    ):
        return None
    return (
        f"{key}: every receiver is inside the tenant that is watched, so nobody may hear the alarm"
        " when that tenant is locked or down: add a telephone or an address elsewhere, for example:"
        f' pulumi config set --path "{key}.emails[N].address" ADDRESS, with its name'
    )


def check_mail_count(count: int, key: str) -> str | None:
    """The warning near the service's limit of e-mail receivers; raises RunError beyond it."""
    if count > MAIL_LIMIT:
        raise pulumi.RunError(
            f"{key} would tell {count} people by mail, and an action group takes {MAIL_LIMIT}:"
            " nothing was changed; choose fewer roles: pulumi config set --path"
            f' "{key}.allAdmins.roles[0]" "Global Administrator"'
        )
    if count > MAIL_WARNING:
        return (
            f"{key} tells {count} people by mail, and an action group takes {MAIL_LIMIT}: choose"
            f' fewer roles: pulumi config set --path "{key}.allAdmins.roles[0]" "Global'
            ' Administrator"'
        )
    return None


def _deaf(properties: Mapping[str, Any], reach: Reach) -> str | None:
    """Why nobody would hear it."""
    if properties.get("enabled") is False:
        return "is disabled"
    return None if reach else "has no receiver"
