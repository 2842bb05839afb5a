"""What the control face may say of a sign-in: who, to what, from where, with what.

Only shapes are checked here; raises pydantic's `ValidationError` naming the key.
"""

import re
from typing import Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyAddress,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from sandbox.tenant.access import methods

_COUNTRY = re.compile("[A-Za-z]{2}")
Risk = Literal["none", "low", "medium", "high"]
DEFAULT_APP = "Azure Portal"
_PUSH = "password,microsoftAuthenticatorPush"


_SPELLINGS = {
    name.lower(): name
    for name in (
        *("android", "iOS", "windows", "windowsPhone", "macOS", "linux", "unknown"),
        *("browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "other"),
    )
}


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )


class Location(_Model):
    """Where a sign-in comes from. Countries are ISO 3166 two-letter codes.

    `gps_country` is what the authenticator app shares; `compliant_network` says that the sign-in
    comes through Global Secure Access.
    """

    ip: IPvAnyAddress | None = None
    country: str | None = None
    gps_country: str | None = None
    compliant_network: bool = False

    @field_validator("country", "gps_country")
    @classmethod
    def _two_letters(cls, value: str | None) -> str | None:
        if value is not None and not _COUNTRY.fullmatch(value):
            raise ValueError(f"'{value}' is no country code, expected two letters such as 'DE'")
        return value


class Device(_Model):
    """A device registered in the tenant, as filters for devices know it."""

    device_id: str | None = None
    display_name: str = "Registered device"
    device_ownership: Literal["Personal", "Company"] | None = None
    enrollment_profile_name: str | None = None
    is_compliant: bool = False
    manufacturer: str | None = None
    mdm_app_id: str | None = None
    model: str | None = None
    operating_system: str = "Windows"
    operating_system_version: str | None = None
    physical_ids: tuple[str, ...] = ()
    profile_type: str = "RegisteredDevice"
    system_labels: tuple[str, ...] = ()
    trust_type: Literal["AzureAD", "ServerAD", "Workplace"] = "AzureAD"
    extension_attributes: dict[str, str] = Field(default_factory=dict)
    """`extensionAttribute1` to `extensionAttribute15`."""

    @field_validator("extension_attributes")
    @classmethod
    def _known_attributes(cls, value: dict[str, str]) -> dict[str, str]:
        known = [f"extensionAttribute{number}" for number in range(1, 16)]
        for name in value:
            if name not in known:
                raise ValueError(f"'{name}', expected extensionAttribute1 to extensionAttribute15")
        return value

    def properties(self) -> dict[str, str | tuple[str, ...]]:
        """The properties as device filters compare them, names in lower case."""
        values = self.model_dump(by_alias=True, exclude_none=True)
        values |= values.pop("extensionAttributes")
        return {
            name.lower(): value if isinstance(value, tuple) else str(value)
            for name, value in values.items()
        }


class SignInRequest(_Model):
    """Who signs in to what, from where and with what.

    `user` or `service_principal` (an application of the tenant by name or id) signs in, to the
    Azure portal when `app` is not given. A `user_action` without an `app` is the action alone.
    `mfa` says that multifactor authentication was done, with the authenticator app unless `method`
    names another combination as authentication strengths write it (`fido2`, `password`, …); a
    passkey must be registered for the user and allowed by the tenant;
    `mfa_registered` whether the user has methods for it, None when that is not to matter.
    `location` may also be a country code alone. `password` is checked when it is given;
    `success: false` is a wrong password. `guest_type` and `home_tenant` describe a guest more
    closely than the directory does.
    """

    user: str | None = None
    service_principal: str | None = None
    app: str | None = None
    app_attributes: dict[str, tuple[str, ...]] | None = None
    client_app: Literal["browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "other"] = (
        "browser"
    )
    mfa: bool = False
    mfa_registered: bool | None = None
    method: str | None = None
    aaguid: str | None = None
    password: str | None = Field(default=None, repr=False)
    location: Location | None = None
    platform: (
        Literal["android", "iOS", "windows", "windowsPhone", "macOS", "linux", "unknown"] | None
    ) = "windows"
    device: Device | None = None
    approved_app: bool | None = None
    protected_app: bool | None = None
    user_action: Literal["urn:user:registersecurityinfo", "urn:user:registerdevice"] | None = None
    authentication_context: str | None = Field(default=None, pattern=r"^c([1-9]\d?)$")
    authentication_flow: Literal["deviceCodeFlow", "authenticationTransfer"] | None = None
    guest_type: (
        Literal[
            "internalGuest",
            "b2bCollaborationGuest",
            "b2bCollaborationMember",
            "b2bDirectConnectUser",
            "otherExternalUser",
            "serviceProvider",
        ]
        | None
    ) = None
    home_tenant: str | None = None
    sign_in_risk: Risk = "none"
    user_risk: Risk = "none"
    insider_risk: Literal["none", "minor", "moderate", "elevated"] = "none"
    service_principal_risk: Risk = "none"
    terms_accepted: bool = False
    interactive: bool = True
    success: bool = True

    @field_validator("location", mode="before")
    @classmethod
    def _from_country(cls, value: object) -> object:
        return {"country": value} if isinstance(value, str) else value

    @field_validator("platform", "client_app", mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        return _SPELLINGS.get(value.lower(), value) if isinstance(value, str) else value

    @field_validator("password")
    @classmethod
    def _is_text(cls, value: str | None) -> str | None:
        if value is not None and any("\ud800" <= character <= "\udfff" for character in value):
            raise ValueError("half a character (a lone surrogate), expected text")
        return value

    @field_validator("method")
    @classmethod
    def _known_method(cls, value: str | None) -> str | None:
        if value is not None and not methods.is_known(value):
            known = ", ".join(f"'{name}'" for name in sorted(methods.MULTIFACTOR))
            raise ValueError(
                f"'{value}' is no authentication method or combination, expected 'password' or "
                f"one of {known}"
            )
        return value

    @model_validator(mode="after")
    def _one_identity(self) -> Self:
        if (self.user is None) == (self.service_principal is None):
            raise ValueError("expected 'user' or 'servicePrincipal', one of them")
        return self

    @model_validator(mode="after")
    def _one_story(self) -> Self:
        if self.mfa and self.method is not None and not methods.is_multifactor(self.method):
            raise ValueError(
                f"'mfa' says that multifactor authentication was done, and method '{self.method}' "
                "is none; leave out one of them"
            )
        return self

    @property
    def done_method(self) -> str:
        """The authentication done, as authentication strengths write it."""
        if self.method is not None:
            return self.method
        return _PUSH if self.mfa else "password"

    @property
    def mfa_done(self) -> bool:
        """Whether the authentication done is multifactor authentication."""
        return self.mfa or methods.is_multifactor(self.done_method)
