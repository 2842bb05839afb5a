"""Access tokens: made at login, checked at every other face. Life is measured in virtual time."""

import secrets
from typing import Any
from uuid import uuid4

import jwt

from sandbox.api.routing import Caller
from sandbox.tenant.directory.applications import Application
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.tenant import Tenant, World

LIFETIME_SECONDS = 3599
RESOURCE_MANAGER_AUDIENCE = "https://management.sandbox.invalid"


class Tokens:
    """Signs and checks tokens with a key that lives as long as the server."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def issue(self, tenant: Tenant, app: Application, audience: str) -> str:
        """An access token of an application; `roles` only where the service knows them."""
        now = int(tenant.clock.now())
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{tenant.id}/",
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_SECONDS,
            "appid": app.app_id,
            "app_displayname": app.display_name,
            "idtyp": "app",
            "oid": app.object_id,
            "sub": app.object_id,
            "tid": tenant.id,
            "uti": uuid4().hex,
            "ver": "1.0",
        }
        if audience != RESOURCE_MANAGER_AUDIENCE:
            claims["roles"] = app.graph_permissions
        return jwt.encode(claims, self._key, algorithm="HS256")

    def check(
        self, world: World, authorization: str | None, audience: str
    ) -> tuple[Tenant, Caller]:
        """Who is calling; raises ServiceError 401 with Graph's texts."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _refused("Access token is empty.")
        try:
            claims: dict[str, Any] = jwt.decode(
                token.strip(),
                self._key,
                algorithms=["HS256"],
                options={
                    "verify_aud": False,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.PyJWTError:
            raise _refused("IDX14100: the access token is not one of this tenant's.") from None
        if claims["aud"] != audience:
            raise _refused("Access token validation failure. Invalid audience.")
        if claims["exp"] <= world.clock.now():
            raise _refused("Lifetime validation failed, the token is expired.")
        tenant = world.tenants.get(claims["tid"])
        app = None if tenant is None else tenant.apps.find(claims["appid"])
        if tenant is None or app is None:
            raise _refused("The identity of the calling application could not be established.")
        # What an application may do is read when the token was made, as the real service does.
        permissions = frozenset[str](claims.get("roles", []))
        caller = Caller(tenant.id, app.app_id, app.object_id.lower(), permissions, audience)
        return tenant, caller


def _refused(message: str) -> ServiceError:
    return ServiceError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": "Bearer"})
