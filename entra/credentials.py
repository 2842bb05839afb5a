"""Which credential the ARM_* environment variables describe.

Exactly one of: a client secret, a certificate, an OIDC token (as text, in a file, or asked of the
pipeline that runs us). They are the variables of the azuread and azure-native providers, so the
program and both providers always act as the same application. Nothing else is ever tried: a
left-over ``az login`` or a managed identity could be of another tenant.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from azure.core.credentials import TokenCredential
from azure.identity import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
)

from entra.errors import IdentityError, PipelineSilent

OIDC_AUDIENCE = "api://AzureADTokenExchange"
WAYS = (
    "ARM_CLIENT_SECRET, ARM_CLIENT_CERTIFICATE_PATH, or ARM_USE_OIDC=true with ARM_OIDC_TOKEN,"
    " ARM_OIDC_TOKEN_FILE_PATH or ARM_OIDC_REQUEST_URL and ARM_OIDC_REQUEST_TOKEN"
)
_BUSY = {429, 500, 502, 503, 504}
_TRUE = {"1", "t", "true"}
_FALSE = {"", "0", "f", "false"}


@dataclass(frozen=True)
class Method:
    """How the application proves who it is: ``variable`` names the environment variable."""

    variable: str
    build: Callable[..., TokenCredential]


def switch(environ: Mapping[str, str], variable: str) -> bool:
    """The truth value of an ARM_USE_… variable, unset meaning no. Raises IdentityError."""
    value = environ.get(variable, "").strip().lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise IdentityError(f"{variable} is {environ[variable]!r}: expected true or false")


def choose_method(environ: Mapping[str, str], tenant_id: str, client_id: str) -> Method:
    """The one way that the variables describe. Raises IdentityError for none, or two."""
    if switch(environ, "ARM_USE_MSI"):
        raise IdentityError(
            "ARM_USE_MSI is true: a managed identity is not used here, because which one answers"
            f" depends on the machine; unset it and set {WAYS}"
        )
    found: list[Method] = []
    if secret := environ.get("ARM_CLIENT_SECRET"):
        found.append(
            Method(
                "ARM_CLIENT_SECRET",
                partial(ClientSecretCredential, tenant_id, client_id, secret),
            )
        )
    if path := environ.get("ARM_CLIENT_CERTIFICATE_PATH"):
        found.append(_certificate(environ, path, tenant_id, client_id))
    elif environ.get("ARM_CLIENT_CERTIFICATE_PASSWORD"):
        raise IdentityError(
            "ARM_CLIENT_CERTIFICATE_PASSWORD is set but ARM_CLIENT_CERTIFICATE_PATH is not:"
            " name the certificate's file too"
        )
    if switch(environ, "ARM_USE_OIDC"):
        variable, assertion = _oidc(environ)
        found.append(
            Method(variable, partial(ClientAssertionCredential, tenant_id, client_id, assertion))
        )
    elif environ.get("ARM_OIDC_TOKEN") or environ.get("ARM_OIDC_TOKEN_FILE_PATH"):
        raise IdentityError(
            "ARM_OIDC_TOKEN or ARM_OIDC_TOKEN_FILE_PATH is set but ARM_USE_OIDC is not: set"
            " ARM_USE_OIDC=true, or the providers would not use the token"
        )
    if not found:
        raise IdentityError(f"no credential found for application {client_id}: set {WAYS}")
    if len(found) > 1:
        raise IdentityError(
            f"{' and '.join(method.variable for method in found)} are both set:"
            " keep one of them, so that nobody has to guess which one counts"
        )
    return found[0]


def _certificate(environ: Mapping[str, str], path: str, tenant_id: str, client_id: str) -> Method:
    if not Path(path).is_file():
        raise IdentityError(
            f"ARM_CLIENT_CERTIFICATE_PATH is {path!r}, and no such file exists: name a PEM or"
            " PKCS#12 file that holds the certificate and its private key"
        )
    password = environ.get("ARM_CLIENT_CERTIFICATE_PASSWORD") or None

    def build(**options: Any) -> TokenCredential:
        try:
            return CertificateCredential(tenant_id, client_id, path, password=password, **options)
        except (ValueError, TypeError):
            raise IdentityError(
                f"ARM_CLIENT_CERTIFICATE_PATH: {path!r} cannot be read as a certificate with its"
                " private key: expected PEM or PKCS#12 with an RSA key, and"
                " ARM_CLIENT_CERTIFICATE_PASSWORD when it is encrypted"
            ) from None

    return Method("ARM_CLIENT_CERTIFICATE_PATH", build)


def _oidc(environ: Mapping[str, str]) -> tuple[str, Callable[[], str]]:
    if token := environ.get("ARM_OIDC_TOKEN"):
        return "ARM_OIDC_TOKEN", lambda: token
    if path := environ.get("ARM_OIDC_TOKEN_FILE_PATH"):
        return "ARM_OIDC_TOKEN_FILE_PATH", lambda: _read_token(path)
    url = environ.get("ARM_OIDC_REQUEST_URL") or environ.get("ACTIONS_ID_TOKEN_REQUEST_URL")
    bearer = environ.get("ARM_OIDC_REQUEST_TOKEN") or environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    if url and bearer:
        # azuread would not heed ARM_OIDC_AUDIENCE, and all three clients act alike.
        return "ARM_OIDC_REQUEST_URL", lambda: ask_pipeline(url, bearer)
    raise IdentityError(
        "ARM_USE_OIDC is true but there is no token: set ARM_OIDC_TOKEN, ARM_OIDC_TOKEN_FILE_PATH,"
        " or both ARM_OIDC_REQUEST_URL and ARM_OIDC_REQUEST_TOKEN (on GitHub: permissions:"
        " id-token: write)"
    )


def _read_token(path: str) -> str:
    try:
        token = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise IdentityError(
            f"ARM_OIDC_TOKEN_FILE_PATH is {path!r}, and it cannot be read"
            f" ({error.strerror}): name the file that your pipeline writes its token to"
        ) from None
    if not token:
        raise IdentityError(f"ARM_OIDC_TOKEN_FILE_PATH: {path!r} is empty: expected an OIDC token")
    return token


def ask_pipeline(url: str, bearer: str, audience: str = OIDC_AUDIENCE) -> str:
    """A token of the pipeline that runs us, for whom `audience` names.

    Raises IdentityError; PipelineSilent when asking again may help. Source: GitHub documentation,
    "OpenID Connect reference".
    """
    failed = "ARM_OIDC_REQUEST_URL gave no OIDC token"
    try:
        answer = httpx.get(
            httpx.URL(url).copy_merge_params({"audience": audience}),
            headers={"Authorization": f"Bearer {bearer}"},
            timeout=10.0,
        )
        answer.raise_for_status()
        value = answer.json().get("value")
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if status in _BUSY:
            raise PipelineSilent(f"{failed}: it answered {status}; run again") from None
        raise IdentityError(
            f"{failed}: it answered {status}; is id-token: write granted?"
        ) from None
    except httpx.TransportError as error:
        raise PipelineSilent(f"{failed} ({type(error).__name__}): check the address") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError) as error:
        raise IdentityError(f"{failed} ({type(error).__name__}): check the address") from None
    if not isinstance(value, str) or not value:
        raise IdentityError(f"{failed}: its answer has no 'value'")
    return value
