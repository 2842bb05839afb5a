"""Diagnostic settings of the tenant: which Entra logs go to which workspace.

Source: Azure REST API, "Azure AD diagnostic settings"; Microsoft Learn, "Diagnostic settings in
Azure Monitor" (five settings, one setting a category and sink). Storage accounts, event hubs and
partners are taken when their ids look right; nothing is delivered to them.
"""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.tenant.azure.exported_logs import check_sink_is_free, exported_logs
from sandbox.tenant.azure.types import (
    Change,
    Estate,
    Properties,
    ResourceType,
    bad_request,
    only_known,
)
from sandbox.tenant.errors import ServiceError

CATEGORIES = (
    *("AuditLogs", "SignInLogs", "NonInteractiveUserSignInLogs", "ServicePrincipalSignInLogs"),
    *("ManagedIdentitySignInLogs", "ProvisioningLogs", "ADFSSignInLogs", "RiskyUsers"),
    *("UserRiskEvents", "NetworkAccessTrafficLogs", "RiskyServicePrincipals"),
    *("ServicePrincipalRiskEvents", "EnrichedOffice365AuditLogs", "MicrosoftGraphActivityLogs"),
    *("RemoteNetworkHealthLogs", "B2CRequestLogs"),
)
_IN_GROUP = "/subscriptions/[^/]+/resourceGroups/[^/]+/providers"
_RULE = r"/namespaces/[^/]+/authorizationRules/[^/]+"
_SINK_IDS = {
    "workspaceId": f"{_IN_GROUP}/Microsoft.OperationalInsights/workspaces/[^/]+",
    "storageAccountId": f"{_IN_GROUP}/Microsoft.(Classic)?Storage/storageAccounts/[^/]+",
    "eventHubAuthorizationRuleId": f"{_IN_GROUP}/Microsoft.EventHub{_RULE}",
    "serviceBusRuleId": f"{_IN_GROUP}/Microsoft.ServiceBus{_RULE}",
    "marketplacePartnerId": f"{_IN_GROUP}/.+",
}
_SINKS = tuple(_SINK_IDS)


def _normalise(change: Change, estate: Estate) -> Properties:
    given = change.properties
    known = (*_SINKS, "eventHubName", "logAnalyticsDestinationType", "logs", "metrics")
    only_known(given, known, "DiagnosticSettings")
    sinks = {name: given[name] for name in _SINKS if given.get(name)}
    if not sinks:
        raise bad_request(
            "BadRequest",
            "At least one data sink needs to be specified. For more information on data sinks, "
            "please see Diagnostic settings in Azure Monitor.",
        )
    for name, sink in sinks.items():
        if not re.fullmatch(_SINK_IDS[name], str(sink), re.IGNORECASE):
            raise bad_request(
                "BadRequest", f"'{name}' is '{sink}', which is no id of such a resource."
            )
    logs = exported_logs(given.get("logs"), CATEGORIES)
    others = [
        setting
        for setting in estate.of_type(change.id.full_type)
        if setting["id"].lower() != change.id.key
    ]
    _check_workspace(sinks.get("workspaceId"), estate)
    _check_shared_sinks(sinks, logs, others)
    limit = estate.diagnostic_setting_limit()
    if change.existing is None and len(others) >= limit:
        raise ServiceError(
            409,
            "Conflict",
            f"The limit of {limit} diagnostic settings was reached. To create new setting, delete "
            "an existing one.",
        )
    empty = dict.fromkeys((*_SINKS, "eventHubName", "logAnalyticsDestinationType"))
    return {**empty, **_without_none(given, known), "logs": logs, "metrics": []}


def may_be_exported(category: str, *, premium: bool) -> bool:
    """Whether a tenant with or without Microsoft Entra ID P1 exports a category at all.

    Sign-ins need the licence. What the service answers to a setting that asks for them without it
    is not documented; the setting is taken, and nothing of the category arrives.
    """
    return premium or not category.lower().endswith("signinlogs")


def _check_workspace(workspace_id: str | None, estate: Estate) -> None:
    if workspace_id is not None and estate.find(workspace_id) is None:
        raise ServiceError(404, "ResourceNotFound", f"The resource '{workspace_id}' was not found.")


def _check_shared_sinks(
    sinks: Mapping[str, str], logs: list[dict[str, Any]], others: list[dict[str, Any]]
) -> None:
    for other in others:
        for name, sink in sinks.items():
            if str(other["properties"].get(name) or "").lower() == sink.lower():
                check_sink_is_free(sink, logs, other)


def _without_none(given: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: given[name] for name in names if given.get(name) is not None}


DIAGNOSTIC_SETTINGS = ResourceType(
    namespace="microsoft.aadiam",
    name="diagnosticSettings",
    api_versions=("2017-04-01-preview", "2017-04-01"),
    name_pattern=re.compile(r"[^<>*%&:\\?+/]{1,260}"),
    location="none",
    normalise=_normalise,
)
