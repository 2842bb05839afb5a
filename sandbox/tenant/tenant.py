"""One simulated Microsoft 365 tenant with its Azure subscriptions, and the world of all of them."""

import copy
import threading
from collections.abc import Mapping
from typing import Any, Self

from sandbox.tenant.access.policies import ConditionalAccess
from sandbox.tenant.access.smart_lockout import SmartLockout
from sandbox.tenant.azure.resources import Azure
from sandbox.tenant.azure.role_assignments import RoleAssignments
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.changes import Changes, Initiator
from sandbox.tenant.clock import Clock
from sandbox.tenant.directory.applications import Applications
from sandbox.tenant.directory.deleted_items import expire
from sandbox.tenant.directory.licences import can_export_sign_ins
from sandbox.tenant.directory.role_schedules import expire_roles
from sandbox.tenant.directory.store import Directory
from sandbox.tenant.document_shape import check_shape
from sandbox.tenant.errors import DocumentError, ServiceError
from sandbox.tenant.faults import Faults
from sandbox.tenant.ids import Ids
from sandbox.tenant.monitor.activity import ActivityLog
from sandbox.tenant.monitor.activity_export import ActivityExport
from sandbox.tenant.monitor.alert_rules import AlertRules
from sandbox.tenant.monitor.directory_log import DirectoryLog
from sandbox.tenant.monitor.logs import Logs
from sandbox.tenant.monitor.outbox import Outbox
from sandbox.tenant.replicas import Replicas, Unseen
from sandbox.tenant.request_log import RequestLog
from sandbox.tenant.throttling import Throttling

_DIRECTORY_SERVICE = Initiator("app", "", "Microsoft Entra ID")


class Tenant:
    """One tenant: its areas, which are built from one document and give it back.

    Whoever reads or changes a tenant holds `lock`.
    """

    def __init__(self, document: Mapping[str, Any], clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.behaviour = Behaviour.from_document(document)
        self.ids = Ids.from_document(document, self.behaviour)
        self.changes = Changes(clock, self.ids)
        self.throttling = Throttling(clock, self.behaviour)
        self.replicas = Replicas(clock, self.behaviour, self.changes)
        self.smart_lockout = SmartLockout(clock)
        self.apps = Applications.from_document(document)
        self.directory = Directory.from_document(document, clock, self.apps, self.changes)
        self.conditional_access = ConditionalAccess.from_document(
            document, clock, self.behaviour, self.changes, self.directory
        )
        self.azure = Azure.from_document(document, clock, self.behaviour, self.ids)
        self.azure.has_premium = lambda: can_export_sign_ins(self.directory)
        self.role_assignments = RoleAssignments.from_document(document, self.directory, self.apps)
        self.activity = ActivityLog.from_document(document, clock, self.behaviour, self.ids)
        self.outbox = Outbox.from_document(document, clock)
        self.logs = Logs.from_document(document, clock, self.azure, self.behaviour)
        self.directory_log = DirectoryLog(
            clock, self.behaviour, self.directory, self.changes, self.logs
        ).read(document)
        self.activity_export = ActivityExport(self.azure, self.activity, self.logs, self.id).read(
            document
        )
        self.alert_rules = AlertRules(
            clock, self.behaviour, self.azure, self.logs, self.activity, self.outbox
        ).read(document)

    @classmethod
    def from_document(
        cls, doc: Mapping[str, Any], clock: Clock, knobs: Mapping[str, Any] | None = None
    ) -> "Tenant":
        """Build a tenant. `knobs` win over those of the document; raises DocumentError."""
        check_shape(doc)
        behaviour = {**doc.get("behaviour", {}), **(knobs or {})}
        return cls({**doc, "behaviour": behaviour}, clock)

    @property
    def id(self) -> str:
        """The tenant id, in lower case."""
        return self.directory.tenant_id

    @property
    def display_name(self) -> str:
        """The organisation's name."""
        return self.directory.display_name

    def as_seen(self, unseen: Unseen) -> Self:
        """The tenant as one of its replicas knows it, to be read only."""
        view = copy.copy(self)
        view.directory = self.directory.as_seen(unseen)
        view.conditional_access = self.conditional_access.as_seen(unseen)
        return view

    def to_document(self) -> dict[str, Any]:
        """The whole state; `from_document` makes the same tenant of it."""
        areas = (
            self.behaviour,
            self.ids,
            self.directory,
            self.apps,
            self.conditional_access,
            self.azure,
            self.role_assignments,
            self.activity,
            self.logs,
            self.directory_log,
            self.activity_export,
            self.alert_rules,
            self.outbox,
        )
        document: dict[str, Any] = {}
        for area in areas:
            document |= area.to_document()
        return document

    def tick(self) -> bool:
        """Run what is due by now and say whether anything was; at once again, nothing is."""
        with self.lock:
            with self.changes.by(_DIRECTORY_SERVICE):
                expire(self.directory, self.behaviour.deleted_items_days)
                expire_roles(self.directory)
            due = self.alert_rules.next_due()
            if due is None or due > self.clock.now():
                return False
            self.alert_rules.run_due()
            return True


class World:
    """Tenants that share one endpoint and one clock. `knobs` hold for all of them."""

    def __init__(self, clock: Clock, knobs: Mapping[str, Any] | None = None) -> None:
        self.clock = clock
        self._knobs = knobs or {}
        self.requests = RequestLog()
        self.faults = Faults()
        self.tenants: dict[str, Tenant] = {}

    @property
    def default(self) -> Tenant:
        """The first tenant."""
        return next(iter(self.tenants.values()))

    def add(self, document: Mapping[str, Any]) -> Tenant:
        """Add a tenant, or replace the one that has the same id; raises DocumentError."""
        return self._take(Tenant.from_document(document, self.clock, self._knobs))

    def replace(self, document: Mapping[str, Any]) -> Tenant:
        """Likewise, but the document's knobs win over the world's, as one that is turned does."""
        check_shape(document)
        behaviour = {**self._knobs, **document.get("behaviour", {})}
        return self._take(Tenant.from_document({**document, "behaviour": behaviour}, self.clock))

    def _take(self, tenant: Tenant) -> Tenant:
        for other in self.tenants.values():
            shared = set(other.azure.subscriptions) & set(tenant.azure.subscriptions)
            if other.id != tenant.id and shared:
                raise DocumentError(
                    f"subscription {min(shared)} belongs to tenant {other.id} and to {tenant.id}; "
                    "a subscription trusts one tenant"
                )
        self.tenants[tenant.id] = tenant
        return tenant

    def tenant(self, tenant_id: str) -> Tenant:
        """The tenant with this id or with a domain of this name; raises ServiceError 404."""
        wanted = tenant_id.lower()
        for tenant in self.tenants.values():
            if tenant.id == wanted or tenant.directory.has_domain(wanted):
                return tenant
        raise ServiceError(404, "TenantNotFound", f"There is no tenant {tenant_id} here.")

    def tenant_of_subscription(self, subscription_id: str) -> Tenant | None:
        """The tenant that a subscription trusts, or None."""
        wanted = subscription_id.lower()
        for tenant in self.tenants.values():
            if wanted in tenant.azure.subscriptions:
                return tenant
        return None

    def advance(self, seconds: float) -> None:
        """Move virtual time on, stopping at each alert evaluation that falls due on the way."""
        end = self.clock.now() + seconds
        while True:
            due = [tenant.alert_rules.next_due() for tenant in self.tenants.values()]
            upcoming = min((time for time in due if time is not None), default=end)
            step = min(upcoming, end) - self.clock.now()
            self.clock.advance(max(step, 0.0))
            self.tick()
            if upcoming >= end:
                return

    def tick(self) -> bool:
        """Run what is due in every tenant and say whether anything was."""
        ran = [tenant.tick() for tenant in list(self.tenants.values())]
        return any(ran)
