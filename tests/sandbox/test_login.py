import base64

import jwt
import pytest
from azure.identity import ClientSecretCredential

from sandbox.api.server import TenantServer
from sandbox.api.tokens import RESOURCE_MANAGER_AUDIENCE
from tests.support.tenant import PERMISSIONS, http, object_id, token


def _claims(access_token: str) -> dict[str, object]:
    return jwt.decode(access_token, options={"verify_signature": False})


def _error(server: TenantServer, tenant: str = "", **form: str) -> tuple[int, dict[str, object]]:
    variables = server.environment()
    fields = {
        "grant_type": "client_credentials",
        "client_id": variables["ARM_CLIENT_ID"],
        "client_secret": variables["ARM_CLIENT_SECRET"],
        "scope": f"{server.url}/.default",
    } | form
    with http(server) as client:
        path = f"/{tenant or variables['ARM_TENANT_ID']}/oauth2/v2.0/token"
        answer = client.post(path, data=fields)
    return answer.status_code, answer.json()


def test_azure_identity_unmodified_gets_a_graph_and_an_arm_token(
    tenant_server: TenantServer,
) -> None:
    variables = tenant_server.environment()
    credential = ClientSecretCredential(
        variables["ARM_TENANT_ID"],
        variables["ARM_CLIENT_ID"],
        variables["ARM_CLIENT_SECRET"],
        authority=tenant_server.url,
        disable_instance_discovery=True,
        connection_verify=str(tenant_server.ca_path),
    )
    graph = _claims(credential.get_token(f"{tenant_server.url}/.default").token)
    arm = _claims(credential.get_token(f"{RESOURCE_MANAGER_AUDIENCE}/.default").token)
    assert graph["aud"] == tenant_server.url
    assert graph["roles"] == list(PERMISSIONS)
    assert graph["tid"] == object_id("tenant")
    assert graph["oid"] == object_id("app/object")
    assert graph["appid"] == object_id("app")
    assert graph["idtyp"] == "app"
    assert arm["aud"] == RESOURCE_MANAGER_AUDIENCE
    assert "roles" not in arm


def test_credentials_in_a_basic_header_are_taken(tenant_server: TenantServer) -> None:
    variables = tenant_server.environment()
    pair = f"{variables['ARM_CLIENT_ID']}:{variables['ARM_CLIENT_SECRET'].replace('~', '%7E')}"
    with http(tenant_server) as client:
        answer = client.post(
            f"/{variables['ARM_TENANT_ID']}/oauth2/v2.0/token",
            data={"grant_type": "client_credentials", "scope": f"{tenant_server.url}/.default"},
            headers={"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"},
        )
    assert answer.json()["expires_in"] == 3599


@pytest.mark.parametrize(
    ("wrong", "status", "error", "number"),
    [
        ({"client_secret": "guess"}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000216),
        ({"client_id": "00000000-dead-beef-0000-0"}, 400, "unauthorized_client", 700016),
        ({"tenant": "nobody.example"}, 400, "invalid_request", 90002),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "https://graph.microsoft.com/.default"}, 400, "invalid_resource", 500011),
    ],
)
def test_a_refused_sign_in_of_an_application_is_worded_as_the_real_one(
    tenant_server: TenantServer, wrong: dict[str, str], status: int, error: str, number: int
) -> None:
    answered, body = _error(tenant_server, **wrong)
    assert (answered, body["error"], body["error_codes"]) == (status, error, [number])
    assert str(body["error_description"]).startswith(f"AADSTS{number}: ")
    assert "access_token" not in body


def test_a_wrong_client_secret_is_not_repeated_in_the_answer(tenant_server: TenantServer) -> None:
    _, body = _error(tenant_server, client_secret="my~mistyped~secret")
    assert "my~mistyped~secret" not in str(body)


def test_a_tenant_is_found_by_its_domain_too(tenant_server: TenantServer) -> None:
    status, body = _error(tenant_server, tenant="fabrikam.onmicrosoft.com")
    assert status == 200
    assert _claims(str(body["access_token"]))["tid"] == object_id("tenant")


def test_the_openid_configuration_stays_on_the_same_endpoint(tenant_server: TenantServer) -> None:
    with http(tenant_server) as client:
        tenant = object_id("tenant")
        found = client.get(f"/{tenant}/v2.0/.well-known/openid-configuration").json()
    for name in ("issuer", "authorization_endpoint", "token_endpoint"):
        assert found[name].startswith(f"{tenant_server.url}/{tenant}/")


def test_the_metadata_names_this_endpoint_for_every_service(tenant_server: TenantServer) -> None:
    with http(tenant_server) as client:
        found = client.get("/metadata/endpoints?api-version=2022-09-01").json()
    assert found["resourceManager"] == tenant_server.url
    assert found["microsoftGraphResourceId"] == tenant_server.url
    assert found["authentication"]["loginEndpoint"] == tenant_server.url
    assert found["authentication"]["audiences"] == [RESOURCE_MANAGER_AUDIENCE]


def test_a_token_lives_3599_seconds_of_virtual_time(tenant_server: TenantServer) -> None:
    bearer = {"Authorization": f"Bearer {token(tenant_server, tenant_server.url)}"}
    with http(tenant_server) as client:
        client.post("/sandbox/clock", json={"advanceSeconds": 3500})
        assert client.get("/v1.0/organization", headers=bearer).status_code == 200
        client.post("/sandbox/clock", json={"advanceSeconds": 100})
        expired = client.get("/v1.0/organization", headers=bearer)
    assert expired.status_code == 401
    assert "expired" in expired.json()["error"]["message"]


@pytest.mark.parametrize(
    ("wrong", "graph_text", "manager_code", "manager_text"),
    [
        ("missing", "Access token is empty.", "AuthenticationFailed", "header is missing"),
        ("malformed", "IDX14100", "InvalidAuthenticationToken", "The access token is invalid."),
        ("audience", "Invalid audience.", "InvalidAuthenticationTokenAudience", "wrong audience"),
        ("expired", "the token is expired", "ExpiredAuthenticationToken", "earlier than current"),
    ],
)
def test_each_service_words_its_refusal_of_a_token_and_asks_for_another(
    tenant_server: TenantServer, wrong: str, graph_text: str, manager_code: str, manager_text: str
) -> None:
    audiences = [tenant_server.url, RESOURCE_MANAGER_AUDIENCE]
    tokens = [token(tenant_server, audience) for audience in audiences]
    paths = ["/v1.0/organization", "/subscriptions?api-version=2022-12-01"]
    if wrong == "malformed":
        tokens = ["x.y.z", "x.y.z"]
    if wrong == "audience":
        tokens.reverse()
    with http(tenant_server) as client:
        if wrong == "expired":
            client.post("/sandbox/clock", json={"advanceSeconds": 3600})
        graph_answer, manager_answer = (
            client.get(
                path, headers={} if wrong == "missing" else {"Authorization": f"Bearer {bearer}"}
            )
            for path, bearer in zip(paths, tokens, strict=True)
        )
    for answer in (graph_answer, manager_answer):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert graph_answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert graph_text in graph_answer.json()["error"]["message"]
    assert manager_answer.json()["error"]["code"] == manager_code
    assert manager_text in manager_answer.json()["error"]["message"]


def test_the_lifetime_of_a_token_is_a_knob(tenant_server: TenantServer) -> None:
    with http(tenant_server) as client:
        client.patch("/sandbox/behaviour", json={"tokenLifetimeSeconds": 60})
        bearer = {"Authorization": f"Bearer {token(tenant_server, tenant_server.url)}"}
        assert client.get("/v1.0/organization", headers=bearer).status_code == 200
        client.post("/sandbox/clock", json={"advanceSeconds": 61})
        assert client.get("/v1.0/organization", headers=bearer).status_code == 401


def test_permissions_are_those_of_the_moment_at_which_a_token_was_made(
    tenant_server: TenantServer,
) -> None:
    (app,) = tenant_server.world.default.apps.all()
    old = {"Authorization": f"Bearer {token(tenant_server, tenant_server.url)}"}
    app.graph_permissions = []
    new = {"Authorization": f"Bearer {token(tenant_server, tenant_server.url)}"}
    with http(tenant_server) as client:
        assert client.get("/v1.0/users", headers=old).status_code == 200
        assert client.get("/v1.0/users", headers=new).status_code == 403
