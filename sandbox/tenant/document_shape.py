"""The shape of a tenant document: which keys there are, and what each may hold.

Checked before anything is read, so that a wrong document is one line that names the key, what was
found there and what is expected. What the values mean is for the areas that read them.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from difflib import get_close_matches
from types import GenericAlias
from typing import Annotated, Any, cast, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    create_model,
)
from pydantic.alias_generators import to_camel

from sandbox.tenant import document_types as types
from sandbox.tenant.azure.operations import Operation
from sandbox.tenant.azure.role_assignments import RoleAssignment
from sandbox.tenant.document_types import Identified, Name, Object, Time
from sandbox.tenant.errors import DocumentError
from sandbox.tenant.monitor.activity import ActivityEvent
from sandbox.tenant.monitor.log_tables import INGESTION_COLUMN, TABLES
from sandbox.tenant.monitor.rule_states import Meter, RuleState, SeriesState

_Object = dict[str, JsonValue]


class _Closed(BaseModel):
    """An object with the named keys only."""

    model_config = ConfigDict(
        strict=True, extra="forbid", alias_generator=to_camel, allow_inf_nan=False
    )


class _Resource(Identified):
    type: Name
    name: Name
    properties: _Object
    tags: dict[str, str] | None = None


class _DeletedWorkspace(_Closed):
    deleted_at: float
    workspace: _Resource


class _Row(Object):
    generated: Time = Field(alias="TimeGenerated")
    arrived: Time = Field(alias=INGESTION_COLUMN)


class _Message(Object):
    model_config = ConfigDict(alias_generator=None)
    time: Time
    channel: str
    recipient: str


class _Fixed(_Closed):
    behaviour: _Object = {}
    ids_made: Annotated[int, Field(ge=0)] = 0
    tenant: types.Organization
    domains: list[types.Domain] = []
    subscribed_skus: list[types.Licence] = []
    security_defaults: types.SecurityDefaults = types.SecurityDefaults()
    users: list[types.User] = []
    groups: list[types.Group] = []
    role_assignments: list[types.RoleAssignment] = []
    role_eligibility_schedules: list[types.RoleAssignment] = []
    deleted_users: list[types.User] = []
    deleted_groups: list[types.Group] = []
    administrative_units: list[types.Unit] = []
    authentication_methods: list[types.Method] = []
    authentication_methods_policy: dict[str, _Object] = {}
    apps: list[_Object] = []
    conditional_access_policies: list[Identified] = []
    deleted_conditional_access_policies: list[types.DeletedPolicy] = []
    named_locations: list[types.Location] = []
    deleted_named_locations: list[types.DeletedLocation] = []
    authentication_strengths: list[types.Strength] = []
    subscriptions: list[types.Subscription] = []
    azure_resources: dict[str, _Resource] = {}
    azure_deleted_workspaces: list[_DeletedWorkspace] = []
    azure_seen_from: dict[str, float] = {}
    log_rows: dict[str, dict[str, list[_Row]]] = {}
    audit_records: list[_Object] = []
    sign_in_records: list[_Object] = []
    activity_settings: dict[str, _Resource] = {}
    alert_firings: list[_Object] = []
    outbox: list[_Message] = []


def _list_of(item: Any) -> Any:
    return GenericAlias(list, (item,)), []


def _map_of(item: Any) -> Any:
    return GenericAlias(dict, (str, item))


def _saved(kind: type, **nested: Any) -> Any:
    """The shape in which `asdict` leaves a dataclass."""
    hints = get_type_hints(kind) | nested
    wanted: dict[str, Any] = {
        field.name: (
            hints[field.name],
            ... if field.default is field.default_factory is MISSING else None,
        )
        for field in fields(kind)
    }
    config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
    return create_model(kind.__name__, __config__=config, **wanted)


def _model(name: str, base: type[BaseModel], **members: Any) -> type[BaseModel]:
    return create_model(name, __base__=base, **members)


_Event = _saved(ActivityEvent)
_State = _saved(RuleState, series=_map_of(_saved(SeriesState)))
_Operations = _model("_Operations", _Closed, count=(int, 0), operations=_list_of(_saved(Operation)))
_Pending = _model("_Pending", _Closed, rule_id=(Name, ...), event=(_Event, ...))
_Document = _model(
    "_Document",
    _Fixed,
    azure_operations=(_Operations, {}),
    azure_role_assignments=_list_of(_saved(RoleAssignment)),
    activity_events=_list_of(_Event),
    alert_state=(_map_of(_State), {}),
    alert_meters=(_map_of(_saved(Meter)), {}),
    activity_alerts_pending=_list_of(_Pending),
)

KEYS = frozenset(to_camel(name) for name in _Document.model_fields)
"""Every key that a tenant document may have."""

_EXPECTED = {
    "model_type": "an object",
    "dict_type": "an object",
    "list_type": "a list",
    "string_type": "a text",
    "string_too_short": "a text that isn't empty",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "time": "a time with a zone, for example 2026-01-31T08:00:00Z",
}


def check_shape(document: object) -> None:
    """Raise DocumentError for the first thing in a document that has another shape."""
    if not isinstance(document, Mapping):
        raise DocumentError(f"tenant document: expected an object, found {found_kind(document)}")
    try:
        _Document.model_validate(dict(cast("Mapping[str, Any]", document)))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise DocumentError(_line(first["loc"], first["type"], first)) from None
    rows = cast("Mapping[str, Mapping[str, Any]]", document.get("logRows", {}))
    for workspace, tables in rows.items():
        if unknown := tables.keys() - TABLES.keys():
            raise DocumentError(
                f"logRows.{workspace}.{min(unknown)}: there is no such table; expected one of "
                f"{', '.join(TABLES)}"
            )


def found_kind(value: object) -> str:
    """What a value is, in the words of JSON; never the value itself, which may be a secret."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    kinds: tuple[tuple[type, str], ...] = (
        (str, "a text"),
        (int, "a number"),
        (float, "a number"),
        (Mapping, "an object"),
        (list, "a list"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "something else")


def _line(loc: tuple[int | str, ...], kind: str, error: Mapping[str, Any]) -> str:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)[1:]
    if kind == "missing":
        return f"{where} is missing from the tenant document"
    if kind == "extra_forbidden":
        known = KEYS if len(loc) == 1 else frozenset[str]()
        close = get_close_matches(str(loc[-1]), known, n=1)
        meant = f"; did you mean {close[0]!r}?" if close else ""
        return f"{where}: there is no such key{meant}"
    expected = _EXPECTED.get(kind)
    if expected is None:
        return f"{where}: {error['msg']}, found {found_kind(error['input'])}"
    found = "an empty one" if kind == "string_too_short" else found_kind(error["input"])
    return f"{where}: expected {expected}, found {found}"
