"""Are we in the right tenant, and may we do what is asked? Before anything is registered.

One tenant stands behind the Graph token, the Azure Resource Manager token, the subscription and
the stack's settings, or nothing happens. Then: permissions in Microsoft Graph; what Azure permits,
whoever asks there is told. A licence is told, not judged. All look-ups run at the same time; none
of them is a Conditional Access request.
Errors: ``IdentityError``, ``GraphError`` (see ``entra.errors``).
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from entra.client import GraphClient
from entra.directory import Directory, Domain
from entra.errors import IdentityError
from entra.identity import Identity
from entra.permissions import how_to_grant
from entra.policy import told
from entra.resource_manager import ResourceManager

# Microsoft Graph application permissions that contain others: "Microsoft Graph permissions
# reference", the "higher privileged permissions" of each call.
_CONTAINED_IN = {
    "User.ReadWrite.All": ("Directory.ReadWrite.All",),
    "Group.ReadWrite.All": ("Directory.ReadWrite.All",),
    "User.Read.All": ("User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"),
    "Group.Read.All": ("Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"),
    "Domain.Read.All": ("Domain.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"),
    "Organization.Read.All": (
        "Organization.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    ),
    "Application.Read.All": (
        "Application.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    ),
    "Directory.Read.All": ("Directory.ReadWrite.All",),
    "RoleManagement.Read.Directory": ("RoleManagement.ReadWrite.Directory",),
}
_WRITES = "Write"
"""In the name of every permission that changes something."""


@dataclass(frozen=True)
class TenantFacts:
    """The tenant that the identity is in, as it was found."""

    id: str
    display_name: str
    initial_domain: str
    domains: tuple[Domain, ...]
    has_premium: bool
    security_defaults: bool
    own_object_id: str
    """Of the service principal that we run as."""
    may_write: bool = True
    """False: it can read all that a preview needs, and change nothing of it."""

    def __str__(self) -> str:
        return f"{told(self.display_name)} ({self.initial_domain})"


def check_tenant(
    identity: Identity,
    *,
    tenant_id: str,
    subscription_id: str | None,
    permissions: Sequence[str],
    reading: Sequence[str] = (),
    graph: GraphClient | None = None,
    transport: httpx.BaseTransport | None = None,
) -> TenantFacts:
    """The tenant's facts, if everything that the stack needs is there.

    ``tenant_id`` and ``subscription_id`` are the settings' ``azuread:tenantId`` and
    ``azure-native:subscriptionId``; ``permissions`` are Graph application permissions. With
    ``reading``, those of a preview, an identity that has them and none that writes will do. Without
    a subscription nothing is asked of Azure. Raises IdentityError in one line for the first thing
    that is wrong, GraphError when Graph fails.
    """
    graph = graph or GraphClient(identity, transport=transport)
    directory = Directory(graph)
    azure = ResourceManager(identity, transport=transport)
    _same_tenant("the identity in ARM_TENANT_ID", identity.tenant_id, tenant_id)
    with ThreadPoolExecutor(max_workers=2) as pool:
        graph_claims = pool.submit(identity.graph_claims)
        azure_claims = pool.submit(identity.resource_manager_claims) if subscription_id else None
        claims = graph_claims.result()
        _same_tenant("the Microsoft Graph token", str(claims.get("tid")), tenant_id)
        if azure_claims:
            told = "the Azure Resource Manager token"
            _same_tenant(told, str(azure_claims.result().get("tid")), tenant_id)
    may_write = _permitted(identity, _roles(claims), permissions, reading)
    with ThreadPoolExecutor(max_workers=5) as pool:
        organization = pool.submit(directory.organization)
        domains = pool.submit(directory.domains)
        premium = pool.submit(directory.has_premium_licence)
        defaults = pool.submit(directory.security_defaults)
        if subscription_id:
            subscription = pool.submit(azure.tenant_of_subscription, subscription_id)
            told = f"subscription {subscription_id}"
            _same_tenant(told, subscription.result(), tenant_id)
        found = organization.result()
        _same_tenant("the organization that Microsoft Graph shows", found.id, tenant_id)
        return TenantFacts(
            id=found.id,
            display_name=found.display_name,
            domains=domains.result(),
            initial_domain=_initial(domains.result()),
            has_premium=premium.result(),
            security_defaults=defaults.result(),
            own_object_id=str(claims.get("oid") or ""),
            may_write=may_write,
        )


def _same_tenant(what: str, found: str, expected: str) -> None:
    if found.casefold() != expected.casefold():
        raise IdentityError(
            f"azuread:tenantId is {expected}, but {what} belongs to tenant {found}: nothing was"
            " changed; use the credentials and the settings of one and the same tenant"
        )


def _roles(claims: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(str(role) for role in claims.get("roles") or ())


def _permitted(
    identity: Identity, granted: frozenset[str], needed: Sequence[str], reading: Sequence[str]
) -> bool:
    """Whether it may write; one that can write a part of it was meant to write it all."""
    lacking = _lacking(granted, needed)
    if not lacking:
        return True
    writes = any(_WRITES in permission for permission in granted)
    if reading and not writes and not _lacking(granted, reading):
        return False
    raise IdentityError(
        f"application {identity.client_id} may not do what this stack needs:"
        f" {how_to_grant(lacking)}"
    )


def _lacking(granted: frozenset[str], needed: Sequence[str]) -> list[str]:
    return [
        permission
        for permission in needed
        if not granted.intersection((permission, *_CONTAINED_IN.get(permission, ())))
    ]


def _initial(domains: Sequence[Domain]) -> str:
    return next((domain.name for domain in domains if domain.is_initial), "no initial domain")
