"""Subscriptions and the resource providers that are registered in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.tenant.azure.ids import subscription_scope
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.clock import Clock
from sandbox.tenant.errors import DocumentError, ServiceError

NAMESPACES = {
    name.lower(): name
    for name in (
        *("Microsoft.Authorization", "Microsoft.Insights", "Microsoft.OperationalInsights"),
        *("Microsoft.AlertsManagement", "Microsoft.Resources", "Microsoft.ManagedIdentity"),
    )
}
_ALWAYS_REGISTERED = frozenset({"microsoft.authorization", "microsoft.resources"})


@dataclass
class Subscription:
    """A subscription. `registered` holds namespaces in lower case, with the time (epoch seconds)
    from which each is registered.
    """

    subscription_id: str
    display_name: str
    registered: dict[str, float]
    clock: Clock
    behaviour: Behaviour

    @property
    def scope(self) -> str:
        """The subscription's resource id."""
        return subscription_scope(self.subscription_id)

    def state_of(self, namespace: str) -> str:
        """`Registered`, `Registering` or `NotRegistered`."""
        name = namespace.lower()
        if name in _ALWAYS_REGISTERED:
            return "Registered"
        if name not in self.registered:
            return "NotRegistered"
        return "Registered" if self.registered[name] <= self.clock.now() else "Registering"

    def check_registered(self, namespace: str) -> None:
        """Raise ServiceError 409 for a resource provider that is not registered here."""
        if self.state_of(namespace) == "Registered":
            return
        code = "MissingSubscriptionRegistration"
        message = (
            f"The subscription is not registered to use namespace '{namespace}'. See "
            "https://aka.ms/rps-not-found for how to register subscriptions."
        )
        # Azure's SDK for Go reads the namespace that it registers from here.
        detail = {"code": code, "target": namespace, "message": message}
        raise ServiceError(409, code, message, details=(detail,))

    def provider(self, namespace: str) -> dict[str, Any]:
        """A resource provider as ARM shows it; raises ServiceError 404."""
        name = NAMESPACES.get(namespace.lower())
        if name is None:
            raise ServiceError(
                404,
                "InvalidResourceNamespace",
                f"The resource namespace '{namespace}' is invalid.",
            )
        return {
            "id": f"{self.scope}/providers/{name}",
            "namespace": name,
            "registrationPolicy": "RegistrationRequired",
            "registrationState": self.state_of(name),
            "resourceTypes": [],
        }

    def register(self, namespace: str) -> dict[str, Any]:
        """Register a resource provider; raises ServiceError 404."""
        before = self.provider(namespace)
        if before["registrationState"] != "NotRegistered":
            return before
        seconds = self.behaviour.provider_registration_seconds
        self.registered[namespace.lower()] = self.clock.now() + seconds
        return before | {"registrationState": "Registering"}

    def unregister(self, namespace: str) -> dict[str, Any]:
        """Take back a registration; raises ServiceError 404."""
        self.provider(namespace)
        self.registered.pop(namespace.lower(), None)
        return self.provider(namespace)

    def to_document(self) -> dict[str, Any]:
        """The subscription as the document has it."""
        return {
            "subscriptionId": self.subscription_id,
            "displayName": self.display_name,
            "registeredProviders": sorted(NAMESPACES[name] for name in self.registered),
            "registeredFrom": {
                NAMESPACES[name]: time
                for name, time in self.registered.items()
                if time > self.clock.now()
            },
        }


def read_subscriptions(
    items: Sequence[Mapping[str, Any]], clock: Clock, behaviour: Behaviour
) -> dict[str, Subscription]:
    """The document's subscriptions by id in lower case; raises DocumentError.

    Without `registeredProviders` every namespace is registered. `registeredFrom` holds the time
    (epoch seconds) of those that are still registering.
    """
    found: dict[str, Subscription] = {}
    for index, item in enumerate(items):
        namespaces = item.get("registeredProviders", list(NAMESPACES.values()))
        if unknown := [name for name in namespaces if name.lower() not in NAMESPACES]:
            raise DocumentError(
                f"subscriptions[{index}].registeredProviders: {unknown[0]!r} is not one of "
                f"{', '.join(NAMESPACES.values())}"
            )
        identity = str(item.get("subscriptionId", ""))
        if not identity:
            raise DocumentError(f"subscriptions[{index}].subscriptionId is missing")
        name = str(item.get("displayName", identity))
        later = item.get("registeredFrom", {})
        registered = {name.lower(): float(later.get(name, 0.0)) for name in namespaces}
        found[identity.lower()] = Subscription(identity, name, registered, clock, behaviour)
    return found
