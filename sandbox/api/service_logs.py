"""What the services' own logs keep of a request: the Azure activity log of a write."""

from collections.abc import Mapping
from typing import Any

from sandbox.api.routing import Response
from sandbox.tenant.changes import Initiator
from sandbox.tenant.tenant import Tenant


def record_azure_request(
    tenant: Tenant, method: str, path: str, response: Response, caller: Initiator
) -> None:
    """An answered request to Azure Resource Manager. `path` is decoded.

    One that was throttled, or whose token was refused, never reached a resource provider: the
    activity log does not know of it.
    """
    if response.status in (401, 429):
        return
    with tenant.lock:
        tenant.activity.record(method, path, response.status, caller, _error_code(response.body))


def _error_code(body: Any) -> str:
    error: Any = body.get("error") if isinstance(body, Mapping) else None  # pyright: ignore[reportUnknownVariableType,reportUnknownMemberType]
    return str(error.get("code", "")) if isinstance(error, Mapping) else ""  # pyright: ignore[reportUnknownMemberType,reportUnknownArgumentType]
