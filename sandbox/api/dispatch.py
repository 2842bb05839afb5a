"""From one raw HTTP request to one answer: fault, token, limit, permission, handler, envelope, log.

It knows no HTTP server, so that the order of these steps can be read and tested by itself.
"""

import logging
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from sandbox.api.control.face import ADMINISTRATOR_PATHS
from sandbox.api.delivery import Delivery
from sandbox.api.envelopes import fault_answer
from sandbox.api.faces import Face, Faces
from sandbox.api.graph.permissions import require_permission
from sandbox.api.incoming import Incoming
from sandbox.api.login import who_signs_in
from sandbox.api.routing import Caller, Match, Request, Response
from sandbox.api.service_logs import (
    record_application_sign_in,
    record_azure_request,
    record_graph_request,
)
from sandbox.api.tokens import TokenError, Tokens
from sandbox.tenant.changes import ADMINISTRATOR, Initiator
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.faults import Asked, Fault
from sandbox.tenant.tenant import Tenant, World

_LOG = logging.getLogger(__name__)


@dataclass
class _Trace:
    """What the request log needs to know of a request, filled in on the way."""

    tenant: str | None = None
    actor: str | None = None
    app: str | None = None
    initiator: Initiator | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])


class Dispatcher:
    """Answers requests for a world of tenants at one base URL."""

    def __init__(self, world: World, base_url: str, tokens: Tokens | None = None) -> None:
        self.world = world
        self.base_url = base_url
        self.changed = threading.Event()
        """Set after a request that may have changed a tenant."""
        self._tokens = tokens or Tokens()
        self._faces = Faces(base_url, self._tokens)

    def answer(self, incoming: Incoming) -> Delivery:
        """The answer, and how it goes over the wire."""
        return self._remembered(incoming, self._delivery)

    def refuse(self, incoming: Incoming, error: ServiceError) -> Delivery:
        """The answer to a request whose body could not be taken, in the words of its service."""

        def refused(face: Face, incoming: Incoming, _trace: _Trace) -> Delivery:
            return Delivery(face.envelope(error, incoming.headers))

        return self._remembered(incoming, refused)

    def _remembered(
        self, incoming: Incoming, answered: Callable[[Face, Incoming, _Trace], Delivery]
    ) -> Delivery:
        """An answer, after the log of requests was told of it."""
        started = time.perf_counter()
        face = self._faces.of(incoming.raw_path)
        trace = _Trace()
        delivery = answered(face, incoming, trace)
        if incoming.method not in ("GET", "HEAD"):
            self.changed.set()
        administrator = incoming.raw_path.startswith(ADMINISTRATOR_PATHS)
        if face is not self._faces.control or administrator:
            self.world.requests.add(
                method=incoming.method,
                path=incoming.raw_path,
                query=self._shown_query(face, incoming),
                status=0 if delivery.response is None else delivery.response.status,
                ms=(time.perf_counter() - started) * 1000,
                tenant=trace.tenant,
                actor="administrator" if administrator else trace.actor,
                app=trace.app,
            )
        return delivery

    def answer_at_once(self, incoming: Incoming) -> Delivery | None:
        """The answer to a plain read of Graph when nobody else is at the tenant; else None.

        It never waits, so that the server may call it where waiting would hold up everybody.
        """
        if incoming.method != "GET" or self._faces.of(incoming.raw_path) is not self._faces.graph:
            return None
        try:
            claims = self._tokens.claims(incoming.headers.get("authorization"))
        except TokenError:
            return None
        tenant = self.world.tenants.get(claims["tid"])
        if tenant is None or not tenant.lock.acquire(blocking=False):
            return None
        try:
            return self.answer(incoming)
        finally:
            tenant.lock.release()

    def _delivery(self, face: Face, incoming: Incoming, trace: _Trace) -> Delivery:
        fault = None
        if self.world.faults and face is not self._faces.control:
            fault = self._fault(face, incoming, trace)
        response: Response | None = None
        if fault is None or not fault.spares_effect:
            response = self._served(face, incoming, trace)
            if trace.headers:
                response = replace(response, headers={**response.headers, **trace.headers})
            self._log(face, incoming, trace, response)
        if fault is None:
            return Delivery(response)
        if response is None or fault.status is not None:
            response = fault_answer(fault, face.envelope, incoming.headers)
        return Delivery.of_fault(fault, response)

    def _fault(self, face: Face, incoming: Incoming, trace: _Trace) -> Fault | None:
        """The fault that hits the request; who asks is only looked up for this."""
        tenant, app = None, None
        if face is self._faces.login:
            tenant, app = who_signs_in(self.world, incoming)
        elif face.audience is not None:
            try:
                claims = self._tokens.claims(incoming.headers.get("authorization"))
                tenant, app = claims["tid"], claims["appid"]
            except TokenError:
                pass
        asked = Asked(incoming.method, incoming.target, tenant, app)
        of = self.world.tenants.get(tenant or "", self.world.default)
        fault = self.world.faults.strike(asked, of.behaviour.random_seed)
        if fault is not None and fault.spares_effect:
            # Nobody else will find out who asked.
            trace.tenant = tenant
            if face.audience is not None and app is not None:
                trace.actor, trace.app = "app", app
        return fault

    def _log(self, face: Face, incoming: Incoming, trace: _Trace, response: Response) -> None:
        tenant = self.world.tenants.get(trace.tenant or "")
        if tenant is None:
            return
        if face is self._faces.login:
            record_application_sign_in(self.world, tenant, incoming, response)
        elif face is self._faces.graph and trace.app:
            record_graph_request(tenant, incoming, response, trace.app, self.base_url)
        elif face is self._faces.arm and trace.initiator:
            path = unquote(incoming.raw_path)
            record_azure_request(tenant, incoming.method, path, response, trace.initiator)

    def _served(self, face: Face, incoming: Incoming, trace: _Trace) -> Response:
        try:
            return self._handled(face, incoming, trace)
        except ServiceError as error:
            return face.envelope(error, incoming.headers)
        except Exception as error:  # noqa: BLE001
            # A defect of the sandbox looks like a service's own. Where it happened is said, the
            # exception's text is not: it may quote a body, and a body may hold a password.
            at = traceback.extract_tb(error.__traceback__)[-1]
            failure = ServiceError(
                500,
                "InternalServerError",
                f"{type(error).__name__} at {Path(at.filename).name}:{at.lineno} in the sandbox "
                f"while answering {incoming.method} {incoming.raw_path}",
            )
            _LOG.error("%s", failure.message)
            return face.envelope(failure, incoming.headers)

    def _handled(self, face: Face, incoming: Incoming, trace: _Trace) -> Response:
        caller: Caller | None = None
        query = incoming.parameters()
        tenant = self.world.default
        if face is self._faces.control:
            if "tenant" in query:
                tenant = self.world.tenant(query["tenant"])
            trace.tenant = tenant.id
            if "as" in query:
                trace.initiator = _administrator(tenant, query["as"])
        elif face is self._faces.login:
            trace.tenant, _ = who_signs_in(self.world, incoming)
        elif face.audience is not None:
            tenant, caller = self._authenticated(face, face.audience, incoming, trace)
            if face is self._faces.graph:
                self._throttled(incoming, query, tenant, caller, trace)
        match = self._matched(face, incoming, trace)
        if caller is not None and match.route.permissions:
            require_permission(match.route, caller.permissions)
        request = Request(
            method=incoming.method,
            # Graph takes any case and answers in its own; Resource Manager repeats the caller's.
            path=match.path if face is self._faces.graph else unquote(incoming.raw_path),
            params=match.params,
            query=query,
            headers=incoming.headers,
            body=incoming.json(),
            form=incoming.form(),
            base_url=self.base_url,
            world=self.world,
            tenant=tenant,
            caller=caller,
        )
        if face in (self._faces.login, self._faces.metadata):
            # They change nothing, and checking a secret takes its time.
            return match.route.handler(request)
        initiator = trace.initiator or ADMINISTRATOR
        with self._locked(face, tenant), tenant.changes.by(initiator):
            return match.route.handler(request)

    def _authenticated(
        self, face: Face, audience: str, incoming: Incoming, trace: _Trace
    ) -> tuple[Tenant, Caller]:
        authorization = incoming.headers.get("authorization")
        try:
            tenant, caller = self._tokens.check(self.world, authorization, audience)
        except TokenError as refused:
            now = self.world.clock.now()
            raise face.refusal(refused, self.base_url, now) from None
        trace.tenant, trace.actor, trace.app = tenant.id, "app", caller.app_id
        trace.initiator = _initiator(tenant, caller)
        if face is self._faces.arm:
            self._require_own_subscription(incoming.raw_path, tenant)
        return tenant, caller

    @staticmethod
    def _throttled(
        incoming: Incoming, query: dict[str, str], tenant: Tenant, caller: Caller, trace: _Trace
    ) -> None:
        path = incoming.raw_path.split("/", 2)[2] if incoming.raw_path.count("/") > 1 else ""
        with tenant.lock:
            trace.headers = tenant.throttling.admit(
                caller.app_id,
                tenant.id,
                len(tenant.directory.users),
                (incoming.method, path, query),
            )

    def _require_own_subscription(self, raw_path: str, tenant: Tenant) -> None:
        parts = raw_path.split("/")
        owner = self.world.tenant_of_subscription(parts[2]) if len(parts) > 2 else None
        if parts[1].lower() == "subscriptions" and owner is not None and owner is not tenant:
            raise ServiceError(
                401,
                "InvalidAuthenticationTokenTenant",
                f"The access token is from the wrong issuer 'https://sts.windows.net/{tenant.id}/'."
                f" It must match the tenant 'https://sts.windows.net/{owner.id}/' associated with "
                "this subscription.",
            )

    def _matched(self, face: Face, incoming: Incoming, trace: _Trace) -> Match:
        for router in face.routers:
            match = router.match(incoming.method, incoming.raw_path, face.no_name)
            if match is not None:
                return match
        query = self._shown_query(face, incoming)
        self.world.requests.add_unknown(incoming.method, incoming.raw_path, query, trace.tenant)
        if any(router.methods_of(incoming.raw_path, face.no_name) for router in face.routers):
            raise ServiceError(
                405,
                "MethodNotAllowed",
                f"{incoming.method} is not allowed for the resource {incoming.raw_path}.",
            )
        raise face.unknown_path(face, incoming.raw_path)

    def _shown_query(self, face: Face, incoming: Incoming) -> str:
        """The query as it is kept: whoever signs in may have put a secret into it."""
        if face is not self._faces.login:
            return incoming.query
        return "&".join(f"{quote(name)}=redacted" for name in incoming.parameters())

    def _locked(self, face: Face, tenant: Tenant) -> AbstractContextManager[Any]:
        """The tenant's lock; for control, which may touch every tenant, all of them in order."""
        if face is not self._faces.control:
            return tenant.lock
        stack = ExitStack()
        for tenant_id in sorted(self.world.tenants):
            stack.enter_context(self.world.tenants[tenant_id].lock)
        return stack


def _initiator(tenant: Tenant, caller: Caller) -> Initiator:
    """Who asks: the application of the token."""
    app = tenant.apps.find(caller.app_id)
    if app is None:
        return ADMINISTRATOR
    return Initiator("app", app.object_id.lower(), app.display_name, app.app_id)


def _administrator(tenant: Tenant, name: str) -> Initiator:
    """The user who is at work in a portal; raises ServiceError 404 for an unknown one."""
    user = tenant.directory.user(name)
    return Initiator("user", user["id"], str(user["userPrincipalName"]))
