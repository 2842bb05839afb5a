"""The tables of a Log Analytics workspace over HTTP, to read: their columns and their retention.

Source: Azure REST API, "Tables - Get" and "Tables - List By Workspace". Retention by table, custom
tables and search jobs are not simulated.
"""

from typing import Any

from sandbox.api.arm.common import listing, require
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.azure.ids import ResourceId
from sandbox.tenant.azure.workspaces import WORKSPACES
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.monitor.log_tables import TABLES, LogTable

router = Router(case_insensitive=True)

_WORKSPACE = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/"
    f"{WORKSPACES.full_name}/{{name}}"
)
_COLUMN_TYPES = {"datetime": "dateTime", "bool": "boolean"}


@router.route("GET", f"{_WORKSPACE}/tables")
def list_tables(request: Request) -> Response:
    """Every table of a workspace."""
    workspace = _workspace(request)
    return listing(request, [_body(table, workspace) for table in TABLES.values()])


@router.route("GET", f"{_WORKSPACE}/tables/{{table}}")
def get_table(request: Request) -> Response:
    """One table of a workspace."""
    workspace, wanted = _workspace(request), request.params["table"]
    for name, table in TABLES.items():
        if name.lower() == wanted.lower():
            return Response(body=_body(table, workspace))
    raise ServiceError(404, "ResourceNotFound", f"The table '{wanted}' was not found.")


def _workspace(request: Request) -> dict[str, Any]:
    WORKSPACES.check_api_version(request.query.get("api-version"))
    parts = request.params
    azure = request.tenant.azure
    subscription = azure.subscription(parts["subscription"]).subscription_id
    identity = ResourceId(
        WORKSPACES.namespace, WORKSPACES.name, parts["name"], subscription, parts["group"]
    )
    require(request, f"{WORKSPACES.full_name}/tables/read", identity.text)
    return azure.get(identity)


def _body(table: LogTable, workspace: dict[str, Any]) -> dict[str, Any]:
    days = workspace["properties"]["retentionInDays"]
    columns = [
        {"name": name, "type": _COLUMN_TYPES.get(kind, kind)}
        for name, kind in table.columns.items()
    ]
    return {
        "id": f"{workspace['id']}/tables/{table.name}",
        "name": table.name,
        "type": f"{WORKSPACES.full_name}/tables",
        "properties": {
            "plan": "Analytics",
            "retentionInDays": days,
            "totalRetentionInDays": days,
            "archiveRetentionInDays": 0,
            "retentionInDaysAsDefault": True,
            "totalRetentionInDaysAsDefault": True,
            "provisioningState": "Succeeded",
            "schema": {
                "name": table.name,
                "tableType": "Microsoft",
                "tableSubType": "Any",
                "standardColumns": columns,
            },
        },
    }
