"""Finding the sandbox, and making sure that it is the sandbox.

A stand-in must never hold a real tenant's objects in its hands. So it talks to loopback addresses
only, and only after the address has said that it is the simulated tenant; a client secret goes
nowhere before that.
"""

import ipaddress
import ssl
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

import httpx

from sandbox.plugins.errors import PluginError

SERVICE = "break-glass sandbox"
METADATA_VERSION = "2022-09-01"
TIMEOUT_SECONDS = 60.0
LAGS_UNTIL_REPLICAS_AGREE = 5.0
"""The longest lag of the sandbox's replicas, in mean lags."""


@dataclass(frozen=True)
class Endpoints:
    """The services' base addresses, without a trailing slash."""

    login: str
    graph: str
    resource_manager: str
    resource_manager_audience: str


def http_client(certificates: str | None) -> httpx.Client:
    """A client that trusts the sandbox's own certificate authority and uses no proxy.

    Args:
        certificates: path of a PEM file (`SSL_CERT_FILE`), None for the system's authorities.

    Raises:
        PluginError: the file is missing or holds no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=certificates)
    except OSError as error:
        raise PluginError(
            f"SSL_CERT_FILE names {certificates}, which cannot be read as certificates "
            f"({error.strerror or error}): `breakglass sandbox env` prints the right path"
        ) from None
    return httpx.Client(verify=context, trust_env=False, timeout=TIMEOUT_SECONDS)


def is_loopback(host: str) -> bool:
    """Whether a host name or address stays on this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def find_sandbox(metadata_host: str, client: httpx.Client) -> Endpoints:
    """The sandbox's endpoints, from its metadata (the providers' own look-up).

    Args:
        metadata_host: `host:port`, as in `ARM_METADATA_HOSTNAME`.
        client: from `http_client`.

    Raises:
        PluginError: not a loopback address, nothing there, or not the sandbox.
    """
    base = f"https://{metadata_host}"
    if not is_loopback(urlsplit(base).hostname or ""):
        raise PluginError(
            f"ARM_METADATA_HOSTNAME is {metadata_host}, not an address of this machine: the "
            "stand-in provider plugins serve the sandbox only; a real tenant needs the real "
            "plugins (`pulumi plugin install`)"
        )
    health = _json(client, f"{base}/sandbox/health")
    if health.get("service") != SERVICE:
        raise PluginError(
            f"https://{metadata_host} is not the sandbox: /sandbox/health names the service "
            f"{health.get('service')!r}, expected {SERVICE!r}"
        )
    metadata = _json(client, f"{base}/metadata/endpoints?api-version={METADATA_VERSION}")
    authentication = cast(dict[str, Any], metadata.get("authentication") or {})
    audiences = cast("list[str]", authentication.get("audiences") or [])
    manager = str(metadata.get("resourceManager", ""))
    found = Endpoints(
        login=_base(authentication.get("loginEndpoint")),
        graph=_base(metadata.get("microsoftGraphResourceId")),
        resource_manager=_base(manager),
        resource_manager_audience=audiences[0] if audiences else manager,
    )
    for address in (found.login, found.graph, found.resource_manager):
        parts = urlsplit(address)
        if parts.scheme != "https" or not is_loopback(parts.hostname or ""):
            raise PluginError(
                f"the metadata of https://{metadata_host} names {address or 'an empty address'}, "
                "expected an https address of this machine: the stand-in plugins go no further"
            )
    return found


def replicas_agree_after(metadata_host: str, tenant_id: str, client: httpx.Client) -> float:
    """Seconds after a write in which a tenant's replicas of Graph may still tell different stories.

    The sandbox can be asked; the real provider cannot ask and waits 20 seconds whatever happens.

    Raises:
        PluginError: there is no such tenant in the sandbox.
    """
    query = urlencode({"tenant": tenant_id})
    knobs = _json(client, f"https://{metadata_host}/sandbox/behaviour?{query}")
    return LAGS_UNTIL_REPLICAS_AGREE * float(knobs.get("readLagSeconds", 0))


def _base(address: Any) -> str:
    return str(address or "").rstrip("/")


def _json(client: httpx.Client, url: str) -> dict[str, Any]:
    address = urlsplit(url)
    try:
        answer = client.get(url)
    except httpx.HTTPError as error:
        raise PluginError(
            f"no sandbox at https://{address.netloc} ({_cause(error)}): start it with "
            "`breakglass sandbox start`"
        ) from None
    try:
        body = answer.json()
    except ValueError:
        body = None
    if answer.status_code != 200 or not isinstance(body, dict):
        raise PluginError(
            f"https://{address.netloc} is not the sandbox: GET {address.path} answered "
            f"HTTP {answer.status_code}"
        )
    return cast(dict[str, Any], body)


def _cause(error: httpx.HTTPError) -> str:
    text = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "its certificate is not trusted: SSL_CERT_FILE must name the sandbox's ca.pem"
    return text
