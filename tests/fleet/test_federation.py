"""Tokens of a pipeline: each customer's process gets those of its own audience and no others."""

import json
import os
import socket
import struct
import sys
import threading
from collections.abc import Generator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from typer.testing import CliRunner

from cli.main import app
from entra.credentials import ask_pipeline
from entra.errors import IdentityError
from entra.identity import Identity
from fleet.customers import Customer
from fleet.environment import customer_environment
from fleet.errors import FleetError
from fleet.federation import own_environment, shared_audiences
from fleet.job import run_job
from tests.fleet.pipeline import BEARER, Pipeline, federated, running_pipeline
from tests.fleet.stub import job, stub_project
from tests.support.tenant import object_id, running_tenant, small_document

OURS, THEIRS = "api://AzureADTokenExchange/north", "api://AzureADTokenExchange/south"
NORTH, SOUTH = (Customer(one, Path(f"Pulumi.{one}.yaml"), "", "") for one in ("north", "south"))


@pytest.fixture
def pipeline() -> Generator[Pipeline]:
    with running_pipeline() as running:
        yield running


def asked(environment: dict[str, str], audience: str) -> str:
    """The token that a process with this environment gets."""
    return ask_pipeline(
        environment["ACTIONS_ID_TOKEN_REQUEST_URL"],
        environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
        audience,
    )


def audience_of(token: str) -> Any:
    return jwt.decode(token, options={"verify_signature": False})["aud"]


def test_a_process_gets_its_own_customers_tokens_whatever_it_asks_for(pipeline: Pipeline) -> None:
    environ = pipeline.environ
    with own_environment(NORTH, environ) as north, own_environment(SOUTH, environ) as south:
        assert audience_of(asked(north, THEIRS)) == (OURS)
        assert audience_of(asked(south, "")) == THEIRS
    assert set(pipeline.audiences) == {OURS, THEIRS}


def test_what_is_good_for_every_customer_reaches_none(pipeline: Pipeline) -> None:
    environ = {
        **pipeline.environ,
        "ARM_OIDC_REQUEST_TOKEN": BEARER,
        "SYSTEM_ACCESSTOKEN": BEARER,
    }
    with own_environment(NORTH, environ) as north:
        assert not [name for name, value in north.items() if BEARER in value]
        assert not [name for name, value in north.items() if urlsplit(pipeline.url).netloc in value]


def test_one_customers_password_opens_no_others_address(pipeline: Pipeline) -> None:
    environ = pipeline.environ
    with own_environment(NORTH, environ) as north, own_environment(SOUTH, environ) as south:
        before = len(pipeline.audiences)
        url = south["ACTIONS_ID_TOKEN_REQUEST_URL"]
        for password in (north["ACTIONS_ID_TOKEN_REQUEST_TOKEN"], BEARER):
            answer = httpx.get(url, headers={"Authorization": f"Bearer {password}"})
            assert (answer.status_code, "value" in answer.json()) == (401, False)
        assert httpx.get(url).status_code == 401
        assert len(pipeline.audiences) == before


def test_the_tenant_takes_the_token_for_its_own_application_alone(pipeline: Pipeline) -> None:
    document = small_document()
    ours = document["apps"][0]
    ours["federatedCredentials"] = [federated(OURS)]
    theirs = {**ours, "appId": object_id("their app"), "objectId": object_id("their principal")}
    theirs["federatedCredentials"] = [federated(THEIRS)]
    document["apps"].append(theirs)
    with (
        running_tenant(document) as server,
        own_environment(NORTH, pipeline.environ) as north,
    ):
        environ = {**server.environment(), **north, "ARM_CLIENT_SECRET": ""}
        ok = Identity.from_environment({**environ, "ARM_CLIENT_ID": ours["appId"]})
        assert ok.graph_claims()["appid"] == ours["appId"]
        assert ok.resource_manager_token()
        crossed = Identity.from_environment({**environ, "ARM_CLIENT_ID": theirs["appId"]})
        with pytest.raises(IdentityError, match=r"credential for this token's audience.*700212"):
            crossed.graph_token()


def test_an_audience_of_ones_own_is_taken_and_a_shared_one_is_warned_of(pipeline: Pipeline) -> None:
    environ = {**pipeline.environ, "ARM_OIDC_AUDIENCE__NORTH": "api://ours"}
    with own_environment(NORTH, environ) as north, own_environment(SOUTH, environ) as south:
        assert [audience_of(asked(one, "")) for one in (north, south)] == ["api://ours", THEIRS]
    both = (NORTH, SOUTH)
    assert shared_audiences(both, environ) == {}
    shared = {**pipeline.environ, "ARM_OIDC_AUDIENCE": "api://all"}
    ((line, names),) = shared_audiences(both, shared).items()
    assert "have one audience (api://all)" in line
    assert names == ["north", "south"]
    for otherwise in (
        {"ARM_USE_OIDC": "false"},
        {"ARM_OIDC_TOKEN__NORTH": "fetched by a step before"},
        pipeline.azure_devops,
    ):
        assert shared_audiences(both, {**shared, **otherwise}) == {}


def test_a_client_that_hangs_up_midway_leaves_no_traceback(
    pipeline: Pipeline, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_environment(NORTH, pipeline.environ) as north:
        ended = threading.Event()
        shut_down = ThreadingHTTPServer.shutdown_request

        def shut_down_and_tell(server: ThreadingHTTPServer, request: socket.socket) -> None:
            shut_down(server, request)
            ended.set()

        monkeypatch.setattr(ThreadingHTTPServer, "shutdown_request", shut_down_and_tell)
        address = urlsplit(north["ACTIONS_ID_TOKEN_REQUEST_URL"])
        with socket.create_connection((str(address.hostname), address.port or 0)) as client:
            # So that closing it tells the other side of a broken connection at once.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(b"GET /token HTTP/1.1\r\nAuthorization: Bearer")
        assert ended.wait(60)
        assert asked(north, "")
    assert capfd.readouterr().err == ""


def test_the_address_is_gone_with_the_process(pipeline: Pipeline) -> None:
    north: dict[str, str] = {}

    def stopped() -> None:
        with own_environment(NORTH, pipeline.environ) as made:
            north.update(made)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    with pytest.raises(IdentityError, match="ConnectError"):
        asked(north, "")


def test_a_pipeline_that_is_busy_is_asked_again(pipeline: Pipeline) -> None:
    pauses: list[float] = []
    audience = OURS
    pipeline.answers[audience] = [503, 429]
    with own_environment(NORTH, pipeline.environ, pauses.append) as north:
        assert audience_of(asked(north, "")) == audience
    assert pauses == [1, 4]


@pytest.mark.parametrize(("statuses", "waited"), [([503] * 3, [1, 4]), ([403], [])])
def test_a_pipeline_that_gives_none_is_told_in_one_line(
    pipeline: Pipeline, statuses: list[int], waited: list[float]
) -> None:
    pauses: list[float] = []
    pipeline.answers["api://AzureADTokenExchange/north"] = statuses
    told = f"gave no OIDC token: it answered {statuses[-1]}"
    with (
        pytest.raises(FleetError, match=told) as caught,
        own_environment(NORTH, pipeline.environ, pauses.append),
    ):
        pass
    assert pauses == waited
    assert "\n" not in str(caught.value)
    assert BEARER not in str(caught.value)


@pytest.mark.parametrize(
    "own",
    [
        {"ARM_USE_OIDC": "false"},
        {"ARM_USE_OIDC": "perhaps"},
        {"ARM_CLIENT_SECRET__NORTH": "its own"},
        {"ARM_OIDC_TOKEN__NORTH": "fetched by a step before"},
        {"ARM_OIDC_REQUEST_URL__NORTH": "https://its.own", "ARM_OIDC_REQUEST_TOKEN__NORTH": "own"},
    ],
)
def test_who_signs_in_otherwise_gets_no_address(pipeline: Pipeline, own: dict[str, str]) -> None:
    environ = {**pipeline.environ, **own}
    with own_environment(NORTH, environ) as north:
        assert north == customer_environment("north", environ)
        assert "ACTIONS_ID_TOKEN_REQUEST_URL" not in north
    assert pipeline.audiences == []


def test_a_proxy_is_not_asked_for_an_address_on_this_machine(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_environment(NORTH, {**pipeline.environ, "NO_PROXY": "vault.internal"}) as north:
        assert north["NO_PROXY"] == "vault.internal,127.0.0.1"
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, "vault.internal")
        with pytest.raises(IdentityError):
            asked(north, "")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, north[name])
        assert asked(north, "")


def test_each_process_of_a_run_asks_for_its_own_customer_and_a_refusal_stops_no_other(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    names = ("north", "south", "west")
    project = stub_project(tmp_path, *names)
    theirs = {f"ARM_OIDC_AUDIENCE__{one.upper()}": f"api://{one}" for one in names}
    environ = {"PATH": os.environ["PATH"], **pipeline.environ, **theirs, "SYSTEM_ACCESSTOKEN": "x"}
    pipeline.answers["api://south"] = [403]
    north, south, west = (
        run_job(job(name, "up"), project.folder, project.options(environ)) for name in names
    )
    assert (north.outcome, south.outcome, west.outcome) == ("done", "failed", "done")
    (problem,) = south.problems
    assert "gave no OIDC token: it answered 403" in problem.what
    assert project.operations("south") == []
    addresses: dict[str, set[str]] = {}
    for call in project.calls():
        given: dict[str, str] = call["environment"]
        customer = call["customer"]
        addresses.setdefault(customer, set()).add(given["ACTIONS_ID_TOKEN_REQUEST_URL"])
        assert given["ARM_OIDC_AUDIENCE"] == f"api://{customer}"
        assert not {"SYSTEM_ACCESSTOKEN", "ARM_OIDC_REQUEST_TOKEN", *theirs} & given.keys()
        values = " ".join(given.values())
        assert BEARER not in values
        assert urlsplit(pipeline.url).netloc not in values
    assert addresses.keys() == {"north", "west"}
    assert addresses["north"].isdisjoint(addresses["west"])


def test_a_command_as_one_customer_asks_for_that_customer(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = stub_project(tmp_path, "north", "south")
    monkeypatch.chdir(project.folder)
    for name, value in pipeline.environ.items():
        monkeypatch.setenv(name, value)
    shown = tmp_path / "environment.json"
    code = f"import json, os; json.dump(dict(os.environ), open({str(shown)!r}, 'w'))"
    ended = CliRunner().invoke(app, ["fleet", "exec", "north", "--", sys.executable, "-c", code])
    assert ended.exit_code == 0, ended.output
    given: dict[str, str] = json.loads(shown.read_text(encoding="utf-8"))
    assert given["PULUMI_STACK"] == "north"
    assert given["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] != BEARER
    assert THEIRS not in given.values()
    pipeline.answers[OURS] = [403]
    refused = CliRunner().invoke(app, ["fleet", "exec", "north", "--", sys.executable, "-c", ""])
    assert (refused.exit_code, "it answered 403" in refused.output) == (1, True)
