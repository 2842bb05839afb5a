"""Passwords and client secrets: kept as salted hashes only, and Entra's complexity rule.

A password may be somebody's own and short: its hash is slow, against guessing. A client secret that
the sandbox drew at random is beyond guessing, and is asked for with every token: its hash is fast.

Source of the rule: Microsoft Learn, "Password policies and account restrictions in Microsoft
Entra ID": 8 to 256 characters, three of lower case, upper case, digits and symbols.
"""

import base64
import hashlib
import hmac
import os

from sandbox.tenant.errors import ServiceError

_COST = {"n": 2**14, "r": 8, "p": 1}


def hash_secret(secret: str) -> str:
    """A salted scrypt hash as text, `scrypt$salt$key`."""
    salt = os.urandom(16)
    return f"scrypt${_text(salt)}${_text(_key(secret, salt))}"


def hash_random_secret(secret: str) -> str:
    """The same for a secret that was drawn at random, `sha256$salt$key`."""
    salt = os.urandom(16)
    return f"sha256${_text(salt)}${_text(_key_of_random(secret, salt))}"


def matches(secret: str, hashed: str | None) -> bool:
    """Whether a secret is the one that was hashed; False when there is no hash."""
    if not hashed or hashed.count("$") != 2:
        return False
    kind, salt, key = hashed.split("$")
    found = _key_of_random if kind == "sha256" else _key
    return hmac.compare_digest(found(secret, base64.b64decode(salt)), base64.b64decode(key))


def require_complex(password: object) -> str:
    """The password, if Entra would take it; raises the ServiceError that Graph answers."""
    if isinstance(password, str) and 8 <= len(password) <= 256 and _classes(password) >= 3:
        return password
    raise ServiceError(
        400,
        "Request_BadRequest",
        "The specified password does not comply with password complexity requirements. "
        "Please provide a different password.",
    )


def _classes(password: str) -> int:
    return sum(
        (
            any(character.islower() for character in password),
            any(character.isupper() for character in password),
            any(character.isdigit() for character in password),
            any(not character.isalnum() for character in password),
        )
    )


def _key(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, dklen=32, **_COST)


def _key_of_random(secret: str, salt: bytes) -> bytes:
    return hmac.digest(salt, secret.encode(), "sha256")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
