"""Action groups: who is told when an alert fires.

Source: Azure REST API, "Action Groups - Create Or Update"; Microsoft Learn, "Action groups" (limits
of receivers).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.tenant.azure.types import (
    Change,
    Estate,
    Properties,
    ResourceType,
    bad_request,
    objects,
    only_known,
)

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _address(receiver: Mapping[str, Any]) -> str:
    return str(receiver.get("emailAddress", ""))


def _phone(receiver: Mapping[str, Any]) -> str:
    return f"+{receiver.get('countryCode', '')} {receiver.get('phoneNumber', '')}"


def _uri(receiver: Mapping[str, Any]) -> str:
    # The query of a webhook's address is often its key.
    return str(receiver.get("serviceUri", "")).partition("?")[0]


def _name(receiver: Mapping[str, Any]) -> str:
    return str(receiver.get("name", ""))


@dataclass(frozen=True)
class ReceiverKind:
    """One list of receivers: its channel, its limit, what it needs, whom a message reaches."""

    channel: str
    limit: int
    required: tuple[str, ...]
    recipient: Callable[[Mapping[str, Any]], str]
    status: bool = False


RECEIVERS = {
    "emailReceivers": ReceiverKind("email", 1000, ("emailAddress",), _address, status=True),
    "smsReceivers": ReceiverKind("sms", 10, ("countryCode", "phoneNumber"), _phone, status=True),
    "voiceReceivers": ReceiverKind("voice", 10, ("countryCode", "phoneNumber"), _phone),
    "azureAppPushReceivers": ReceiverKind("push", 10, ("emailAddress",), _address),
    "webhookReceivers": ReceiverKind("webhook", 10, ("serviceUri",), _uri),
    "armRoleReceivers": ReceiverKind("role", 10, ("roleId",), _name),
    "itsmReceivers": ReceiverKind("itsm", 10, ("workspaceId",), _name),
    "automationRunbookReceivers": ReceiverKind("runbook", 10, ("runbookName",), _name),
    "logicAppReceivers": ReceiverKind("logic app", 10, ("resourceId",), _name),
    "azureFunctionReceivers": ReceiverKind("function", 10, ("functionName",), _name),
    "eventHubReceivers": ReceiverKind("event hub", 10, ("eventHubName",), _name),
    "incidentReceivers": ReceiverKind("incident", 10, ("connection",), _name),
}


def _normalise(change: Change, estate: Estate) -> Properties:
    del estate
    given = change.properties
    only_known(given, ("groupShortName", "enabled", *RECEIVERS), "ActionGroup")
    short_name = given.get("groupShortName")
    if not isinstance(short_name, str) or not 1 <= len(short_name) <= 12:
        raise bad_request(
            "BadRequest",
            f"The group short name '{short_name}' must be 1 to 12 characters long.",
        )
    enabled = given.get("enabled", True)
    if not isinstance(enabled, bool):
        raise bad_request("BadRequest", "'enabled' must be true or false.")
    return {"groupShortName": short_name, "enabled": enabled, **checked_receivers(given)}


def checked_receivers(given: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The receivers of a body by kind, every kind; raises ServiceError 400."""
    receivers = {
        kind_name: [_receiver(item, kind_name) for item in objects(given.get(kind_name), kind_name)]
        for kind_name in RECEIVERS
    }
    _check_counts(receivers)
    return receivers


def _receiver(item: Mapping[str, Any], kind_name: str) -> dict[str, Any]:
    kind = RECEIVERS[kind_name]
    for field in ("name", *kind.required):
        if not item.get(field):
            raise bad_request("BadRequest", f"A receiver in '{kind_name}' lacks '{field}'.")
    if "emailAddress" in kind.required and not _ADDRESS.fullmatch(_address(item)):
        raise bad_request(
            "BadRequest", f"'{_address(item)}' in '{kind_name}' is not an e-mail address."
        )
    kept = {name: value for name, value in item.items() if value is not None}
    if kind_name == "emailReceivers":
        kept.setdefault("useCommonAlertSchema", False)
    if kind.status:
        kept["status"] = item.get("status") or "Enabled"
    return kept


def _check_counts(receivers: Mapping[str, list[dict[str, Any]]]) -> None:
    for kind_name, listed in receivers.items():
        limit = RECEIVERS[kind_name].limit
        if len(listed) > limit:
            raise bad_request(
                "BadRequest", f"'{kind_name}' holds {len(listed)} receivers, at most {limit}."
            )
    names = [_name(item).lower() for listed in receivers.values() for item in listed]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise bad_request(
            "BadRequest", f"Receiver names must be unique in an action group: '{repeated[0]}'."
        )


ACTION_GROUPS = ResourceType(
    namespace="Microsoft.Insights",
    name="actionGroups",
    api_versions=(
        *("2017-04-01", "2018-03-01", "2018-09-01", "2019-03-01", "2019-06-01", "2021-09-01"),
        *("2022-04-01", "2022-06-01", "2023-01-01", "2023-09-01-preview", "2024-10-01-preview"),
    ),
    name_pattern=re.compile(r"[^:<>+/&%\\?|#]{0,259}[^:<>+/&%\\?|#. ]"),
    location="region or global",
    normalise=_normalise,
    patchable=("enabled",),
)
