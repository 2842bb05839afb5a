"""Which authentication methods a tenant allows to whom: its authentication methods policy.

Source: Microsoft Graph v1.0 reference, "fido2AuthenticationMethodConfiguration",
"passkeyProfile", "passkeyAuthenticationMethodTarget", "fido2KeyRestrictions" and
"x509CertificateAuthenticationMethodConfiguration resource type"; Microsoft Learn, "How to enable
passkeys (FIDO2) in Microsoft Entra ID": exclusion wins over inclusion, key restrictions hold for
sign-in too, and of several profiles one that allows the key is enough.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

EVERYBODY: Final = "all_users"
"""The target that stands for every user of the tenant."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class _Target(_Part):
    id: str
    allowed_passkey_profiles: tuple[str, ...] | None = None


class KeyRestrictions(_Part):
    """Which makes and models of passkeys are allowed, by AAGUID."""

    is_enforced: bool | None = None
    enforcement_type: str | None = None
    aa_guids: tuple[str, ...] | None = None

    def allow(self, aa_guid: str) -> bool:
        """Whether a passkey of this make and model may be registered and used."""
        listed = aa_guid.casefold() in {key.casefold() for key in self.aa_guids or ()}
        return not self.is_enforced or listed == (self.enforcement_type == "allow")


class _Profile(_Part):
    id: str
    passkey_types: str | None = None
    key_restrictions: KeyRestrictions | None = None

    def allows(self, aa_guid: str, *, synced: bool) -> bool:
        kinds = {kind.strip() for kind in (self.passkey_types or "").split(",")}
        wanted = "synced" if synced else "deviceBound"
        restrictions = self.key_restrictions or KeyRestrictions()
        return (not self.passkey_types or wanted in kinds) and restrictions.allow(aa_guid)


class _CertificateRule(_Part):
    x509_certificate_authentication_mode: str | None = None


class _CertificateMode(_Part):
    x509_certificate_authentication_default_mode: str | None = None
    rules: tuple[_CertificateRule, ...] | None = None


class MethodConfiguration(_Part):
    """How one method is allowed. A method that the tenant's policy does not name is disabled."""

    id: str = ""
    state: str = "disabled"
    include_targets: tuple[_Target, ...] | None = None
    exclude_targets: tuple[_Target, ...] | None = None
    is_self_service_registration_allowed: bool | None = None
    key_restrictions: KeyRestrictions | None = None
    passkey_profiles: tuple[_Profile, ...] | None = None
    authentication_mode_configuration: _CertificateMode | None = None

    @property
    def enabled(self) -> bool:
        """Whether the method is switched on for anybody."""
        return self.state == "enabled"

    @property
    def self_service(self) -> bool:
        """Whether people may register a passkey by themselves."""
        return self.is_self_service_registration_allowed is not False

    @property
    def target_ids(self) -> frozenset[str]:
        """Groups and users that are named, included or excluded; not ``EVERYBODY``."""
        targets = (*(self.include_targets or ()), *(self.exclude_targets or ()))
        return frozenset(target.id.casefold() for target in targets) - {EVERYBODY}

    def includes(self, who: Collection[str]) -> bool:
        """Whether it is meant for somebody. ``who``: an account's id and its groups' ids."""
        return any(_is_met(target, who) for target in self.include_targets or ())

    def excludes(self, who: Collection[str]) -> bool:
        """Whether somebody is kept out, which wins over being included."""
        return any(_is_met(target, who) for target in self.exclude_targets or ())

    def allows(self, who: Collection[str]) -> bool:
        """Whether somebody may use the method."""
        return self.enabled and self.includes(who) and not self.excludes(who)

    def allows_key(self, who: Collection[str], aa_guid: str, *, synced: bool = False) -> bool:
        """Whether somebody may use a passkey of this make, as far as makes are restricted."""
        profiles = {profile.id.casefold(): profile for profile in self.passkey_profiles or ()}
        if not profiles:
            return (self.key_restrictions or KeyRestrictions()).allow(aa_guid)
        named = {
            profile.casefold()
            for target in self.include_targets or ()
            if _is_met(target, who)
            for profile in target.allowed_passkey_profiles or ()
        }
        applying = [profile for key, profile in profiles.items() if key in named]
        # Without a profile for this account the service's answer is not documented: no false alarm.
        return not applying or any(one.allows(aa_guid, synced=synced) for one in applying)

    @property
    def counts_as_mfa(self) -> bool:
        """Whether a certificate can count as multifactor authentication by itself."""
        mode = self.authentication_mode_configuration or _CertificateMode()
        levels = [rule.x509_certificate_authentication_mode for rule in mode.rules or ()]
        return "x509CertificateMultiFactor" in (
            mode.x509_certificate_authentication_default_mode,
            *levels,
        )


@dataclass(frozen=True)
class AuthenticationPolicy:
    """What the tenant says of the methods that an emergency access account needs."""

    passkeys: MethodConfiguration = field(default_factory=MethodConfiguration)
    access_passes: MethodConfiguration = field(default_factory=MethodConfiguration)
    certificates: MethodConfiguration = field(default_factory=MethodConfiguration)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """From ``authenticationMethodsPolicy``; raises pydantic's ValidationError."""
        found = {
            str(entry.get("id")).casefold(): MethodConfiguration.model_validate(entry)
            for entry in document.get("authenticationMethodConfigurations") or ()
        }
        missing = MethodConfiguration()
        return cls(
            passkeys=found.get("fido2", missing),
            access_passes=found.get("temporaryaccesspass", missing),
            certificates=found.get("x509certificate", missing),
        )

    def names_groups(self) -> bool:
        """Whether it depends on an account's groups what it may use."""
        configurations = (self.passkeys, self.access_passes, self.certificates)
        return any(configuration.target_ids for configuration in configurations)


def _is_met(target: _Target, who: Collection[str]) -> bool:
    return target.id == EVERYBODY or target.id.casefold() in who
