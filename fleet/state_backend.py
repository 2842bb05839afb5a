"""Where a customer's state lies, as far as its environment and the project say, and what to mind.

State and key of the secrets open the tenant, and are needed when it is locked: so neither may lie
behind a login to a tenant that the fleet protects. Of an `azblob://` address (and a key vault) the
tenant cannot be told from the address; what can be told is the tenant of the identity that opens
it, since Azure takes tokens of the storage account's own tenant alone: `AZURE_TENANT_ID`, else the
one in which `az login` has its default subscription. A managed identity, which `pulumi` would take
before that login, cannot be seen; neither can the tenant of an account key.

Source: Pulumi documentation, "Managing state and backend options"; Microsoft Learn, "Authorize
access to blobs using Microsoft Entra ID", "Azure CLI configuration" (`AZURE_CONFIG_DIR`),
"DefaultAzureCredential overview". The layout of `azureProfile.json`, which begins with a byte order
mark, is the Azure CLI's own (`azure-cli-core`, `_profile.py`).
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from fleet.customers import Customer
from fleet.environment import customer_environment
from fleet.errors import FleetError
from fleet.yaml_text import document_of

_HOST: Final = re.compile(r"(?:[^\s:@\[\]]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
_AZURE: Final = ("azblob://", "azurekeyvault://")
_ACCOUNT_KEYS: Final = (
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGE_CONNECTION_STRING",
)


def backend_of(environment: Mapping[str, str], folder: Path) -> str:
    """The backend's address without credentials; empty for the one of `pulumi login`.

    A user and password stand before the host, further ones (and much else) behind a question mark.
    """
    url = environment.get("PULUMI_BACKEND_URL") or _of_project(folder)
    scheme, mark, rest = url.partition("://")
    if not mark or scheme == "file":
        return url.partition("?")[0]
    host, slash, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    host = host.rpartition("@")[2]
    if not _HOST.fullmatch(host):
        # A password with a sign in it that ends the host: nothing of it can be told apart.
        return f"{scheme}://…"
    return f"{scheme}://{host}{slash}{path}"


@dataclass(frozen=True)
class Warnings:
    """What to mind about the places of several customers' states and keys: names by line."""

    protected: dict[str, list[str]]
    """Behind a login to a tenant that the fleet protects."""
    unseen: dict[str, list[str]]
    """Behind one whose tenant cannot be seen from here."""


def warnings(
    customers: Iterable[Customer],
    everybody: Iterable[Customer],
    folder: Path,
    environ: Mapping[str, str],
) -> Warnings:
    """Look at `customers`; `everybody` is whom the fleet protects. `environ`: the whole one."""
    tenants = {one.tenant_id.casefold() for one in everybody if one.tenant_id}
    found = Warnings({}, {})
    for customer in customers:
        environment = customer_environment(customer.name, environ)
        opened: dict[str, list[str]] = {}
        for place, tenant in _opened(customer, environment, folder):
            opened.setdefault(tenant, []).append(place)
        for tenant, places in opened.items():
            where = " and ".join(places)
            if tenant in tenants:
                line = (
                    f"{where} opens with an identity of tenant {tenant}, which this fleet protects:"
                    " when that is locked, nobody gets at it; keep it in another tenant"
                )
                found.protected.setdefault(line, []).append(customer.name)
            elif not tenant:
                line = (
                    f"in which tenant {where} lies cannot be seen from here: it must be none of the"
                    " customers'"
                )
                found.unseen.setdefault(line, []).append(customer.name)
    return found


def _opened(
    customer: Customer, environment: Mapping[str, str], folder: Path
) -> Iterable[tuple[str, str]]:
    """What of a customer's lies in Azure, and the tenant of whoever opens it; empty: not seen."""
    state = backend_of(environment, folder)
    if state.startswith(_AZURE):
        by_key = any(environment.get(name) for name in _ACCOUNT_KEYS)
        yield f"state ({state})", "" if by_key else opener_tenant(environment)
    if customer.secrets_provider.startswith(_AZURE):
        scheme, _, rest = customer.secrets_provider.partition("://")
        # The vault alone: the key's name is another for each customer.
        yield f"key ({scheme}://{rest.partition('/')[0]})", opener_tenant(environment)


def opener_tenant(environment: Mapping[str, str]) -> str:
    """The tenant of the identity that opens what lies in Azure; empty when it cannot be seen."""
    named = environment.get("AZURE_TENANT_ID", "")
    if named or environment.get("AZURE_CLIENT_ID"):
        return named.casefold()
    base = environment.get("AZURE_CONFIG_DIR") or Path.home() / ".azure"
    try:
        text = (Path(base) / "azureProfile.json").read_text(encoding="utf-8-sig")
        subscriptions: Any = json.loads(text)["subscriptions"]
        tenants = [one["tenantId"] for one in subscriptions if one.get("isDefault")]
        return str(tenants[0]).casefold()
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return ""


def _of_project(folder: Path) -> str:
    try:
        document = document_of((folder / "Pulumi.yaml").read_text(encoding="utf-8"), "Pulumi.yaml")
        backend: Any = cast("Mapping[str, Any]", document).get("backend")
        return str(cast("Mapping[str, Any]", backend or {}).get("url") or "")
    except (OSError, UnicodeDecodeError, FleetError, AttributeError):
        return ""
