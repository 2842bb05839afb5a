"""The questions that we put to Azure Resource Manager before a deployment.

Errors: ``IdentityError`` (see ``entra.errors``).
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, cast

import httpx

from entra.endpoints import verification
from entra.errors import IdentityError
from entra.identity import Identity

_DIAGNOSTIC_SETTINGS = "/providers/microsoft.aadiam/diagnosticSettings?api-version=2017-04-01"
_TIMEOUT = httpx.Timeout(30.0, connect=4.0)
_PAUSES = (1.0, 2.0)
_RETRIED = frozenset({408, 429, 500, 502, 503, 504})


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

    def check_diagnostic_settings(self) -> None:
        """Raises IdentityError unless the tenant's diagnostic settings can be read."""
        answer = self._get(_DIAGNOSTIC_SETTINGS)
        if answer.status_code in (401, 403):
            raise IdentityError(
                f"application {self._identity.client_id} may not manage the tenant's diagnostic"
                " settings: give it the role 'Contributor' at scope '/providers/Microsoft.aadiam'"
                " (az role assignment create --role Contributor --scope"
                f" /providers/Microsoft.aadiam --assignee {self._identity.client_id}, as a User"
                " Access Administrator at root: Entra admin centre → Properties → Access"
                " management for Azure resources)"
            )
        _document(answer)

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


def _document(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_success:
        return cast("dict[str, Any]", answer.json())
    raise IdentityError(
        f"Azure Resource Manager answered {answer.status_code} to GET"
        f" {answer.request.url.path}: {' '.join(answer.text.split())[:200]}"
    )
