"""What the services' own logs keep of a request.

Azure's activity log has every write, MicrosoftGraphActivityLogs every request to Graph with a valid
token, AADServicePrincipalSignInLogs every sign-in of an application. The last two are made only
while a diagnostic setting sends them somewhere. Sources: Azure Monitor Logs reference, one page a
table; Microsoft Learn, "Access Microsoft Graph activity logs".
"""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.api.incoming import Incoming
from sandbox.api.login import who_signs_in
from sandbox.api.routing import Response
from sandbox.tenant.changes import Initiator
from sandbox.tenant.clock import iso
from sandbox.tenant.directory.applications import Application
from sandbox.tenant.tenant import Tenant, World

GRAPH_ACTIVITY = "MicrosoftGraphActivityLogs"
APPLICATION_SIGN_INS = "ServicePrincipalSignInLogs"
_GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
_AZURE_APP_ID = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
_ADDRESS = "203.0.113.10"


def record_azure_request(
    tenant: Tenant, method: str, path: str, response: Response, caller: Initiator
) -> None:
    """An answered request to Azure Resource Manager. `path` is decoded.

    One that was throttled, or whose token was refused, never reached a resource provider: the
    activity log does not know of it.
    """
    if response.status in (401, 429):
        return
    with tenant.lock:
        tenant.activity.record(method, path, response.status, caller, _error_code(response.body))


def record_graph_request(
    tenant: Tenant, incoming: Incoming, response: Response, app_id: str, base_url: str
) -> None:
    """An answered request to Graph whose token was good; a throttled one is one too."""
    if not tenant.logs.wants(GRAPH_ACTIVITY):
        return
    with tenant.lock:
        app = tenant.apps.find(app_id)
        if app is None:
            return
        request_id = tenant.ids.new()
        size = 0 if response.body is None else len(json.dumps(response.body))
        tenant.logs.emit(
            GRAPH_ACTIVITY,
            {
                "AadTenantId": tenant.id,
                "ApiVersion": incoming.raw_path.split("/")[1],
                "AppId": app.app_id,
                "ClientAuthMethod": 1,
                "ClientRequestId": incoming.headers.get("client-request-id", request_id),
                "DurationMs": 0,
                "IdentityProvider": f"https://sts.windows.net/{tenant.id}/",
                "IPAddress": _ADDRESS,
                "OperationId": request_id,
                "RequestId": request_id,
                "RequestMethod": incoming.method,
                "RequestUri": f"{base_url}{incoming.target}",
                "ResponseSizeBytes": size,
                "ResponseStatusCode": response.status,
                "Roles": " ".join(sorted(app.graph_permissions)),
                "ServicePrincipalId": app.object_id,
                "UserAgent": incoming.headers.get("user-agent", ""),
            },
        )


def record_application_sign_in(
    world: World, tenant: Tenant, incoming: Incoming, response: Response
) -> None:
    """A request for a token, answered with one or with an error of the login service."""
    if incoming.method != "POST" or not tenant.logs.wants(APPLICATION_SIGN_INS):
        return
    _tenant_id, app_id = who_signs_in(world, incoming)
    with tenant.lock:
        app = tenant.apps.find(app_id or "")
        if app is not None:
            row = _sign_in_row(tenant, app, incoming, response)
            tenant.logs.emit(APPLICATION_SIGN_INS, row)


def _sign_in_row(
    tenant: Tenant, app: Application, incoming: Incoming, response: Response
) -> dict[str, Any]:
    form = incoming.form()
    azure = "management" in form.get("scope", form.get("resource", ""))
    result, description = _login_result(response)
    identity = tenant.ids.new()
    return {
        "AADTenantId": tenant.id,
        "AppId": app.app_id,
        "AppOwnerTenantId": tenant.id,
        "Category": APPLICATION_SIGN_INS,
        "ClientCredentialType": (
            "clientAssertion" if "client_assertion" in form else "clientSecret"
        ),
        "ConditionalAccessPolicies": "[]",
        "ConditionalAccessStatus": "notApplied",
        "CorrelationId": identity,
        "CreatedDateTime": iso(tenant.clock.now()),
        "DurationMs": 0,
        "Id": identity,
        "IPAddress": _ADDRESS,
        "Level": "4",
        "OperationName": "Sign-in activity",
        "OperationVersion": "1.0",
        "ResourceDisplayName": (
            "Windows Azure Service Management API" if azure else "Microsoft Graph"
        ),
        "ResourceGroup": "Microsoft.aadiam",
        "ResourceIdentity": _AZURE_APP_ID if azure else _GRAPH_APP_ID,
        "ResultDescription": description,
        "ResultSignature": "SUCCESS" if result == "0" else "FAILURE",
        "ResultType": result,
        "ServicePrincipalId": app.object_id,
        "ServicePrincipalName": app.display_name,
        "SourceSystem": "Azure AD",
        "UserAgent": incoming.headers.get("user-agent", ""),
    }


def _login_result(response: Response) -> tuple[str, str]:
    """`0`, or the number of the AADSTS error with its text, which quotes no secret."""
    body: Any = response.body
    if response.status == 200 or not isinstance(body, Mapping):
        return "0", ""
    text = str(body.get("error_description", ""))  # pyright: ignore[reportUnknownArgumentType]
    number, _, rest = text.removeprefix("AADSTS").partition(":")
    return (number if number.isdigit() else "1"), rest.strip().splitlines()[0] if rest else ""


def _error_code(body: Any) -> str:
    error: Any = body.get("error") if isinstance(body, Mapping) else None  # pyright: ignore[reportUnknownVariableType]
    return str(error.get("code", "")) if isinstance(error, Mapping) else ""  # pyright: ignore[reportUnknownArgumentType]
