"""Signing in without a secret: by certificate, and as a pipeline with a token of its own."""

import base64
import time
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientAssertionCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from sandbox.api.server import TenantServer
from tests.support.tenant import graph, http, object_id, running_tenant, small_document

ISSUER = "https://token.pipeline.example"
SUBJECT = "repo:fabrikam/break-glass:environment:production"
AUDIENCE = "api://AzureADTokenExchange"
APP = object_id("app")
TENANT = object_id("tenant")


class Key:
    """A key pair with a certificate of its own."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "break-glass")])
        now = datetime.now(UTC)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.private.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(self.private, hashes.SHA256())
        )

    @property
    def private_pem(self) -> bytes:
        return self.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def public_pem(self) -> str:
        key = self.private.public_key()
        return key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()

    def sign(self, claims: dict[str, Any], **header: str) -> str:
        return jwt.encode(claims, self.private_pem, algorithm="RS256", headers=header)


@pytest.fixture(scope="module")
def key() -> Key:
    return Key()


@pytest.fixture(scope="module")
def stranger() -> Key:
    return Key()


@pytest.fixture(scope="module")
def server(key: Key) -> Generator[TenantServer]:
    document = small_document()
    document["apps"][0]["certificates"] = [key.certificate_pem]
    document["apps"][0]["federatedCredentials"] = [
        {"issuer": ISSUER, "subject": SUBJECT, "publicKey": key.public_pem}
    ]
    with running_tenant(document) as running:
        yield running


def _options(server: TenantServer) -> dict[str, Any]:
    return {
        "authority": server.url,
        "disable_instance_discovery": True,
        "connection_verify": str(server.ca_path),
    }


def _pem_file(key: Key, folder: Path) -> str:
    file = folder / "app.pem"
    file.write_bytes(key.private_pem + key.certificate_pem.encode())
    return str(file)


def _pipeline_token(key: Key, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE, "iat": now, "exp": now + 300}
    return key.sign(claims | changes)


def _refusal(server: TenantServer, assertion: str, **form: str) -> tuple[int, int, str]:
    fields = {
        "grant_type": "client_credentials",
        "client_id": APP,
        "client_assertion": assertion,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "scope": f"{server.url}/.default",
    }
    with http(server) as client:
        answer = client.post(f"/{TENANT}/oauth2/v2.0/token", data=fields | form)
    body = answer.json()
    return answer.status_code, body["error_codes"][0], body["error_description"]


def test_azure_identity_signs_in_with_a_certificate(
    server: TenantServer, key: Key, tmp_path: Path
) -> None:
    credential = CertificateCredential(TENANT, APP, _pem_file(key, tmp_path), **_options(server))
    token = credential.get_token(f"{server.url}/.default").token
    with http(server) as client:
        headers = {"Authorization": f"Bearer {token}"}
        assert client.get("/v1.0/organization", headers=headers).status_code == 200


def test_azure_identity_is_refused_with_a_certificate_that_the_application_lacks(
    server: TenantServer, stranger: Key, tmp_path: Path
) -> None:
    file = _pem_file(stranger, tmp_path)
    credential = CertificateCredential(TENANT, APP, file, **_options(server))
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        credential.get_token(f"{server.url}/.default")


def test_azure_identity_signs_in_with_a_pipelines_token(server: TenantServer, key: Key) -> None:
    credential = ClientAssertionCredential(
        TENANT, APP, lambda: _pipeline_token(key), **_options(server)
    )
    assert credential.get_token(f"{server.url}/.default").token


@pytest.mark.parametrize(
    ("changes", "number", "named"),
    [
        ({"iss": "https://elsewhere.example"}, 700211, "https://elsewhere.example"),
        ({"sub": "repo:fabrikam/break-glass:pull_request"}, 700213, "pull_request"),
        ({"sub": SUBJECT.upper()}, 700213, "REPO"),
        ({"aud": "api://other"}, 700212, "api://other"),
        ({"exp": int(time.time()) - 3600}, 700024, "time range"),
    ],
)
def test_a_pipelines_token_must_fit_the_federated_credential(
    server: TenantServer, key: Key, changes: dict[str, Any], number: int, named: str
) -> None:
    status, found, text = _refusal(server, _pipeline_token(key, **changes))
    assert (status, found) == (401, number)
    assert named in text


def test_a_pipelines_token_with_another_signature_is_refused(
    server: TenantServer, stranger: Key
) -> None:
    assert _refusal(server, _pipeline_token(stranger))[:2] == (401, 50013)


def _certificate_assertion(
    server: TenantServer, signer: Key, thumbprint_of: Key, **changes: Any
) -> str:
    now = int(time.time())
    claims = {
        "iss": APP,
        "sub": APP,
        "aud": f"{server.url}/{TENANT}/oauth2/v2.0/token",
        "nbf": now,
        "exp": now + 300,
    }
    digest = thumbprint_of.certificate.fingerprint(hashes.SHA1())
    header = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return signer.sign(claims | changes, x5t=header)


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"aud": "https://login.example/oauth2/v2.0/token"}, 700023),
        ({"sub": "somebody"}, 700021),
        ({"exp": int(time.time()) - 3600}, 700024),
        ({"nbf": int(time.time()) + 3600}, 700024),
    ],
)
def test_a_certificates_assertion_must_be_meant_for_here_and_now(
    server: TenantServer, key: Key, changes: dict[str, Any], number: int
) -> None:
    assertion = _certificate_assertion(server, key, key, **changes)
    assert _refusal(server, assertion)[:2] == (401, number)


def test_a_thumbprint_without_its_key_opens_nothing(
    server: TenantServer, key: Key, stranger: Key
) -> None:
    assertion = _certificate_assertion(server, stranger, key)
    assert _refusal(server, assertion)[:2] == (401, 700027)


@pytest.mark.parametrize(
    ("assertion", "form", "number"),
    [
        ("not.a.jwt", {}, 50027),
        ("", {"client_assertion": ""}, 7000216),
        ("x", {"client_assertion_type": "urn:other"}, 50027),
    ],
)
def test_what_is_no_assertion_is_refused_by_name(
    server: TenantServer, assertion: str, form: dict[str, str], number: int
) -> None:
    assert _refusal(server, assertion, **form)[1] == number


def test_a_drill_months_ahead_in_virtual_time_still_takes_a_fresh_assertion(
    key: Key, tmp_path: Path
) -> None:
    document = small_document()
    document["apps"][0]["certificates"] = [key.certificate_pem]
    with running_tenant(document) as server, http(server) as control:
        control.post("/sandbox/clock", json={"advanceSeconds": 30 * 86_400})
        file = _pem_file(key, tmp_path)
        credential = CertificateCredential(TENANT, APP, file, **_options(server))
        assert credential.get_token(f"{server.url}/.default").token


def test_the_secret_goes_on_working_beside_a_certificate(server: TenantServer) -> None:
    with graph(server) as client:
        assert client.get("/v1.0/organization").status_code == 200
