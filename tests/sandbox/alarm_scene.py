"""The alarm as `SignInMonitoring` makes it, in a tenant whose time stands still until it is moved.

The component runs as a program; what it registers is PUT to Azure Resource Manager as the provider
would. Minutes count from when the alarm stood.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from components.monitoring_arguments import (
    AccountToWatch,
    EmailReceiver,
    Excluded,
    Notify,
    SignInMonitoringArgs,
    SmsReceiver,
    Watch,
    WebhookReceiver,
)
from components.monitoring_children import MonitoringTools
from components.sign_in_monitoring import SignInMonitoring
from sandbox.plugins.azure_native import DESCRIPTIONS
from sandbox.plugins.schema import complete
from tests.sandbox.dispatched import Answer, Dispatched
from tests.sandbox.seed_tenant import StillClock
from tests.support.tenant import AT_ONCE, object_id, small_document
from tests.unit.harness import Recording, run_program

ADA, BO = (object_id(f"users/{name}") for name in ("ada", "bo"))
RUNBOOK = "https://runbook.example/break-glass"
WEBHOOK = "https://desk.example/alarm?sig=kitten-of-the-desk"
RECEIVERS = Notify(
    emails=[EmailReceiver("Desk", "desk@fabrikam.example"), EmailReceiver("Out", "out@x.example")],
    sms=[SmsReceiver("Phone", "49", "1701234567")],
    webhooks=[WebhookReceiver("Tickets", WEBHOOK)],
)
WATCHERS = Notify(name="ag-watch", emails=[EmailReceiver("Boss", "boss@x.example")])
NOBODY_WATCHES = Watch(exclusion=False, tamper=False, silence=False, rules=False, health=False)
SUBSCRIPTION = object_id("subscription")
Json = dict[str, Any]

_BY_TOKEN = {description.token: description for description in DESCRIPTIONS}


def address(name: str) -> str:
    return f"{name}@fabrikam.onmicrosoft.com"


def arguments(**changes: Any) -> SignInMonitoringArgs:
    """Ada and Bo are watched, Staff is excluded from policies, everybody is told."""
    watched = [AccountToWatch(ADA, address("ada")), AccountToWatch(BO, address("bo"))]
    excluded = Excluded(group_ids=[object_id("groups/staff")])
    args = SignInMonitoringArgs(
        watched,
        location="westeurope",
        notify=RECEIVERS,
        watch=Watch(notify=WATCHERS, excluded=excluded),
        customer="Fabrikam",
    )
    return replace(args, **changes)


class Alarm:
    """A tenant with the alarm. `knobs`: of the tenant, which has no lag but the log's delay."""

    def __init__(self, args: SignInMonitoringArgs | None = None, **knobs: object) -> None:
        self.clock = StillClock()
        document = small_document()
        self.tenant = Dispatched(
            document, self.clock, {**AT_ONCE, "activityDelaySeconds": 0, **knobs}
        )
        self.state: Recording = Recording()
        self.begun = 0.0
        self.deploy(args or arguments())

    def deploy(self, args: SignInMonitoringArgs) -> None:
        """Run the component as an update of what it made before."""
        tools = MonitoringTools({}, self._memory)
        self.state = run_program(
            lambda: SignInMonitoring("monitoring", args, tools=tools), respond=self._put
        )
        self.begun = self.clock.now()

    def advance(self, minutes: float) -> None:
        self.tenant.world.advance(minutes * 60)

    def sign_in(self, user: str = "ada", **facts: Any) -> Json:
        """Sign somebody in; with a password and second factor unless told otherwise."""
        return self.ask("POST", "/sandbox/sign-ins", {"user": address(user), "mfa": True, **facts})

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A request that is answered well: to Azure, or as an administrator to the control face."""
        answer: Answer = self.tenant.ask(method, path, body)
        assert answer.status < 300, answer.body
        return answer.body

    def id_of(self, name: str) -> str:
        """The Azure id of a child of the component."""
        return str(self.state.named(f"monitoring-{name}").outputs["id"])

    def messages(self, rule: str = "Break-glass account used") -> list[Json]:
        """The messages of a rule that went out."""
        return [
            message
            for message in self.tenant.tenant.outbox.messages()
            if message["rule"] == rule and message["status"] == "sent"
        ]

    def minutes(self, rule: str = "Break-glass account used") -> list[float]:
        """When a rule rang."""
        return [
            round((_seconds(firing["time"]) - self.begun) / 60, 2) for firing in self.firings(rule)
        ]

    def firings(self, rule: str = "Break-glass account used") -> list[Json]:
        listed = self.tenant.tenant.alert_rules.firings()
        return [firing for firing in listed if firing["rule"] == rule]

    def _memory(self, resource_type: str) -> Mapping[str, Mapping[str, Any]]:
        return {found.urn: found.outputs for found in self.state.of_type(resource_type)}

    def _put(self, type_: str, name: str, inputs: Json) -> tuple[str, Json] | None:
        description = _BY_TOKEN.get(type_)
        if description is None:
            return None
        full, problems = complete(description.record(), inputs, plugin="azure-native")
        assert problems == [], (name, problems)
        id = description.id_of(full, SUBSCRIPTION)
        body = json.loads(json.dumps(description.body_of(full)))
        answer = self.ask("PUT", f"{id}?api-version={description.api_version}", body)
        outputs: Json = {**(answer.get("properties") or {}), **answer}
        return answer["id"], {key: outputs[key] for key in ("id", "name", *full) if key in outputs}


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
