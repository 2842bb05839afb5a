"""What a sign-in brings along, as Conditional Access sees it.

Exception
└── NotEvaluated    names the part of a policy that cannot be decided here
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.tenant.access.cloud_apps import CloudApp

Object = Mapping[str, Any]

LEGACY_CLIENTS = frozenset({"exchangeActiveSync", "other"})


class NotEvaluated(Exception):  # noqa: N818 - it is an answer, not a mistake
    """A part of a policy that cannot be decided here; it never counts as a fit."""


@dataclass(frozen=True)
class SignInContext:
    """One sign-in of a user, or of a service principal when `service_principal_id` is set.

    `groups` are all groups of the user, also through other groups; `roles` are the template ids of
    roles held for the whole tenant. `guest_type` is None for a member of the tenant, else a value
    of Graph's conditionalAccessGuestOrExternalUserTypes, with the guest's home tenant if known.

    `app_id` is the client, `resource_id` what it asks a token for; `client_is_target` is False for
    a public client, which no policy can name. Both None: a user action or an authentication
    context by itself. `app_groups` are the groups of applications that it is in, `open_groups`
    those of which that is not known. `needs` are the services whose policies must be satisfied
    first, `calls_later` those that it asks for once it is open. `app_attributes` are the
    application's custom security attributes, names in lower case; None: not known.

    `method` is the authentication done, written as authentication strengths write it (for example
    `password` or `fido2`), `aaguid` the kind of passkey. `device` holds the properties of a
    registered device, names in lower case, collections as tuples; None: not registered.
    `approved_app` and `protected_app` say whether the client is an approved one and has an app
    protection policy; None: not known. `names` gives display names for ids in the reasons.
    """

    user_id: str
    groups: frozenset[str]
    roles: frozenset[str]
    app_id: str | None
    guest_type: str | None = None
    home_tenant: str | None = None
    service_principal_id: str | None = None
    resource_id: str | None = None
    client_is_target: bool = True
    app_groups: frozenset[str] = frozenset()
    open_groups: frozenset[str] = frozenset()
    needs: tuple[CloudApp, ...] = ()
    calls_later: tuple[CloudApp, ...] = ()
    app_attributes: Mapping[str, tuple[str, ...]] | None = None
    user_action: str | None = None
    authentication_context: str | None = None
    authentication_flow: str | None = None
    client_app: str = "browser"
    interactive: bool = True
    platform: str | None = None
    ip: str | None = None
    country: str | None = None
    gps_country: str | None = None
    compliant_network: bool = False
    device: Mapping[str, str | tuple[str, ...]] | None = None
    approved_app: bool | None = None
    protected_app: bool | None = None
    sign_in_risk: str = "none"
    user_risk: str = "none"
    insider_risk: str = "none"
    service_principal_risk: str = "none"
    mfa_done: bool = False
    method: str = "password"
    aaguid: str | None = None
    terms_accepted: bool = False
    names: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_legacy(self) -> bool:
        """Whether the client cannot answer any demand (POP, IMAP, SMTP, ActiveSync …)."""
        return self.client_app in LEGACY_CLIENTS

    @property
    def is_foreign(self) -> bool:
        """Whether another tenant holds the user's account and so authenticates it."""
        return self.guest_type not in (None, "internalGuest")

    @property
    def presented_device(self) -> Mapping[str, str | tuple[str, ...]] | None:
        """The device that the sign-in can show.

        None for legacy clients, which pass no device state, and in the device code flow, where
        another device authenticates ("Conditional Access: Conditions" and "Grant").
        """
        if self.is_legacy or self.authentication_flow == "deviceCodeFlow":
            return None
        return self.device

    def called(self, object_id: str) -> str:
        """The display name of an id in quotes, or the id."""
        name = self.names.get(object_id.lower())
        return f"'{name}'" if name else object_id
