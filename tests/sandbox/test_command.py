import json
import os
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sandbox.__main__ import main
from sandbox.api.credentials import token_key
from sandbox.api.server import TenantServer
from tests.support.tenant import JSON, http, object_id, small_document, token

OTHER = "northwind.onmicrosoft.com"


class Served:
    """`python -m sandbox serve` in a process of its own."""

    def __init__(self, folder: Path, *options: str, documents: tuple[JSON, ...] = ()) -> None:
        arguments = [sys.executable, "-m", "sandbox", "serve", "--port", "0"]
        arguments += ["--environment-file", str(folder / "environment.json")]
        for index, document in enumerate(documents or (small_document(),)):
            seed = folder / f"seed{index}.json"
            seed.write_text(json.dumps(document), "utf-8")
            arguments += ["--seed", str(seed)]
        self.arguments = [*arguments, *options]
        self.process = subprocess.Popen(
            self.arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline()
        self.notice = ""
        if self.first_line.startswith("Saved knobs"):
            self.notice, self.first_line = self.first_line, self.process.stdout.readline()
        if not self.first_line:
            raise AssertionError(self.end())
        self.environment: JSON = json.loads((folder / "environment.json").read_text("utf-8"))

    def client(self) -> httpx.Client:
        context = ssl.create_default_context(cafile=self.environment["SSL_CERT_FILE"])
        address = f"https://{self.environment['ARM_METADATA_HOSTNAME']}"
        return httpx.Client(base_url=address, verify=context)

    def end(self) -> str:
        """Ask the process to end; its remaining output."""
        # Windows knows no SIGTERM between processes; Ctrl-Break is what ends a service there.
        self.process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
        output, errors = self.process.communicate(timeout=30)
        return output + errors


def test_serve_tells_one_line_saves_on_sigterm_and_never_tells_the_secret(tmp_path: Path) -> None:
    data = tmp_path / "tenant.json"
    served = Served(tmp_path, "--data", str(data))
    with served.client() as client:
        user = f"/sandbox/users/{object_id('users/eve')}"
        client.patch(user, json={"city": "Flensburg"}).raise_for_status()
    rest = served.end()
    assert served.process.returncode == 0
    assert "Fabrikam (fabrikam.onmicrosoft.com" in served.first_line
    assert f"https://{served.environment['ARM_METADATA_HOSTNAME']}" in served.first_line
    assert rest == ""
    assert "Flensburg" in data.read_text("utf-8")
    secret = served.environment["ARM_CLIENT_SECRET"]
    for place in (served.first_line, str(served.arguments), data.read_text("utf-8")):
        assert secret not in place
    mode = (tmp_path / "environment.json").stat().st_mode & 0o777
    assert mode == (0o666 if os.name == "nt" else 0o600)


def test_a_second_serve_keeps_the_secret_and_the_certificate(tmp_path: Path) -> None:
    first = Served(tmp_path)
    first.end()
    second = Served(tmp_path)
    with second.client() as client:
        assert client.get("/sandbox/health").json()["ready"] is True
    second.end()
    assert first.environment["ARM_CLIENT_SECRET"] == second.environment["ARM_CLIENT_SECRET"]


def test_two_seeds_are_two_tenants_with_an_environment_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = (small_document(), small_document("Northwind", OTHER))
    served = Served(tmp_path, documents=documents)
    served.end()
    file = ["--environment-file", str(tmp_path / "environment.json"), "--shell", "json"]
    tenants: list[str] = []
    for extra in ([], ["--tenant", object_id("tenant", OTHER)]):
        assert main(["env", *file, *extra]) == 0
        tenants.append(json.loads(capsys.readouterr().out)["ARM_TENANT_ID"])
    assert tenants == [object_id("tenant"), object_id("tenant", OTHER)]
    assert main(["env", *file, "--tenant", "nobody"]) == 1


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", "export NAME='it'\"'\"'s $HOME'"),
        ("powershell", "$env:NAME = 'it''s $HOME'"),
    ],
)
def test_env_quotes_for_the_shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shell: str, line: str
) -> None:
    file = tmp_path / "environment.json"
    file.write_text(json.dumps({"NAME": "it's $HOME"}), "utf-8")
    assert main(["env", "--environment-file", str(file), "--shell", shell]) == 0
    assert capsys.readouterr().out.strip() == line


def test_env_without_a_tenant_says_so_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["env", "--environment-file", str(tmp_path / "nothing.json")]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "nothing.json" in error


def test_a_broken_seed_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps(small_document() | {"tenant": {}}), "utf-8")
    file = str(tmp_path / "environment.json")
    assert main(["serve", "--seed", str(seed), "--environment-file", file]) == 1
    assert capsys.readouterr().err == "error: tenant.id is missing from the tenant document\n"


def test_serve_takes_knobs_and_says_at_its_end_what_it_does_not_know(tmp_path: Path) -> None:
    served = Served(tmp_path, "--knob", "replicas=2", "--knob", "token-lifetime-seconds=60")
    with served.client() as client:
        knobs = client.get("/sandbox/behaviour").json()
        for _ in range(2):
            client.get("/common/oauth2/keys")
        client.delete("/favicon.ico")
    rest = served.end()
    assert (knobs["replicas"], knobs["tokenLifetimeSeconds"]) == (2, 60)
    assert rest.splitlines() == [
        "The tenants were asked 2 things that they do not know:",
        "  GET /common/oauth2/keys  2 times",
        "  DELETE /favicon.ico",
    ]


@pytest.mark.parametrize(
    ("knob", "message"),
    [
        ("replicas", "error: --knob: 'replicas' is no knob: expected name=value"),
        ("wings=2", "error: behaviour.wings: "),
        ("replicas=many", "error: behaviour.replicas: "),
    ],
)
def test_a_wrong_knob_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], knob: str, message: str
) -> None:
    file = str(tmp_path / "environment.json")
    assert main(["serve", "--knob", knob, "--environment-file", file]) == 1
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count("\n") == 1


def test_an_option_that_overrules_a_saved_knob_says_so_and_a_saved_one_else_stays(
    tmp_path: Path,
) -> None:
    options = ("--data", str(tmp_path / "tenant.json"))
    first = Served(tmp_path, *options, "--lag", "0.5")
    with first.client() as client:
        knobs = {"readLagSeconds": 2, "replicas": 2}
        client.patch("/sandbox/behaviour", json=knobs).raise_for_status()
    first.end()
    second = Served(tmp_path, *options)
    with second.client() as client:
        assert client.get("/sandbox/behaviour").json()["readLagSeconds"] == 2
    second.end()
    assert second.notice == ""
    third = Served(tmp_path, *options, "--lag", "0.5")
    with third.client() as client:
        found = client.get("/sandbox/behaviour").json()
    assert (found["readLagSeconds"], found["replicas"]) == (0.5, 2)
    assert third.notice == "Saved knobs overruled by options: readLagSeconds 2.0 → 0.5\n"
    third.end()


def test_a_token_outlives_a_restart_and_its_key_is_its_owner_s_only(tmp_path: Path) -> None:
    document = small_document()
    folder, data = tmp_path / "keys", tmp_path / "tenant.json"
    with TenantServer([document], data=data, certificate_folder=folder) as server:
        bearer = token(server, server.url)
        port = server.port
    with (
        TenantServer([document], data=data, certificate_folder=folder, port=port) as server,
        http(server) as client,
    ):
        headers = {"Authorization": f"Bearer {bearer}"}
        assert client.get("/v1.0/organization", headers=headers).status_code == 200
        assert server.port == port
    mode = (folder / "tokens.key").stat().st_mode & 0o777
    assert mode == (0o666 if os.name == "nt" else 0o600)
    assert (folder / "tokens.key").read_text("ascii") not in data.read_text("utf-8")


def test_a_damaged_token_key_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "tokens.key").write_text("no key", "ascii")
    first, again = token_key(tmp_path), token_key(tmp_path)
    assert (len(first), first) == (32, again)
