"""The names and the types in a query, held against the type of what is asked for.

What the service answers to an unknown name is observed: the parser's sentence after "Invalid
filter clause: " or "Parsing OData Select and Expand failed: ", and for a property that the
directory cannot filter its own sentence. Users, groups and other directory objects are open types
in the metadata, so that the parser lets any name pass; that an unknown name in `$select` is refused
for them too is assumed here, so that a misspelt one is not taken for an empty value.
"""

import re

from sandbox.tenant.directory.entity_types import BOOLEAN, GUID, INTEGER, STRING, TIME, EntityType
from sandbox.tenant.errors import ServiceError

DEEPEST = 100
"""How deep a filter may be nested: OData's parser has a limit, that it is this one is assumed."""

_LITERALS = (
    (re.compile(r"'(?:[^']|'')*'"), STRING),
    (re.compile(r"true|false", re.IGNORECASE), BOOLEAN),
    (re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE), GUID),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)", re.IGNORECASE), TIME),
    (re.compile(r"\d{4}-\d\d-\d\d"), "Edm.Date"),
    (re.compile(r"-?\d+"), INTEGER),
)
_PROMOTED = {("Edm.Date", TIME)}
_KINDS = {
    **{"eq": "Equal", "ne": "NotEqual", "in": "Equal"},
    **{"ge": "GreaterThanOrEqual", "gt": "GreaterThan"},
    **{"le": "LessThanOrEqual", "lt": "LessThan"},
}


def bad_filter(message: str) -> ServiceError:
    """Graph's answer to a filter that its parser does not take."""
    return ServiceError(400, "BadRequest", f"Invalid filter clause: {message}")


def filtered_property(name: str, of: EntityType) -> str:
    """A property's own spelling; raises ServiceError 400 when a filter cannot name it."""
    known = of.named(name)
    if known is not None:
        return known
    head, slash, tail = name.partition("/")
    kind = of.properties.get(of.named(head) or "", "")
    if slash and kind.startswith("graph."):
        # Of objects in objects only the directory's own are listed.
        raise _not_filtered(f"{head}/{tail}", of)
    if of.is_open:
        raise _not_filtered(name, of)
    raise bad_filter(_not_found(name.partition("/")[0], of))


def require_type(literal: str, name: str, operator: str, of: EntityType) -> None:
    """Raise ServiceError 400 for a literal that is of another type than the property."""
    if literal.lower() == "null" or name.startswith("extension_"):
        return
    wanted = of.properties[name]
    found = next((kind for form, kind in _LITERALS if form.fullmatch(literal)), None)
    if found is None:
        raise bad_filter(_not_found(literal, of))
    if found != wanted and (found, wanted) not in _PROMOTED:
        shown = wanted.replace("graph.", "microsoft.graph.")
        raise bad_filter(
            "A binary operator with incompatible types was detected. Found operand types "
            f"'{shown}' and '{found}' for operator kind '{_KINDS[operator]}'."
        )


def require_text(name: str, function: str, of: EntityType) -> None:
    """Raise ServiceError 400 for a function of texts over a property that is none."""
    if not name.startswith("extension_") and of.properties[name] != STRING:
        signature = f"{function}(Edm.String Nullable=true, Edm.String Nullable=true)"
        raise bad_filter(
            f"No function signature for the function with name '{function}' matches the specified "
            f"arguments. The function signatures considered are: {signature}."
        )


def require_selected(select: str | None, of: EntityType) -> None:
    """Raise ServiceError 400 when `$select` names what the type does not have."""
    for name in _names(select):
        if name != "*" and of.named(name) is None:
            raise _not_parsed(name, of)
        if "/" in name:
            raise _unsupported(f"Selecting '{name}' is not supported here.")


def require_expanded(name: str, of: EntityType) -> None:
    """Raise ServiceError 400 when `$expand` names no relationship of the type."""
    if name not in of.links:
        raise _not_parsed(name, of)


def counted(text: str | None) -> bool:
    """What `$count` asks for; raises ServiceError 400 for anything but true and false."""
    if text is None or text.lower() in ("true", "false"):
        return (text or "").lower() == "true"
    raise ServiceError(
        400,
        "BadRequest",
        f"Invalid value '{text}' for $count query option found. Valid values are 'true, false'.",
    )


def _names(select: str | None) -> list[str]:
    return [name.strip() for name in (select or "").split(",") if name.strip()]


def _not_found(name: str, of: EntityType) -> str:
    return f"Could not find a property named '{name}' on type '{of.name}'."


def _not_parsed(name: str, of: EntityType) -> ServiceError:
    message = f"Parsing OData Select and Expand failed: {_not_found(name, of)}"
    return ServiceError(400, "BadRequest", message)


def _not_filtered(name: str, of: EntityType) -> ServiceError:
    short = of.name.rpartition(".")[2]
    resource = short[0].upper() + short[1:]
    return _unsupported(
        f"Unsupported or invalid query filter clause specified for property '{name}' of resource "
        f"'{resource}'."
    )


def _unsupported(message: str) -> ServiceError:
    return ServiceError(400, "Request_UnsupportedQuery", message)
