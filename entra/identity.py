"""The one identity that program and providers act as, from ARM_* environment variables only.

Tokens are acquired by azure-identity and kept in memory; nothing of them is printed or stored.
Errors are ``IdentityError`` (see ``entra.errors``): one line, without a secret in it.
"""

import base64
import binascii
import json
import logging
import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError

from entra.credentials import choose_method, switch
from entra.endpoints import Endpoints, find_endpoints, trusted_certificates
from entra.errors import IdentityError as IdentityError

# Two connection attempts of 4 s each: a login service that is not there is told within 10 s.
_CONNECTION_TIMEOUT_SECONDS = 4
_READ_TIMEOUT_SECONDS = 30

# Microsoft: "Microsoft Entra authentication and authorization error codes".
_REFUSALS = {
    "7000215": "{variable} is not the secret of application {client} in tenant {tenant}: copy the"
    " secret's value (not its id) again, or make a new one",
    "7000222": "{variable} has expired for application {client}: make a new client secret",
    "700016": "tenant {tenant} has no application {client}: check ARM_CLIENT_ID and ARM_TENANT_ID",
    "90002": "there is no tenant {tenant}: check ARM_TENANT_ID",
    "900023": "there is no tenant {tenant}: check ARM_TENANT_ID",
    "700027": "{variable} is not a certificate of application {client}: upload its public part to"
    " the application, or name the right file",
    "70021": "{variable}: application {client} has no federated credential for this token's issuer"
    " and subject: add one",
    "700212": "{variable}: application {client} has no federated credential for this token's"
    " audience: it has to be api://AzureADTokenExchange, or on GitHub in a fleet"
    " api://AzureADTokenExchange/ and the customer's name",
    "700213": "{variable}: application {client} has no federated credential for this token's"
    " subject: add one",
    "7000112": "application {client} is disabled in tenant {tenant}: enable it",
    "500011": "tenant {tenant} does not know the resource that was asked for",
}
# azure-identity reports these as refused logins too.
_NO_ANSWER = ("authority configuration", "HTTPSConnection", "Connection aborted", "CERTIFICATE_")

# azure-identity warns of every failed login besides raising it; we tell it once, in one line.
logging.getLogger("azure").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Identity:
    """A service principal in one tenant. ``repr`` shows no credential."""

    tenant_id: str
    client_id: str
    subscription_id: str | None
    endpoints: Endpoints
    credential: TokenCredential = field(repr=False)
    credential_variable: str
    certificates: str | None = None
    """The PEM file of certificate authorities that our connections trust, None for the usual."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Identity":
        """Build the identity that the ARM_* variables describe. Raises IdentityError.

        Makes one request when ARM_METADATA_HOSTNAME is set, else none.
        """
        tenant_id = _required_id(environ, "ARM_TENANT_ID", "the tenant's id")
        client_id = _required_id(environ, "ARM_CLIENT_ID", "the application's (client) id")
        subscription_id = environ.get("ARM_SUBSCRIPTION_ID") or None
        if subscription_id is not None:
            subscription_id = _checked_id(subscription_id, "ARM_SUBSCRIPTION_ID")
        method = choose_method(environ, tenant_id, client_id)
        endpoints = find_endpoints(environ)
        certificates = trusted_certificates(environ)
        credential = method.build(
            authority=endpoints.login,
            disable_instance_discovery=bool(environ.get("ARM_METADATA_HOSTNAME"))
            or switch(environ, "ARM_DISABLE_INSTANCE_DISCOVERY"),
            connection_verify=certificates or True,
            connection_timeout=_CONNECTION_TIMEOUT_SECONDS,
            read_timeout=_READ_TIMEOUT_SECONDS,
            retry_total=1,
        )
        return cls(
            tenant_id=tenant_id,
            client_id=client_id,
            subscription_id=subscription_id,
            endpoints=endpoints,
            credential=credential,
            credential_variable=method.variable,
            certificates=certificates,
        )

    def graph_token(self) -> str:
        """A bearer token for Microsoft Graph, cached until shortly before it expires."""
        return self._token(f"{self.endpoints.graph}/.default")

    def resource_manager_token(self) -> str:
        """A bearer token for Azure Resource Manager, cached likewise."""
        return self._token(f"{self.endpoints.resource_manager_audience}/.default")

    def graph_claims(self) -> Mapping[str, Any]:
        """What the Graph token says of itself (``tid``, ``oid``, ``roles`` …), unverified."""
        return read_claims(self.graph_token())

    def resource_manager_claims(self) -> Mapping[str, Any]:
        """What the Resource Manager token says of itself, unverified."""
        return read_claims(self.resource_manager_token())

    def _token(self, scope: str) -> str:
        try:
            return self.credential.get_token(scope).token
        except ClientAuthenticationError as error:
            raise IdentityError(self._explain(str(error))) from None
        except (AzureError, ValueError) as error:
            raise IdentityError(self._unreachable(str(error))) from None

    def _explain(self, answer: str) -> str:
        if any(sign in answer for sign in _NO_ANSWER):
            return self._unreachable(answer)
        code = re.search(r"AADSTS(\d+)", answer)
        if code and (text := _REFUSALS.get(code[1])):
            told = text.format(
                variable=self.credential_variable, client=self.client_id, tenant=self.tenant_id
            )
            return f"{told} (AADSTS{code[1]})"
        # Trace ids and time stamps follow the sentence that matters.
        sentence = re.split(r"Trace ID|Content:", answer)[0]
        return (
            f"{self.endpoints.login} refused application {self.client_id} of tenant"
            f" {self.tenant_id} ({self.credential_variable}): {' '.join(sentence.split())[:300]}"
        )

    def _unreachable(self, reason: str) -> str:
        if "authority configuration" in reason:
            return (
                f"{self.endpoints.login} knows no tenant {self.tenant_id}: check ARM_TENANT_ID"
                " (and that the service is reachable)"
            )
        cause = "certificate not trusted" if "CERTIFICATE_VERIFY_FAILED" in reason else "no answer"
        return (
            f"the login service {self.endpoints.login} cannot be reached ({cause}): check the"
            " network, HTTPS_PROXY and SSL_CERT_FILE"
        )


def read_claims(token: str) -> Mapping[str, Any]:
    """The claims of a JSON Web Token, its signature unchecked (the service checks it)."""
    try:
        payload = token.split(".")[1]
        decoded: Any = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error):
        raise IdentityError(
            "the login service gave a token that is not a JSON Web Token: is"
            " ARM_METADATA_HOSTNAME the right host?"
        ) from None
    return decoded


def _required_id(environ: Mapping[str, str], variable: str, meaning: str) -> str:
    value = environ.get(variable)
    if not value:
        raise IdentityError(
            f"{variable} is not set: set it to {meaning} (credentials come from ARM_* environment"
            " variables only)"
        )
    return _checked_id(value, variable)


def _checked_id(value: str, variable: str) -> str:
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise IdentityError(
            f"{variable} is {value!r}: expected an id like 00000000-0000-0000-0000-000000000000"
        ) from None
