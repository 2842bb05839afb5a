"""Which variables a customer's process gets: its own under plain names, nobody else's.

A variable named `X__NORTH_SCHOOL` is given to the customer `north-school` alone, as `X`. The form
is upper case, every run of other signs than letters and digits one underscore: a name that GitHub
and Azure DevOps take for a secret. Every other `…__…` is kept from it, whether that customer still
is there or not. Variables without two underscores in a row go to all customers, with one exception:
a customer that has a credential of its own gets none of the shared ones of that kind, so that no
two halves are mixed (`GROUPS`).

`BREAK_GLASS_IDENTITY` names the identity of the settings file that a run takes, `deployment` or
`review`: its id is as one of the customer's own variables. `ARM_CLIENT_ID__NORTH_SCHOOL` comes
first. On Azure DevOps `BREAK_GLASS_CONNECTION` may name the reviewer's other connection, `preview`.
Whoever is started with an identity does not choose once more.

What a pipeline gives a job to ask for tokens with (`OF_THE_PIPELINE`) goes to nobody: it is good
for every customer's token. See ``fleet.federation`` for what a customer gets in its place.

Nothing on the machine but these variables is read for an identity; see ``entra.identity``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from entra.credential_variables import credential_values
from fleet.customers import CLIENT, IDENTITIES, NOBODY, Application, Customer
from fleet.errors import FleetError

_MARK: Final = "__"
_SHORTEST_SECRET: Final = 6
IDENTITY: Final = "BREAK_GLASS_IDENTITY"
BY: Final = "BREAK_GLASS_CONNECTION"


@dataclass(frozen=True)
class Group:
    """Variables that make up one credential."""

    kind: str
    begun_by: tuple[str, ...]
    """A customer that has one of these as its own …"""
    with_it: tuple[str, ...]
    """… gets none of these from the shared ones."""


_IDENTITY: Final = (
    "ARM_CLIENT_ID",
    "ARM_CLIENT_SECRET",
    "ARM_CLIENT_CERTIFICATE",
    "ARM_CLIENT_CERTIFICATE_PATH",
    "ARM_CLIENT_CERTIFICATE_PASSWORD",
    "ARM_OIDC_TOKEN",
    "ARM_OIDC_TOKEN_FILE_PATH",
)
_KEPT: Final = ("ARM_CLIENT_SECRET", "ARM_CLIENT_CERTIFICATE", "ARM_CLIENT_CERTIFICATE_PATH")
"""Proofs of an identity that somebody keeps."""
_ASKED_FOR: Final = (
    "ARM_USE_OIDC",
    "ARM_USE_MSI",
    "ARM_OIDC_AUDIENCE",
    "ARM_OIDC_REQUEST_TOKEN",
    "ARM_OIDC_REQUEST_URL",
)
"""What asks for a proof of an identity in place of a kept one."""
OF_THE_PIPELINE: Final = (
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ARM_OIDC_REQUEST_TOKEN",
    "ARM_OIDC_REQUEST_URL",
    "SYSTEM_ACCESSTOKEN",
    "SYSTEM_OIDCREQUESTURI",
    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
    "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID",
)
"""With these a process could get a token for any customer."""
_STORAGE: Final = (
    "AZURE_STORAGE_ACCOUNT",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGE_CONNECTION_STRING",
)
_AZURE: Final = (
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_FEDERATED_TOKEN_FILE",
)
_KEY: Final = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")

_TOKEN: Final = "PULUMI_ACCESS_TOKEN"  # noqa: S105  (a name)

GROUPS: Final = (
    Group("the tenant's identity", _IDENTITY, (*_IDENTITY, "ARM_TENANT_ID", "ARM_SUBSCRIPTION_ID")),
    Group("the tenant's identity", _KEPT, _ASKED_FOR),
    Group("the storage of the state", _STORAGE, _STORAGE),
    Group("the identity that opens state and key", _AZURE, _AZURE),
    Group("the key of the secrets", _KEY, _KEY),
    Group("the login to Pulumi", (_TOKEN, "PULUMI_BACKEND_URL"), (_TOKEN,)),
)


def suffix_of(customer: str) -> str:
    """What stands behind the two underscores in names of this customer's variables."""
    return re.sub(r"[^A-Z0-9]+", "_", customer.upper()).strip("_")


def refuse_same_suffix(names: Iterable[str]) -> None:
    """Raises FleetError when two customers would get each other's variables."""
    seen: dict[str, str] = {}
    for name in names:
        suffix = suffix_of(name)
        if suffix in seen:
            raise FleetError(
                f"customers {seen[suffix]} and {name} would both get the variables"
                f" …{_MARK}{suffix}: no customer may get another's credential; rename one of them"
                " (`pulumi stack rename`)",
                exit_code=2,
            )
        seen[suffix] = name


def customer_environment(customer_name: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of this customer's process, made of the whole one."""
    suffix = suffix_of(customer_name)
    shared: dict[str, str] = {}
    own: dict[str, str] = {}
    for key, value in environ.items():
        name, mark, owner = key.partition(_MARK)
        if not (name and mark):
            shared[key] = value
        elif owner.upper() == suffix:
            own[name] = value
    kept_out = {name for group in begun(own) for name in group.with_it} | {*OF_THE_PIPELINE}
    return {key: value for key, value in shared.items() if key.upper() not in kept_out} | own


def identity_environment(customer: Customer, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of this customer's process, with the identity that the run is to take.

    Raises FleetError for a name that is none, and for one of which nobody says the application.
    """
    chosen = customer_environment(customer.name, environ)
    which, by = chosen.get(IDENTITY, ""), chosen.get(BY, "")
    client = application_of(customer, environ).client_id
    if which not in ("", *IDENTITIES):
        raise FleetError(f"{IDENTITY} is {which!r}: expected {' or '.join(IDENTITIES)}")
    if by and (which, by) != ("review", "preview"):
        raise FleetError(f"{BY} is {by!r}: expected preview, with review as {IDENTITY}")
    # As the file's own variable: so the shared ones of that kind are kept out, too.
    named = {f"ARM_CLIENT_ID{_MARK}{suffix_of(customer.name)}": client} if client else {}
    environment = customer_environment(customer.name, named | dict(environ))
    for name in (IDENTITY, BY):
        environment.pop(name, None)
    if which and not environment.get("ARM_CLIENT_ID"):
        raise FleetError(
            f"{customer.settings_file.name} lacks {CLIENT.format(which)}: write there the id of the"
            f" application that this run is to act as ({IDENTITY} is {which})"
        )
    return environment


def application_of(customer: Customer, environ: Mapping[str, str]) -> Application:
    """The identity of the settings file that the run is to take; an empty one for none."""
    chosen = customer_environment(customer.name, environ)
    which = chosen.get(BY) or chosen.get(IDENTITY)
    known = {
        "deployment": customer.deployment,
        "review": customer.review,
        "preview": customer.preview,
    }
    return known.get(which or "", NOBODY) if chosen.get(IDENTITY) else NOBODY


def begun(own: Iterable[str]) -> list[Group]:
    """The kinds of credential of which these variables are a part."""
    names = {name.upper() for name in own}
    return [group for group in GROUPS if names.intersection(group.begun_by)]


def own_kinds(customer: Customer, environ: Mapping[str, str]) -> list[str]:
    """Of which kinds a customer has a credential of its own, in words."""
    suffix = suffix_of(customer.name)
    parts = (key.partition(_MARK) for key in environ)
    own = [name for name, mark, owner in parts if name and mark and owner.upper() == suffix]
    if application_of(customer, environ).client_id:
        own.append("ARM_CLIENT_ID")
    return list(dict.fromkeys(group.kind for group in begun(own)))


def with_tenant(environment: Mapping[str, str], customer: Customer) -> dict[str, str]:
    """Name tenant and subscription of the settings file where the environment names none.

    One application for many tenants needs this; the program compares the tokens with them anyway.
    """
    named = {"ARM_TENANT_ID": customer.tenant_id, "ARM_SUBSCRIPTION_ID": customer.subscription_id}
    return {key: value for key, value in named.items() if value} | dict(environment)


def secret_values(environment: Mapping[str, str]) -> list[str]:
    """What must not be printed: the longest first, so that none hides a part of another."""
    found = {one for one in credential_values(environment).values() if len(one) >= _SHORTEST_SECRET}
    return sorted(found, key=len, reverse=True)


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text with each secret replaced."""
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    return text
