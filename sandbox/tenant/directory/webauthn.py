"""What a passkey says about itself at registration: client data and attestation object.

Sources: W3C, "Web Authentication" (Level 2, sections 5.8.1, 6.1, 6.5); RFC 8949, "CBOR". Read, not
verified: the attestation's signature is not checked, so anybody could claim to be any model.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

PRESENT, VERIFIED, SYNCABLE, ATTESTED_DATA = 0x01, 0x04, 0x08, 0x40
ALGORITHMS = (-7, -257)
"""COSE: ES256 and RS256."""

_AUTHENTICATOR_HEAD = 37
_AAGUID = slice(37, 53)


@dataclass(frozen=True)
class Credential:
    """A new passkey. `attestation` is the format of its attestation, `none` without any."""

    credential_id: bytes
    aaguid: str
    attestation: str
    syncable: bool


def challenge_of(client_data: bytes, origin: str) -> str:
    """The challenge that the client answered; raises ValueError for other client data."""
    try:
        found: Any = json.loads(client_data)
    except ValueError:
        raise ValueError("clientDataJSON is no JSON") from None
    expected = {"type": "webauthn.create", "origin": origin}
    for name, value in expected.items():
        if not isinstance(found, dict) or cast(dict[str, Any], found).get(name) != value:
            raise ValueError(f"clientDataJSON.{name} must be {value}")
    return str(cast(dict[str, Any], found).get("challenge"))


def read_attestation(attestation: bytes, relying_party: str) -> Credential:
    """The credential in an attestation object; raises ValueError that says what is wrong."""
    found = _item(attestation, 0)
    data: Any = cast(dict[Any, Any], found).get("authData") if isinstance(found, dict) else None
    if not isinstance(data, bytes) or len(data) < _AUTHENTICATOR_HEAD + 18:
        raise ValueError("attestationObject has no authenticator data with a credential")
    if data[:32] != hashlib.sha256(relying_party.encode()).digest():
        raise ValueError(f"the credential was made for another relying party than {relying_party}")
    flags = data[32]
    for flag, name in (
        (PRESENT, "the user's presence"),
        (VERIFIED, "the user's verification"),
        (ATTESTED_DATA, "credential data"),
    ):
        if not flags & flag:
            raise ValueError(f"the authenticator data lacks {name}")
    length = int.from_bytes(data[53:55])
    key = _item(data, 55 + length)
    algorithm: Any = cast(dict[Any, Any], key).get(3) if isinstance(key, dict) else None
    if algorithm not in ALGORITHMS:
        raise ValueError(f"the key's algorithm is {algorithm}, expected one of {ALGORITHMS}")
    text = data[_AAGUID].hex()
    return Credential(
        credential_id=data[55 : 55 + length],
        aaguid="-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])),
        attestation=str(cast(Mapping[str, Any], found).get("fmt", "none")),
        syncable=bool(flags & SYNCABLE),
    )


def to_base64url(data: bytes) -> str:
    """Base64URL without padding, as Graph writes binary data."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The data of a Base64URL text, padded or not; raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("expected a Base64URL text") from None


def _item(data: bytes, at: int) -> Any:
    try:
        return _decode(data, at)[0]
    except (IndexError, TypeError, RecursionError, UnicodeDecodeError):
        raise ValueError("attestationObject is no CBOR") from None


def _decode(data: bytes, at: int) -> tuple[Any, int]:
    """One CBOR item of definite length at a position, and the position after it."""
    kind, argument = data[at] >> 5, data[at] & 31
    at += 1
    if argument >= 24:
        size = {24: 1, 25: 2, 26: 4, 27: 8}.get(argument)
        if size is None or at + size > len(data):
            raise ValueError("attestationObject is no CBOR of definite length")
        argument, at = int.from_bytes(data[at : at + size]), at + size
    if kind == 0:
        return argument, at
    if kind == 1:
        return -1 - argument, at
    if kind in (2, 3):
        if at + argument > len(data):
            raise ValueError("attestationObject ends too early")
        found = data[at : at + argument]
        return (found if kind == 2 else found.decode()), at + argument
    if kind == 4:
        items: list[Any] = []
        for _ in range(argument):
            item, at = _decode(data, at)
            items.append(item)
        return items, at
    if kind == 5:
        entries: dict[Any, Any] = {}
        for _ in range(argument):
            key, at = _decode(data, at)
            entries[key], at = _decode(data, at)
        return entries, at
    if kind == 7:
        return {20: False, 21: True}.get(argument), at
    raise ValueError("attestationObject holds a CBOR tag, which is not expected in it")
