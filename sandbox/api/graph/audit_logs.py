"""Graph: the directory's own log, `/auditLogs/directoryAudits` and `/auditLogs/signIns`.

Source: Microsoft Graph v1.0 reference, "List directoryAudits", "List signIns" (both permissions,
newest first, 1,000 a page, sign-ins of people that were interactive). How the service words the
refusals is observed.
"""

import base64
from collections.abc import Iterable
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode

from sandbox.api.graph.audit_filter import audit_filter
from sandbox.api.graph.odata import selected
from sandbox.api.graph.odata_names import counted, require_selected
from sandbox.api.graph.routes import DIRECTORY_READ, graph_route
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.directory.entity_sets import ENTITY_SETS
from sandbox.tenant.directory.licences import require_sign_in_report
from sandbox.tenant.errors import ServiceError

router = Router(case_insensitive=True)

READ = tuple(f"AuditLog.Read.All and {permission}" for permission in DIRECTORY_READ)

_AUDITS = "/auditLogs/directoryAudits"
_SIGN_INS = "/auditLogs/signIns"
_LARGEST_PAGE = 1000
_OPTIONS = frozenset({"$filter", "$top", "$orderby", "$skiptoken", "$select", "$count"})


@graph_route(router, "GET", _AUDITS, permissions=READ)
def list_audits(request: Request) -> Response:
    """Page through what was done in the directory."""
    return _page(request, request.tenant.directory_log.audits(), "activityDateTime", _AUDITS)


@graph_route(router, "GET", _AUDITS + "/{id}", permissions=READ)
def get_audit(request: Request) -> Response:
    """Read one audit record."""
    return _one(request, request.tenant.directory_log.audits(), _AUDITS)


@graph_route(router, "GET", _SIGN_INS, permissions=READ)
def list_sign_ins(request: Request) -> Response:
    """Page through the sign-ins; those that were not interactive only where a filter asks so."""
    require_sign_in_report(request.tenant.directory)
    records = request.tenant.directory_log.sign_ins()
    if "signineventtypes" not in request.query.get("$filter", "").lower():
        records = (record for record in records if record["isInteractive"])
    return _page(request, records, "createdDateTime", _SIGN_INS)


@graph_route(router, "GET", _SIGN_INS + "/{id}", permissions=READ)
def get_sign_in(request: Request) -> Response:
    """Read one sign-in."""
    require_sign_in_report(request.tenant.directory)
    return _one(request, request.tenant.directory_log.sign_ins(), _SIGN_INS)


def _page(
    request: Request, records: Iterable[dict[str, Any]], time: str, template: str
) -> Response:
    """One page, newest first unless `$orderby` says otherwise, with the next one's address."""
    query = request.query
    for name in query:
        if name.startswith("$") and name not in _OPTIONS:
            raise _bad(f"The query option '{name}' is not supported here.")
    of = ENTITY_SETS[template[1:]]
    require_selected(query.get("$select"), of)
    counted(query.get("$count"))
    test = audit_filter(query["$filter"], of) if "$filter" in query else None
    found = (record for record in records if test is None or test(record))
    if _is_oldest_first(query.get("$orderby", ""), time):
        found = reversed(list(found))
    start, size = _skipped(query.get("$skiptoken")), _size(query.get("$top"))
    page = list(islice(found, start, start + size + 1))
    version = request.path.split("/")[1]
    body: dict[str, Any] = {
        "@odata.context": f"{request.base_url}/{version}/$metadata#{template[1:]}"
    }
    if len(page) > size:
        token = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        path = quote(request.path, safe="/$")
        body["@odata.nextLink"] = (
            f"{request.base_url}{path}?{urlencode({**query, '$skiptoken': token})}"
        )
    body["value"] = [selected(request, record) for record in page[:size]]
    return Response(body=body)


def _one(request: Request, records: Iterable[dict[str, Any]], template: str) -> Response:
    wanted = request.params["id"]
    require_selected(request.query.get("$select"), ENTITY_SETS[template[1:]])
    for record in records:
        if record["id"] == wanted:
            version = request.path.split("/")[1]
            context = f"{request.base_url}/{version}/$metadata#{template[1:]}/$entity"
            return Response(body={"@odata.context": context, **selected(request, record)})
    raise ServiceError(404, "ResourceNotFound", f"The resource '{wanted}' was not found.")


def _is_oldest_first(order: str, time: str) -> bool:
    words = order.split()
    if not words:
        return False
    if words[0].lower() != time.lower() or words[1:] not in ([], ["asc"], ["desc"]):
        raise _bad(f"The $orderby '{order}' is not supported: expected '{time} asc|desc'.")
    return words[1:] != ["desc"]


def _size(top: str | None) -> int:
    if top is None:
        return _LARGEST_PAGE
    if not top.isdigit() or not 1 <= int(top) <= _LARGEST_PAGE:
        raise _bad(f"Invalid page size specified: '{top}'. Must be between 1 and {_LARGEST_PAGE}.")
    return int(top)


def _skipped(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token))
    except ValueError:
        raise _bad("Invalid value specified for $skiptoken.") from None


def _bad(message: str) -> ServiceError:
    return ServiceError(400, "BadRequest", message)
