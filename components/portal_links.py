"""Addresses in the Azure portal: of a resource, and of a query in its workspace.

Sources: Microsoft Learn, "Sample alert payloads" (`linkToSearchResultsUI`) and "National cloud
deployments".
"""

import base64
import gzip
import json
import os
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

PORTALS: Final[Mapping[str, str]] = {
    "public": "https://portal.azure.com",
    "usgovernment": "https://portal.azure.us",
    "china": "https://portal.azure.cn",
}


def resource_link(resource_id: str, environ: Mapping[str, str] = os.environ) -> str:
    """Opens a resource."""
    return f"{_portal(environ)}/resource{quote(resource_id, safe='/')}"


def query_link(workspace_id: str, query: str, environ: Mapping[str, str] = os.environ) -> str:
    """Opens the workspace's logs with a query and runs it over the last day."""
    scope = json.dumps({"resources": [{"resourceId": workspace_id}]}, separators=(",", ":"))
    return (
        f"{_portal(environ)}/blade/Microsoft_Azure_Monitoring_Logs/LogsBlade"
        f"/source/Alerts.EmailLinks/scope/{quote(scope, safe='')}"
        f"/q/{quote(_packed(query), safe='')}/prettify/1/timespan/P1D"
    )


def _portal(environ: Mapping[str, str]) -> str:
    """The portal of the cloud and the tenant that the `ARM_*` variables name."""
    base = PORTALS.get((environ.get("ARM_ENVIRONMENT") or "public").lower(), PORTALS["public"])
    tenant = environ.get("ARM_TENANT_ID")
    return f"{base}/#@{quote(tenant, safe='')}" if tenant else f"{base}/#"


def _packed(query: str) -> str:
    packed = gzip.compress(query.encode(), mtime=0)
    # Byte 9 names the system that packed it: the same link from every machine.
    return base64.b64encode(packed[:9] + b"\xff" + packed[10:]).decode()
