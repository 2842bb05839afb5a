"""The control face under `/sandbox/`: what no Microsoft service has, for tests, CLI and curl.

No token is asked for: the server listens on loopback only. `?tenant=<id>` chooses a tenant; without
it the first one is meant, for requests, unknown calls and faults all of them. Sign-ins and policies
are in `sandbox.api.control.sign_ins`. The calls under `ADMINISTRATOR_PATHS` are those of an
administrator at work in a portal (`sandbox.api.control.administrator`): no throttling, no
application limits. `?as=<user principal name>` says who that is, for the audit log; without it the
tenant's first Global Administrator.
"""

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.document_shape import check_shape
from sandbox.tenant.errors import DocumentError, ServiceError
from sandbox.tenant.monitor.log_tables import TABLES

ADMINISTRATOR_PATHS = (
    *("/sandbox/conditional-access/", "/sandbox/users/", "/sandbox/groups"),
    "/sandbox/deleted-items/",
)

router = Router()


def _chosen(request: Request) -> str | None:
    """The tenant that the query chose, or None: all of them."""
    return request.tenant.id if "tenant" in request.query else None


def bad_request(message: str) -> ServiceError:
    """The control face's answer to a body that it does not take."""
    return ServiceError(400, "BadRequest", message)


@router.route("GET", "/sandbox/health")
def health(request: Request) -> Response:
    """Ready, which version, which tenants."""
    tenants = [
        {
            "id": tenant.id,
            "displayName": tenant.display_name,
            "initialDomain": tenant.directory.initial_domain,
        }
        for tenant in request.world.tenants.values()
    ]
    return Response(
        body={
            "ready": True,
            "service": "break-glass sandbox",
            "version": version("break-glass"),
            "now": request.world.clock.timestamp(),
            "tenants": tenants,
        }
    )


@router.route("GET", "/sandbox/tenant")
def get_tenant(request: Request) -> Response:
    """The whole state of a tenant; passwords and secrets are in it as salted hashes only."""
    return Response(body=request.tenant.to_document())


@router.route("PUT", "/sandbox/tenant")
def put_tenant(request: Request) -> Response:
    """Replace a tenant by a document with the same tenant id; its applications' secrets stay."""
    document = request.object_body()
    try:
        check_shape(document)
    except DocumentError as error:
        raise bad_request(str(error)) from None
    tenant_id = str(document.get("tenant", {}).get("id", "")).lower()
    if tenant_id not in request.world.tenants:
        raise bad_request(
            f"tenant.id: no tenant {tenant_id!r} runs here; start one with "
            "`python -m sandbox serve --seed FILE`"
        )
    hashes = {app.app_id: app.secret_hash for app in request.world.tenants[tenant_id].apps.all()}
    try:
        tenant = request.world.replace(document)
    except DocumentError as error:
        raise bad_request(str(error)) from None
    for app in tenant.apps.all():
        app.secret_hash = app.secret_hash or hashes.get(app.app_id)
    return Response(204)


@router.route("GET", "/sandbox/behaviour")
def get_behaviour(request: Request) -> Response:
    """The knobs of a tenant."""
    return Response(body=request.tenant.behaviour.to_document()["behaviour"])


@router.route("PATCH", "/sandbox/behaviour")
def turn_knobs(request: Request) -> Response:
    """Set some knobs; those not named keep their value."""
    request.tenant.behaviour.turn(request.object_body())
    return Response(204)


@router.route("GET", "/sandbox/requests")
def list_requests(request: Request) -> Response:
    """The services' request log, oldest first."""
    return Response(body={"value": request.world.requests.entries(_chosen(request))})


@router.route("DELETE", "/sandbox/requests")
def clear_requests(request: Request) -> Response:
    """Forget the request log and the unknown requests."""
    request.world.requests.clear(_chosen(request))
    return Response(204)


@router.route("GET", "/sandbox/unknown")
def list_unknown(request: Request) -> Response:
    """Calls that are not simulated, and how often each came."""
    return Response(body={"value": request.world.requests.unknown(_chosen(request))})


@router.route("GET", "/sandbox/faults")
def list_faults(request: Request) -> Response:
    """The faults that are still waiting."""
    return Response(body={"value": request.world.faults.waiting(_chosen(request))})


@router.route("POST", "/sandbox/faults")
def order_fault(request: Request) -> Response:
    """Let matching requests fail; see `sandbox.tenant.faults.Fault`."""
    fault = request.world.faults.order(request.object_body(), _chosen(request))
    return Response(201, fault.to_document())


@router.route("DELETE", "/sandbox/faults")
def clear_faults(request: Request) -> Response:
    """Forget all faults."""
    request.world.faults.clear(_chosen(request))
    return Response(204)


@router.route("POST", "/sandbox/clock")
def advance_clock(request: Request) -> Response:
    """Move virtual time on, at most 31 days at once; alert rules run when they are due."""
    seconds: Any = request.object_body().get("advanceSeconds")
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not 0 <= seconds <= 31 * 86_400:
        raise bad_request("advanceSeconds: expected seconds between 0 and 2678400 (31 days)")
    request.world.advance(float(seconds))
    return Response(body={"now": request.world.clock.timestamp()})


@router.route("GET", "/sandbox/logs/{table}")
def list_rows(request: Request) -> Response:
    """The rows of a log table that are visible by now, in all workspaces or in `?workspace=`."""
    tenant = request.tenant
    table = _named(request.params["table"], TABLES, "table")
    workspace = request.query.get("workspace")
    if workspace is not None:
        workspace = _named(workspace, tenant.logs.workspaces(), "workspace")
    return Response(body={"value": tenant.logs.rows(table, workspace=workspace)})


def _named(wanted: str, known: Iterable[str], kind: str) -> str:
    """The known name that is meant, in any case; raises ServiceError 404 that tells them all."""
    names = {name.lower(): name for name in known}
    if (found := names.get(wanted.lower().rstrip("/"))) is None:
        listed = ", ".join(sorted(names.values())) or "none yet"
        raise ServiceError(404, "NotFound", f"There is no {kind} {wanted!r}; there are: {listed}.")
    return found


@router.route("GET", "/sandbox/alerts")
def list_alerts(request: Request) -> Response:
    """What alert rules have fired, which could not run their query, and what all that costs."""
    rules = request.tenant.alert_rules
    return Response(
        body={
            "value": rules.firings(),
            "failures": rules.failures(),
            "rules": rules.figures(),
            "cost": rules.cost(),
        }
    )


@router.route("GET", "/sandbox/outbox")
def list_outbox(request: Request) -> Response:
    """The messages that action groups have sent."""
    return Response(body={"value": request.tenant.outbox.messages()})
