"""The simulated services, asked as any client asks them: with an application's access token.

Raises CommandFailed in one line when a service does not answer or refuses.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx

from cli.failure import CommandFailed

_WORKSPACES = "/subscriptions/{}/providers/Microsoft.OperationalInsights/workspaces"
_WORKSPACES_VERSION = "2023-09-01"


Service = Literal["graph", "azure", "logs"]
"""Whom a token is for: Microsoft Graph, Azure Resource Manager, the query API of Log Analytics."""


@dataclass(frozen=True)
class Answer:
    """A query's columns and rows."""

    columns: list[str]
    rows: list[list[Any]]


class ServiceClient:
    """Asks the services with the credentials in `variables`, those of `breakglass sandbox env`."""

    def __init__(
        self,
        url: str,
        variables: Mapping[str, str],
        certificate_authority: Path,
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url
        self._variables = variables
        verify: ssl.SSLContext | bool = True
        if transport is None:
            verify = ssl.create_default_context(cafile=str(certificate_authority))
        # trust_env off: a company proxy must not be asked for localhost.
        self._client = httpx.Client(
            base_url=url, verify=verify, transport=transport, timeout=60, trust_env=False
        )

    def token(self, service: Service) -> str:
        """An access token for a service."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self._variables["ARM_CLIENT_ID"],
            "client_secret": self._variables["ARM_CLIENT_SECRET"],
            "scope": f"{self._audience(service)}/.default",
        }
        path = f"/{self._variables['ARM_TENANT_ID']}/oauth2/v2.0/token"
        return self._asked("POST", path, data=form)["access_token"]

    def query(self, text: str, workspace: str | None = None) -> Answer:
        """Run a query in a workspace; without its name in the only one there is."""
        customer_id = self._customer_id(workspace)
        headers = self._bearer("logs")
        path = f"/v1/workspaces/{customer_id}/query"
        table = self._asked("POST", path, headers=headers, json={"query": text})["tables"][0]
        return Answer([column["name"] for column in table["columns"]], table["rows"])

    def _customer_id(self, wanted: str | None) -> str:
        listed = self._asked(
            "GET",
            _WORKSPACES.format(self._variables["ARM_SUBSCRIPTION_ID"]),
            headers=self._bearer("azure"),
            params={"api-version": _WORKSPACES_VERSION},
        )["value"]
        found = {workspace["name"].lower(): workspace for workspace in listed}
        if not found:
            raise CommandFailed(
                "There is no Log Analytics workspace yet: `breakglass up` makes one."
            )
        if wanted is None and len(found) > 1:
            names = ", ".join(workspace["name"] for workspace in listed)
            raise CommandFailed(f"There are several workspaces: choose with --workspace ({names}).")
        name = next(iter(found)) if wanted is None else wanted.lower()
        if name not in found:
            names = ", ".join(workspace["name"] for workspace in listed)
            raise CommandFailed(f"There is no workspace {wanted!r}: expected one of {names}.")
        return found[name]["properties"]["customerId"]

    def _audience(self, service: Service) -> str:
        if service == "graph":
            return self._url
        cloud = self._asked("GET", "/metadata/endpoints", params={"api-version": "2022-09-01"})
        if service == "logs":
            return cloud["logAnalyticsResourceId"]
        return cloud["authentication"]["audiences"][0]

    def _bearer(self, service: Service) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(service)}"}

    def _asked(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = self._client.request(method, path, **options)
        except httpx.HTTPError as error:
            raise CommandFailed(
                f"The simulated tenant at {self._url} does not answer ({type(error).__name__}). "
                "Start it with `breakglass sandbox start`."
            ) from error
        if response.is_error:
            raise CommandFailed(
                f"The simulated tenant refused {method} {path}: {response.status_code} "
                f"{_reason(response)}"
            )
        return response.json()


def _reason(response: httpx.Response) -> str:
    """The error's message; a query's refusal says why in its innermost error."""
    try:
        body: Any = response.json()
        if "error_description" in body:
            return str(body["error_description"]).splitlines()[0]
        error: Any = body["error"]
        while inner := error.get("innererror"):
            error = inner
        return str(error["message"])
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return response.reason_phrase
