"""Who the customers are: each `Pulumi.<customer>.yaml` beside Pulumi.yaml is one, nothing else.

Its `config:` also holds what names its identities and is no secret, in a namespace of its own that
neither Pulumi nor the program reads (`APPLICATIONS`).

Errors are ``FleetError``. Source: Pulumi documentation, "Stacks" (names), "Stack settings file" and
"Configuration" (namespaces: a project checks its own, a provider takes its own).
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, Literal, cast
from uuid import UUID

from fleet.errors import FleetError
from fleet.yaml_text import document_of

TEMPLATE: Final = "prod"
"""The stack whose settings file is the commented example, from which new customers are made."""
NOT_CUSTOMERS: Final = frozenset({"sandbox", TEMPLATE})
TENANT: Final = "azuread:tenantId"
SUBSCRIPTION: Final = "azure-native:subscriptionId"
PREMIUM: Final = "break-glass:premium"
IDENTITIES: Final = ("deployment", "review")
Which = Literal["deployment", "review"]
CLIENT: Final = "fleet:{}ClientId"
"""The application in the customer's tenant."""
CONNECTION: Final = "fleet:{}ConnectionId"
"""The service connection of Azure DevOps that gives its tokens."""
PREVIEW: Final = CONNECTION.format("preview")
"""The reviewing application's for pull requests, which wait for an approval; a look must not."""
APPLICATIONS: Final = (
    *(key.format(one) for key in (CLIENT, CONNECTION) for one in IDENTITIES),
    PREVIEW,
)

_FILE: Final = re.compile(r"Pulumi\.(?P<name>.+)\.yaml")
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,98}[A-Za-z0-9_])?")


@dataclass(frozen=True)
class Application:
    """Who acts in a customer's tenant; empty: the settings file does not say it."""

    client_id: str = ""
    connection_id: str = ""


NOBODY: Final = Application()


@dataclass(frozen=True)
class Customer:
    """A stack of the project in this folder."""

    name: str
    """Of the stack."""
    settings_file: Path
    tenant_id: str
    """Empty when the settings file does not say it."""
    subscription_id: str
    """Empty when the settings file does not say it."""
    secrets_provider: str = ""
    """What encrypts the state's secrets; empty: a passphrase, or the backend's own."""
    needs_licence: bool = True
    """`break-glass:premium` is not `absent`."""
    deployment: Application = NOBODY
    """Who may write."""
    review: Application = NOBODY
    """Who may only read."""
    preview: Application = NOBODY
    """The same for pull requests, by a connection of its own."""
    trouble: str = ""
    """Why nothing can be done for this one: its file cannot be read, or its name is none."""

    @property
    def applications(self) -> tuple[Application, Application, Application]:
        """Who deploys, who reviews, and who reviews pull requests."""
        return self.deployment, self.review, self.preview


def find_customers(folder: Path) -> list[Customer]:
    """Every customer, by name. One whose file cannot be read says so and keeps nobody else out."""
    return [_found(folder, name) for name in customer_names(folder)]


def _found(folder: Path, name: str) -> Customer:
    try:
        return read_customer(folder, name)
    except FleetError as error:
        return Customer(name, folder / f"Pulumi.{name}.yaml", "", "", trouble=str(error))


def customer_names(folder: Path) -> list[str]:
    """What stands in the names of all settings files, sorted; ``is_name`` tells good ones."""
    return [
        found["name"]
        for path in sorted(folder.glob("Pulumi.*.yaml"), key=lambda one: one.name.casefold())
        if (found := _FILE.fullmatch(path.name)) and found["name"] not in NOT_CUSTOMERS
    ]


def read_customer(folder: Path, name: str) -> Customer:
    """One customer's identity.

    Raises FleetError naming file and line; also for a name that is none: names are patterns of
    `--only` and words of commands to paste, so `*` or `$(id)` would be more than a name.
    """
    path = folder / f"Pulumi.{name}.yaml"
    try:
        check_name(name)
    except FleetError as error:
        raise FleetError(f"{path.name}: {error}", exit_code=2) from None
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FleetError(
            f"there is no {path.name} in {folder}: `breakglass fleet add {name} …` writes it"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise FleetError(f"{path.name} cannot be read: {error}") from None
    return customer_of(path, name, text)


def customer_of(path: Path, name: str, text: str) -> Customer:
    """What a settings file with this text says. Raises FleetError naming file and line."""
    settings = _mapping(document_of(text, path.name), path.name, "the file")
    config = _mapping(settings.get("config"), path.name, "config")
    ids = _ids(config, path.name)
    deployment, review, preview = applications_of(ids)
    return Customer(
        name,
        path,
        _plain(config.get(TENANT), path.name, TENANT),
        _plain(config.get(SUBSCRIPTION), path.name, SUBSCRIPTION),
        _plain(settings.get("secretsprovider"), path.name, "secretsprovider"),
        needs_licence=config.get(PREMIUM) != "absent",
        deployment=deployment,
        review=review,
        preview=preview,
    )


def applications_of(ids: Mapping[str, str]) -> tuple[Application, Application, Application]:
    """Who deploys, who reviews, and who reviews pull requests. `ids`: some of `APPLICATIONS`."""
    deployment, review = (
        Application(ids.get(CLIENT.format(one), ""), ids.get(CONNECTION.format(one), ""))
        for one in IDENTITIES
    )
    return deployment, review, Application(review.client_id, ids.get(PREVIEW, ""))


def _ids(config: Mapping[str, Any], file: str) -> dict[str, str]:
    """What the file says of `APPLICATIONS`. A key beside them is a slip: nobody would read it."""
    for key in config:
        if str(key).startswith("fleet:") and key not in APPLICATIONS:
            close = difflib.get_close_matches(str(key), APPLICATIONS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"expected {', '.join(APPLICATIONS)}"
            raise FleetError(f"{file}: {key} is no setting: {hint}")
    return {key: _id(config.get(key), file, key) for key in APPLICATIONS}


def _id(value: Any, file: str, key: str) -> str:
    if value is None:
        return ""
    try:
        return str(UUID(value))
    except (ValueError, TypeError, AttributeError):
        raise FleetError(
            f"{file}: {key} holds {value!r}, expected an id such as"
            " 3ceaaf30-8142-48ea-91d9-3080f9b439fc; correct it"
        ) from None


def choose(
    customers: Sequence[Customer],
    only: Sequence[str] = (),
    leave_out: Sequence[str] = (),
    changed: AbstractSet[str] | None = None,
) -> list[Customer]:
    """Those that some `only` pattern names (all without one), no `leave_out` does, and changed.

    Patterns are those of `fnmatch`: `north-*`. Raises FleetError for a pattern that names nobody.
    """
    for pattern in (*only, *leave_out):
        if not any(fnmatchcase(one.name, pattern) for one in customers):
            raise FleetError(_nobody(pattern, [one.name for one in customers]), exit_code=2)
    return [
        one
        for one in customers
        if (not only or _matches(one.name, only))
        and not _matches(one.name, leave_out)
        and (changed is None or one.name in changed)
    ]


def is_name(name: str) -> bool:
    """Whether a customer may be called so."""
    return bool(_NAME.fullmatch(name)) and name.casefold() not in NOT_CUSTOMERS


def check_name(name: str) -> None:
    """Raises FleetError for what Pulumi does not take, or this project does not, as a stack."""
    if not _NAME.fullmatch(name):
        raise FleetError(
            f"{name!r} is no name for a customer: expected up to 100 letters, digits, hyphens,"
            " underscores and full stops, a letter or digit first and no punctuation last but an"
            " underscore; such as north-school",
            exit_code=2,
        )
    if name.casefold() in NOT_CUSTOMERS:
        raise FleetError(
            f"{name!r} is no customer's name: Pulumi.{name.casefold()}.yaml is the project's own;"
            " choose another one",
            exit_code=2,
        )


def _nobody(pattern: str, names: Sequence[str]) -> str:
    if not names:
        return f"{pattern!r} names no customer: there are none yet (`breakglass fleet add`)"
    close = difflib.get_close_matches(pattern.strip("*"), names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else "`breakglass fleet list` shows them"
    return f"{pattern!r} names no customer: {hint}"


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _mapping(value: Any, file: str, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        kind = type(value).__name__
        raise FleetError(f"{file}: {what} is a {kind}, expected keys with values; correct it")
    return cast("dict[str, Any]", value)


def _plain(value: Any, file: str, key: str) -> str:
    """A text; nothing for a key that is not there."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise FleetError(
            f"{file}: {key} is a {type(value).__name__}, expected a text; put it in quotes"
        )
    return value
