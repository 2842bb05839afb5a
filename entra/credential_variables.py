"""Which environment variables hold a credential, and what in them is secret.

The one list for all who must keep such a value out of what they print, keep or refuse: the
fleet's reports and the policy pack. Variables of a known name are not all of them, so names that
speak of a secret count, too, and so does a password in an address, whatever its variable is called.

Sources: Pulumi documentation, "Environment variables" and azure-native's and azuread's
"Installation & configuration"; Azure Storage documentation, "Configure Azure Storage connection
strings"; GitHub and Azure DevOps documentation, variables of a pipeline.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote

CREDENTIALS: Final = (
    "ARM_CLIENT_SECRET",
    "ARM_CLIENT_CERTIFICATE",
    "ARM_CLIENT_CERTIFICATE_PASSWORD",
    "ARM_OIDC_TOKEN",
    "ARM_OIDC_REQUEST_TOKEN",
    "ARM_ACCESS_KEY",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_CLIENT_SECRET",
    "AZURE_DEVOPS_EXT_PAT",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE",
    "SYSTEM_ACCESSTOKEN",
)
"""Variables whose whole value is a credential."""

_SECRET_NAME: Final = re.compile(
    r"SECRET|PASSWORD|PASSPHRASE|TOKEN|CREDENTIAL|CONNECTION_STRING|_SAS|_KEY$|_PAT$|_PFX$"
)
_LEADS_THERE: Final = re.compile(r"_(FILE|PATH|DIR|URL|URI|ID|NAME)$")
"""Names of what says where a credential is, and not the credential."""
TOKEN_LENGTH: Final = 20
"""So long is no user's name in an address."""
_USER: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?P<user>[^/?#\s]+)@")
_PART: Final = re.compile(
    r"(?:^|[;?&])(?P<key>AccountKey|SharedAccessSignature|sig)=(?P<value>[^;&]+)"
)


def credential_values(environ: Mapping[str, str]) -> dict[str, str]:
    """What is secret in these variables, by the variable's name.

    A part of a value stands beside it: `PULUMI_BACKEND_URL (password)`. A name that belongs to one
    customer (`ARM_CLIENT_SECRET__NORTH`) is known by what stands before the two underscores.
    """
    found = {
        name: value for name, value in environ.items() if value and _is_credential(name.upper())
    }
    for name, value in environ.items():
        found |= {f"{name} ({part})": secret for part, secret in _parts(value) if secret}
    return found


def _is_credential(name: str) -> bool:
    plain = name.partition("__")[0] or name
    if plain in CREDENTIALS:
        return True
    return bool(_SECRET_NAME.search(plain)) and not _LEADS_THERE.search(plain)


def _parts(value: str) -> Iterator[tuple[str, str]]:
    if found := _USER.match(value):
        user, _, password = found["user"].partition(":")
        # A name is no secret, but a token may stand in its place.
        secret = password or (user if len(user) >= TOKEN_LENGTH else "")
        yield "password", secret
        if unquote(secret) != secret:
            yield "password, decoded", unquote(secret)
    for part in _PART.finditer(value):
        yield part["key"], part["value"]
