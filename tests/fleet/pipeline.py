"""A pipeline that gives tokens as GitHub and Azure DevOps do, and who takes them.

Of Azure DevOps: address and answer as azure-identity's `AzurePipelinesCredential` has them; the
refusal of a connection that no task of the job names as in dotnet/docker-tools#2012.
"""

import json
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://token.pipeline.example"
SUBJECT = "repo:your-msp/break-glass:environment:tenant"
BEARER = "good-for-every-audience"
AZURE_DEVOPS_AUDIENCE = "api://AzureADTokenExchange"


class Pipeline:
    """What it was asked for, and how it answers."""

    def __init__(self) -> None:
        self.url = ""
        self.audiences: list[str] = []
        self.answers: dict[str, list[int]] = {}
        """Statuses to give first, by audience, or by id of a service connection."""
        self.connections: list[str] = []
        """Service connections of Azure DevOps that it was asked for, by id."""
        self.named: set[str] = set()
        """Those that a task of the job names."""

    @property
    def environ(self) -> dict[str, str]:
        """As a step of a job has it."""
        return {
            "ARM_USE_OIDC": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": self.url,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BEARER,
        }

    @property
    def azure_devops(self) -> dict[str, str]:
        """As a step of a job of Azure DevOps has it."""
        return {
            "ARM_USE_OIDC": "true",
            "SYSTEM_OIDCREQUESTURI": self.url.partition("?")[0],
            "SYSTEM_ACCESSTOKEN": BEARER,
        }

    def answer_post(self, path: str, bearer: str | None) -> tuple[int, dict[str, Any]]:
        query = parse_qs(urlsplit(path).query)
        (connection,) = query["serviceConnectionId"]
        assert query["api-version"] == ["7.1"]
        self.connections.append(connection)
        if bearer != f"Bearer {BEARER}":
            return 401, {}
        if self.answers.get(connection):
            return self.answers[connection].pop(0), {"message": "not today"}
        if connection not in self.named:
            told = f"There is no explicit reference to service connection {connection} from current"
            return 500, {"count": 151, "value": f"{told} stage Up.up.__default."}
        return 200, {"oidcToken": token(AZURE_DEVOPS_AUDIENCE, subject_of(connection))}

    def answer(self, path: str, bearer: str | None) -> tuple[int, dict[str, Any]]:
        audience = parse_qs(urlsplit(path).query).get("audience", [""])[0]
        self.audiences.append(audience)
        if bearer != f"Bearer {BEARER}":
            return 401, {}
        if self.answers.get(audience):
            return self.answers[audience].pop(0), {}
        return 200, {"count": 1, "value": token(audience)}


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def subject_of(connection: str) -> str:
    """Of the tokens of a service connection of that id."""
    return f"sc://your-msp/break-glass/{connection}"


def token(audience: str, subject: str = SUBJECT) -> str:
    """A token of the pipeline for that audience."""
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": subject, "aud": audience, "iat": now, "exp": now + 300}
    return jwt.encode(claims, _key(), algorithm="RS256")


def federated(audience: str, subject: str = SUBJECT) -> dict[str, Any]:
    """A federated credential of an application in the simulated tenant."""
    public = _key().public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    who = {"issuer": ISSUER, "subject": subject, "audiences": [audience]}
    return {**who, "publicKey": public.decode()}


@contextmanager
def running_pipeline() -> Generator[Pipeline]:
    """On loopback."""
    made = Pipeline()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._tell(*made.answer(self.path, self.headers.get("Authorization")))

        def do_POST(self) -> None:
            self._tell(*made.answer_post(self.path, self.headers.get("Authorization")))

        def _tell(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_address[1]}/token?api-version=2.0"
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield made
        server.shutdown()
