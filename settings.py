"""Stack configuration → frozen, validated `Settings`.

Settings that exist are exactly those that work: an unknown key is an error with the nearest name
that exists, because a misspelt `recievers` must not leave a tenant unwatched. Everything wrong is
told at once, one line each: the key, what it holds, what is expected, how to set it.

No setting is a secret. The identity comes from `ARM_*` environment variables alone, since Pulumi
keeps all configuration in the state of its providers and refreshes with the old copy.

Errors:
    pulumi.RunError
    └── SettingsError   one line for each wrong setting
"""

from collections.abc import Collection, Mapping
from typing import Annotated, Literal, Self

from pulumi.runtime.config import CONFIG, is_config_secret
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from alerting.queries import FREQUENCIES_MINUTES, WINDOWS_MINUTES
from settings_accounts import Accounts, Group
from settings_errors import SettingsError, read_objects, validation_lines
from settings_types import (
    CATEGORIES,
    RULE_NAME_RULE,
    Categories,
    EmailAddress,
    Frequency,
    Guid,
    Lookback,
    RuleName,
    SettingsGroup,
    broken_rule,
    first_twice,
    minutes_of,
)


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


class ResourceGroup(SettingsGroup):
    """Where workspace, action group and alert live."""

    name: str = Field(
        default="rg-break-glass",
        pattern=r"^[\w\-.()]{0,89}[\w\-()]$",
        description="1 to 90 letters, digits, '_', '-', '.', '(' and ')', no '.' at the end",
    )


class Workspace(SettingsGroup):
    """The Log Analytics workspace that keeps the logs."""

    name: str = Field(
        default="log-break-glass",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$",
        description="4 to 63 letters, digits and '-', no '-' at either end",
    )
    retention_days: int = Field(
        default=31,
        ge=30,
        le=730,
        description="a whole number from 30 to 730 (days; 31 cost nothing extra)",
    )


class DiagnosticSetting(SettingsGroup):
    """What Entra sends to the workspace."""

    name: str = Field(
        default="break-glass",
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9._ -]{0,62}[A-Za-z0-9_-])?$",
        description="1 to 64 letters, digits, '.', '_', '-' and blanks",
    )
    categories: Categories = Field(
        default=("SignInLogs", "AuditLogs", "NonInteractiveUserSignInLogs"),
        description="a list of SignInLogs and others, each once, of: " + ", ".join(CATEGORIES),
    )


class Alert(SettingsGroup):
    """The alarm that rings when an account is used."""

    name: RuleName = Field(
        default="Break-glass account used",
        description=RULE_NAME_RULE,
    )
    description: str = Field(
        default="Somebody signed in, or tried to, with an emergency-access account."
        " Find out at once who it was and why.",
        min_length=1,
        description="a text for whoever gets the alarm",
    )
    frequency_minutes: Frequency = Field(default=5, description=minutes_of(FREQUENCIES_MINUTES))
    lookback_minutes: Lookback = Field(default=1440, description=minutes_of(WINDOWS_MINUTES))
    severity: int = Field(
        default=0, ge=0, le=4, description="a whole number from 0 (critical) to 4"
    )
    subject: str = Field(
        default="Break-glass account used: find out who and why",
        pattern=r"^[^\x00-\x1f]{1,200}$",
        description="1 to 200 characters on one line",
    )
    enabled: bool = Field(default=True, description="true or false")

    @model_validator(mode="after")
    def _reads_far_enough_back(self) -> Self:
        if self.lookback_minutes < self.frequency_minutes:
            raise broken_rule(
                f"lookbackMinutes holds {self.lookback_minutes}: expected at least frequencyMinutes"
                f" ({self.frequency_minutes}), else sign-ins between two runs are missed"
            )
        return self


class Email(SettingsGroup):
    """Somebody who gets the alarm by mail."""

    name: str = Field(
        min_length=1, max_length=128, description="1 to 128 characters", examples=["Security desk"]
    )
    address: EmailAddress = Field(
        description="an e-mail address", examples=["security@contoso.com"]
    )


class Notify(SettingsGroup):
    """The action group: who gets the alarm."""

    name: RuleName = Field(
        default="ag-break-glass",
        description=RULE_NAME_RULE,
    )
    short_name: str = Field(
        default="BreakGlass", pattern=r"^\S(.{0,10}\S)?$", description="1 to 12 characters"
    )
    emails: tuple[Email, ...] = Field(
        min_length=1,
        max_length=1000,
        description="at least one receiver, else the alarm rings where nobody hears it",
        examples=["security@contoso.com"],
    )

    @model_validator(mode="after")
    def _each_receiver_once(self) -> Self:
        for what in ("name", "address"):
            twice = first_twice([getattr(email, what) for email in self.emails])
            if twice:
                raise broken_rule(
                    f"emails holds the {what} {twice} twice: expected a different one for each"
                )
        return self


class Monitoring(SettingsGroup):
    """Logs and alarm."""

    resource_group: ResourceGroup = Field(
        default=ResourceGroup(), description="a group of settings"
    )
    workspace: Workspace = Field(default=Workspace(), description="a group of settings")
    delete_logs: bool = Field(
        default=False, description="true or false: destroy deletes workspace and resource group too"
    )
    diagnostic_setting: DiagnosticSetting = Field(
        default=DiagnosticSetting(), description="a group of settings"
    )
    alert: Alert = Field(default=Alert(), description="a group of settings")
    notify: Notify = Field(description="a group of settings with at least one receiver in emails")


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


def load_settings(
    config: Mapping[str, str] | None = None, secret_keys: Collection[str] = ()
) -> Settings:
    """Reads and checks the stack's configuration.

    `config` has full keys (`break-glass:accounts`) and the values as the engine hands them over,
    objects as JSON; `secret_keys` are those marked secret. Without `config` both are those of the
    running program.

    Raises SettingsError with a line for each wrong setting.
    """
    if config is None:
        config = CONFIG.get()
        secret_keys = [key for key in config if is_config_secret(key)]
    values, lines = read_objects(config, secret_keys, Settings)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        lines += validation_lines(error, Settings)
    else:
        if not lines:
            return settings
    raise SettingsError(lines)
