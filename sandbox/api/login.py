"""The login face: tokens for client credentials, and the OpenID configuration.

Error numbers and texts: Microsoft Learn, "Microsoft Entra authentication and authorization error
codes".
"""

import base64
from urllib.parse import unquote_plus

from sandbox.api.routing import Request, Response, Router
from sandbox.api.tokens import LIFETIME_SECONDS, RESOURCE_MANAGER_AUDIENCE, Tokens
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.tenant import Tenant


def login_router(tokens: Tokens) -> Router:
    """The routes of the login face; tokens are made by `tokens`."""
    router = Router()

    @router.route("POST", "/{tenant}/oauth2/v2.0/token")
    def token(request: Request) -> Response:
        tenant = _tenant(request)
        if (grant := request.form.get("grant_type")) != "client_credentials":
            raise ServiceError(
                400,
                "unsupported_grant_type",
                f"AADSTS70003: The app requested an unsupported grant type '{grant}'.",
            )
        app_id, secret = _credentials(request)
        app = tenant.apps.find(app_id)
        if app is None:
            raise ServiceError(
                400,
                "unauthorized_client",
                f"AADSTS700016: Application with identifier '{app_id}' was not found in the "
                f"directory '{tenant.display_name}'.",
            )
        if not tenant.apps.verify_secret(app_id, secret):
            raise ServiceError(
                401,
                "invalid_client",
                "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in "
                "the request is the client secret value, not the client secret ID, for a secret "
                f"added to app '{app.app_id}'.",
            )
        return Response(
            body={
                "token_type": "Bearer",
                "expires_in": LIFETIME_SECONDS,
                "ext_expires_in": LIFETIME_SECONDS,
                "access_token": tokens.issue(tenant, app, _audience(request)),
            },
            headers={"Cache-Control": "no-store"},
        )

    @router.route("GET", "/{tenant}/v2.0/.well-known/openid-configuration")
    def openid_configuration(request: Request) -> Response:
        tenant, base = _tenant(request).id, request.base_url
        return Response(
            body={
                "issuer": f"{base}/{tenant}/v2.0",
                "authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/{tenant}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
                "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "tenant_region_scope": None,
                "cloud_instance_name": "localhost",
            }
        )

    @router.route("GET", "/common/discovery/instance")
    def instance_discovery(request: Request) -> Response:
        tenant = request.world.default.id
        return Response(
            body={
                "tenant_discovery_endpoint": f"{request.base_url}/{tenant}/v2.0/.well-known/"
                "openid-configuration",
                "api-version": "1.1",
                "metadata": [],
            }
        )

    return router


def _tenant(request: Request) -> Tenant:
    name = request.params["tenant"]
    try:
        return request.world.tenant(name)
    except ServiceError:
        raise ServiceError(
            400,
            "invalid_request",
            f"AADSTS90002: Tenant '{name}' not found. Check to make sure you have the correct "
            "tenant ID and are signing into the correct cloud.",
        ) from None


def _credentials(request: Request) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            app_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            app_id, secret = "", ""
        return unquote_plus(app_id), unquote_plus(secret)
    app_id = request.form.get("client_id", "")
    if not app_id:
        raise ServiceError(
            400,
            "invalid_request",
            "AADSTS900144: The request body must contain the following parameter: 'client_id'.",
        )
    secret = request.form.get("client_secret", "")
    if not secret:
        raise ServiceError(
            401,
            "invalid_client",
            "AADSTS7000216: 'client_assertion', 'client_secret' or 'request' is required for the "
            "'client_credentials' grant type.",
        )
    return app_id, secret


def _audience(request: Request) -> str:
    """The audience of the one `…/.default` scope; OpenID's own scopes are ignored."""
    known = {request.base_url: request.base_url}
    known[RESOURCE_MANAGER_AUDIENCE] = RESOURCE_MANAGER_AUDIENCE
    scopes = request.form.get("scope", "").split()
    for scope in scopes:
        resource = scope.removesuffix("/.default").rstrip("/")
        if scope.endswith("/.default") and resource in known:
            return known[resource]
    raise ServiceError(
        400,
        "invalid_resource",
        f"AADSTS500011: The resource principal named '{' '.join(scopes)}' was not found in the "
        "tenant. This can happen if the application has not been installed by the administrator "
        "of the tenant.",
    )
