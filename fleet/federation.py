"""A customer's process gets its pipeline's tokens from here, and can ask for no other customer's.

On GitHub whoever has ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN gets tokens for any audience. So they
stay in the process that runs the fleet. Each customer's process gets an address on this machine in
their place, with a password of its own, that gives tokens for *this customer's* audience
(`ARM_OIDC_AUDIENCE__NORTH_SCHOOL`), whatever is asked for. It is there as long as the process.

Not a file: both providers read ARM_OIDC_TOKEN_FILE_PATH once, and GitHub's tokens are good for five
minutes. An address they ask each time that they need a token (azure-native `auth_azidentity.go`,
hashicorp/go-azure-sdk `github_oidc_authorizer.go`; the lifetime as observed, Azure/login#372).

That Entra accepts a token for one application and not for another follows from the audience, of
which a federated credential has one (Microsoft Graph documentation, "federatedIdentityCredential").
Two customers with the same audience, issuer and subject are not kept apart by it.
"""

import json
import secrets
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from entra.credentials import OIDC_AUDIENCE, ask_pipeline, switch
from entra.errors import IdentityError, PipelineSilent
from fleet.environment import customer_environment
from fleet.errors import FleetError

HOST: Final = "127.0.0.1"
URLS: Final = ("ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL")
BEARERS: Final = ("ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
PAUSES: Final = (1.0, 4.0)
"""Seconds before each further attempt, when the pipeline's address does not answer well."""

Ask = Callable[[], str]


@contextmanager
def own_environment(
    customer: str, environ: Mapping[str, str], pause: Callable[[float], None] = time.sleep
) -> Generator[dict[str, str]]:
    """The environment of a customer's process, for as long as that process runs.

    `environ`: the whole one. Raises FleetError when the pipeline gives no token for this customer.
    """
    environment = customer_environment(customer, environ)
    ask = _way_to_ask(environment, environ, pause)
    if ask is None:
        yield environment
        return
    try:
        ask()
    except IdentityError as error:
        raise FleetError(f"no token of the pipeline: {error}") from None
    password = secrets.token_urlsafe(32)
    with _giver(ask, password) as address:
        yield {
            **_not_by_a_proxy(environment),
            "ACTIONS_ID_TOKEN_REQUEST_URL": address,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": password,
        }


def _way_to_ask(
    environment: Mapping[str, str], environ: Mapping[str, str], pause: Callable[[float], None]
) -> Ask | None:
    """How to get a token for this customer; None when it has another way to sign in."""
    url, bearer = _first(environ, URLS), _first(environ, BEARERS)
    # One that is its own, or a token that the pipeline has fetched before.
    others = (*URLS, *BEARERS, "ARM_OIDC_TOKEN", "ARM_OIDC_TOKEN_FILE_PATH")
    if not (url and bearer) or any(environment.get(one) for one in others):
        return None
    try:
        if not switch(environment, "ARM_USE_OIDC"):
            return None
    except IdentityError:
        return None  # the program refuses that value in one line
    audience = environment.get("ARM_OIDC_AUDIENCE") or OIDC_AUDIENCE
    return partial(_patiently, partial(ask_pipeline, url, bearer, audience), pause)


def _first(environ: Mapping[str, str], names: Iterable[str]) -> str:
    return next((environ[one] for one in names if environ.get(one)), "")


def _patiently(ask: Ask, pause: Callable[[float], None]) -> str:
    for seconds in PAUSES:
        try:
            return ask()
        except PipelineSilent:
            pause(seconds)
    return ask()


@contextmanager
def _giver(ask: Ask, password: str) -> Generator[str]:
    """An address on this machine that gives tokens to who knows the password."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get("Authorization", "")
            if not secrets.compare_digest(given.encode(), f"Bearer {password}".encode()):
                self._answer(401, {"message": "that is not this customer's password"})
                return
            try:
                self._answer(200, {"value": ask()})
            except IdentityError as error:
                self._answer(502, {"message": str(error)})

        def _answer(self, status: int, content: dict[str, str]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the run's own lines are on the screen."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    serve = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    serve.start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}/token"
    finally:
        server.shutdown()
        server.server_close()


def _not_by_a_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """A proxy cannot reach an address on this machine; Go knows that by itself, Python does not."""
    past = [
        one for one in (environment.get("no_proxy") or environment.get("NO_PROXY"), HOST) if one
    ]
    return {**environment, "no_proxy": ",".join(past), "NO_PROXY": ",".join(past)}
