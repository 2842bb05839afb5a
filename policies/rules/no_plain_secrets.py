"""No secret stands in plain text anywhere in the stack, its outputs included.

Three ways to find one: a property with a secret's name that is not marked as a secret; a text that
is a secret elsewhere in the stack; and the value of a credential in this process's environment.
Both values are looked for as addresses, JSON and base64 write them, too, also as a part of
something longer.
"""

import base64
import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote, quote_plus

from entra.credential_variables import credential_values
from policies.rule import Config, stack_rule
from policies.secret_marks import SecretText
from policies.seen import Seen, leaves

_SECRET_NAME: Final = re.compile(
    r"(?:password|passwd|passphrase|pwd|secret|token|credential|connectionstring|serviceuri"
    r"|passcode|bcrypthash|(?:private|api|access|shared|primary|secondary|account|storage|signing"
    r"|encryption|master|client|function|auth)key)s?"
    r"(?:value|text)?$",
    re.IGNORECASE,
)
SHORTEST: Final = 12
"""A shorter text could stand elsewhere by chance."""
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
    """One line for each property; the value is never told."""
    del config
    secrets = {form for one in set(_secrets(stack)) for form in forms(one)}
    held = {name: forms(value) for name, value in credentials(os.environ).items()}
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
    held = credential_values(environment)
    return {name: value for name, value in held.items() if len(value) >= SHORTEST}


def has_secret_name(path: Iterable[str]) -> bool:
    """Whether one of the keys on the way to a value is called like a secret."""
    return any(_SECRET_NAME.search(key.replace("_", "").replace("-", "")) for key in path)


def forms(secret: str) -> frozenset[str]:
    """A secret as it is, in an address, in JSON, and in base64 wherever it begins in a text."""
    raw = secret.encode()
    found = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}
    found.add(json.dumps(secret)[1:-1])
    for lead, start in enumerate((0, 2, 3)):
        # The last sign may hold bits of what follows.
        end = (lead + len(raw)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(bytes(lead) + raw).decode()[start:end])
    return frozenset(found)


def _secrets(stack: Sequence[Seen]) -> Iterator[str]:
    """Texts that are a secret somewhere. Ids are none: a secret list may hold them, too."""
    for one in stack:
        for _, value in leaves(one.props):
            long_enough = isinstance(value, SecretText) and len(value) >= SHORTEST
            if long_enough and not _GUID.fullmatch(value):
                yield str(value)


def _found(
    path: tuple[str, ...], value: str, secrets: set[str], held: Mapping[str, Collection[str]]
) -> str | None:
    for name, credential in held.items():
        if any(form in value for form in credential):
            return f"the value of {name}"
    if any(secret in value for secret in secrets):
        return "a text that is a secret elsewhere in the stack"
    if has_secret_name(path):
        return "a property with a secret's name"
    return None


RULE = stack_rule(
    "no-plain-secrets",
    "No secret stands in plain text in any resource or output.",
    judge,
    applies=lambda stack: any(one.props for one in stack),
)
