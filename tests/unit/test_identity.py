import logging
import time
from pathlib import Path
from typing import Any

import pytest
import trustme
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
)

from entra import credentials
from entra.endpoints import CLOUDS, find_endpoints, trusted_certificates
from entra.errors import IdentityError
from entra.identity import Identity, read_claims
from tests.unit.graph_stub import token

TENANT = "11111111-1111-4111-8111-111111111111"
CLIENT = "22222222-2222-4222-8222-222222222222"
SECRET = "S3cret~value-nobody-may-read"
NAMES = {"ARM_TENANT_ID": TENANT, "ARM_CLIENT_ID": CLIENT}
GOOD = {**NAMES, "ARM_CLIENT_SECRET": SECRET}


class StubCredential:
    """Answers with a token, or fails as azure-identity does."""

    def __init__(self, outcome: str | Exception) -> None:
        self.outcome = outcome
        self.scopes: list[str] = []

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.scopes += scopes
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return AccessToken(self.outcome, int(time.time()) + 3600)


def identity(outcome: str | Exception, variable: str = "ARM_CLIENT_SECRET") -> Identity:
    return Identity(TENANT, CLIENT, None, CLOUDS["public"], StubCredential(outcome), variable)


def failure(**variables: str) -> str:
    with pytest.raises(IdentityError) as caught:
        Identity.from_environment(variables)
    text = str(caught.value)
    assert "\n" not in text
    assert SECRET not in text
    return text


def test_a_client_secret_is_enough() -> None:
    found = Identity.from_environment({**GOOD, "ARM_SUBSCRIPTION_ID": TENANT})
    assert isinstance(found.credential, ClientSecretCredential)
    assert (found.tenant_id, found.client_id, found.subscription_id) == (TENANT, CLIENT, TENANT)
    assert found.endpoints == CLOUDS["public"]


def test_an_identity_can_be_printed_without_telling_its_secret() -> None:
    told = repr(Identity.from_environment(GOOD))
    assert SECRET not in told
    assert "ClientSecretCredential" not in told


@pytest.mark.parametrize("variable", ["ARM_TENANT_ID", "ARM_CLIENT_ID"])
def test_a_missing_id_names_its_variable(variable: str) -> None:
    left = {key: value for key, value in GOOD.items() if key != variable}
    assert failure(**left).startswith(f"{variable} is not set")


@pytest.mark.parametrize("variable", ["ARM_TENANT_ID", "ARM_CLIENT_ID", "ARM_SUBSCRIPTION_ID"])
def test_what_is_not_an_id_names_its_variable(variable: str) -> None:
    assert failure(**{**GOOD, variable: "contoso"}).startswith(f"{variable} is 'contoso'")


def test_no_credential_at_all_names_every_way() -> None:
    told = failure(**NAMES)
    for variable in ("ARM_CLIENT_SECRET", "ARM_CLIENT_CERTIFICATE_PATH", "ARM_USE_OIDC=true"):
        assert variable in told


def test_two_credentials_are_a_contradiction() -> None:
    told = failure(**GOOD, ARM_USE_OIDC="true", ARM_OIDC_TOKEN="t")
    assert "ARM_CLIENT_SECRET and ARM_OIDC_TOKEN are both set" in told


def test_a_managed_identity_is_refused() -> None:
    assert "ARM_USE_MSI" in failure(**NAMES, ARM_USE_MSI="true")


def test_a_switch_that_is_neither_true_nor_false_is_named() -> None:
    assert failure(**NAMES, ARM_USE_OIDC="yep").startswith("ARM_USE_OIDC is 'yep'")


def test_an_oidc_token_without_the_switch_would_be_ignored_by_the_providers() -> None:
    assert "set ARM_USE_OIDC=true" in failure(**NAMES, ARM_OIDC_TOKEN=SECRET)


def test_oidc_without_any_token_says_what_to_set() -> None:
    assert "ARM_OIDC_TOKEN_FILE_PATH" in failure(**NAMES, ARM_USE_OIDC="true")


@pytest.mark.parametrize(
    "variables",
    [
        {"ARM_OIDC_TOKEN": "t"},
        {"ARM_OIDC_TOKEN_FILE_PATH": "token"},
        {"ARM_OIDC_REQUEST_URL": "https://pipeline.example", "ARM_OIDC_REQUEST_TOKEN": "t"},
        {
            "ACTIONS_ID_TOKEN_REQUEST_URL": "https://pipeline.example",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t",
        },
    ],
)
def test_each_kind_of_oidc_token_makes_a_credential(variables: dict[str, str]) -> None:
    found = Identity.from_environment({**NAMES, "ARM_USE_OIDC": "true", **variables})
    assert isinstance(found.credential, ClientAssertionCredential)


def test_a_token_file_is_read_anew_each_time(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first\n")
    _, read = credentials._oidc({"ARM_OIDC_TOKEN_FILE_PATH": str(path)})  # pyright: ignore[reportPrivateUsage]
    assert read() == "first"
    path.write_text("")
    with pytest.raises(IdentityError, match="is empty"):
        read()
    path.unlink()
    with pytest.raises(IdentityError, match="cannot be read"):
        read()


def test_a_missing_certificate_file_is_named(tmp_path: Path) -> None:
    told = failure(**NAMES, ARM_CLIENT_CERTIFICATE_PATH=str(tmp_path / "no.pfx"))
    assert told.startswith("ARM_CLIENT_CERTIFICATE_PATH is")


def test_what_is_not_a_certificate_is_told_without_its_password(tmp_path: Path) -> None:
    path = tmp_path / "wrong.pem"
    path.write_text("not a certificate")
    told = failure(
        **NAMES, ARM_CLIENT_CERTIFICATE_PATH=str(path), ARM_CLIENT_CERTIFICATE_PASSWORD=SECRET
    )
    assert "cannot be read as a certificate" in told


def test_a_certificate_with_its_key_makes_a_credential(tmp_path: Path) -> None:
    path = tmp_path / "identity.pem"
    issued = trustme.CA().issue_cert("application.example", key_type=trustme.KeyType.RSA)
    issued.private_key_and_cert_chain_pem.write_to_path(str(path))
    found = Identity.from_environment({**NAMES, "ARM_CLIENT_CERTIFICATE_PATH": str(path)})
    assert isinstance(found.credential, CertificateCredential)


def test_a_certificate_password_alone_is_a_contradiction() -> None:
    told = failure(**NAMES, ARM_CLIENT_CERTIFICATE_PASSWORD=SECRET)
    assert "ARM_CLIENT_CERTIFICATE_PATH is not" in told


@pytest.mark.parametrize(("name", "cloud"), [("", "public"), ("USGovernment", "usgovernment")])
def test_national_clouds_are_known_by_name(name: str, cloud: str) -> None:
    assert find_endpoints({"ARM_ENVIRONMENT": name}) == CLOUDS[cloud]


def test_an_unknown_cloud_lists_the_known_ones() -> None:
    with pytest.raises(IdentityError, match="expected public, usgovernment, china"):
        find_endpoints({"ARM_ENVIRONMENT": "germany"})


def test_a_tenant_that_is_not_there_is_told_within_ten_seconds() -> None:
    started = time.monotonic()
    told = failure(**GOOD, ARM_METADATA_HOSTNAME="localhost:1")
    assert told.startswith("ARM_METADATA_HOSTNAME is 'localhost:1', and nothing usable answers")
    assert time.monotonic() - started < 10


def test_a_certificate_bundle_that_is_not_there_is_named() -> None:
    with pytest.raises(IdentityError, match=r"SSL_CERT_FILE is '/no/such\.pem'"):
        trusted_certificates({"SSL_CERT_FILE": "/no/such.pem"})


def test_certificate_bundles_are_taken_in_order(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("")
    both = {"REQUESTS_CA_BUNDLE": str(tmp_path / "b"), "SSL_CERT_FILE": str(tmp_path / "a")}
    assert trusted_certificates(both) == str(tmp_path / "a")
    del both["SSL_CERT_FILE"]
    assert trusted_certificates(both) == str(tmp_path / "b")
    assert trusted_certificates({}) is None


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("AADSTS7000215: Invalid client secret provided. Trace ID: x", "make a new one"),
        ("AADSTS700016: Application with identifier …", "check ARM_CLIENT_ID"),
        ("AADSTS90002: Tenant not found", "check ARM_TENANT_ID"),
        ("AADSTS7000222: expired", "has expired"),
    ],
)
def test_a_refused_login_says_what_to_check(answer: str, told: str) -> None:
    error = ClientAuthenticationError(message=f"Authentication failed: {answer}")
    with pytest.raises(IdentityError) as caught:
        identity(error).graph_token()
    assert told in str(caught.value)
    assert answer.split(":")[0] in str(caught.value)


def test_an_unknown_refusal_is_told_without_its_trace() -> None:
    error = ClientAuthenticationError(message="AADSTS1: Something\nnew. Trace ID: 1234 Content: {}")
    with pytest.raises(IdentityError) as caught:
        identity(error).graph_token()
    assert "AADSTS1: Something new." in str(caught.value)
    assert "1234" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        ServiceRequestError("Max retries\nexceeded"),
        ClientAuthenticationError(
            message="Authentication failed: HTTPSConnection(host='login.…'): Failed to\nresolve"
        ),
    ],
)
def test_no_network_is_one_line(error: Exception) -> None:
    with pytest.raises(IdentityError, match="cannot be reached") as caught:
        identity(error).graph_token()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", [ValueError, ClientAuthenticationError])
def test_an_unknown_tenant_is_one_line(kind: type[Exception]) -> None:
    error = kind("Unable to get authority configuration for https://login.…")
    with pytest.raises(IdentityError, match="knows no tenant"):
        identity(error).graph_token()


def test_a_login_that_fails_is_not_told_a_second_time_by_the_library(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # As a program without logging has it.
    logging.getLogger("another.library").warning("told by it")
    logging.getLogger("azure.identity._internal").warning("told twice")
    assert capsys.readouterr().err == "told by it\n"


def test_each_service_has_a_token_of_its_own() -> None:
    stub = StubCredential(token({"tid": TENANT}))
    found = Identity(TENANT, CLIENT, None, CLOUDS["public"], stub, "ARM_CLIENT_SECRET")
    assert found.graph_claims()["tid"] == TENANT
    assert found.resource_manager_claims()["tid"] == TENANT
    assert stub.scopes == [
        "https://graph.microsoft.com/.default",
        "https://management.azure.com/.default",
    ]


@pytest.mark.parametrize("text", ["opaque", "a.b", "a.!!!.c", ""])
def test_what_is_no_token_is_told(text: str) -> None:
    with pytest.raises(IdentityError, match="not a JSON Web Token"):
        read_claims(text)
