"""A tenant for the providers' calls: once without waits, once as it is on an ordinary day."""

import copy
from collections.abc import Iterator

import httpx
import jwt
import pytest

from sandbox.api.server import TenantServer
from sandbox.api.tokens import RESOURCE_MANAGER_AUDIENCE
from sandbox.tenant.directory.roles import role_id
from tests.sandbox.wire.wire import AZCORE, GO_AZURE_SDK, Wire
from tests.support.tenant import AT_ONCE, JSON, http, small_document, token


def document() -> JSON:
    """The small tenant, whose application may do what the providers' resources need."""
    changed = copy.deepcopy(small_document())
    changed["apps"][0]["graphPermissions"] += [
        "AdministrativeUnit.ReadWrite.All",
        "Policy.ReadWrite.AuthenticationMethod",
        "UserAuthenticationMethod.ReadWrite.All",
    ]
    changed["subscriptions"][0]["registeredProviders"] = ["Microsoft.Insights"]
    return changed


@pytest.fixture(params=["without waits", "on an ordinary day"])
def server(request: pytest.FixtureRequest) -> Iterator[TenantServer]:
    """The tenant; on an ordinary day every knob is at its default."""
    knobs = AT_ONCE if request.param == "without waits" else None
    with TenantServer([document()], knobs=knobs) as running:
        yield running


@pytest.fixture
def control(server: TenantServer) -> Iterator[httpx.Client]:
    """A client without a token."""
    with http(server) as client:
        yield client


@pytest.fixture
def azuread(server: TenantServer, control: httpx.Client) -> Iterator[Wire]:
    """The azuread provider, signed in."""
    bearer = token(server, server.url)
    claims = jwt.decode(bearer, options={"verify_signature": False})
    values = {
        "graph": server.url,
        "caller": claims["oid"],
        "domain": "fabrikam.onmicrosoft.com",
        "role": role_id("Global Administrator"),
        "user_administrator": role_id("User Administrator"),
    }
    with http(server) as client:
        client.headers["Authorization"] = f"Bearer {bearer}"
        yield Wire(client, control, GO_AZURE_SDK, values)


@pytest.fixture
def azure_native(server: TenantServer, control: httpx.Client) -> Iterator[Wire]:
    """The azure-native provider, signed in."""
    values = {"subscription": server.environment()["ARM_SUBSCRIPTION_ID"]}
    with http(server) as client:
        bearer = token(server, RESOURCE_MANAGER_AUDIENCE)
        client.headers["Authorization"] = f"Bearer {bearer}"
        yield Wire(client, control, AZCORE, values)
