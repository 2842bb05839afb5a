"""The lines that tell what is wrong with a stack's configuration, and how to put it right.

What a line shows of a wrong value ends in logs: a value that may be a secret is never shown. That
is all of an object that is marked secret, and whatever has a `SecretStr` in or beside it.
"""

import difflib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, cast, get_args, get_origin

import pulumi
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from settings_types import BROKEN_RULE

NAMESPACES: Final = ("break-glass", "azuread", "azure-native")
SECRET_WORDS: Final = re.compile(r"secret|password|token|certificate|privatekey", re.IGNORECASE)
IDENTITY_WAY_OUT: Final = (
    "the identity comes from the environment alone: set ARM_CLIENT_ID and ARM_CLIENT_SECRET"
    " (or ARM_CLIENT_CERTIFICATE_PATH, ARM_OIDC_TOKEN)"
)
KEY_ITSELF: Final = "[key]"
"""What pydantic puts at the end of the place of a mapping's key that is wrong."""
OWN_KEY: Final = "[key]"
"""Stands in a broken rule's text for the key of the group that it is about."""
UNSEEN: Final = "something that is not shown, since it may be a secret"
SHOWN: Final = 80
"""Characters of a wrong value that a line shows."""


class SettingsError(pulumi.RunError):
    """The stack's configuration is wrong; the message has one line for each setting."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


def read_objects(
    config: Mapping[str, str], secret_keys: Collection[str], model: type[BaseModel]
) -> tuple[dict[str, Any], list[str]]:
    """Takes our keys out of the configuration, objects parsed.

    Returns the values to validate and the lines about keys that are unknown, secret or no JSON.
    Keys of other namespaces (`pulumi:tags`, another provider) are none of our business.
    """
    known = {str(field.alias): field for field in model.model_fields.values()}
    values: dict[str, Any] = {}
    lines: list[str] = []
    for key, text in config.items():
        namespace, _, name = key.partition(":")
        if namespace not in NAMESPACES:
            continue
        if key not in known and SECRET_WORDS.search(name):
            lines.append(
                f"{key} looks like a credential, and Pulumi keeps every configuration value in"
                f" state: {IDENTITY_WAY_OUT}; then: {_remove(key)}"
            )
        elif key in secret_keys and not (key in known and holds_secret(known[key])):
            lines.append(
                f"{key} is marked secret, and no setting of this stack is one: it makes the"
                f" passwords itself, and {IDENTITY_WAY_OUT}; then: {_remove(key)}"
            )
        elif key not in known:
            lines.append(_unknown(key, known))
        elif not _is_group(known[key]):
            values[key] = text
        else:
            try:
                values[key] = json.loads(text)
            except ValueError:
                lines.append(_wrong(key, text, known[key], unseen=holds_secret(known[key])))
    for key, field in known.items():
        # A group that is left out still has its own required settings.
        if field.is_required() and _is_group(field) and isinstance(values.get(key, {}), dict):
            _fill_required_groups(field, values.setdefault(key, {}))
    return values, lines


def validation_lines(
    error: ValidationError, model: type[BaseModel], secret_keys: Collection[str]
) -> list[str]:
    """One line for each thing that pydantic found; values of `secret_keys` stay unseen."""
    lines: list[str] = []
    errors = error.errors(include_url=False)
    for found in errors:
        location = found["loc"]
        if found["type"] == "too_short" and any(
            other["loc"][: len(location)] == location for other in errors if other is not found
        ):
            continue  # the list is short only because its items are wrong: each has its own line
        key = _path(location)
        marked = bool(location) and location[0] in secret_keys
        field = _field_at(model, location)
        match found["type"]:
            case "extra_forbidden":
                siblings = _siblings(model, location)
                lines.append(_unknown(key, siblings))
            case "missing" if field is not None:
                lines.append(f"{key} is not set: expected {field.description}; {_set(key, field)}")
            case kind if kind == BROKEN_RULE:
                text = found.get("ctx", {})["unseen" if marked else "text"]
                lines.append(f"{key}.{text}".removeprefix(".").replace(OWN_KEY, key))
            case _ if field is not None:
                unseen = marked or _may_hold(model, location)
                lines.append(_wrong(key, found["input"], field, unseen=unseen))
            case _:
                lines.append(f"{key}: {found['msg']}")
    return lines


def _wrong(key: str, value: object, field: FieldInfo, *, unseen: bool) -> str:
    if unseen:
        return f"{key} holds {UNSEEN}: expected {field.description}; {_set(key, field)}"
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    shown = shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "…"
    return f"{key} holds {shown!r}: expected {field.description}; {_set(key, field)}"


def _unknown(key: str, known: Collection[str]) -> str:
    prefix, name = _split(key)
    names = {_split(candidate)[1]: candidate for candidate in known}
    provider = key.startswith(("azuread:", "azure-native:"))
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.8 if provider else 0.6)
    if near:
        hint = f"did you mean {near[0]}?"
    elif provider:
        hint = f"{IDENTITY_WAY_OUT}; then: {_remove(key)}"
    else:
        siblings = [name for name, full in names.items() if _split(full)[0] in ("", prefix)]
        hint = f"known here: {', '.join(siblings)}"
    return f"{key} is no setting of this stack: {hint}"


def _split(key: str) -> tuple[str, str]:
    position = max(key.rfind("."), key.rfind(":"))
    return key[: position + 1], key[position + 1 :]


def _set(key: str, field: FieldInfo) -> str:
    default: Any = None if field.is_required() else field.default
    value: Any = next(iter(field.examples or ()), default)
    if field.annotation is SecretStr:
        return f'then: pulumi config set --secret --path "{key}" (it asks for the value)'
    if value is None or value == () or _is_group(field):
        return "see Pulumi.prod.yaml for an example"
    target = key
    if _is_list(field) and not key.endswith("]"):
        value = next(iter(cast("tuple[Any, ...]", value))) if field.examples is None else value
        target = f"{key}[0].address" if key.endswith(".emails") else f"{key}[0]"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    # The command takes what looks like a number for one, and its leading zeros are gone.
    kind = " --type string" if isinstance(value, str) and value.isdigit() else ""
    return f'for example: pulumi config set{kind} --path "{target}" "{text}"'


def _remove(key: str) -> str:
    return f"pulumi config rm {key}"


def _path(location: tuple[int | str, ...]) -> str:
    if location[-1:] == (KEY_ITSELF,):
        location = location[:-2]
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).removeprefix(".")


def group_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a group of settings, or of a list or mapping of groups; None for all else."""
    return _group_in(field.annotation)


def _group_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_group_in(argument) for argument in get_args(annotation))
    return next((group for group in inner if group is not None), None)


def holds_secret(field: FieldInfo) -> bool:
    """Whether a secret stands in a setting, however deep."""
    return _secret_in(field.annotation)


def _secret_in(annotation: object) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any(holds_secret(field) for field in annotation.model_fields.values())
    return annotation is SecretStr or any(_secret_in(inner) for inner in get_args(annotation))


def _may_hold(model: type[BaseModel], location: tuple[int | str, ...]) -> bool:
    """Whether a secret stands at a place, in it, or beside it in the same group."""
    field = _field_at(model, location)
    beside = [_field_at(model, location[:end]) for end in range(1, len(location))]
    groups = [group_of(above) for above in beside if above is not None]
    return (field is not None and holds_secret(field)) or any(
        inner.annotation is SecretStr
        for group in groups
        if group is not None
        for inner in group.model_fields.values()
    )


def _holds(field: FieldInfo, *containers: type) -> bool:
    """Whether a setting is a list or a mapping, also one that may be left out."""
    candidates = (field.annotation, *get_args(field.annotation))
    return any(get_origin(candidate) in containers for candidate in candidates)


def _is_list(field: FieldInfo) -> bool:
    return _holds(field, tuple)


def is_mapping(field: FieldInfo) -> bool:
    """Whether a setting's keys are names that the user chooses."""
    return _holds(field, Mapping)


def _is_group(field: FieldInfo) -> bool:
    return group_of(field) is not None and not _is_list(field) and not is_mapping(field)


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {str(field.alias): field for field in model.model_fields.values()}


def _field_at(model: type[BaseModel], location: tuple[int | str, ...]) -> FieldInfo | None:
    field: FieldInfo | None = None
    current: type[BaseModel] | None = model
    chosen = False
    for part in location:
        if isinstance(part, int) or chosen:
            chosen = False
            continue
        if part == KEY_ITSELF:
            return field
        if current is None or part not in _fields(current):
            return None
        field = _fields(current)[part]
        current = group_of(field)
        chosen = is_mapping(field)
    return field


def _siblings(model: type[BaseModel], location: tuple[int | str, ...]) -> Collection[str]:
    parent = _field_at(model, location[:-1])
    inner = group_of(parent) if parent is not None else model
    return _fields(inner) if inner is not None else ()


def _fill_required_groups(field: FieldInfo, value: dict[str, Any]) -> None:
    inner = group_of(field)
    for name, child in _fields(inner).items() if inner is not None else ():
        if child.is_required() and _is_group(child) and name not in value:
            value[name] = {}
