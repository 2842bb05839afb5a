"""What a `SignInMonitoring` is made of: data only.

What is left out has the default that its line names; an `existing` resource is used as it is, and
neither changed nor deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class AccountToWatch:
    """An account whose every sign-in rings. Both names are kept: one of them may change."""

    object_id: pulumi.Input[str]
    """Object id in the directory."""
    user_principal_name: pulumi.Input[str]
    """Name with which it signs in."""


@dataclass(frozen=True)
class EmailReceiver:
    """Somebody who is told by mail."""

    name: str
    """Unique within the action group, over all kinds of receivers."""
    address: str
    """Where to."""


@dataclass(frozen=True)
class SmsReceiver:
    """Somebody who is told by text message."""

    name: str
    """Unique within the action group, over all kinds of receivers."""
    country_code: str
    """Digits without `+`, as in `49`."""
    phone_number: str
    """Digits, without the country code."""


@dataclass(frozen=True)
class VoiceReceiver:
    """Somebody who is called."""

    name: str
    """Unique within the action group, over all kinds of receivers."""
    country_code: str
    """Digits without `+`, as in `1`."""
    phone_number: str
    """Digits, without the country code."""


@dataclass(frozen=True)
class PushReceiver:
    """Somebody who is told by the Azure app on the phone."""

    name: str
    """Unique within the action group, over all kinds of receivers."""
    address: str
    """Account with which the app is signed in."""


@dataclass(frozen=True)
class WebhookIdentity:
    """A webhook that wants a token of Microsoft Entra with every call."""

    object_id: str
    """Object id of the application that stands for the webhook."""
    identifier_uri: str
    """Application ID URI of that application, as in `api://…`."""
    tenant_id: str
    """Tenant of that application."""


@dataclass(frozen=True)
class WebhookReceiver:
    """A system that is told by an HTTPS request: a ticketing system, a workflow of Teams."""

    name: str
    """Unique within the action group, over all kinds of receivers."""
    uri: pulumi.Input[str]
    """Where to; kept as a secret, because whoever knows such an address may call it."""
    common_alert_schema: bool | None = None
    """The payload in the schema that all alerts share. Default true."""
    aad: WebhookIdentity | None = None
    """For a webhook that is protected by Microsoft Entra."""


@dataclass(frozen=True)
class Notify:
    """The action group: who is told. A new one, or an existing one."""

    emails: Sequence[EmailReceiver] | None = None
    """Who is told by mail."""
    sms: Sequence[SmsReceiver] | None = None
    """Who is told by text message."""
    voice: Sequence[VoiceReceiver] | None = None
    """Who is called."""
    push: Sequence[PushReceiver] | None = None
    """Who is told by the Azure app."""
    webhooks: Sequence[WebhookReceiver] | None = None
    """Which systems are told."""
    name: str | None = None
    """Default `ag-break-glass`."""
    short_name: str | None = None
    """At most 12 characters: text messages and mails show it. Default `BreakGlass`."""
    resource_group_name: str | None = None
    """An existing resource group for it. Default: the workspace's."""
    existing: str | None = None
    """Azure resource id of an action group that is there already; everything else is its own."""


@dataclass(frozen=True)
class ResourceGroup:
    """Where everything is kept: a new resource group, or an existing one."""

    name: str | None = None
    """Default `rg-break-glass`."""
    existing: str | None = None
    """Name of a resource group that is there already."""


@dataclass(frozen=True)
class Workspace:
    """Where the logs go: a new Log Analytics workspace, or an existing one."""

    name: str | None = None
    """Default `log-break-glass`."""
    retention_days: int | None = None
    """How long it keeps the logs. Default 31."""
    existing: str | None = None
    """Azure resource id of a workspace that is there already, in whatever subscription."""
    earlier: Sequence[str] | None = None
    """Azure resource ids of workspaces to which the logs went before: the alarms look there too.
    Default: those that the last run's alarms read. An empty list forgets them all."""
    location: pulumi.Input[str] | None = None
    """Azure region of the existing one, where the rules that read it have to be. Default: the
    monitoring's."""


@dataclass(frozen=True)
class Diagnostics:
    """What Entra sends to the workspace: a new diagnostic setting, or an existing one."""

    name: str | None = None
    """Default `break-glass`."""
    categories: Sequence[str] | None = None
    """Default `SignInLogs`, `AuditLogs`, `NonInteractiveUserSignInLogs`; without Premium
    `AuditLogs` alone."""
    existing: str | None = None
    """Name of a setting that sends the logs to the workspace already."""


@dataclass(frozen=True)
class UseAlert:
    """The alarm on every use; its defaults are those of the stack's settings."""

    name: str | None = None
    """Name of the rule. Default `Break-glass account used`."""
    description: str | None = None
    """What the message says besides the sign-in. Default: to find out at once who it was."""
    subject: str | None = None
    """Subject of the mail."""
    frequency_minutes: int | None = None
    """How often the rule runs. Default 5."""
    period_minutes: int | None = None
    """Rows that arrived within so many minutes ring. Default: the frequency."""
    lookback_minutes: int | None = None
    """How old a late log row may be and still ring. Default 1440."""
    overlap_minutes: int | None = None
    """How far two runs overlap, so that no row falls between them. Default 1."""
    severity: int | None = None
    """0 (critical, default) to 4 (verbose)."""
    enabled: bool | None = None
    """False: nobody is told. Default true."""
    runbook: str | None = None
    """Address of the page that says what to do; every alarm carries it."""


@dataclass(frozen=True)
class Excluded:
    """What every Conditional Access policy has to exclude."""

    group_ids: Sequence[pulumi.Input[str]] | None = None
    """Object ids of groups."""
    user_ids: Sequence[pulumi.Input[str]] | None = None
    """Object ids of accounts."""
    mfa_only: bool | None = None
    """True: only policies that demand multifactor authentication. Default false."""
    left_alone: Sequence[str] | None = None
    """Ids of policies that need not exclude them."""


@dataclass(frozen=True)
class Watch:
    """The alarms on the alarm and on what it guards; each is on unless it is switched off."""

    exclusion: bool | None = None
    """A policy was made or changed that does not exclude what it should. Default true; needs
    `excluded`."""
    tamper: bool | None = None
    """Somebody changed the accounts, their group or role, or one of the accounts changed something.
    Default true."""
    silence: bool | None = None
    """No sign-in of the whole tenant has arrived for a day. Default true."""
    rules: bool | None = None
    """An alarm, an action group or the workspace was changed, switched off or deleted. Default
    true."""
    health: bool | None = None
    """Azure reports that an alarm or the workspace does not work. Default true."""
    notify: Notify | None = None
    """Who is told by `rules` and `health`. Default: the same receivers, through an action group of
    its own."""
    excluded: Excluded | None = None
    """What the policies have to exclude."""
    role_ids: Sequence[str] | None = None
    """Template ids of the roles that the accounts hold. Default: Global Administrator."""


@dataclass(frozen=True)
class SignInMonitoringArgs:
    """What a `SignInMonitoring` is made of."""

    accounts: Sequence[AccountToWatch]
    """Whose sign-ins ring; one at least."""
    location: pulumi.Input[str]
    """Azure region of the resource group and the workspace that are made, and of the rules."""
    notify: Notify
    """Who is told."""
    resource_group: ResourceGroup | None = None
    """Where everything is kept."""
    workspace: Workspace | None = None
    """Where the logs go."""
    delete_logs: bool | None = None
    """True: deleting the component deletes the workspace and the resource group too. Default
    false."""
    diagnostics: Diagnostics | None = None
    """What Entra sends there."""
    alert: UseAlert | None = None
    """The alarm, where it is to be other than by default."""
    watch: Watch | None = None
    """The alarms besides it."""
    customer: str | None = None
    """Whose tenant it is, for whoever is told by many: in every subject and payload."""
    premium: bool | None = None
    """False: the tenant has no Entra ID P1 licence, so that no sign-in can ring. Default true."""
