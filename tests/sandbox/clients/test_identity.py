"""azure-identity: each credential that an unattended program has."""

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential

from sandbox.api.server import TenantServer
from tests.sandbox.clients.azure_clients import SCOPE, clients_of, secret_credential, settings


def test_a_client_secret_opens_azure(tenant_server: TenantServer) -> None:
    with clients_of(tenant_server, secret_credential(tenant_server)) as clients:
        assert list(clients.resources.resource_groups.list()) == []


def test_a_wrong_secret_is_refused_in_the_services_words(tenant_server: TenantServer) -> None:
    variables = tenant_server.environment()
    credential = ClientSecretCredential(
        variables["ARM_TENANT_ID"],
        variables["ARM_CLIENT_ID"],
        "not-the-secret",
        **settings(tenant_server),
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215") as refused:
        credential.get_token(SCOPE)
    assert "not-the-secret" not in str(refused.value)


def test_an_expired_token_is_renewed_by_the_credential(tenant_server: TenantServer) -> None:
    credential = secret_credential(tenant_server)
    tenant_server.world.default.behaviour.token_lifetime_seconds = 60
    first = credential.get_token(SCOPE).token
    tenant_server.world.advance(120)
    with clients_of(tenant_server, credential) as clients:
        assert list(clients.resources.resource_groups.list()) == []
    assert credential.get_token(SCOPE).token != first
