"""Signing in without a secret: a JWT signed with the application's certificate, or by a pipeline.

Source: Microsoft Learn, "Microsoft identity platform application authentication certificate
credentials" (claims and header of the assertion), "Important considerations and restrictions for
federated identity credentials" (issuer, subject and audience must match exactly, upper and lower
case too), and "Microsoft Entra authentication and authorization error codes". Assumed: 50013 for a
pipeline's token whose signature is wrong. What a client makes carries real time, also while the
tenant's virtual time is ahead of it: the assertion's times are judged by real time.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from jwt.types import Options

from sandbox.tenant.directory.applications import Application, FederatedCredential
from sandbox.tenant.errors import ServiceError

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ["RS256", "PS256"]
_SKEW_SECONDS = 300
_SIGNATURE_ONLY: Options = {
    "verify_aud": False,
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_sub": False,
    "verify_jti": False,
    "verify_iss": False,
}


def named_application(assertion: str) -> str:
    """The application that a certificate's assertion speaks for; empty when it names none."""
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError:
        return ""
    return str(claims.get("sub", ""))


def verify_assertion(
    app: Application, assertion: str, audiences: tuple[str, ...], now: float
) -> None:
    """Whether the assertion proves that the caller is this application; raises ServiceError.

    `audiences` are the addresses of the token endpoint, `now` is real time.
    """
    try:
        header = jwt.get_unverified_header(assertion)
        claims: dict[str, Any] = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise _refused(50027, "JWT token is invalid or malformed.") from None
    _check_times(claims, now)
    if str(claims.get("iss", "")).lower() == app.app_id.lower():
        _check_certificate(app, assertion, header, claims, audiences)
    else:
        _check_federation(app, assertion, claims)


def _check_certificate(
    app: Application,
    assertion: str,
    header: dict[str, Any],
    claims: dict[str, Any],
    audiences: tuple[str, ...],
) -> None:
    if str(claims.get("sub", "")).lower() != app.app_id.lower():
        raise _refused(
            700021,
            "Client assertion application identifier doesn't match 'client_id' parameter. Review "
            "the documentation for client assertions.",
        )
    if claims.get("aud") not in audiences:
        raise _refused(700023, "Client assertion audience claim does not match Realm issuer.")
    thumbprint = _thumbprint(header)
    for text in app.certificates:
        certificate = x509.load_pem_x509_certificate(text.encode())
        if thumbprint in (
            certificate.fingerprint(hashes.SHA1()),  # noqa: S303  (x5t is one by definition)
            certificate.fingerprint(hashes.SHA256()),
        ):
            if not _is_signed(assertion, certificate.public_key()):
                break
            return
    raise _refused(
        700027,
        "The certificate with identifier used to sign the client assertion is not registered on "
        "application, or its signature is wrong. [Reason - The key was not found., Thumbprint of "
        f"key used by client: '{thumbprint.hex().upper()}']",
    )


def _check_federation(app: Application, assertion: str, claims: dict[str, Any]) -> None:
    issuer, audience, subject = (claims.get(name) for name in ("iss", "aud", "sub"))
    found = [c for c in app.federated_credentials if c.issuer == issuer]
    _require_match(found, 700211, "issuer", issuer)
    found = [c for c in found if audience in c.audiences]
    _require_match(found, 700212, "audience", audience)
    found = [c for c in found if c.subject == subject]
    _require_match(found, 700213, "subject", subject)
    if not any(_is_signed(assertion, credential.public_key) for credential in found):
        raise _refused(
            50013, "Assertion failed signature validation. [Reason - The key was not found.]"
        )


def _require_match(
    found: Sequence[FederatedCredential], number: int, what: str, value: object
) -> None:
    if not found:
        raise _refused(
            number,
            f"No matching federated identity record found for presented assertion {what} "
            f"'{value}'. Check your federated identity credential Subject, Audience and Issuer "
            "against the presented assertion.",
        )


def _check_times(claims: dict[str, Any], now: float) -> None:
    begin, end = claims.get("nbf", claims.get("iat", now)), claims.get("exp", 0)
    if not (begin - _SKEW_SECONDS <= now <= end + _SKEW_SECONDS):
        raise _refused(
            700024,
            "Client assertion is not within its valid time range. Review the documentation for "
            "client assertions.",
        )


def _thumbprint(header: dict[str, Any]) -> bytes:
    text = str(header.get("x5t#S256") or header.get("x5t") or "")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return b""


def _is_signed(assertion: str, key: Any) -> bool:
    try:
        jwt.decode(assertion, key, algorithms=_ALGORITHMS, options=_SIGNATURE_ONLY)
    except (jwt.PyJWTError, ValueError, TypeError):
        return False
    return True


def _refused(number: int, text: str) -> ServiceError:
    return ServiceError(401, "invalid_client", f"AADSTS{number}: {text}")
