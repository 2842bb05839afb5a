"""Where a cloud's services are: login, Microsoft Graph, Azure Resource Manager, log queries.

The public cloud and the national ones are constants (Microsoft: "National cloud deployments");
any other is described by the metadata document of the host that ARM_METADATA_HOSTNAME names, the
same one that the azuread and azure-native providers read.
"""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from entra.errors import IdentityError

METADATA_TIMEOUT_SECONDS = 4.0


@dataclass(frozen=True)
class Endpoints:
    """Base addresses without a trailing slash.

    ``resource_manager_audience`` is what an Azure Resource Manager token is asked for; it differs
    from the address in some clouds. ``log_analytics`` is the query API of Log Analytics (Microsoft
    Learn, "Azure Monitor Logs API: Access the API").
    """

    login: str
    graph: str
    resource_manager: str
    resource_manager_audience: str
    log_analytics: str = "https://api.loganalytics.io"
    log_analytics_audience: str = "https://api.loganalytics.io"


CLOUDS: Mapping[str, Endpoints] = {
    "public": Endpoints(
        "https://login.microsoftonline.com",
        "https://graph.microsoft.com",
        "https://management.azure.com",
        "https://management.azure.com",
    ),
    "usgovernment": Endpoints(
        "https://login.microsoftonline.us",
        "https://graph.microsoft.us",
        "https://management.usgovcloudapi.net",
        "https://management.usgovcloudapi.net",
        "https://api.loganalytics.us",
        "https://api.loganalytics.us",
    ),
    "china": Endpoints(
        "https://login.chinacloudapi.cn",
        "https://microsoftgraph.chinacloudapi.cn",
        "https://management.chinacloudapi.cn",
        "https://management.chinacloudapi.cn",
        "https://api.loganalytics.azure.cn",
        "https://api.loganalytics.azure.cn",
    ),
}


class _Authentication(BaseModel):
    model_config = ConfigDict(extra="ignore")
    loginEndpoint: str = Field(pattern="^https://")  # noqa: N815 (the document's own name)
    audiences: list[str] = Field(min_length=1)


class _Metadata(BaseModel):
    model_config = ConfigDict(extra="ignore")
    resourceManager: str = Field(pattern="^https://")  # noqa: N815
    microsoftGraphResourceId: str = Field(pattern="^https://")  # noqa: N815
    authentication: _Authentication
    # Azure's address of log queries is their audience too; the simulated cloud, which is one host
    # for everything, names the two apart.
    logAnalyticsResourceId: str = Field(default="", pattern="^(https://.*)?$")  # noqa: N815
    logAnalyticsEndpoint: str = Field(default="", pattern="^(https://.*)?$")  # noqa: N815


def trusted_certificates(environ: Mapping[str, str]) -> str | None:
    """The file of certificate authorities that our own connections trust.

    SSL_CERT_FILE first, then REQUESTS_CA_BUNDLE, else None: what the libraries ship. Raises
    IdentityError when a variable names a file that is not there.
    """
    for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        named = environ.get(variable)
        if not named:
            continue
        if not Path(named).is_file():
            raise IdentityError(
                f"{variable} is {named!r}, and no such file exists: name a PEM file of trusted"
                " certificate authorities, or unset it"
            )
        return named
    return None


def verification(certificates: str | None) -> ssl.SSLContext:
    """What httpx takes as ``verify`` for the answer of ``trusted_certificates``.

    Reading the authorities takes longer than many a request, so all clients of a process share it
    until the file changes.
    """
    return _context(certificates, Path(certificates).stat().st_mtime_ns if certificates else 0)


@cache
def _context(certificates: str | None, _changed: int) -> ssl.SSLContext:
    if certificates:
        return ssl.create_default_context(cafile=certificates)
    return httpx.create_ssl_context()


def find_endpoints(environ: Mapping[str, str] = os.environ) -> Endpoints:
    """The endpoints that the environment asks for. Raises IdentityError."""
    host = environ.get("ARM_METADATA_HOSTNAME")
    if host:
        return _from_metadata(host, trusted_certificates(environ))
    cloud = environ.get("ARM_ENVIRONMENT") or "public"
    try:
        return CLOUDS[cloud.lower()]
    except KeyError:
        raise IdentityError(
            f"ARM_ENVIRONMENT is {cloud!r}: expected {', '.join(CLOUDS)};"
            " for another cloud set ARM_METADATA_HOSTNAME"
        ) from None


def _from_metadata(host: str, certificates: str | None) -> Endpoints:
    where = f"ARM_METADATA_HOSTNAME is {host!r}"
    try:
        answer = httpx.get(
            f"https://{host}/metadata/endpoints",
            params={"api-version": "2022-09-01"},
            timeout=METADATA_TIMEOUT_SECONDS,
            verify=verification(certificates),
        )
        answer.raise_for_status()
        document = _Metadata.model_validate_json(answer.content)
    except httpx.HTTPStatusError as error:
        raise IdentityError(
            f"{where}, and its metadata document answered {error.response.status_code}:"
            " expected the Azure endpoints document; correct the host name or unset it"
        ) from None
    except ValidationError as error:
        raise IdentityError(
            f"{where}, and its metadata document is not usable ({error.error_count()} fields"
            " wrong): correct the host name or unset it"
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
        raise IdentityError(
            f"{where}, and nothing usable answers there ({_reason(error)}): is the tenant's"
            " service running, and does SSL_CERT_FILE name its certificate authority?"
        ) from None
    queries = document.logAnalyticsResourceId.rstrip("/") or CLOUDS["public"].log_analytics
    return Endpoints(
        login=document.authentication.loginEndpoint.rstrip("/"),
        graph=document.microsoftGraphResourceId.rstrip("/"),
        resource_manager=document.resourceManager.rstrip("/"),
        resource_manager_audience=document.authentication.audiences[0].rstrip("/"),
        log_analytics=document.logAnalyticsEndpoint.rstrip("/") or queries,
        log_analytics_audience=queries,
    )


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
