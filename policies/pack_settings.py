"""The pack's own settings, which a project keeps beside its rules, in `settings.json`.

In the form of `--policy-pack-config`, whose values count more. They are a part of the pack: every
run with it has them, on every machine, and who changes them is judged by the rules and settings as
they were, too (``cli.ci_base``). A name that no rule or setting has is refused, not passed over: a
rule that was meant to be stricter would not be.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from pulumi_policy import EnforcementLevel, Policy

FILE: Final = "settings.json"
LEVEL: Final = "enforcementLevel"
Settings = dict[str, EnforcementLevel | dict[str, Any]]


class PackSettingsError(Exception):
    """The settings cannot be used; the message says why, in one line."""


def settings_of(folder: Path, rules: Sequence[Policy]) -> Settings | None:
    """The settings of the pack in this folder, for the SDK; None without a file.

    Raises PackSettingsError.
    """
    file = folder / FILE
    if not file.exists():
        return None
    where = f"{folder.name}/{FILE}"
    try:
        document: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PackSettingsError(f"{where} cannot be read: {error}") from None
    by_name = {one.name: one for one in rules}
    found: Settings = {}
    for name, value in _mapping(document, where).items():
        if name not in by_name:
            raise PackSettingsError(
                f"{where}: no rule is called {name!r}; docs/policies.md has all"
            )
        found[name] = _of_rule(by_name[name], _mapping(value, f"{where}: {name}"), where)
    return found


def _of_rule(rule: Policy, values: Mapping[str, Any], where: str) -> dict[str, Any]:
    known = rule.config_schema.properties if rule.config_schema else {}
    found: dict[str, Any] = {}
    for key, value in values.items():
        if key == LEVEL:
            found[key] = _level(value, f"{where}: {rule.name}.{key}")
        elif key in known:
            found[key] = value
        else:
            names = ", ".join((LEVEL, *known))
            raise PackSettingsError(f"{where}: {rule.name} has no {key!r}; it has {names}")
    return found


def _level(value: Any, where: str) -> EnforcementLevel:
    try:
        return EnforcementLevel(value)
    except ValueError:
        levels = ", ".join(one.value for one in EnforcementLevel)
        raise PackSettingsError(f"{where} is {value!r}, expected one of {levels}") from None


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        kind = type(value).__name__
        raise PackSettingsError(f"{where} is a {kind}, expected names with values")
    return cast("Mapping[str, Any]", value)
