"""Stack configuration → frozen, validated `Settings`.

Settings that exist are exactly those that work: an unknown key is an error with the nearest name
that exists, because a misspelt `recievers` must not leave a tenant unwatched. Everything wrong is
told at once, one line each: the key, what it holds, what is expected, how to set it.

One kind of setting is a secret, a webhook's address: `break-glass:monitoring` may be marked so. The
identity comes from `ARM_*` environment variables alone, since Pulumi keeps all configuration in the
state of its providers and refreshes with the old copy.

Errors:
    pulumi.RunError
    └── SettingsError   one line for each wrong setting
"""

from collections.abc import Collection, Mapping
from typing import Annotated, Literal, Self

import pulumi
from pulumi.runtime.config import CONFIG, is_config_secret
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from settings_accounts import Accounts, Group
from settings_errors import SettingsError, read_objects, validation_lines
from settings_monitoring import Monitoring
from settings_notices import notices
from settings_types import Guid, SettingsGroup, broken_rule


class Exclusion(SettingsGroup):
    """Which Conditional Access policies let the accounts through."""

    scope: Literal["all", "mfa-only"] = Field(default="all", description="'all' or 'mfa-only'")
    users: bool = Field(
        default=True,
        description="true or false: also exclude each account by itself, as auditors look for",
    )
    skip: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(),
        description="a list of policies' ids or display names",
        examples=["Block legacy authentication"],
    )
    freshness_seconds: int = Field(
        default=0,
        ge=0,
        le=15,
        description="a whole number from 0 to 15 (seconds; 0: each policy is read right before its"
        " write)",
    )


class Settings(BaseModel):
    """Everything that a stack can be told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant_id: Guid = Field(
        alias="azuread:tenantId",
        description="the tenant's id",
        examples=["3b1f7c52-0c51-4c3e-9a53-6f0a4e3f8d11"],
    )
    subscription_id: Guid = Field(
        alias="azure-native:subscriptionId",
        description="the id of the subscription that pays for the logs",
        examples=["3b1f7c52-0c51-4c3e-9a53-6f0a4e3f8d11"],
    )
    location: str = Field(
        alias="azure-native:location",
        pattern=r"^[a-z][a-z0-9]{1,49}$",
        description="an Azure region in lower case without blanks",
        examples=["westeurope"],
    )
    protect: bool = Field(default=True, alias="break-glass:protect", description="true or false")
    premium: Literal["required", "absent"] = Field(
        default="required",
        alias="break-glass:premium",
        description="'required' or 'absent': is there a Microsoft Entra ID P1 licence",
    )
    accounts: Accounts = Field(
        default=Accounts(), alias="break-glass:accounts", description="a group of settings"
    )
    group: Group = Field(
        default=Group(), alias="break-glass:group", description="a group of settings"
    )
    exclusion: Exclusion = Field(
        default=Exclusion(), alias="break-glass:exclusion", description="a group of settings"
    )
    monitoring: Monitoring = Field(
        alias="break-glass:monitoring",
        description="a group of settings with at least one receiver in notify.emails",
    )

    @model_validator(mode="after")
    def _something_to_read(self) -> Self:
        categories = self.monitoring.diagnostic_setting.categories
        if self.premium == "absent" and "AuditLogs" not in categories:
            raise broken_rule(
                "break-glass:monitoring.diagnosticSetting.categories lacks AuditLogs: expected it,"
                " since break-glass:premium holds 'absent', and without a Microsoft Entra ID P1"
                " licence no other of these logs can be exported"
            )
        return self


def load_settings(
    config: Mapping[str, str] | None = None, secret_keys: Collection[str] = ()
) -> Settings:
    """Reads and checks the stack's configuration.

    `config` has full keys (`break-glass:accounts`) and the values as the engine hands them over,
    objects as JSON; `secret_keys` are those marked secret. Without `config` both are those of the
    running program.

    What is allowed and still worth a second look is logged as a warning. Raises SettingsError with
    a line for each wrong setting.
    """
    if config is None:
        config = CONFIG.get()
        secret_keys = [key for key in config if is_config_secret(key)]
    values, lines = read_objects(config, secret_keys, Settings)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        lines += validation_lines(error, Settings, secret_keys)
    else:
        if not lines:
            for notice in notices(
                settings.monitoring, secret="break-glass:monitoring" in secret_keys
            ):
                pulumi.log.warn(notice)
            return settings
    raise SettingsError(lines)
