"""From an alert to messages: an action group's receivers, what each reads, and how often.

Source: Microsoft Learn, "Action groups" and "Rate limits for voice, SMS, emails, Azure App push
notifications, and webhook posts": one SMS and one call in five minutes to a number, 100 mails an
hour to an address, whichever rules and subscriptions they come from; a further mail tells of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.tenant.azure.action_groups import RECEIVERS
from sandbox.tenant.azure.resources import Azure
from sandbox.tenant.clock import iso
from sandbox.tenant.monitor.alerts import ActivityAlert, LogAlert
from sandbox.tenant.monitor.outbox import Message, Outbox

_LIMITS = {"sms": (1, 300.0), "voice": (1, 300.0), "email": (100, 3600.0)}
"""Channel → how many messages in how many seconds."""

_SHORT = ("sms", "voice", "push")
_SIMULATED = ("email", "sms", "voice", "push", "webhook")


@dataclass(frozen=True)
class Action:
    """What a rule does when it rings: an action group, and what goes into its webhooks' calls."""

    group_id: str
    properties: Mapping[str, str] = field(default_factory=dict[str, str])


class Notifier:
    """Sends alerts to the receivers of action groups."""

    def __init__(self, azure: Azure, outbox: Outbox) -> None:
        self._azure = azure
        self._outbox = outbox

    def notify(
        self, alert: "LogAlert | ActivityAlert", actions: Iterable[Action], now: float
    ) -> list[str]:
        """Send the messages; returns whom nobody told, one line an action group or receiver."""
        problems: list[str] = []
        for action in actions:
            group = self._azure.find(action.group_id)
            if group is None:
                problems.append(f"the action group {action.group_id} does not exist")
            elif not group["properties"]["enabled"]:
                problems.append(f"the action group {action.group_id} is disabled")
            else:
                problems += self._notify_group(alert, action, group["properties"], now)
        return problems

    def _notify_group(
        self,
        alert: "LogAlert | ActivityAlert",
        action: Action,
        group: Mapping[str, Any],
        now: float,
    ) -> list[str]:
        problems: list[str] = []
        for kind_name, kind in RECEIVERS.items():
            for receiver in group.get(kind_name, []):
                if receiver.get("status", "Enabled") != "Enabled":
                    problems.append(f"the receiver {receiver['name']} is disabled")
                    continue
                message = Message(
                    channel=kind.channel,
                    recipient=kind.recipient(receiver),
                    name=receiver["name"],
                    subject=alert.subject,
                    body=alert.body,
                    rule=alert.rule["name"],
                )
                if kind.channel in _SHORT:
                    short = f"{group['groupShortName']}: {alert.subject}"
                    message = replace(message, body=short)
                if kind.channel == "webhook":
                    common = receiver.get("useCommonAlertSchema", False)
                    schema = alert.common_schema if common else alert.legacy_schema
                    message = replace(message, payload=schema(action.properties))
                sent = self._send(message, now)
                if sent.status != "sent":
                    problems.append(f"the receiver {receiver['name']}: {sent.reason}")
        return problems

    def _send(self, message: Message, now: float) -> Message:
        if message.channel not in _SIMULATED:
            reason = f"the sandbox does not simulate receivers of the kind '{message.channel}'"
            message = replace(message, status="not simulated", reason=reason)
        elif message.channel in _LIMITS:
            limit, seconds = _LIMITS[message.channel]
            count = self._outbox.sent_since(message.channel, message.recipient, now - seconds)
            if count >= limit:
                reason = f"rate limit: {limit} in {seconds / 60:g} minutes to one {message.channel}"
                message = replace(message, status="suppressed", reason=reason)
            if message.channel == "email" and count == limit:
                self._outbox.send(_limit_notice(message, now + seconds), now)
        self._outbox.send(message, now)
        return message


def _limit_notice(message: Message, until: float) -> Message:
    words = f"Azure Monitor sends no more mail to {message.recipient} until {iso(until)}."
    return replace(
        message, subject="Azure Monitor: rate limit reached", body=words, status="sent", reason=""
    )
