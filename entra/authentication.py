"""How an account can sign in: its registered methods, per-user MFA, certificates.

Source: Microsoft Graph v1.0 reference, "authenticationMethod resource type" and what derives from
it, "List methods" (UserAuthenticationMethod.Read.All); "authorizationInfo resource type"; beta,
"Get authentication method states" (per-user MFA; Policy.Read.All, not in v1.0). Hardware OATH
tokens are listed by beta only, so they are not seen here. Nothing that is read holds a secret: a
phone number or an e-mail address is not kept either. That User.Read.All is enough to read a user's
``authorizationInfo`` is assumed. Errors: ``GraphError`` (see ``entra.errors``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import quote

from pydantic import ValidationError

from entra.authentication_policy import AuthenticationPolicy
from entra.client import GraphClient
from entra.errors import GraphError
from entra.graph_text import moment

PASSWORD: Final = "password"  # noqa: S105 - a kind of method
PASSKEY: Final = "fido2"
ACCESS_PASS: Final = "temporaryAccessPass"  # noqa: S105 - a kind of method
_POLICY: Final = "/v1.0/policies/authenticationMethodsPolicy"
_DETAILS: Final = ("displayName", "deviceTag", "model", "phoneType")


@dataclass(frozen=True)
class Method:
    """A way to sign in that is registered to an account (``authenticationMethod``).

    ``kind`` is the type's name without ``AuthenticationMethod``: ``password``, ``fido2``,
    ``phone`` …; ``detail`` what tells it from others: its name, model or type of phone.
    ``aa_guid`` is a passkey's make and model, ``synced`` one that lives in a cloud account.
    ``usable`` tells of a Temporary Access Pass whether it can be used now.
    """

    kind: str
    id: str
    created: datetime | None = None
    detail: str = ""
    aa_guid: str = ""
    synced: bool = False
    usable: bool = True


class Authentication:
    """Read-only questions about how accounts sign in."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def methods(self, user_id: str) -> tuple[Method, ...]:
        """What is registered to an account, its password included. Raises NotFound, Forbidden."""
        return tuple(_method(found) for found in self._graph.pages(f"{_user(user_id)}/methods"))

    def per_user_mfa(self, user_id: str) -> str:
        """``disabled``, ``enabled`` or ``enforced``. Raises NotFound, Forbidden."""
        found = self._graph.get(f"{_user(user_id, 'beta')}/requirements")
        return str(found.get("perUserMfaState") or "disabled")

    def certificate_ids(self, user_id: str) -> tuple[str, ...]:
        """What certificates an account is mapped to (``certificateUserIds``). Raises NotFound."""
        path = f"/v1.0/users/{quote(user_id, safe='')}"
        found = self._graph.get(path, {"$select": "id,authorizationInfo"})
        info = cast("Mapping[str, Any]", found.get("authorizationInfo") or {})
        return tuple(str(entry) for entry in info.get("certificateUserIds") or ())

    def policy(self) -> AuthenticationPolicy:
        """Which methods the tenant allows to whom (``authenticationMethodsPolicy``)."""
        document = self._graph.get(_POLICY)
        try:
            return AuthenticationPolicy.from_document(document)
        except ValidationError as error:
            what = f"{error.error_count()} properties are not as documented"
            raise GraphError(200, "not a policy", what, "GET", _POLICY) from None


def _user(user_id: str, version: str = "v1.0") -> str:
    return f"/{version}/users/{quote(user_id, safe='')}/authentication"


def _method(found: Mapping[str, Any]) -> Method:
    kind = str(found.get("@odata.type") or "").rpartition(".")[2]
    kind = kind.removesuffix("AuthenticationMethod") or "unknown"
    detail = next((str(found[name]) for name in _DETAILS if found.get(name)), "")
    if kind == ACCESS_PASS:
        detail = str(found.get("methodUsabilityReason") or "")
    return Method(
        kind=kind,
        id=str(found.get("id") or ""),
        # The first name is what v1.0 answered for passkeys before all methods had the second.
        created=moment(found.get("creationDateTime") or found.get("createdDateTime")),
        detail=" ".join(detail.split()),
        aa_guid=str(found.get("aaGuid") or "").casefold(),
        synced=found.get("passkeyType") == "synced",
        usable=found.get("isUsable") is not False,
    )
