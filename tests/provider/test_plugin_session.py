import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import httpx
import jwt
import pytest

from sandbox.plugins.configuration import Settings, settings_from
from sandbox.plugins.endpoints import find_sandbox, http_client, is_loopback
from sandbox.plugins.errors import CancelledError, PluginError
from sandbox.plugins.pause import CancellablePause, growing, wait_until
from sandbox.plugins.session import BACK_OFF_SECONDS, Session

from .plugin_support import Waits

BASE = "https://localhost:8443"
SECRET = "kitten-of-the-client-secret"
Handler = Callable[[httpx.Request], httpx.Response]
ENVIRON = {
    "ARM_TENANT_ID": "t",
    "ARM_CLIENT_ID": "c",
    "ARM_CLIENT_SECRET": SECRET,
    "ARM_METADATA_HOSTNAME": "localhost:8443",
}


class Service:
    """A service that gives tokens and then what it is told to, one answer after the other."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.logins: list[httpx.Request] = []
        self.now = 0.0
        self.waits = Waits()

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            self.logins.append(request)
            claims = {"oid": "me", "number": len(self.logins)}
            token = jwt.encode(claims, "k" * 32)
            return httpx.Response(200, json={"access_token": token, "expires_in": 3599})
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else httpx.Response(200, json={})
        if isinstance(answer, Exception):
            raise answer
        return answer

    def session(self, handler: Handler | None = None) -> Session:
        return Session(
            settings=Settings("localhost:8443", "t", "c", SECRET),
            base=BASE,
            token_url=lambda: f"{BASE}/t/oauth2/v2.0/token",
            scope=f"{BASE}/.default",
            client=httpx.Client(transport=httpx.MockTransport(handler or self.handle)),
            pause=self.waits,
            clock=lambda: self.now,
        )


def test_a_token_is_asked_for_once_and_renewed_before_it_runs_out() -> None:
    service = Service()
    session = service.session()
    session.call("GET", "/a")
    session.call("GET", "/b")
    assert len(service.logins) == 1
    form = parse_qs(service.logins[0].content.decode())
    assert form["grant_type"] == ["client_credentials"]
    assert form["scope"] == [f"{BASE}/.default"]
    service.now = 3600
    session.call("GET", "/c")
    assert len(service.logins) == 2
    assert (
        service.requests[-1].headers["authorization"]
        != service.requests[0].headers["authorization"]
    )


def test_a_token_that_the_service_no_longer_takes_is_renewed_once() -> None:
    service = Service(httpx.Response(401), httpx.Response(200, json={"ok": 1}))
    assert service.session().call("GET", "/a").content == {"ok": 1}
    assert len(service.logins) == 2


def test_a_service_that_takes_no_token_is_not_asked_for_ever() -> None:
    service = Service(httpx.Response(401), httpx.Response(401))
    assert service.session().call("GET", "/a").status == 401


@pytest.mark.parametrize("status", [408, 424, 429, 500, 502, 503, 504])
def test_passing_trouble_is_tried_again_after_one_two_four_seconds(status: int) -> None:
    service = Service(*[httpx.Response(status)] * 3, httpx.Response(200, json={}))
    assert service.session().call("POST", "/a", body={}).status == 200
    assert service.waits == [1, 2, 4]


@pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 501])
def test_other_trouble_is_an_answer_at_once(status: int) -> None:
    service = Service(httpx.Response(status))
    assert service.session().call("GET", "/a").status == status
    assert service.waits == []


def test_tries_come_to_an_end() -> None:
    service = Service(*[httpx.Response(503)] * 20)
    assert service.session().call("GET", "/a").status == 503
    assert service.waits == list(BACK_OFF_SECONDS)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after-ms": "50"}, 0.05),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 1.0),
        ({"Retry-After": "86400"}, 120.0),
    ],
)
def test_the_service_says_when_to_come_back(headers: Mapping[str, str], expected: float) -> None:
    service = Service(httpx.Response(429, headers=dict(headers)))
    service.session().call("GET", "/a")
    assert service.waits == [expected]


def test_a_connection_that_breaks_is_tried_again_and_then_said() -> None:
    service = Service(httpx.ReadError("gone"))
    assert service.session().call("GET", "/a").status == 200
    service = Service(*[httpx.ConnectError("refused")] * 20)
    with pytest.raises(PluginError, match=r"GET .*/a: no answer after 6 tries \(refused\)"):
        service.session().call("GET", "/a")


def test_query_strings_are_form_encoded() -> None:
    service = Service()
    service.session().call("GET", "/a", query={"$filter": "displayName eq 'a b'"})
    assert service.requests[0].url.raw_path == b"/a?%24filter=displayName+eq+%27a+b%27"


def test_the_token_goes_to_no_other_address() -> None:
    session = Service().session()
    for url in ("https://localhost:8443.evil.example/a", "https://example.com/a"):
        with pytest.raises(PluginError, match="the token stays here"):
            session.call("GET", url)


def test_a_wrong_client_secret_is_said_in_one_line_without_it() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        words = f"AADSTS7000215: Invalid client secret {SECRET} provided.\r\nTrace ID: 1"
        return httpx.Response(401, json={"error": "invalid_client", "error_description": words})

    with pytest.raises(PluginError) as caught:
        Service().session(refuse).call("GET", "/a")
    message = str(caught.value)
    assert "cannot sign in to tenant t as application c: HTTP 401 invalid_client" in message
    assert "AADSTS7000215" in message
    assert "\n" not in message
    assert SECRET not in message


def test_settings_and_sessions_print_no_secret() -> None:
    session = Service().session()
    token = session.token()
    assert SECRET not in repr(session)
    assert token not in repr(session)
    assert session.claims()["oid"] == "me"


# Finding the sandbox


def metadata(**more: Any) -> dict[str, Any]:
    return {
        "resourceManager": BASE,
        "microsoftGraphResourceId": BASE,
        "authentication": {"loginEndpoint": BASE, "audiences": ["https://arm.invalid"]},
        **more,
    }


def client_of(health: Any, found: Any = None, seen: list[str] | None = None) -> httpx.Client:
    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(str(request.url))
        body = health if request.url.path == "/sandbox/health" else found
        return httpx.Response(404 if body is None else 200, text=json.dumps(body))

    return httpx.Client(transport=httpx.MockTransport(handle))


HEALTHY = {"service": "break-glass sandbox", "ready": True}


def test_the_endpoints_come_from_the_metadata() -> None:
    found = find_sandbox("localhost:8443", client_of(HEALTHY, metadata()))
    assert (found.login, found.graph, found.resource_manager) == (BASE, BASE, BASE)
    assert found.resource_manager_audience == "https://arm.invalid"


@pytest.mark.parametrize("host", ["login.microsoftonline.com", "localhost.example.com", "10.0.0.1"])
def test_an_address_of_another_machine_is_refused_before_any_request(host: str) -> None:
    seen: list[str] = []
    with pytest.raises(PluginError, match="serve the sandbox only"):
        find_sandbox(host, client_of(HEALTHY, metadata(), seen))
    assert seen == []


@pytest.mark.parametrize("health", [None, {"service": "something else"}, {}, ["x"]])
def test_what_does_not_call_itself_the_sandbox_is_refused(health: Any) -> None:
    seen: list[str] = []
    with pytest.raises(PluginError, match="is not the sandbox"):
        find_sandbox("localhost:8443", client_of(health, metadata(), seen))
    assert len(seen) == 1


@pytest.mark.parametrize(
    "address", ["https://graph.microsoft.com", "http://localhost:8443", "", "https://localhost.x"]
)
def test_metadata_that_lead_elsewhere_are_refused(address: str) -> None:
    found = metadata(microsoftGraphResourceId=address)
    with pytest.raises(PluginError, match="expected an https address of this machine"):
        find_sandbox("localhost:8443", client_of(HEALTHY, found))


def test_a_sandbox_that_is_not_running_is_said_with_the_way_out() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    client = httpx.Client(transport=httpx.MockTransport(refuse))
    with pytest.raises(PluginError, match=r"no sandbox at .*`breakglass sandbox start`"):
        find_sandbox("localhost:8443", client)


def test_a_certificate_file_that_is_missing_is_named() -> None:
    with pytest.raises(PluginError, match=r"SSL_CERT_FILE names /nowhere/ca\.pem"):
        http_client("/nowhere/ca.pem")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("example.com", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


# Configuration


def test_stack_config_wins_over_the_environment() -> None:
    settings = settings_from(
        {"tenantId": "other"}, ENVIRON, plugin="azuread", needs=("tenantId", "clientSecret")
    )
    assert (settings.tenant_id, settings.client_id) == ("other", "c")
    assert SECRET not in repr(settings)


@pytest.mark.parametrize("key", ["clientCertificatePath", "oidcToken", "tenantID"])
def test_a_setting_that_cannot_be_honoured_is_refused_by_name(key: str) -> None:
    with pytest.raises(PluginError, match=f"azuread:{key} cannot be honoured"):
        settings_from({key: "x"}, ENVIRON, plugin="azuread", needs=())


def test_a_way_to_sign_in_that_is_switched_off_is_taken() -> None:
    assert settings_from({"useCli": "false"}, ENVIRON, plugin="azuread", needs=())
    with pytest.raises(PluginError, match="azuread:useCli"):
        settings_from({"useCli": "true"}, ENVIRON, plugin="azuread", needs=())


def test_a_missing_setting_names_the_key_and_the_variable() -> None:
    with pytest.raises(PluginError, match=r"azure-native:subscriptionId is not set.*ARM_SUBSCRIPT"):
        settings_from({}, ENVIRON, plugin="azure-native", needs=("subscriptionId",))


# Waiting


def test_waiting_for_something_ends_after_half_a_minute() -> None:
    waits = Waits()
    assert wait_until(lambda: False, waits) is False
    assert sum(waits) == pytest.approx(30)
    assert list(growing()) == waits
    assert waits[0] < 0.2


def test_waiting_stops_when_it_has_come_true() -> None:
    waits = Waits()
    assert wait_until(lambda: len(waits) == 2, waits)
    assert len(waits) == 2


def test_a_cancelled_wait_ends_at_once() -> None:
    pause = CancellablePause()
    pause.cancel()
    with pytest.raises(CancelledError):
        pause(3600)
