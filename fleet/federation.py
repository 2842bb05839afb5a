"""A customer's process gets its pipeline's tokens from here, and can ask for no other customer's.

On GitHub whoever has ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN gets tokens for any audience, on Azure
DevOps whoever has SYSTEM_ACCESSTOKEN those of any service connection of the job. So they stay in
the process that runs the fleet. Each customer's process gets an address on this machine in their
place, in the form that GitHub's has, with a password of its own, that gives *this customer's*
tokens, whatever is asked for. It is there as long as the process.

On GitHub these are for the audience `api://AzureADTokenExchange/<customer>`, unless
ARM_OIDC_AUDIENCE says otherwise; on Azure DevOps they are those of the service connection that the
customer's settings file names.

Not a file: both providers read ARM_OIDC_TOKEN_FILE_PATH once, and such tokens are good for five to
ten minutes. An address they ask each time that they need a token (azure-native
`auth_azidentity.go`, hashicorp/go-azure-sdk `github_oidc_authorizer.go`; the lifetime as observed,
Azure/login#372, Azure/azure-cli#28708).

That Entra accepts a token for one application and not for another follows from the audience, of
which a federated credential has one (Microsoft Graph documentation, "federatedIdentityCredential").
Two customers with the same audience, issuer and subject are not kept apart by it.
"""

import json
import secrets
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from entra.credentials import OIDC_AUDIENCE, ask_pipeline, switch
from entra.errors import IdentityError, PipelineSilent
from fleet.customers import CONNECTION, Customer
from fleet.environment import (
    BY,
    IDENTITY,
    application_of,
    customer_environment,
    identity_environment,
)
from fleet.errors import FleetError
from fleet.pipeline_tokens import BEARER, URL, ask_azure_devops

HOST: Final = "127.0.0.1"
URLS: Final = ("ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL")
BEARERS: Final = ("ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
PAUSES: Final = (1.0, 4.0)
"""Seconds before each further attempt, when the pipeline's address does not answer well."""

Ask = Callable[[], str]


@contextmanager
def own_environment(
    customer: Customer, environ: Mapping[str, str], pause: Callable[[float], None] = time.sleep
) -> Generator[dict[str, str]]:
    """The environment of a customer's process, for as long as that process runs.

    `environ`: the whole one. Raises FleetError when the pipeline gives no token for this customer,
    or when it is not known as whom to ask.
    """
    environment = identity_environment(customer, environ)
    ask = _way_to_ask(customer, environment, environ, pause)
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


def shared_audiences(
    customers: Iterable[Customer], environ: Mapping[str, str]
) -> dict[str, list[str]]:
    """Whom ARM_OIDC_AUDIENCE gives the same audience: names by the line that warns of it."""
    named: dict[str, list[str]] = {}
    for customer in customers:
        environment = customer_environment(customer.name, environ)
        if not environ.get(URL) and _is_federated(environment):
            named.setdefault(audience_of(customer, environment), []).append(customer.name)
    return {
        f"several customers' tokens have one audience ({audience}): with those of one the others"
        " can be signed in to; without ARM_OIDC_AUDIENCE each has its own": names
        for audience, names in named.items()
        if len(names) > 1
    }


def audience_of(customer: Customer, environment: Mapping[str, str]) -> str:
    """Whom a pipeline's tokens for this customer are for. `environment`: of its process."""
    return environment.get("ARM_OIDC_AUDIENCE") or f"{OIDC_AUDIENCE}/{customer.name}"


def _way_to_ask(
    customer: Customer,
    environment: Mapping[str, str],
    environ: Mapping[str, str],
    pause: Callable[[float], None],
) -> Ask | None:
    """How to get a token for this customer; None when it has another way to sign in."""
    if not _is_federated(environment):
        return None
    url, bearer = _first(environ, URLS), _first(environ, BEARERS)
    if url and bearer:
        ask = partial(ask_pipeline, url, bearer, audience_of(customer, environment))
        return partial(_patiently, ask, pause)
    chosen = customer_environment(customer.name, environ)
    which = chosen.get(IDENTITY)
    if not (environ.get(URL) and which):
        return None
    connection = application_of(customer, environ).connection_id
    if not connection:
        by = chosen.get(BY) or which
        raise FleetError(
            f"{customer.settings_file.name} lacks {CONNECTION.format(by)}: write there the id of"
            f" the service connection that this run is to act by ({IDENTITY} is {which})"
        )
    if not environ.get(BEARER):
        raise FleetError(
            f"{BEARER} is not set, so the pipeline gives no token: give the step"
            f" `env: {BEARER}: $(System.AccessToken)`"
        )
    ask = partial(ask_azure_devops, environ[URL], environ[BEARER], connection)
    return partial(_patiently, ask, pause)


def _is_federated(environment: Mapping[str, str]) -> bool:
    """Whether a customer's process signs in with a token that has to be asked for."""
    # One that is its own, or a token that the pipeline has fetched before.
    others = (*URLS, *BEARERS, "ARM_OIDC_TOKEN", "ARM_OIDC_TOKEN_FILE_PATH")
    if any(environment.get(one) for one in others):
        return False
    try:
        return switch(environment, "ARM_USE_OIDC")
    except IdentityError:
        return False  # the program refuses that value in one line


def _first(environ: Mapping[str, str], names: Iterable[str]) -> str:
    return next((environ[one] for one in names if environ.get(one)), "")


def _patiently(ask: Ask, pause: Callable[[float], None]) -> str:
    for seconds in PAUSES:
        try:
            return ask()
        except PipelineSilent:
            pause(seconds)
    return ask()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up midway was killed, or has waited long enough: nobody has to hear of it."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


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

    server = _Server((HOST, 0), Handler)
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
