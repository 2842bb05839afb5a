"""The login face: tokens for client credentials, and the OpenID configuration.

An application proves who it is with a client secret, or with a signed assertion (see
`sandbox.api.client_assertions`). Error numbers and texts: Microsoft Learn, "Microsoft Entra
authentication and authorization error codes".
"""

import base64
import time
from urllib.parse import unquote_plus

from sandbox.api.client_assertions import ASSERTION_TYPE, named_application, verify_assertion
from sandbox.api.incoming import Incoming
from sandbox.api.routing import Request, Response, Router
from sandbox.api.tokens import Tokens
from sandbox.tenant.directory.applications import Application
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.tenant import Tenant, World


def login_router(tokens: Tokens, audiences: tuple[str, ...]) -> Router:
    """The routes of the login face; `tokens` makes tokens for `audiences`, Graph's is the first."""
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
        app = _application(request, tenant)
        audience = _audience(request, audiences)
        permissions = app.graph_permissions if audience == audiences[0] else None
        access_token, lifetime = tokens.issue(tenant, app, audience, permissions)
        return Response(
            body={
                "token_type": "Bearer",
                "expires_in": lifetime,
                "ext_expires_in": lifetime,
                "access_token": access_token,
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
                    "private_key_jwt",
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


def who_signs_in(world: World, incoming: Incoming) -> tuple[str | None, str | None]:
    """Ids of the tenant and of the application that a request to this face names, if any."""
    name = unquote_plus(incoming.raw_path.split("/")[1]) if "/" in incoming.raw_path else ""
    try:
        tenant = world.tenant(name).id
    except ServiceError:
        return None, None
    form = incoming.form()
    assertion = form.get("client_assertion", "")
    app = _basic(incoming.headers.get("authorization", ""))[0] or form.get("client_id")
    return tenant, (app or (named_application(assertion) if assertion else None)) or None


def _application(request: Request, tenant: Tenant) -> Application:
    """The application that has proved who it is; raises ServiceError."""
    app_id, secret = _basic(request.headers.get("authorization", ""))
    assertion = request.form.get("client_assertion", "")
    app_id = app_id or request.form.get("client_id", "") or named_application(assertion)
    secret = secret or request.form.get("client_secret", "")
    if not app_id:
        raise ServiceError(
            400,
            "invalid_request",
            "AADSTS900144: The request body must contain the following parameter: 'client_id'.",
        )
    if not secret and not assertion:
        raise ServiceError(
            401,
            "invalid_client",
            "AADSTS7000216: 'client_assertion', 'client_secret' or 'request' is required for the "
            "'client_credentials' grant type.",
        )
    app = tenant.apps.find(app_id)
    if app is None:
        raise ServiceError(
            400,
            "unauthorized_client",
            f"AADSTS700016: Application with identifier '{app_id}' was not found in the "
            f"directory '{tenant.display_name}'.",
        )
    if assertion:
        _check_assertion(request, tenant, app, assertion)
    elif not tenant.apps.verify_secret(app_id, secret):
        raise ServiceError(
            401,
            "invalid_client",
            "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in "
            "the request is the client secret value, not the client secret ID, for a secret "
            f"added to app '{app.app_id}'.",
        )
    return app


def _check_assertion(request: Request, tenant: Tenant, app: Application, assertion: str) -> None:
    if (kind := request.form.get("client_assertion_type")) != ASSERTION_TYPE:
        raise ServiceError(
            400,
            "invalid_request",
            f"AADSTS50027: client_assertion_type is '{kind}', expected '{ASSERTION_TYPE}'.",
        )
    names = (request.params["tenant"], tenant.id)
    audiences = tuple(
        f"{request.base_url}/{name}/{rest}"
        for name in names
        for rest in ("oauth2/v2.0/token", "v2.0")
    )
    verify_assertion(app, assertion, audiences, time.time())


def _basic(authorization: str) -> tuple[str, str]:
    """Application id and secret of a Basic header; empty when there is none."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        app_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return unquote_plus(app_id), unquote_plus(secret)


def _audience(request: Request, known: tuple[str, ...]) -> str:
    """The audience of the one `…/.default` scope; OpenID's own scopes are ignored."""
    scopes = request.form.get("scope", "").split()
    for scope in scopes:
        resource = scope.removesuffix("/.default").rstrip("/")
        if scope.endswith("/.default") and resource in known:
            return resource
    raise ServiceError(
        400,
        "invalid_resource",
        f"AADSTS500011: The resource principal named '{' '.join(scopes)}' was not found in the "
        "tenant. This can happen if the application has not been installed by the administrator "
        "of the tenant.",
    )
