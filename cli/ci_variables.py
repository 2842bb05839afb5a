"""`breakglass ci variables`: a job's variables that name identities, for the steps after it.

GitHub gives a step no variable by itself, and a workflow cannot name those of customers that it
does not know. Whoever may write variables is not always who may write code: so what decides which
program runs, or from where (`PATH`, `PULUMI_PYTHON_CMD`, `PULUMI_OPTION_…`, `AZURE_CONFIG_DIR`,
`NODE_OPTIONS` and all others), is handed on by nobody; the names that are, are listed one by one.

Source: GitHub, "Workflow commands for GitHub Actions" (environment files); Pulumi documentation,
"Environment variables", and of Azure Native and Azure AD, "Installation & configuration". Raises
CommandFailed in one line.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from cli.ci_hosts import needed
from cli.failure import CommandFailed

VARIABLES: Final = "BREAK_GLASS_VARIABLES"
NAMES: Final = frozenset(
    {
        # Who signs in to the tenant.
        "ARM_CLIENT_ID",
        "ARM_TENANT_ID",
        "ARM_SUBSCRIPTION_ID",
        "ARM_CLIENT_SECRET",
        "ARM_CLIENT_CERTIFICATE",
        "ARM_CLIENT_CERTIFICATE_PASSWORD",
        "ARM_USE_OIDC",
        "ARM_USE_MSI",
        "ARM_OIDC_AUDIENCE",
        # Who opens state and key.
        "AZURE_CLIENT_ID",
        "AZURE_TENANT_ID",
        "AZURE_SUBSCRIPTION_ID",
        "AZURE_CLIENT_SECRET",
        "AZURE_STORAGE_ACCOUNT",
        "AZURE_STORAGE_KEY",
        "AZURE_STORAGE_SAS_TOKEN",
        "AZURE_STORAGE_CONNECTION_STRING",
        "AZURE_KEYVAULT_AUTH_VIA_CLI",
        # Where the state is, and what opens its secrets.
        "PULUMI_BACKEND_URL",
        "PULUMI_ACCESS_TOKEN",
        "PULUMI_CONFIG_PASSPHRASE",
    }
)
"""Handed on as they are, and for one customer: `ARM_CLIENT_ID__NORTH_SCHOOL`."""
OF_PIPELINES: Final = frozenset({"SHARDS", "HEAL", "STATE_CLIENT_ID", "STATE_TENANT_ID"})
"""Read by the workflows themselves; not handed on, and nobody misses them."""
_CUSTOMER: Final = re.compile(r"[A-Z0-9]+(?:_[A-Z0-9]+)*")
_MOST: Final = 8


@dataclass(frozen=True)
class HandedOn:
    """Names only: a value may be a secret."""

    names: tuple[str, ...]
    left_out: tuple[str, ...]

    def told(self) -> str:
        """What was left out, in a line; empty when nothing was."""
        if not self.left_out:
            return ""
        more = len(self.left_out) - _MOST
        shown = ", ".join(self.left_out[:_MOST]) + (f" and {more} more" if more > 0 else "")
        return f"Not handed on, since they name no identity: {shown}"


def hand_on(environ: Mapping[str, str] = os.environ) -> HandedOn:
    """Give later steps on GitHub what the job's `vars` hold of identities.

    Azure DevOps hands variables on by itself.
    """
    target = Path(needed(environ, "GITHUB_ENV"))
    try:
        found: Any = json.loads(needed(environ, VARIABLES))
        pairs = sorted(cast("dict[str, Any]", found).items())
    except (ValueError, AttributeError):
        raise CommandFailed(f"{VARIABLES} holds no JSON object: expected toJSON(vars)") from None
    taken = [(name, value) for name, value in pairs if is_handed_on(name)]
    for name, value in taken:
        if not isinstance(value, str) or "\n" in value or "\r" in value:
            raise CommandFailed(f"variable {name} has more than one line: expected one")
    with target.open("a", encoding="utf-8") as stream:
        stream.writelines(f"{name}={value}\n" for name, value in taken)
    names = tuple(name for name, _ in taken)
    left_out = (name for name, _ in pairs if name not in OF_PIPELINES and name not in names)
    return HandedOn(names, tuple(left_out))


def is_handed_on(name: str) -> bool:
    """Whether a variable of this name goes to later steps."""
    plain, mark, customer = name.partition("__")
    return plain in NAMES and (not mark or _CUSTOMER.fullmatch(customer) is not None)
