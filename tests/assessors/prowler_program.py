# pyright: basic, reportMissingImports=false
# prowler and its libraries are in an environment of their own, which the type checker does not see.
"""Runs checks of prowler's m365 provider on tenants; started by `prowler_verdict` as a process.

It is prowler as published: its services for Entra and the admin centre read the tenant through
Microsoft's own SDK over HTTPS, and their checks judge what those read. From outside comes only what
prowler has no options for: what it sends to Microsoft Graph reaches the audited tenant instead, and
the login service is the tenant's. Its provider class, which would also sign in to Exchange through
PowerShell, is represented by an object with the five attributes that the services ask it for.

Reads from stdin one JSON document a line: `environment` (`AUDITED_URL`, `SSL_CERT_FILE` and the
`ARM_*` variables of a tenant) and `checks` (their names). Answers each by one on stdout: `findings`
(check, status, object's name and id, prowler's own sentence) and `read` (how much each service
read, and what it says about what it could not read). All libraries are loaded once, which takes
longer than an audit.
"""

import importlib
import json
import os
import ssl
import sys
from types import SimpleNamespace

import httpx
from azure.identity import ClientSecretCredential
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph_core import GraphClientFactory
from prowler.providers.common.provider import Provider
from prowler.providers.m365.lib.service import service

SERVICES = "prowler.providers.m365.services"


class ToTheTenant(httpx.AsyncHTTPTransport):
    """Sends every request to the audited tenant, whatever host it names: nothing leaves here."""

    def __init__(self, url: str) -> None:
        super().__init__(verify=ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"]))
        self._tenant = httpx.URL(url)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(host=self._tenant.host, port=self._tenant.port)
        request.headers["Host"] = self._tenant.netloc.decode()
        return await super().handle_async_request(request)


def graph_client(credentials: ClientSecretCredential) -> GraphServiceClient:
    """The client that prowler would build itself, with the tenant in place of Microsoft Graph."""
    url = os.environ["AUDITED_URL"]
    http = GraphClientFactory.create_with_default_middleware(
        client=httpx.AsyncClient(transport=ToTheTenant(url), timeout=30)
    )
    provider = AzureIdentityAuthenticationProvider(
        credentials,
        scopes=[f"{url}/.default"],
        allowed_hosts=["graph.microsoft.com", httpx.URL(url).host],
    )
    return GraphServiceClient(request_adapter=GraphRequestAdapter(provider, http))


def forget_the_last_tenant() -> None:
    """Let the services read anew: their `…_client` modules do when they are imported, and the
    modules of the checks hold what those read. Nothing else of prowler keeps a tenant."""
    for name in list(sys.modules):
        if name.startswith(f"{SERVICES}.") and not name.endswith("_service"):
            del sys.modules[name]


def prepare() -> None:
    """Tell prowler whose tenant it is to audit, and as whom."""
    tenant_id = os.environ["ARM_TENANT_ID"]
    session = ClientSecretCredential(
        tenant_id,
        os.environ["ARM_CLIENT_ID"],
        os.environ["ARM_CLIENT_SECRET"],
        authority=os.environ["AUDITED_URL"],
        disable_instance_discovery=True,
    )
    service.GraphServiceClient = graph_client
    Provider.set_global_provider(
        SimpleNamespace(
            session=session,
            audit_config={},
            fixer_config={},
            credentials=None,
            identity=SimpleNamespace(tenant_id=tenant_id, tenant_domain=""),
        )
    )


def findings_of(name: str) -> list[dict[str, str]]:
    """What a check finds; a service's first one that is imported makes it read the tenant."""
    folder = name.partition("_")[0]
    check = getattr(importlib.import_module(f"{SERVICES}.{folder}.{name}.{name}"), name)()
    return [
        {
            "check": name,
            "status": report.status,
            "resource": report.resource_name,
            "id": report.resource_id,
            "says": report.status_extended,
        }
        for report in check.execute()
    ]


def read_of_entra() -> dict[str, object]:
    """How much the service for Entra read."""
    entra = importlib.import_module(f"{SERVICES}.entra.entra_client").entra_client
    errors = (entra.users_error, entra.groups_error, entra.user_registration_details_error)
    return {
        "policies": len(entra.conditional_access_policies),
        "users": len(entra.users),
        "groups": len(entra.groups),
        "errors": [str(error) for error in errors if error],
    }


def read_of_admin_center() -> dict[str, object]:
    """How much the service for the admin centre read; what fails it only logs and leaves out."""
    center = importlib.import_module(
        f"{SERVICES}.admincenter.admincenter_client"
    ).admincenter_client
    return {
        "users": len(center.users),
        "roles": {name: len(role.members) for name, role in center.directory_roles.items()},
    }


READERS = {"entra": read_of_entra, "admincenter": read_of_admin_center}


def audit(checks: list[str]) -> dict[str, object]:
    """Run the checks on the tenant that the environment names."""
    forget_the_last_tenant()
    prepare()
    findings = [finding for name in checks for finding in findings_of(name)]
    services = {name.partition("_")[0] for name in checks}
    return {"findings": findings, "read": {name: READERS[name]() for name in sorted(services)}}


def main() -> None:
    """Audit a tenant for each line."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        asked = json.loads(line)
        os.environ.update(asked["environment"])
        answers.write(json.dumps(audit(asked["checks"])) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
