"""Logs, alarm and the watch over the alarm, as they are written in the settings."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from alerting.alarm_names import LONGEST_NAME, taken_by, with_workspace
from alerting.log_categories import DEFAULT_CATEGORIES
from alerting.schedules import FREQUENCIES_MINUTES, WINDOWS_MINUTES
from alerting.use_alert import RUNBOOK
from settings_receivers import Notify, WatchNotify
from settings_types import (
    CATEGORIES,
    RULE_NAME_RULE,
    Categories,
    Frequency,
    ResourceGroupName,
    RuleName,
    SettingsGroup,
    Window,
    WorkspaceId,
    broken_rule,
    existing_alone,
    first_twice,
    minutes_of,
)

LOG_DELAY_MINUTES: Final = 10
"""How late a sign-in's row is on a usual day (Microsoft, "Log data ingestion time")."""
DiagnosticSettingName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._ -]{0,62}[A-Za-z0-9_-])?$")
]
DIAGNOSTIC_SETTING_RULE: Final = "1 to 64 letters, digits, '.', '_', '-' and blanks"
RESOURCE_GROUP_RULE: Final = (
    "1 to 90 letters, digits, '_', '-', '.', '(' and ')', no '.' at the end"
)
WORKSPACE_ID_EXAMPLE: Final = (
    "/subscriptions/9a1d2c3b-4e5f-4a6b-8c7d-0e1f2a3b4c5d/resourceGroups/rg-logs"
    "/providers/Microsoft.OperationalInsights/workspaces/log-central"
)


class ResourceGroup(SettingsGroup):
    """Where workspace, action groups and alerts live."""

    name: ResourceGroupName = Field(default="rg-break-glass", description=RESOURCE_GROUP_RULE)
    existing: ResourceGroupName | None = Field(
        default=None,
        description="the name of a resource group that exists, in azure-native:subscriptionId",
        examples=["rg-logs"],
    )

    @property
    def chosen(self) -> str:
        """Name of the group, existing or made."""
        return self.existing or self.name

    @model_validator(mode="after")
    def _made_or_existing(self) -> Self:
        return existing_alone(self)


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
    existing: WorkspaceId | None = Field(
        default=None,
        description="the resource id of a workspace that exists, in any subscription of the tenant",
        examples=[WORKSPACE_ID_EXAMPLE],
    )
    forget: tuple[WorkspaceId, ...] = Field(
        default=(),
        description="resource ids of earlier workspaces that the alarm need not read any more",
        examples=[WORKSPACE_ID_EXAMPLE],
    )

    @model_validator(mode="after")
    def _made_or_existing(self) -> Self:
        existing_alone(self, but=("forget",))
        if first_twice([*self.forget, *([self.existing] if self.existing else [])]):
            raise broken_rule(
                "forget holds one workspace twice, or the one in existing: expected each earlier"
                " workspace once, and not the one that gets the logs"
            )
        return self


class DiagnosticSetting(SettingsGroup):
    """What Entra sends to the workspace."""

    name: DiagnosticSettingName = Field(default="break-glass", description=DIAGNOSTIC_SETTING_RULE)
    categories: Categories = Field(
        default=DEFAULT_CATEGORIES,
        description="a list of SignInLogs and others, each once, of: " + ", ".join(CATEGORIES),
    )
    existing: DiagnosticSettingName | None = Field(
        default=None,
        description="the name of a diagnostic setting of Microsoft Entra that exists",
        examples=["send-to-siem"],
    )

    @property
    def chosen(self) -> str:
        """Name of the setting, existing or made."""
        return self.existing or self.name

    @model_validator(mode="after")
    def _made_or_existing(self) -> Self:
        return existing_alone(self)


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
    frequency_minutes: Frequency = Field(
        default=5,
        description=f"{minutes_of(FREQUENCIES_MINUTES)}, not 1, because a rule that runs every"
        " minute may contain neither union nor ingestion_time(), and this one needs both tables and"
        " the late rows",
    )
    period_minutes: Window | None = Field(
        default=None,
        description=f"{minutes_of(WINDOWS_MINUTES)}, at least frequencyMinutes",
        examples=[5],
    )
    lookback_minutes: Window = Field(default=1440, description=minutes_of(WINDOWS_MINUTES))
    overlap_minutes: int = Field(
        default=1, ge=0, le=60, description="a whole number from 0 to 60 (minutes)"
    )
    severity: int = Field(
        default=0, ge=0, le=4, description="a whole number from 0 (critical) to 4"
    )
    subject: str = Field(
        default="Break-glass account used: find out who and why",
        pattern=r"^[^\x00-\x1f]{1,200}$",
        description="1 to 200 characters on one line",
    )
    enabled: bool = Field(default=True, description="true or false")
    runbook: str = Field(
        default=RUNBOOK,
        pattern=r"^https?://[^\s\x00-\x1f\x7f]+$",
        max_length=500,
        description="the address of a page, https://…, that says what to do",
    )

    @model_validator(mode="after")
    def _name_of_its_own(self) -> Self:
        if (other := taken_by(self.name)) is not None:
            raise broken_rule(
                "name holds {}, and the stack makes another alarm that is called {} in Azure:"
                " expected a name of its own, else one would take the other's place",
                self.name,
                other,
            )
        return self

    @model_validator(mode="after")
    def _misses_nothing(self) -> Self:
        period = self.period_minutes or self.frequency_minutes
        if period < self.frequency_minutes:
            raise broken_rule(
                "periodMinutes holds {}: expected at least frequencyMinutes ({}), else sign-ins"
                " between two runs are missed",
                period,
                self.frequency_minutes,
            )
        period_key = "periodMinutes" if self.period_minutes else "frequencyMinutes"
        least = period + self.overlap_minutes + LOG_DELAY_MINUTES
        enough = next((window for window in WINDOWS_MINUTES if window >= least), None)
        if enough is None:
            raise broken_rule(
                "periodMinutes holds {}: expected at most 1440, since late sign-ins have to fit in"
                f" the longest look-back, {WINDOWS_MINUTES[-1]} minutes",
                period,
            )
        if self.lookback_minutes >= least:
            return self
        why = (
            f"{period_key} {{}}, overlapMinutes {{}} and the {LOG_DELAY_MINUTES} minutes by which"
            " logs are late every day), else late sign-ins are missed"
        )
        if "lookback_minutes" in self.model_fields_set:
            raise broken_rule(
                f"lookbackMinutes holds {{}}: expected {{}} or more (at least {{}}: {why}",
                *(self.lookback_minutes, enough, least, period, self.overlap_minutes),
            )
        raise broken_rule(
            f"{period_key} holds {{}}, which needs lookbackMinutes {{}} beside it (at least {{}}:"
            f' {why}; then: pulumi config set --path "[key].lookbackMinutes" {{}}',
            *(period, enough, least, period, self.overlap_minutes, enough),
        )


class Watch(SettingsGroup):
    """What watches the watcher."""

    exclusion: bool = Field(
        default=True,
        description="true or false: rings when a policy is saved without our exclusion",
    )
    tamper: bool = Field(
        default=True,
        description="true or false: rings when somebody changes an account, the group or the role",
    )
    silence: bool = Field(
        default=True,
        description="true or false: rings when no sign-in of the whole tenant came for a day",
    )
    rules: bool = Field(
        default=True,
        description="true or false: rings when somebody changes alert, action group or workspace",
    )
    health: bool = Field(
        default=True,
        description="true or false: rings when Azure says that alert or workspace is not healthy",
    )
    notify: WatchNotify | None = Field(
        default=None, description="a group of settings: the second action group"
    )


class Cost(SettingsGroup):
    """What the estimate of the monthly cost assumes."""

    sign_ins_per_day: int = Field(
        default=1000,
        ge=0,
        le=1_000_000_000,
        description="a whole number: sign-ins of the whole tenant in a day",
    )
    currency: Literal["USD"] = Field(
        default="USD", description="USD, the currency of the price table"
    )


class Monitoring(SettingsGroup):
    """Logs and alarm."""

    customer: str = Field(
        default="",
        pattern=r"^([^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]{0,62}[^\s\x00-\x1f\x7f])?)?$",
        description="at most 64 characters on one line, no blank at either end",
        examples=["Contoso"],
    )
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
    watch: Watch = Field(default=Watch(), description="a group of settings")
    cost: Cost = Field(default=Cost(), description="a group of settings")

    @property
    def watch_notify(self) -> Notify:
        """The second action group, with everything that applies to it."""
        return (self.watch.notify or WatchNotify()).beside(self.notify)

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        self._audited()
        self._short_enough()
        first, second = self.notify, self.watch_notify
        one_place = first.existing == second.existing is None and (
            first.resource_group == second.resource_group
        )
        if one_place and first.name.lower() == second.name.lower():
            raise broken_rule(
                "watch.notify.name holds {}, the name of the first action group: expected another"
                " one, since whoever switches the first off must not silence the second",
                second.name,
            )
        return self

    def _short_enough(self) -> None:
        """Raises unless the alarm's name in Azure fits with the workspace's behind it."""
        where, name = self.workspace, self.alert.name
        group = f"/resourceGroups/{self.resource_group.chosen}"
        ours = f"{group}/providers/Microsoft.OperationalInsights/workspaces/{where.name}"
        behind = with_workspace(where.existing or ours)
        most = LONGEST_NAME - len(behind)
        if len(name) > most:
            raise broken_rule(
                "alert.name holds {} characters: expected at most {}, since Azure allows"
                f" {LONGEST_NAME} and the rule may have its workspace's name behind its own,{{}};"
                ' shorten it: pulumi config set --path "[key].alert.name" "…"',
                len(name),
                most,
                behind,
            )

    def _audited(self) -> None:
        """Raises unless the alerts that read the audit logs get them."""
        needing = [name for name in ("exclusion", "tamper") if getattr(self.watch, name)]
        if needing and "AuditLogs" not in self.diagnostic_setting.categories:
            raise broken_rule(
                "diagnosticSetting.categories lacks AuditLogs: expected it, since"
                f" {' and '.join(f'watch.{name}' for name in needing)} read them; or: "
                + "; ".join(
                    f'pulumi config set --path "[key].watch.{name}" false' for name in needing
                )
            )
