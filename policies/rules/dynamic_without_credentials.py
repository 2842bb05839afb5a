"""Dynamic resources carry no credentials: what they are given is kept in the stack's state.

The provider object itself (`__provider`, a pickle) is taken out of what a validation sees, but a
remediation is shown it. So this rule's level is `remediate`: it looks there, changes nothing, and
what it found is told by the validation that follows, as mandatory.
"""

import base64
import binascii
import os
import pickletools
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pulumi_policy import (
    EnforcementLevel,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)

from policies.registered import REGISTERED
from policies.resource_types import DYNAMIC
from policies.rules.no_plain_secrets import credentials, forms, has_secret_name
from policies.secret_marks import SecretText
from policies.seen import Seen, leaves, resource_seen

PROVIDER: Final = "__provider"
NAMES_OF_A_CLASS: Final = 2
"""The module's and the class's: what the pickle of an object without attributes holds."""


def judge(one: Seen, provider: str | None) -> Iterable[str]:
    """`provider`: what the remediation was shown; None when there was none."""
    held = [form for one in credentials(os.environ).values() for form in forms(one)]
    for path, value in leaves(one.props):
        where = ".".join(path)
        if not isinstance(value, str) or not value:
            continue
        if any(credential in value for credential in held):
            yield f"{one.name}: found a credential of the environment in {where}, {_ADVICE}"
        elif isinstance(value, SecretText):
            yield f"{one.name}: found a secret in {where}, {_ADVICE}"
        elif has_secret_name(path):
            yield f"{one.name}: found a property with a secret's name, {where}, {_ADVICE}"
    if provider is None:
        yield (
            f"{one.name}: found its provider object hidden, expected to look at it; give this rule"
            " the level remediate, at which it changes nothing"
        )
    elif values_in(provider):
        yield (
            f"{one.name}: found values in its provider object, which is kept in the state, expected"
            " the name of a class and nothing else; move the class into a module of its own, and"
            " let it read credentials from the environment"
        )


_ADVICE: Final = (
    "expected none: the state keeps it; let the provider read credentials from the environment"
)


def values_in(provider: str) -> bool:
    """Whether a pickled object holds more than the name of its class. Runs nothing of it."""
    try:
        operations = [*pickletools.genops(base64.b64decode(provider, validate=True))]
    except (ValueError, binascii.Error):
        return True
    texts = [argument for _, argument, _ in operations if isinstance(argument, str | bytes)]
    return len(texts) > NAMES_OF_A_CLASS


def rule() -> ResourceValidationPolicy:
    """The rule, with a memory of its own for what the remediation was shown."""
    providers: dict[str, str] = {}

    def look(args: ResourceValidationArgs) -> None:
        provider = _provider(args.props)
        if provider is not None:
            providers[args.urn] = provider

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        REGISTERED.note(args.urn)
        seen = resource_seen(args)
        if not seen.type.startswith(DYNAMIC):
            args.not_applicable("not a dynamic resource")
        for line in judge(seen, providers.pop(seen.urn, None)):
            report(line, None)

    return ResourceValidationPolicy(
        "dynamic-without-credentials",
        "Dynamic resources are given no credentials.",
        validate,
        EnforcementLevel.REMEDIATE,
        remediate=look,  # type: ignore[arg-type] -- it changes nothing
    )


def _provider(props: Mapping[str, Any]) -> str | None:
    try:
        provider = props[PROVIDER]
    except KeyError:
        return None
    return provider if isinstance(provider, str) else None


RULE = rule()
