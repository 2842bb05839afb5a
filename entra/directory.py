"""What the directory knows: organization, domains, licences, security defaults, users.

Source: Microsoft Graph documentation of the resource types named in each function. Errors:
``GraphError`` (see ``entra.errors``).
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from entra.client import GraphClient
from entra.errors import NotFound

# Service plans that contain Entra ID P1: Microsoft, "Product names and service plan identifiers".
PREMIUM_PLANS = frozenset({"AAD_PREMIUM", "AAD_PREMIUM_P2"})
# A subscription in its grace period still works.
_WORKING = frozenset({"Enabled", "Warning"})
_USER_FIELDS = "id,userPrincipalName,displayName,accountEnabled"


@dataclass(frozen=True)
class Organization:
    """The tenant itself (``organization``)."""

    id: str
    display_name: str


@dataclass(frozen=True)
class Domain:
    """A domain of the tenant (``domain``); ``managed`` means not federated."""

    name: str
    is_initial: bool
    is_default: bool
    is_verified: bool
    managed: bool


@dataclass(frozen=True)
class User:
    """An account, live or deleted (``user``)."""

    id: str
    user_principal_name: str
    display_name: str
    enabled: bool


class Directory:
    """Read-only questions to the directory."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def organization(self) -> Organization:
        """The tenant that the token belongs to."""
        found = next(self._graph.pages("/v1.0/organization"))
        return Organization(id=str(found["id"]), display_name=str(found.get("displayName") or ""))

    def domains(self) -> tuple[Domain, ...]:
        """Every domain of the tenant, verified or not."""
        return tuple(
            Domain(
                name=str(found["id"]),
                is_initial=bool(found.get("isInitial")),
                is_default=bool(found.get("isDefault")),
                is_verified=bool(found.get("isVerified")),
                managed=found.get("authenticationType") != "Federated",
            )
            for found in self._graph.pages("/v1.0/domains")
        )

    def has_premium_licence(self) -> bool:
        """Whether a working subscription contains Entra ID P1 or P2 (``subscribedSku``)."""
        return any(
            str(plan.get("servicePlanName")) in PREMIUM_PLANS
            for sku in self._graph.pages("/v1.0/subscribedSkus")
            if sku.get("capabilityStatus") in _WORKING
            for plan in sku.get("servicePlans") or ()
        )

    def security_defaults(self) -> bool:
        """Whether security defaults are on: then Conditional Access policies do not apply."""
        path = "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy"
        return bool(self._graph.get(path).get("isEnabled"))

    def user(self, object_id: str) -> User:
        """One live user by object id. Raises NotFound."""
        return _user(self._graph.get(f"/v1.0/users/{quote(object_id)}", {"$select": _USER_FIELDS}))

    def find_user(self, user_principal_name: str) -> User | None:
        """A live user by its name, None when there is none."""
        try:
            return self.user(user_principal_name)
        except NotFound:
            return None

    def deleted_users(self, name_or_id: str) -> tuple[User, ...]:
        """Users of this name or object id among those deleted within 30 days (``deletedItems``).

        The service puts the object id, without hyphens, before a deleted user's principal name.
        """
        sought = name_or_id.casefold()
        listing = self._graph.pages(
            "/v1.0/directory/deletedItems/microsoft.graph.user", {"$select": _USER_FIELDS}
        )
        users = (_user(found) for found in listing)
        return tuple(user for user in users if sought in {user.id.casefold(), former_name(user)})


def former_name(user: User) -> str:
    """The principal name that a deleted user had, in lower case."""
    name = user.user_principal_name.casefold()
    return name.removeprefix(user.id.replace("-", "").casefold())


def _user(found: dict[str, Any]) -> User:
    return User(
        id=str(found["id"]),
        user_principal_name=str(found.get("userPrincipalName") or ""),
        display_name=str(found.get("displayName") or ""),
        enabled=bool(found.get("accountEnabled", True)),
    )
