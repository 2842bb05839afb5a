"""Passkeys (FIDO2) that an administrator registers on behalf of a user.

Sources: Microsoft Graph v1.0, "fido2AuthenticationMethod: creationOptions" and "Create
fido2AuthenticationMethod" (a challenge lives five minutes; beta lets the caller choose); known
issue "FIDO2 provisioning API requires self-service setup to be enabled". The texts of refusals are
assumed. The attestation is read, never verified: see `webauthn`.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping

from pydantic import BaseModel, Field, ValidationError

from sandbox.tenant.clock import iso
from sandbox.tenant.directory.authentication_methods import (
    PASSKEY,
    add_method,
    methods_of,
    refused,
)
from sandbox.tenant.directory.authentication_methods_policy import PASSKEYS, configuration
from sandbox.tenant.directory.store import JSON, Directory
from sandbox.tenant.directory.webauthn import (
    ALGORITHMS,
    Credential,
    challenge_of,
    from_base64url,
    read_attestation,
    to_base64url,
)
from sandbox.tenant.errors import ServiceError

RELYING_PARTY = "login.microsoftonline.com"
DEFAULT_TIMEOUT_MINUTES = 5
_LONGEST_TIMEOUT_MINUTES = 43_200

# Challenges are signed and not stored: they end with this process, or with their time.
_KEY = secrets.token_bytes(32)


class _AttestationResponse(BaseModel):
    client_data: str = Field(alias="clientDataJSON")
    attestation: str = Field(alias="attestationObject")


class _PublicKeyCredential(BaseModel):
    id: str
    response: _AttestationResponse


def creation_options(directory: Directory, id_or_upn: str, minutes: int) -> JSON:
    """What an authenticator needs to make a passkey for a user."""
    user = directory.user(id_or_upn)
    _require_allowed(directory)
    if not DEFAULT_TIMEOUT_MINUTES <= minutes <= _LONGEST_TIMEOUT_MINUTES:
        raise refused("challengeTimeoutInMinutes must be between 5 and 43200.")
    ends = int(directory.clock.now()) + 60 * minutes
    existing = methods_of(directory, user["id"], PASSKEY)
    return {
        "challengeTimeoutDateTime": iso(ends),
        "publicKey": {
            "rp": {"id": RELYING_PARTY, "name": "Microsoft"},
            "user": {
                "id": to_base64url(user["id"].encode()),
                "displayName": user["displayName"],
                "name": user["userPrincipalName"],
            },
            "challenge": to_base64url(_challenge(user["id"], ends, secrets.token_hex(8))),
            "pubKeyCredParams": [
                {"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS
            ],
            "timeout": 0,
            "excludeCredentials": [
                {"id": method["credentialId"], "type": "public-key", "transports": []}
                for method in existing
            ],
            "authenticatorSelection": {
                "authenticatorAttachment": "cross-platform",
                "requireResidentKey": True,
                "userVerification": "required",
            },
            "attestation": "direct",
            "extensions": {"hmacCreateSecret": True, "enforceCredentialProtectionPolicy": True},
        },
    }


def register(directory: Directory, id_or_upn: str, body: Mapping[str, object]) -> JSON:
    """Register the passkey that an authenticator made from the creation options."""
    user_id = directory.user(id_or_upn)["id"]
    _require_allowed(directory)
    name = body.get("displayName")
    if name is not None and not isinstance(name, str):
        raise refused("displayName must be a text.")
    try:
        credential = _answered(directory, user_id, body)
    except ValueError as error:
        raise refused(f"publicKeyCredential: {error}.") from None
    credential_id = to_base64url(credential.credential_id)
    if any(m.get("credentialId") == credential_id for m in _all_passkeys(directory)):
        raise refused("publicKeyCredential: the credential is registered already.")
    _require_key_allowed(directory, credential)
    method: JSON = {
        "id": directory.changes.ids.new(),
        "@odata.type": PASSKEY,
        "userId": user_id,
        "credentialId": credential_id,
        "displayName": name,
        "createdDateTime": directory.clock.timestamp(),
        "aaGuid": credential.aaguid,
        "model": None,
        "attestationCertificates": [],
        "attestationLevel": "notAttested" if credential.attestation == "none" else "attested",
        "passkeyType": "synced" if credential.syncable else "deviceBound",
    }
    return add_method(directory, method)


def _answered(directory: Directory, user_id: str, body: Mapping[str, object]) -> Credential:
    try:
        key = _PublicKeyCredential.model_validate(body.get("publicKeyCredential"))
    except ValidationError:
        expected = "expected id and response, with clientDataJSON and attestationObject"
        raise ValueError(expected) from None
    client_data = from_base64url(key.response.client_data)
    challenge = from_base64url(challenge_of(client_data, f"https://{RELYING_PARTY}"))
    _require_own(challenge, user_id, directory.clock.now())
    credential = read_attestation(from_base64url(key.response.attestation), RELYING_PARTY)
    if from_base64url(key.id) != credential.credential_id:
        raise ValueError("its id is not that of the credential in the attestation")
    return credential


def _challenge(user_id: str, ends: int, salt: str) -> bytes:
    content = f"{user_id}/{ends}/{salt}"
    signature = hmac.new(_KEY, content.encode(), hashlib.sha256).hexdigest()
    return f"{content}/{signature}".encode()


def _require_own(challenge: bytes, user_id: str, now: float) -> None:
    """Raise ValueError unless a challenge was given out for this user and has not run out."""
    parts = challenge.decode(errors="replace").split("/")
    ends = int(parts[1]) if len(parts) == 4 and parts[1].isdigit() else 0
    expected = _challenge(user_id, ends, parts[2] if len(parts) == 4 else "")
    if not hmac.compare_digest(challenge, expected):
        raise ValueError("the challenge was not given out for this user")
    if now >= ends:
        raise ValueError("the challenge has expired")


def _require_allowed(directory: Directory) -> None:
    rules = configuration(directory, PASSKEYS)
    if rules["state"] != "enabled" or not rules["isSelfServiceRegistrationAllowed"]:
        raise ServiceError(
            403,
            "accessDenied",
            "Passkeys must be enabled and self-service setup allowed in the authentication methods "
            "policy of the tenant.",
        )


def _require_key_allowed(directory: Directory, credential: Credential) -> None:
    rules = configuration(directory, PASSKEYS)
    if rules["isAttestationEnforced"] and credential.attestation == "none":
        raise refused("The policy of the tenant demands attestation.")
    keys = rules["keyRestrictions"]
    if keys.get("isEnforced"):
        listed = credential.aaguid in [str(aaguid).lower() for aaguid in keys.get("aaGuids", [])]
        if listed != (keys.get("enforcementType") == "allow"):
            raise refused(f"The policy of the tenant does not allow keys of {credential.aaguid}.")


def _all_passkeys(directory: Directory) -> list[JSON]:
    methods = directory.authentication_methods.values()
    return [method for method in methods if method["@odata.type"] == PASSKEY]
