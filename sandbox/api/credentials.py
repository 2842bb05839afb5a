"""What is kept over a restart in a folder: certificate authority, token key, client secrets."""

import json
import os
import secrets
import ssl
from pathlib import Path

import trustme

from sandbox.tenant.tenant import Tenant

CA_CERTIFICATE = "ca.pem"
_CA_KEY = "ca.key"
_SIGNING_KEY = "tokens.key"
_SIGNING_KEY_BYTES = 32
_CLIENT_SECRETS = "client-secrets.json"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def certificate_authority(folder: Path) -> trustme.CA:
    """The folder's certificate authority, made when there is none yet."""
    certificate, key = folder / CA_CERTIFICATE, folder / _CA_KEY
    if certificate.exists() and key.exists():
        return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
    authority = trustme.CA(organization_name="break-glass sandbox")
    write_private(key, authority.private_key_pem.bytes().decode())
    write_private(certificate, authority.cert_pem.bytes().decode())
    return authority


def server_context(authority: trustme.CA) -> ssl.SSLContext:
    """TLS 1.2 and later for the loopback names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert("localhost", "127.0.0.1", "::1").configure_cert(context)
    return context


def token_key(folder: Path) -> bytes:
    """The key that signs access tokens: the folder's if it is whole, else a new one.

    Clients keep a token for as long as it says; with the same key they may do so over a restart.
    """
    file = folder / _SIGNING_KEY
    try:
        key = bytes.fromhex(file.read_text("ascii"))
    except (FileNotFoundError, ValueError):
        key = b""
    if len(key) != _SIGNING_KEY_BYTES:
        key = secrets.token_bytes(_SIGNING_KEY_BYTES)
        write_private(file, key.hex())
    return key


def client_secret(folder: Path, tenant: Tenant) -> str:
    """The client secret of a tenant's first application: the folder's if it is right, else new."""
    app = tenant.apps.all()[0]
    file = folder / _CLIENT_SECRETS
    known: dict[str, str] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    name = f"{tenant.id}/{app.app_id}"
    if name not in known:
        known[name] = f"sbx~{secrets.token_urlsafe(30)}"
        write_private(file, json.dumps(known, indent=2))
    if not tenant.apps.verify_secret(app.app_id, known[name]):
        tenant.apps.set_secret(app.app_id, known[name])
    return known[name]
