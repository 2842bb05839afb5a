"""Subscriptions and the resource providers that are registered in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.tenant.azure.ids import subscription_scope
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
    """A subscription. `registered` holds namespaces in lower case."""

    subscription_id: str
    display_name: str
    registered: set[str]

    @property
    def scope(self) -> str:
        """The subscription's resource id."""
        return subscription_scope(self.subscription_id)

    def state_of(self, namespace: str) -> str:
        """`Registered` or `NotRegistered`."""
        known = self.registered | _ALWAYS_REGISTERED
        return "Registered" if namespace.lower() in known else "NotRegistered"

    def check_registered(self, namespace: str) -> None:
        """Raise ServiceError 409 for a resource provider that is not registered here."""
        if self.state_of(namespace) == "Registered":
            return
        raise ServiceError(
            409,
            "MissingSubscriptionRegistration",
            f"The subscription is not registered to use namespace '{namespace}'. See "
            "https://aka.ms/rps-not-found for how to register subscriptions.",
        )

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
        if before["registrationState"] == "Registered":
            return before
        self.registered.add(namespace.lower())
        return before | {"registrationState": "Registering"}

    def to_document(self) -> dict[str, Any]:
        """The subscription as the document has it."""
        return {
            "subscriptionId": self.subscription_id,
            "displayName": self.display_name,
            "registeredProviders": sorted(NAMESPACES[name] for name in self.registered),
        }


def read_subscriptions(items: Sequence[Mapping[str, Any]]) -> dict[str, Subscription]:
    """The document's subscriptions by id in lower case; raises DocumentError.

    Without `registeredProviders` every namespace is registered.
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
        registered = {name.lower() for name in namespaces}
        found[identity.lower()] = Subscription(identity, name, registered)
    return found
