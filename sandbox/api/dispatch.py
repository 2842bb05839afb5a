"""From one raw HTTP request to one answer: face, fault, token, permission, handler, envelope, log.

It knows no HTTP server, so that the order of these steps can be read and tested by itself.
"""

import json
import logging
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from sandbox.api.control.face import ADMINISTRATOR_PATHS
from sandbox.api.faces import Face, Faces
from sandbox.api.routing import Caller, Match, Request, Response
from sandbox.api.service_logs import record_azure_request
from sandbox.api.tokens import Tokens
from sandbox.tenant.changes import ADMINISTRATOR, Initiator
from sandbox.tenant.directory.authority import denied
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.faults import Fault
from sandbox.tenant.tenant import Tenant, World

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Incoming:
    """A request as it came over the wire. `raw_path` is still percent-encoded."""

    method: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class _Trace:
    """What the request log needs to know of a request, filled in on the way."""

    tenant: str | None = None
    actor: str | None = None
    app: str | None = None
    initiator: Initiator | None = None


class Dispatcher:
    """Answers requests for a world of tenants at one base URL."""

    def __init__(self, world: World, base_url: str) -> None:
        self.world = world
        self.base_url = base_url
        self.changed = threading.Event()
        """Set after a request that may have changed a tenant."""
        self._tokens = Tokens()
        self._faces = Faces(base_url, self._tokens)

    def answer(self, incoming: Incoming) -> Response | None:
        """The answer; None means that the connection is to be dropped without one."""
        started = time.perf_counter()
        face = self._faces.of(incoming.raw_path)
        target = f"{incoming.raw_path}?{incoming.query}" if incoming.query else incoming.raw_path
        fault = None
        if face is not self._faces.control:
            fault = self.world.faults.strike(incoming.method, target)
        trace = _Trace()
        response = self._faulty(face, incoming, trace, fault)
        if incoming.method not in ("GET", "HEAD"):
            self.changed.set()
        administrator = incoming.raw_path.startswith(ADMINISTRATOR_PATHS)
        if face is not self._faces.control or administrator:
            self.world.requests.add(
                method=incoming.method,
                path=incoming.raw_path,
                query=incoming.query,
                status=0 if response is None else response.status,
                ms=(time.perf_counter() - started) * 1000,
                tenant=trace.tenant,
                actor="administrator" if administrator else trace.actor,
                app=trace.app,
            )
        return response

    def _faulty(
        self, face: Face, incoming: Incoming, trace: _Trace, fault: Fault | None
    ) -> Response | None:
        early = fault is not None and fault.when == "before" and fault.truncate is None
        response = None if early else self._served(face, incoming, trace)
        if response is not None and face is self._faces.arm and trace.tenant and trace.initiator:
            tenant = self.world.tenants[trace.tenant]
            path = unquote(incoming.raw_path)
            record_azure_request(tenant, incoming.method, path, response, trace.initiator)
        if fault is None:
            return response
        if fault.drop:
            return None
        if fault.status is not None:
            return face.envelope(fault.error(), incoming.headers)
        return response and _truncated(response, fault.truncate or 0)

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
        query = dict(parse_qsl(incoming.query, keep_blank_values=True))
        tenant = self.world.default
        if face is self._faces.control and "tenant" in query:
            tenant = self.world.tenant(query["tenant"])
        if face.audience is not None:
            tenant, caller = self._authenticated(face, incoming, trace)
        match = self._matched(face, incoming)
        if caller is not None and match.route.permissions:
            self._require_permission(match, caller)
        if face is self._faces.control:
            trace.tenant = tenant.id
        request = Request(
            method=incoming.method,
            path=unquote(incoming.raw_path),
            params=match.params,
            query=query,
            headers=incoming.headers,
            body=_json(incoming),
            form=_form(incoming),
            base_url=self.base_url,
            world=self.world,
            tenant=tenant,
            caller=caller,
        )
        with self._locked(face, tenant), tenant.changes.by(_initiator(tenant, caller)):
            return match.route.handler(request)

    def _authenticated(
        self, face: Face, incoming: Incoming, trace: _Trace
    ) -> tuple[Tenant, Caller]:
        authorization = incoming.headers.get("authorization")
        try:
            tenant, caller = self._tokens.check(self.world, authorization, face.audience or "")
        except ServiceError as error:
            if face is not self._faces.arm:
                raise
            code = "AuthenticationFailed"
            raise ServiceError(401, code, error.message, error.headers) from None
        trace.tenant, trace.actor, trace.app = tenant.id, "app", caller.app_id
        trace.initiator = _initiator(tenant, caller)
        if face is self._faces.arm:
            self._require_own_subscription(incoming.raw_path, tenant)
        return tenant, caller

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

    @staticmethod
    def _require_permission(match: Match, caller: Caller) -> None:
        if not caller.permissions.intersection(match.route.permissions):
            raise denied()

    def _matched(self, face: Face, incoming: Incoming) -> Match:
        for router in face.routers:
            if (match := router.match(incoming.method, incoming.raw_path)) is not None:
                return match
        self.world.requests.add_unknown(incoming.method, incoming.raw_path, incoming.query)
        if any(router.methods_of(incoming.raw_path) for router in face.routers):
            raise ServiceError(
                405,
                "MethodNotAllowed",
                f"{incoming.method} is not allowed for the resource {incoming.raw_path}.",
            )
        raise ServiceError(
            404, "ResourceNotFound", f"Resource not found for the path '{incoming.raw_path}'."
        )

    def _locked(self, face: Face, tenant: Tenant) -> AbstractContextManager[Any]:
        """The tenant's lock; for control, which may touch every tenant, all of them in order."""
        if face is not self._faces.control:
            return tenant.lock
        stack = ExitStack()
        for tenant_id in sorted(self.world.tenants):
            stack.enter_context(self.world.tenants[tenant_id].lock)
        return stack


def _initiator(tenant: Tenant, caller: Caller | None) -> Initiator:
    """Who asks: the application of the token; without one, an administrator at work in a portal."""
    app = None if caller is None else tenant.apps.find(caller.app_id)
    if app is None:
        return ADMINISTRATOR
    return Initiator("app", app.object_id.lower(), app.display_name, app.app_id)


def _truncated(response: Response, length: int) -> Response:
    body: Any = response.body
    if not isinstance(body, dict) or "value" not in body:
        return response
    short: dict[str, Any] = {key: body[key] for key in body if key != "@odata.nextLink"}  # pyright: ignore[reportUnknownVariableType]
    return replace(response, body=short | {"value": short["value"][:length]})


def _json(incoming: Incoming) -> Any:
    if not incoming.body or _is_form(incoming):
        return {}
    try:
        return json.loads(incoming.body)
    except ValueError:
        raise ServiceError(
            400,
            "BadRequest",
            "Unable to read JSON request payload. Please ensure Content-Type header is set and "
            "payload is of valid JSON format.",
        ) from None


def _form(incoming: Incoming) -> dict[str, str]:
    if not _is_form(incoming):
        return {}
    return dict(parse_qsl(incoming.body.decode(errors="replace"), keep_blank_values=True))


def _is_form(incoming: Incoming) -> bool:
    return "x-www-form-urlencoded" in incoming.headers.get("content-type", "")
