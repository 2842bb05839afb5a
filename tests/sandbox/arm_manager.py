"""A client of the simulated Azure Resource Manager, and the paths and bodies its tests share."""

from typing import Any

import httpx

from tests.sandbox.watched_tenant import rule_body, setting_body
from tests.support.tenant import object_id

SUBSCRIPTION = f"/subscriptions/{object_id('subscription')}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-Watch"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-Watch"
ACTION_GROUP = f"{GROUP}/providers/Microsoft.Insights/actionGroups/watchers"
RULE = f"{GROUP}/providers/Microsoft.Insights/scheduledQueryRules/use-alert"
ALERT = f"{GROUP}/providers/Microsoft.Insights/activityLogAlerts/tampering"
SETTINGS = "/providers/microsoft.aadiam/diagnosticSettings"
VERSIONS = {
    "microsoft.authorization/role": "2022-04-01",
    "microsoft.insights/diagnosticsettings": "2021-05-01-preview",
    "workspaces": "2023-09-01",
    "actiongroups": "2024-10-01-preview",
    "scheduledqueryrules": "2025-01-01-preview",
    "activitylogalerts": "2020-10-01",
    "deletedworkspaces": "2023-09-01",
    "diagnosticsettings": "2017-04-01",
}


def version_of(path: str) -> str:
    if "/microsoft.resources/" in path.lower():
        return "2024-03-01"
    for name, version in VERSIONS.items():
        if f"/{name}" in path.lower():
            return version
    return "2024-03-01"


class Manager:
    """A client that knows the API version of each path."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:
        parameters = {"api-version": version_of(path)} | query
        return self.http.request(method, path, params=parameters, json=body)

    def refused(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, str]:
        answer = self.ask(method, path, body, **query)
        assert answer.is_error, answer.text
        return answer.status_code, answer.json()["error"]["code"]

    def make(self, path: str, body: Any) -> Any:
        return self.ask("PUT", path, body).raise_for_status().json()


def rule(**properties: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"scopes": [WORKSPACE], "actions": {"actionGroups": [ACTION_GROUP]}}
    return rule_body(**(given | properties))


def setting(*categories: str, workspace: str = WORKSPACE) -> dict[str, Any]:
    return setting_body(*categories, workspace=workspace)
