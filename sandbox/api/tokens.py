"""Access tokens: made at login, checked at every other face. Life is measured in virtual time.

Exception
└── TokenError    a token that opens nothing here; each service words it in its own way
"""

import secrets
from functools import lru_cache
from typing import Any, Literal
from uuid import uuid4

import jwt
from jwt.types import Options

from sandbox.api.routing import Caller
from sandbox.tenant.directory.applications import Application
from sandbox.tenant.tenant import Tenant, World

RESOURCE_MANAGER_AUDIENCE = "https://management.sandbox.invalid"
LOG_ANALYTICS_AUDIENCE = "https://loganalytics.sandbox.invalid"
_MOST_REMEMBERED = 1_000
_UNCHECKED: Options = {
    "verify_aud": False,
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}

Reason = Literal["missing", "malformed", "audience", "expired", "stranger"]


class TokenError(Exception):
    """Why a token was not taken, with its claims as far as they could be read."""

    def __init__(self, reason: Reason, claims: dict[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.claims = claims or {}


class Tokens:
    """Signs and checks tokens with a key (HMAC, 32 bytes); None: one of its own."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)
        self.decoded = lru_cache(maxsize=_MOST_REMEMBERED)(self._decoded)
        """The claims of a token that was made here, be it expired; raises TokenError."""

    def issue(
        self, tenant: Tenant, app: Application, audience: str, permissions: list[str] | None
    ) -> tuple[str, int]:
        """An access token of an application and how many seconds it lives.

        `permissions` become its `roles`; None for a service that knows no such thing.
        """
        now, lifetime = int(tenant.clock.now()), tenant.behaviour.token_lifetime_seconds
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{tenant.id}/",
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "appid": app.app_id,
            "app_displayname": app.display_name,
            "idtyp": "app",
            "oid": app.object_id,
            "sub": app.object_id,
            "tid": tenant.id,
            "uti": uuid4().hex,
            "ver": "1.0",
        }
        if permissions is not None:
            claims["roles"] = permissions
        return jwt.encode(claims, self._key, algorithm="HS256"), lifetime

    def claims(self, authorization: str | None) -> dict[str, Any]:
        """What a token says that was made here, be it expired; raises TokenError."""
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise TokenError("missing")
        return self.decoded(token)

    def _decoded(self, token: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self._key, algorithms=["HS256"], options=_UNCHECKED
            )
        except jwt.PyJWTError:
            raise TokenError("malformed") from None
        # What an application may do is read when the token was made, as the real service does.
        claims["permissions"] = frozenset[str](claims.get("roles", []))
        return claims

    def check(
        self, world: World, authorization: str | None, audience: str
    ) -> tuple[Tenant, Caller]:
        """Who is calling; raises TokenError."""
        claims = self.claims(authorization)
        if claims["aud"] != audience:
            raise TokenError("audience", claims)
        if claims["exp"] <= world.clock.now():
            raise TokenError("expired", claims)
        tenant = world.tenants.get(claims["tid"])
        app = None if tenant is None else tenant.apps.find(claims["appid"])
        if tenant is None or app is None:
            raise TokenError("stranger", claims)
        return tenant, Caller(
            tenant.id, app.app_id, app.object_id.lower(), claims["permissions"], audience
        )
