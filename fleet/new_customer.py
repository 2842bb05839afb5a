"""Writes the settings file of a new customer from a template, whose comments stay.

Errors are ``FleetError``. Only what has to differ from customer to customer is replaced: tenant,
subscription, ids of its identities, the name that the alarm tells, and `{customer}` in the secrets
provider. What is the
example's own (its domain, its addresses) is found and named, so that no alarm goes there.

Source: Pulumi documentation, "Secrets handling" (`secretsprovider`, `encryptedkey`,
`encryptionsalt` of a stack settings file), "pulumi stack init".
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from fleet.answer import answer_of
from fleet.customers import (
    APPLICATIONS,
    SUBSCRIPTION,
    TEMPLATE,
    TENANT,
    Customer,
    applications_of,
    check_name,
    customer_of,
    find_customers,
)
from fleet.environment import refuse_same_suffix
from fleet.errors import FleetError

PLACEHOLDER: Final = "{customer}"
NOBODYS: Final[Mapping[str, str]] = {}
_KEY_LINES: Final = re.compile(r"^(?:encryptionsalt|encryptedkey):.*\n?", re.MULTILINE)
_APPLICATIONS: Final = re.compile(rf"^[ \t]+(?:{'|'.join(APPLICATIONS)}):.*\n?", re.MULTILINE)
_SECURE: Final = re.compile(r"^[^#\n]*\bsecure:", re.MULTILINE)
_CUSTOMER: Final = re.compile(r'^(?P<key>[ \t]+customer:[ \t]*)(?:""|\'\')', re.MULTILINE)
_DOMAIN: Final = re.compile(
    r"^(?P<indent>[ \t]+)(?P<line>domain:[ \t]*contoso\S*.*)$", re.MULTILINE
)
_VALUE: Final = r"""(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'|[^\s"'#][^\n]*?)"""
_COMMENT: Final = r"(?:[ \t]*|(?P<comment>[ \t]+#.*))"
_PROVIDER: Final = re.compile(rf"^secretsprovider:[ \t]+(?P<value>\S.*?){_COMMENT}$", re.MULTILINE)
_UNNAMED: Final = ("", "passphrase", "default")
"""Secrets providers that a settings file need not name."""
_EXAMPLE: Final = re.compile(r"^[^#]*(?:contoso|example\.(?:org|com)|fabrikam)", re.IGNORECASE)


@dataclass(frozen=True)
class Added:
    """A settings file that was written."""

    path: Path
    secrets_provider: str
    """For `pulumi stack init --secrets-provider`; empty: the backend's default."""
    shared_key: bool
    """The secrets provider is the same for every customer made from this template."""
    to_change: tuple[str, ...]
    """Lines that hold the example's values, as `line 12: …`."""

    @property
    def init_arguments(self) -> list[str]:
        """What makes the stack, behind `pulumi`."""
        name = self.path.name.removeprefix("Pulumi.").removesuffix(".yaml")
        provider = ["--secrets-provider", self.secrets_provider] if self.secrets_provider else []
        return ["stack", "init", name, "--no-select", *provider]

    @property
    def init_command(self) -> str:
        """The same to paste: with this customer's variables, a passphrase of its own among them."""
        exec_as = ["breakglass", "fleet", "exec", self.init_arguments[2], "--"]
        return shlex.join([*exec_as, "pulumi", *self.init_arguments])


def add_customer(
    folder: Path,
    name: str,
    tenant: str,
    subscription: str,
    template: Path | None = None,
    *,
    applications: Mapping[str, str] = NOBODYS,
    secrets_provider: str | None = None,
    same_tenant: bool = False,
) -> Added:
    """Write `Pulumi.<name>.yaml`.

    `template`: by default the project's commented example. `applications`: ids by their key, one of
    `fleet.customers.APPLICATIONS`; another customer's do not stay. `secrets_provider`: over that of
    the template. `same_tenant`: another customer may have the tenant already.
    """
    check_name(name)
    tenant, subscription = _id(tenant, "--tenant"), _id(subscription, "--subscription")
    ids = {key: _id(value, key) for key, value in applications.items()}
    path = folder / f"Pulumi.{name}.yaml"
    _refuse_what_is_there(folder, name, tenant, same_tenant=same_tenant)
    template = template or folder / f"Pulumi.{TEMPLATE}.yaml"
    text = _template_text(template)
    text = _set(text, TENANT, tenant, template)
    text = _set(text, SUBSCRIPTION, subscription, template)
    text = _with_applications(text, ids)
    text = _CUSTOMER.sub(lambda found: f'{found["key"]}"{name}"', text, count=1)
    text = _DOMAIN.sub(r"\g<indent># \g<line>", text)
    text, provider, shared = _with_provider(text, name, secrets_provider)
    _compare(customer_of(template, name, text), tenant, subscription, provider, ids)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        raise FleetError(f"{path.name} is there already: choose another name") from None
    return Added(path, provider, shared, tuple(_examples(text)))


def init_stack(added: Added, pulumi: Path, folder: Path, environment: Mapping[str, str]) -> None:
    """Make the stack in the backend. Raises FleetError with what `pulumi` said."""
    done = answer_of(
        [str(pulumi), *added.init_arguments, "--non-interactive", "--color", "never"],
        folder,
        environment,
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
        reason = next((one for one in lines if one.startswith("error:")), lines[-1])
        raise FleetError(
            f"{added.path.name} is written, but the stack could not be made:"
            f" {reason.removeprefix('error: ')}: then `{added.init_command}`"
        )


def _refuse_what_is_there(folder: Path, name: str, tenant: str, *, same_tenant: bool) -> None:
    others = find_customers(folder)
    for one in others:
        if one.name.casefold() == name.casefold():
            raise FleetError(
                f"there is a customer {one.name} already ({one.settings_file.name}): choose another"
                " name, or edit that file",
                exit_code=2,
            )
        if one.tenant_id.casefold() == tenant.casefold() and not same_tenant:
            raise FleetError(
                f"tenant {tenant} is customer {one.name}'s already: two stacks in a tenant make"
                " four accounts; check the id, or say --same-tenant",
                exit_code=2,
            )
    refuse_same_suffix([*(one.name for one in others), name])


def _template_text(template: Path) -> str:
    try:
        text = template.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise FleetError(
            f"template {template} cannot be read ({reason}): name another with --template",
            exit_code=2,
        ) from None
    found = _SECURE.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise FleetError(
            f"{template.name}, line {line}: `secure:` is encrypted with another customer's key and"
            " cannot be taken over; take it out of the template, and set it for each customer:"
            " `pulumi config set --secret --path …`"
        )
    return _KEY_LINES.sub("", text)


def _set(text: str, key: str, value: str, template: Path) -> str:
    pattern = re.compile(
        rf"^(?P<key>[ \t]+{re.escape(key)}:)(?:[ \t]+{_VALUE})?{_COMMENT}$", re.MULTILINE
    )
    replaced, number = pattern.subn(
        lambda found: f"{found['key']} {value}{found['comment'] or ''}", text
    )
    if number != 1:
        raise FleetError(
            f"{template.name} has {key} {number} times, expected once, on a line of its own under"
            " config: correct the template"
        )
    return replaced


def _with_applications(text: str, ids: Mapping[str, str]) -> str:
    """The text with these ids below the subscription's, and no others."""
    text = _APPLICATIONS.sub("", text)
    pattern = re.compile(rf"^(?P<indent>[ \t]+){re.escape(SUBSCRIPTION)}:.*$", re.MULTILINE)
    return pattern.sub(
        lambda found: "\n".join(
            [found[0], *(f"{found['indent']}{key}: {value}" for key, value in ids.items())]
        ),
        text,
    )


def _with_provider(text: str, name: str, chosen: str | None) -> tuple[str, str, bool]:
    """The text with its secrets provider, that, and whether customers share it."""
    found = _PROVIDER.search(text)
    pattern = chosen or (found["value"].strip("\"'") if found else "")
    if not pattern:
        return text, "", False
    value = pattern.replace(PLACEHOLDER, name)
    line = f"secretsprovider: {value}{(found['comment'] if found else '') or ''}"
    if found:
        text = text[: found.start()] + line + text[found.end() :]
    elif value not in _UNNAMED:
        text = f"{line}\n{text}"
    shared = value == pattern and value not in _UNNAMED
    return text, value, shared


def _compare(
    read: Customer, tenant: str, subscription: str, provider: str, ids: Mapping[str, str]
) -> None:
    """Raises FleetError when the file would not say what was asked for, so odd is the template."""
    has_provider = read.secrets_provider == provider or (
        read.secrets_provider in _UNNAMED and provider in _UNNAMED
    )
    right = {
        TENANT: read.tenant_id == tenant,
        SUBSCRIPTION: read.subscription_id == subscription,
        "secretsprovider": has_provider,
        "fleet:…Id": read.applications == applications_of(ids),
    }
    wrong = [key for key, is_right in right.items() if not is_right]
    if wrong:
        raise FleetError(
            f"{read.settings_file.name}: {' and '.join(wrong)} cannot be put in: expected each once"
            " at most, without quotes round the key, its value on the same line; correct it"
        )


def _examples(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), start=1):
        if _EXAMPLE.match(line):
            yield f"line {number}: {line.strip()}"


def _id(value: str, option: str) -> str:
    try:
        return str(UUID(value.strip()))
    except ValueError:
        raise FleetError(
            f"{option} holds {value!r}, expected an id such as"
            " 3ceaaf30-8142-48ea-91d9-3080f9b439fc",
            exit_code=2,
        ) from None
