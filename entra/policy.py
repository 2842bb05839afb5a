"""A Conditional Access policy as Graph tells it, in the parts that exclusion has to understand.

Source: Microsoft Graph documentation, "conditionalAccessPolicy resource type". Everything else
that the service says is kept in ``document`` and never interpreted.
"""

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from entra.errors import GraphError

_MICROSOFT_MANAGED: Final = "microsoft-managed:"

# Control characters, format characters (bidirectional overrides, zero-width spaces), lone
# surrogates, line and paragraph separators.
_ESCAPED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Format characters that scripts and emoji are made with: joiners and the letters of flags.
_SPELLING: Final = frozenset(map(chr, (0x200C, 0x200D, *range(0xE0020, 0xE0080))))
# How Pulumi's engine marks colours in all that it prints, properties and outputs too. One that it
# does not know ends the engine in the middle of a run (CLI 3.258: "Unrecognized color code").
_COLOUR_MARK: Final = "<{%"


def told(name: str) -> str:
    """A name that somebody else chose, fit for one line of a terminal.

    Whatever could move the cursor, colour or reorder the line, or hide, is shown as its escape;
    letters of any script, quotes and emoji stay.
    """
    if not name.strip():
        return "(no name)"
    return "".join(_escaped(character) for character in storable(name))


def storable(name: str) -> str:
    """The name as a stack can keep it in properties and outputs, which the engine prints by itself.

    As it is, but for an escape in what the engine would take for a colour, and for half a pair of
    surrogates, which no message to the engine can hold.
    """
    whole = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return whole.replace(_COLOUR_MARK, r"<\x7b%")


def _escaped(character: str) -> str:
    if character in _SPELLING or unicodedata.category(character) not in _ESCAPED_CATEGORIES:
        return character
    return character.encode("unicode_escape").decode("ascii")


def _no_null(value: Any) -> Any:
    return [] if value is None else value


def _no_null_object(value: Any) -> Any:
    return {} if value is None else value


def _no_null_text(value: Any) -> Any:
    return "" if value is None else value


def _name(value: Any) -> Any:
    return storable(value) if isinstance(value, str) else _no_null_text(value)


# The service writes null, or leaves the property out, where nothing is chosen.
_Strings = Annotated[tuple[str, ...], BeforeValidator(_no_null), Field(default=())]


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True
    )


class PolicyUsers(_Part):
    """Whom a policy includes and excludes: object ids and Graph's literals."""

    include_users: _Strings
    exclude_users: _Strings
    include_groups: _Strings
    exclude_groups: _Strings
    include_roles: _Strings
    include_guests_or_external_users: Mapping[str, Any] | None = None


class PolicyConditions(_Part):
    """The conditions under which a policy applies, as far as we read them."""

    users: PolicyUsers | None = None
    client_applications: Mapping[str, Any] | None = None


class GrantControls(_Part):
    """What a policy asks for."""

    built_in_controls: _Strings
    authentication_strength: Mapping[str, Any] | None = None


class Policy(_Part):
    """One policy. ``document`` is the service's whole answer.

    ``display_name`` is `storable`; in ``document`` it stands as the service has it.
    """

    id: str
    display_name: Annotated[str, BeforeValidator(_name)] = ""
    state: Annotated[str, BeforeValidator(_no_null_text)] = ""
    created_date_time: str | None = None
    modified_date_time: str | None = None
    conditions: Annotated[PolicyConditions, BeforeValidator(_no_null_object)] = PolicyConditions()
    grant_controls: GrantControls | None = None
    document: Mapping[str, Any] = Field(default_factory=dict[str, Any], repr=False)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Policy":
        """Read what Graph answered. Raises GraphError when it is not a policy."""
        try:
            return cls.model_validate({**document, "document": document})
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(step) for step in first["loc"])
            name = told(str(document.get("displayName") or document.get("id")))
            message = f"policy '{name}': {where}: {first['msg']}"
            raise GraphError(
                200, "not a policy", message, "GET", "conditionalAccess/policies"
            ) from None

    @property
    def tells_conditions(self) -> bool:
        """Whether the service says anything of whom the policy applies to.

        The documentation has no policy without conditions. Should one come, the others must not
        suffer from it, and somebody has to look at it.
        """
        return self.document.get("conditions") is not None

    @property
    def modified(self) -> str:
        """When the policy was last changed, else when it was made, as the service words it.

        Empty when the service says neither.
        """
        return self.modified_date_time or self.created_date_time or ""

    @property
    def is_microsoft_managed(self) -> bool:
        """Whether Microsoft made the policy and keeps its content.

        Graph has no property for it, but such a policy's name has a fixed beginning and nobody can
        rename it (Microsoft Learn, "Microsoft-managed Conditional Access policies").
        """
        return self.display_name.strip().casefold().startswith(_MICROSOFT_MANAGED)

    @property
    def exclude_groups(self) -> tuple[str, ...]:
        """Object ids of the excluded groups, as the service lists them."""
        return self.conditions.users.exclude_groups if self.conditions.users else ()

    @property
    def exclude_users(self) -> tuple[str, ...]:
        """Object ids of the excluded users and Graph's literals, as the service lists them."""
        return self.conditions.users.exclude_users if self.conditions.users else ()
