"""A FIDO2 security key in software, good enough for a registration: it signs nothing."""

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

JSON = dict[str, Any]

RELYING_PARTY = "login.microsoftonline.com"
AAGUID = "2fc0579f-8113-47ea-b116-bb5a8db9202a"
PRESENT, VERIFIED, SYNCABLE, ATTESTED_DATA = 0x01, 0x04, 0x08, 0x40

# COSE key, ES256: {1: 2, 3: -7, -1: 1, -2: x, -3: y}
_KEY = bytes.fromhex("a5010203262001215820") + b"x" * 32 + bytes.fromhex("225820") + b"y" * 32


@dataclass
class SoftwareKey:
    """What the key puts into its answer; change a part to get a wrong one."""

    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    aaguid: str = AAGUID
    relying_party: str = RELYING_PARTY
    origin: str = f"https://{RELYING_PARTY}"
    kind: str = "webauthn.create"
    flags: int = PRESENT | VERIFIED | ATTESTED_DATA
    attestation: str = "packed"
    public_key: bytes = _KEY

    def answer(self, options: JSON, **changes: Any) -> JSON:
        """The body of a registration, from Graph's creation options."""
        client_data = {
            "type": self.kind,
            "challenge": options["publicKey"]["challenge"],
            "origin": self.origin,
            "crossOrigin": False,
        }
        response = {
            "clientDataJSON": encoded(json.dumps(client_data).encode()),
            "attestationObject": encoded(self._attestation_object()),
        }
        return {
            "displayName": "Safe, first floor",
            "publicKeyCredential": {
                "id": encoded(self.credential_id),
                "response": response,
                "clientExtensionResults": {},
            }
            | changes,
        }

    def _attestation_object(self) -> bytes:
        head = hashlib.sha256(self.relying_party.encode()).digest() + bytes([self.flags])
        data = (
            head
            + (7).to_bytes(4)
            + bytes.fromhex(self.aaguid.replace("-", ""))
            + len(self.credential_id).to_bytes(2)
            + self.credential_id
            + self.public_key
        )
        statement = b"\xa1" + _text("x5c") + b"\x81\x44cert"
        return (
            b"\xa3"
            + _text("fmt")
            + _text(self.attestation)
            + _text("attStmt")
            + (b"\xa0" if self.attestation == "none" else statement)
            + _text("authData")
            + b"\x59"
            + len(data).to_bytes(2)
            + data
        )


def encoded(data: bytes) -> str:
    """Base64URL without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _text(value: str) -> bytes:
    return bytes([0x60 + len(value)]) + value.encode()
