"""Where a customer's state lies, as far as its environment and the project say, and what to mind.

State and key of the secrets open the tenant, and are needed when it is locked: so neither may lie
behind a login to a tenant that the fleet protects. Of an `azblob://` address (and a key vault) the
tenant cannot be told from the address; what can be told is the tenant of the identity that opens
it: `AZURE_TENANT_ID`, since Azure takes tokens of the storage account's own tenant alone.

Source: Pulumi documentation, "Managing state and backend options"; Microsoft Learn, "Authorize
access to blobs using Microsoft Entra ID".
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, cast

import yaml

from fleet.customers import Customer

_HOST: Final = re.compile(r"(?:[^\s:@\[\]]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
_AZURE: Final = ("azblob://", "azurekeyvault://")


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


def warnings(
    customer: Customer, environment: Mapping[str, str], folder: Path, protected: Collection[str]
) -> list[str]:
    """What is wrong, or cannot be known, of where this customer's state and key lie.

    `protected`: the tenant ids of all customers.
    """
    found: list[str] = []
    kept = {"state": backend_of(environment, folder), "key": customer.secrets_provider}
    in_azure = [f"{what} ({url.partition('?')[0]})" for what, url in kept.items()
                if url.startswith(_AZURE)]  # fmt: skip
    opener = environment.get("AZURE_TENANT_ID", "").casefold()
    if in_azure and opener in {one.casefold() for one in protected}:
        found.append(
            f"{' and '.join(in_azure)} opens with an identity of tenant {opener}, which this fleet"
            " protects: when that is locked, nobody gets at it; keep it in another tenant"
        )
    elif in_azure:
        found.append(
            f"in which tenant {' and '.join(in_azure)} lies cannot be seen from here: it must be"
            " none of the customers'"
        )
    return found


def _of_project(folder: Path) -> str:
    try:
        document: Any = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))
        backend: Any = cast("Mapping[str, Any]", document).get("backend")
        return str(cast("Mapping[str, Any]", backend or {}).get("url") or "")
    except (OSError, yaml.YAMLError, AttributeError):
        return ""
