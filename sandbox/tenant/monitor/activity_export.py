"""Diagnostic settings of subscriptions: which of their activity log goes to which workspace.

Sources: Azure REST API, "Diagnostic Settings - Create Or Update" (2021-05-01-preview); Microsoft
Learn, "Diagnostic settings in Azure Monitor". Only Administrative has events here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.tenant.azure.exported_logs import check_sink_is_free, exported_logs, sends
from sandbox.tenant.azure.ids import subscription_scope
from sandbox.tenant.azure.resources import Azure
from sandbox.tenant.azure.types import bad_request, is_object, only_known
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.json_copy import copied
from sandbox.tenant.monitor.activity import ActivityEvent, ActivityLog
from sandbox.tenant.monitor.activity_rows import activity_row
from sandbox.tenant.monitor.logs import Logs

TYPE = "Microsoft.Insights/diagnosticSettings"
CATEGORIES = (
    *("Administrative", "Security", "ServiceHealth", "Alert", "Recommendation", "Policy"),
    *("Autoscale", "ResourceHealth"),
)
LIMIT = 5
"""Settings of one resource, and a subscription is one."""

_SINKS = (
    *("storageAccountId", "serviceBusRuleId", "workspaceId", "eventHubAuthorizationRuleId"),
    *("eventHubName", "marketplacePartnerId"),
)
_KNOWN = (*_SINKS, "logs", "metrics", "logAnalyticsDestinationType")
_NAME = re.compile(r"[^<>*%&:\\?+/]{1,260}")

Setting = dict[str, Any]


class ActivityExport:
    """The settings of every subscription of a tenant; sends what happens there on."""

    def __init__(self, azure: Azure, activity: ActivityLog, logs: Logs, tenant_id: str) -> None:
        self._azure = azure
        self._logs = logs
        self._tenant_id = tenant_id
        self._settings: dict[str, Setting] = {}
        activity.listen(self._hear)

    def read(self, document: Mapping[str, Any]) -> "ActivityExport":
        """Read the key `activitySettings`."""
        self._settings = copied(dict(document.get("activitySettings", {})))
        return self

    def to_document(self) -> dict[str, Any]:
        """The key `activitySettings`: settings by id in lower case."""
        return {"activitySettings": copied(self._settings)}

    def list(self, subscription_id: str) -> list[Setting]:
        """The settings of a subscription."""
        return [copied(setting) for setting in self._of(subscription_id)]

    def get(self, subscription_id: str, name: str) -> Setting:
        """One setting; raises ServiceError 404."""
        found = self._settings.get(_identity(subscription_id, name).lower())
        if found is None:
            raise ServiceError(
                404, "ResourceNotFound", f"The diagnostic setting '{name}' does not exist."
            )
        return copied(found)

    def put(self, subscription_id: str, name: str, body: Mapping[str, Any]) -> Setting:
        """Create or replace a setting; raises ServiceError 400, 404 or 409."""
        if not _NAME.fullmatch(name):
            raise bad_request("BadRequest", f"The diagnostic setting name '{name}' is not valid.")
        given = body.get("properties")
        if not is_object(given):
            raise bad_request("BadRequest", "'properties' must be an object.")
        only_known(given, _KNOWN, "DiagnosticSettings")
        identity = _identity(subscription_id, name)
        logs = exported_logs(given.get("logs"), CATEGORIES)
        for sink in _SINKS:
            if not isinstance(given.get(sink) or "", str):
                raise bad_request("BadRequest", f"'{sink}' is '{given[sink]}', which is no id.")
        workspace_id = str(given.get("workspaceId") or "")
        if not any(given.get(sink) for sink in _SINKS):
            raise bad_request("BadRequest", "At least one data sink needs to be specified.")
        if workspace_id and self._azure.find(workspace_id) is None:
            raise ServiceError(
                404, "ResourceNotFound", f"The resource '{workspace_id}' was not found."
            )
        others = [s for s in self._of(subscription_id) if s["id"].lower() != identity.lower()]
        if len(others) >= LIMIT:
            raise ServiceError(
                409,
                "Conflict",
                f"The limit of {LIMIT} diagnostic settings was reached. To create new setting, "
                "delete an existing one.",
            )
        for other in others:
            sink = str(other["properties"].get("workspaceId") or "")
            if workspace_id and sink.lower() == workspace_id.lower():
                check_sink_is_free(workspace_id, logs, other)
        self._settings[identity.lower()] = {
            "id": identity,
            "type": TYPE,
            "name": name,
            "location": None,
            "kind": None,
            "tags": None,
            "identity": None,
            "properties": {
                **dict.fromkeys(_KNOWN),
                **given,
                "logs": logs,
                "metrics": [],
            },
        }
        return self.get(subscription_id, name)

    def delete(self, subscription_id: str, name: str) -> bool:
        """Delete a setting; False when there was none."""
        return self._settings.pop(_identity(subscription_id, name).lower(), None) is not None

    def _of(self, subscription_id: str) -> Iterator[Setting]:
        prefix = subscription_scope(subscription_id).lower() + "/"
        return (found for key, found in self._settings.items() if key.startswith(prefix))

    def _hear(self, event: ActivityEvent) -> None:
        workspaces = [
            found
            for setting in self._of(event.subscription_id)
            if sends(setting, event.category)
            and (found := self._azure.find(setting["properties"].get("workspaceId") or ""))
        ]
        if workspaces:
            # One table takes the events of every category.
            self._logs.emit("Administrative", activity_row(event, self._tenant_id), workspaces)


def _identity(subscription_id: str, name: str) -> str:
    return f"{subscription_scope(subscription_id)}/providers/{TYPE}/{name}"
