"""How both providers find the sandbox and sign in to it."""

from urllib.parse import urlsplit

import httpx
import jwt

from sandbox.api.server import TenantServer

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
METADATA = "/metadata/endpoints?api-version=2022-09-01"


def _credentials(server: TenantServer) -> dict[str, str]:
    variables = server.environment()
    return {
        "client_id": variables["ARM_CLIENT_ID"],
        "client_secret": variables["ARM_CLIENT_SECRET"],
        "grant_type": "client_credentials",
    }


def test_the_metadata_are_one_object_of_addresses_without_trailing_slashes(
    server: TenantServer, control: httpx.Client
) -> None:
    host = server.environment()["ARM_METADATA_HOSTNAME"]
    answer = control.get(f"https://{host}{METADATA}")
    found = answer.json()
    addresses: list[str] = [
        found["resourceManager"],
        found["microsoftGraphResourceId"],
        found["authentication"]["loginEndpoint"],
    ]
    assert answer.headers["Content-Type"].startswith("application/json")
    assert all(urlsplit(address).scheme == "https" for address in addresses)
    assert not any(address.endswith("/") for address in addresses)
    assert found["name"]
    assert found["authentication"]["audiences"]
    assert found["authentication"]["tenant"] == "common"
    assert found["authentication"]["identityProvider"] == "AAD"
    assert isinstance(found["suffixes"], dict)


def test_azuread_gets_a_token_whose_claims_name_the_caller(
    server: TenantServer, control: httpx.Client
) -> None:
    metadata = control.get(METADATA).json()
    graph = metadata["microsoftGraphResourceId"]
    tenant = server.environment()["ARM_TENANT_ID"]
    answer = control.post(
        f"{metadata['authentication']['loginEndpoint']}/{tenant}/oauth2/v2.0/token",
        data={**_credentials(server), "scope": f"{graph}/.default"},
        headers={"Accept": "application/json", **FORM},
    ).json()
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert answer["token_type"] == "Bearer"
    assert 0 < answer["expires_in"] <= 3599
    assert claims["tid"] == tenant
    assert claims["appid"] == server.environment()["ARM_CLIENT_ID"]
    assert claims["idtyp"] == "app"
    assert claims["aud"] == graph
    assert claims["exp"] > claims["iat"]
    caller = control.get(
        f"{graph}/v1.0/servicePrincipals/{claims['oid']}",
        headers={"Authorization": f"Bearer {answer['access_token']}"},
    )
    assert caller.json()["appId"] == claims["appid"]


def test_azure_native_finds_its_token_endpoint_in_the_openid_configuration(
    server: TenantServer, control: httpx.Client
) -> None:
    metadata = control.get(METADATA).json()
    login = metadata["authentication"]["loginEndpoint"]
    tenant = server.environment()["ARM_TENANT_ID"]
    found = control.get(f"{login}/{tenant}/v2.0/.well-known/openid-configuration").json()
    for name in ("authorization_endpoint", "token_endpoint", "issuer"):
        assert found[name].startswith(login)
    audience = metadata["authentication"]["audiences"][0]
    answer = control.post(
        found["token_endpoint"],
        data={
            **_credentials(server),
            "scope": f"{audience}/.default openid offline_access profile",
            "client_info": "1",
        },
        headers=FORM,
    ).json()
    subscriptions = control.get(
        f"{metadata['resourceManager']}/subscriptions?api-version=2022-12-01",
        headers={"Authorization": f"Bearer {answer['access_token']}"},
    )
    wanted = server.environment()["ARM_SUBSCRIPTION_ID"]
    assert [item["subscriptionId"] for item in subscriptions.json()["value"]] == [wanted]
