"""The questions that we put to Azure Resource Manager before a deployment.

Errors: ``IdentityError``, ``RightMissing`` (see ``entra.errors``).
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import httpx

from entra.endpoints import verification
from entra.errors import IdentityError, RightMissing
from entra.identity import Identity

DIAGNOSTICS_SCOPE: Final = "/providers/Microsoft.aadiam"
"""Where a role has to be given to whoever manages the tenant's diagnostic settings."""
_DIAGNOSTIC_SETTINGS = "/providers/microsoft.aadiam/diagnosticSettings"
_DIAGNOSTIC_SETTINGS_API = "2017-04-01"
_PERMISSIONS_API = "2022-04-01"
_PROVIDERS_API = "2021-04-01"
_TIMEOUT = httpx.Timeout(30.0, connect=4.0)
_PAUSES = (1.0, 2.0)
_RETRIED = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class DiagnosticSetting:
    """A diagnostic setting of the tenant (Azure: "Diagnostic Settings", `microsoft.aadiam`)."""

    id: str
    name: str
    workspace_id: str | None
    """Azure resource id of the Log Analytics workspace that it sends to, None for other sinks."""
    categories: tuple[str, ...]
    """Those that it sends; one that is switched off is not among them."""


class ResourceManager:
    """Read-only questions, repeated twice when the service has a bad moment."""

    def __init__(
        self,
        identity: Identity,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._identity = identity
        self._transport = transport
        self._sleep = sleep

    def tenant_of_subscription(self, subscription_id: str) -> str:
        """The tenant that a subscription trusts (Azure: "Subscriptions - Get")."""
        answer = self._get(f"/subscriptions/{subscription_id}?api-version=2022-12-01")
        if answer.status_code in (401, 403, 404):
            raise IdentityError(
                f"azure-native:subscriptionId is {subscription_id}, and application"
                f" {self._identity.client_id} cannot see it ({answer.status_code}): check the id,"
                " and give the application the role 'Contributor' there (Azure portal →"
                " Subscriptions → Access control)"
            )
        return str(_document(answer).get("tenantId"))

    def diagnostic_settings(self) -> tuple[DiagnosticSetting, ...]:
        """The tenant's diagnostic settings, five at most. Raises IdentityError, RightMissing."""
        answer = self._get(f"{_DIAGNOSTIC_SETTINGS}?api-version={_DIAGNOSTIC_SETTINGS_API}")
        if answer.status_code in (401, 403):
            raise RightMissing(
                f"application {self._identity.client_id} may not manage the tenant's diagnostic"
                f" settings: {self.how_to_manage_diagnostics()}"
            )
        return tuple(_setting(found) for found in _document(answer).get("value") or ())

    def how_to_manage_diagnostics(self) -> str:
        """How our application gets the right to manage the tenant's diagnostic settings."""
        return (
            f"give it the role 'Contributor' at scope '{DIAGNOSTICS_SCOPE}' (az role assignment"
            f" create --role Contributor --scope {DIAGNOSTICS_SCOPE} --assignee"
            f" {self._identity.client_id}, as a User Access Administrator at root: Entra admin"
            " centre → Properties → Access management for Azure resources)"
        )

    def may(self, scope: str, action: str) -> bool | None:
        """Whether our application may do something at a scope, None when that cannot be told.

        Source: Azure REST API, "Permissions - List For Resource Group", of which other scopes have
        the same; that the tenant's diagnostic settings do is assumed.
        """
        path = f"{scope}/providers/Microsoft.Authorization/permissions"
        answer = self._get(f"{path}?api-version={_PERMISSIONS_API}")
        if not answer.is_success:
            return None
        roles = cast("list[Mapping[str, Any]]", answer.json().get("value") or [])
        return any(
            _among(action, role.get("actions") or ())
            and not _among(action, role.get("notActions") or ())
            for role in roles
        )

    def is_registered(self, subscription_id: str, namespace: str) -> bool:
        """Whether a resource provider is registered in a subscription, or about to be (Azure:
        "Providers - Get"). Raises IdentityError.
        """
        path = f"/subscriptions/{subscription_id}/providers/{namespace}"
        found = _document(self._get(f"{path}?api-version={_PROVIDERS_API}"))
        return found.get("registrationState") in ("Registered", "Registering")

    def listing(self, path: str, *, api_version: str) -> Iterator[Mapping[str, Any]]:
        """Every object of a listing, from page to page. Raises IdentityError."""
        where = f"{path}?api-version={api_version}"
        while where:
            page = _document(self._get(where))
            yield from page.get("value") or ()
            # The path alone: our token goes to no other host.
            where = httpx.URL(str(page.get("nextLink") or "")).raw_path.decode().removeprefix("/")
            where = f"/{where}" if where else ""

    def find(self, resource_id: str, *, api_version: str) -> Mapping[str, Any] | None:
        """A resource by its id, None when there is none (Azure: "Resources - Get By Id").

        Raises IdentityError when that cannot be told.
        """
        answer = self._get(f"{resource_id}?api-version={api_version}")
        return None if answer.status_code == 404 else _document(answer)

    def _get(self, path: str) -> httpx.Response:
        endpoints = self._identity.endpoints
        token = self._identity.resource_manager_token()
        trouble = "no answer"
        with httpx.Client(
            base_url=endpoints.resource_manager,
            verify=verification(self._identity.certificates),
            timeout=_TIMEOUT,
            transport=self._transport,
            headers={"Authorization": f"Bearer {token}", "User-Agent": "break-glass"},
        ) as http:
            for pause in (0.0, *_PAUSES):
                self._sleep(pause)
                try:
                    answer = http.get(path)
                except httpx.HTTPError as error:
                    trouble = type(error).__name__
                    continue
                if answer.status_code not in _RETRIED:
                    return answer
                trouble = f"status {answer.status_code}"
        raise IdentityError(
            f"Azure Resource Manager at {endpoints.resource_manager} does not work"
            f" ({trouble}): check the network, or try again later"
        )


def _setting(found: Mapping[str, Any]) -> DiagnosticSetting:
    properties = cast("Mapping[str, Any]", found.get("properties") or {})
    logs = cast("Sequence[Mapping[str, Any]]", properties.get("logs") or ())
    return DiagnosticSetting(
        id=str(found.get("id") or f"{_DIAGNOSTIC_SETTINGS}/{found['name']}"),
        name=str(found["name"]),
        workspace_id=properties.get("workspaceId") or None,
        categories=tuple(str(log.get("category")) for log in logs if log.get("enabled")),
    )


def _among(action: str, patterns: Sequence[str]) -> bool:
    """Whether an action is one of a role's, which have `*` for any text."""
    return any(
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action, re.IGNORECASE)
        for pattern in patterns
    )


def _document(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_success:
        return cast("dict[str, Any]", answer.json())
    raise IdentityError(
        f"Azure Resource Manager answered {answer.status_code} to GET"
        f" {answer.request.url.path}: {' '.join(answer.text.split())[:200]}"
    )
