"""No secret stands in plain text anywhere in the stack, its outputs included.

Three ways to find one: a property with a secret's name that is not marked as a secret; a text that
is a secret elsewhere in the stack; and the value of a credential in this process's environment.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from policies.rule import Config, stack_rule
from policies.secret_marks import SecretText
from policies.seen import Seen, leaves

SECRET_NAME: Final = re.compile(
    r"(?:password|passwd|passphrase|secret|token|credential|privatekey|apikey|accesskey|sharedkey"
    r"|connectionstring|serviceuri|bcrypthash)s?$",
    re.IGNORECASE,
)
CREDENTIALS: Final = (
    "ARM_CLIENT_SECRET",
    "ARM_CLIENT_CERTIFICATE",
    "ARM_CLIENT_CERTIFICATE_PASSWORD",
    "ARM_OIDC_TOKEN",
    "ARM_OIDC_REQUEST_TOKEN",
    "ARM_ACCESS_KEY",
    "AZURE_CLIENT_SECRET",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE",
)
"""Environment variables that hold a credential."""
SHORTEST: Final = 12
"""A shorter text could stand elsewhere by chance."""
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
    """One line for each property; the value is never told."""
    del config
    secrets = set(_secrets(stack))
    held = credentials(os.environ)
    for one in stack:
        for path, value in leaves(one.props):
            if not isinstance(value, str) or isinstance(value, SecretText) or not value:
                continue
            found = _found(path, value, secrets, held)
            if found:
                yield (
                    one,
                    f"{one.name}: found {found} in plain text in {'.'.join(path)}, expected a"
                    " secret or nothing; wrap it in pulumi.Output.secret, or take it out",
                )


def credentials(environment: Mapping[str, str]) -> dict[str, str]:
    """The credentials of this process, by the name of their variable."""
    held = {name: environment.get(name, "") for name in CREDENTIALS}
    return {name: value for name, value in held.items() if len(value) >= SHORTEST}


def _secrets(stack: Sequence[Seen]) -> Iterator[str]:
    """Texts that are a secret somewhere. Ids are none: a secret list may hold them, too."""
    for one in stack:
        for _, value in leaves(one.props):
            long_enough = isinstance(value, SecretText) and len(value) >= SHORTEST
            if long_enough and not _GUID.fullmatch(value):
                yield str(value)


def _found(
    path: tuple[str, ...], value: str, secrets: set[str], held: Mapping[str, Any]
) -> str | None:
    for name, credential in held.items():
        if credential in value:
            return f"the value of {name}"
    if any(secret in value for secret in secrets):
        return "a text that is a secret elsewhere in the stack"
    if any(SECRET_NAME.search(key) for key in path):
        return "a property with a secret's name"
    return None


RULE = stack_rule(
    "no-plain-secrets",
    "No secret stands in plain text in any resource or output.",
    judge,
    applies=bool,
)
