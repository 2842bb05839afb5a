"""How badly a tenant behaves: one knob for each thing that real services do to their clients.

Every default is what the service does on an ordinary day; docs/sandbox-reference.md says from where
each is known. A tenant document may set knobs under its key `behaviour`, the control face any time.
"""

import json
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from sandbox.tenant.errors import DocumentError, ServiceError


class Behaviour(BaseModel):
    """The knobs of one tenant. Times are seconds of virtual time, shares are between 0 and 1."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        alias_generator=to_camel,
        populate_by_name=True,
        validate_assignment=True,
        use_attribute_docstrings=True,
    )

    random_seed: int = 1
    """Whatever is left to chance follows from this: the same seed, the same misfortune."""

    # Microsoft Graph: replicas
    read_lag_seconds: float = Field(default=0.5, ge=0, le=600)
    """Mean time until a write is seen; each object and replica has its own. 0: at once."""
    replicas: int = Field(default=3, ge=1, le=10)
    """How many replicas answer; each learns of a write in its own time."""
    short_listing_share: float = Field(default=0.0, ge=0, le=1)
    """Share of listings that lack their last item, without a next page."""
    stray_not_found_share: float = Field(default=0.0, ge=0, le=1)
    """Share of GETs of one existing object that are answered 404."""
    deleted_items_days: float = Field(default=30, ge=0, le=365)
    """How long deleted users and groups can be restored."""

    # Microsoft Graph: limits
    conditional_access_requests_per_second: float = Field(default=1.0, ge=0)
    """Over all applications of the tenant. 0, and 100 or more, switches the limit off."""
    conditional_access_policy_limit: int = Field(default=195, ge=1)
    """Policies in any state; one more is refused."""
    conditional_access_unknown_error_share: float = Field(default=0.5, ge=0, le=1)
    """Share of Conditional Access 429s with code `UnknownError` and an empty message."""
    conditional_access_retry_after_seconds: int = Field(default=0, ge=0, le=600)
    """`Retry-After` of a Conditional Access 429; 0: none, as the service answers."""
    small_pages_lack_next_link: bool = True
    """A listing of policies cut by `$top` has no `@odata.nextLink`, as clients have observed."""
    managed_policy_exclusions_refused: bool = False
    """Whether Graph refuses the exclusions of Microsoft-managed policies, which portals edit."""
    directory_units_per_ten_seconds: int | None = Field(default=None, ge=0)
    """Resource units of one application in this tenant; 0 switches the limit off.

    null: by the number of users, as Microsoft documents it: below 50 3,500, up to 500 5,000, more
    8,000.
    """
    directory_writes_per_150_seconds: int = Field(default=3000, ge=0)
    """Writes of one application in this tenant; 0 switches the limit off."""
    tenant_writes_per_300_seconds: int = Field(default=18_000, ge=0)
    """Writes of all applications in this tenant; 0 switches the limit off."""
    report_requests_per_ten_seconds: int = Field(default=5, ge=0)
    """Reads of sign-in and audit logs by one application; 0 switches the limit off."""
    directory_unknown_error_share: float = Field(default=0.5, ge=0, le=1)
    """Share of the directory's 429s that are an `UnknownError` without a message."""

    # Azure
    diagnostic_setting_limit: int = Field(default=5, ge=1)
    """Diagnostic settings of one resource; one more is refused."""
    diagnostic_setting_lag_seconds: float = Field(default=3, ge=0, le=3600)
    """How long, at most, a GET says 404 after a diagnostic setting was made."""
    operation_seconds: float = Field(default=0.2, ge=0, le=3600)
    """How long a long-running operation of Azure Resource Manager takes."""
    failed_operation_share: float = Field(default=0.0, ge=0, le=1)
    """Share of long-running operations that are accepted and end in `Failed`."""
    provider_registration_seconds: float = Field(default=10, ge=0, le=3600)
    """How long a resource provider stays `Registering`."""
    resource_manager_reads_at_once: int = Field(default=250, ge=0)
    """Of one application in one subscription; a tenth comes back each second. 0: no limit."""
    resource_manager_writes_at_once: int = Field(default=200, ge=0)
    """Likewise for writes and for deletes; a twentieth comes back each second. 0: no limit."""

    # Sign-in and tokens
    token_lifetime_seconds: int = Field(default=3599, ge=1, le=86_400)
    """How long an access token is taken."""
    platform_asks_for_multifactor: bool = True
    """The admin portals' own demand, which no Conditional Access policy can lift."""

    # Logs and alerts
    log_delay_seconds: float = Field(default=240, ge=0, le=86_400)
    """Microsoft names 3 to 10 minutes from a sign-in to the row that can be queried."""
    log_delay_spread_seconds: float = Field(default=60, ge=0, le=86_400)
    """Each row's delay differs from the mean by up to this."""
    first_rows_delay_seconds: float = Field(default=120, ge=0, le=259_200)
    """A new table's rows come so long after its first one was made, at the earliest.

    Microsoft says that the first logs can take up to three days; mostly they come in minutes.
    """
    directory_log_delay_seconds: float = Field(default=60, ge=0, le=86_400)
    """Mean time until Graph's `/auditLogs` has something, each half to one and a half of it.

    Microsoft gave 2 minutes for 95 of 100.
    """
    activity_delay_seconds: float = Field(default=360, ge=0, le=86_400)
    """Mean time until an Azure activity event can be read, each half to one and a half of it.

    Microsoft names 3 to 20 minutes.
    """
    log_query_row_limit: int = Field(default=500_000, ge=1)
    """So many rows one query returns at most; the rest is told of by a partial error."""
    alert_jitter_seconds: float = Field(default=20, ge=0, le=3600)
    """Each evaluation of an alert rule comes up to this late."""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The key `behaviour`; raises DocumentError that names the knob."""
        try:
            return cls.model_validate(document.get("behaviour", {}))
        except ValidationError as error:
            raise DocumentError(f"behaviour.{_first(error)}") from None

    def to_document(self) -> dict[str, Any]:
        """The key `behaviour`, every knob."""
        return {"behaviour": self.model_dump(by_alias=True)}

    def turn(self, knobs: Mapping[str, Any]) -> None:
        """Set some knobs, all or none of them; raises ServiceError 400 that names the wrong one."""
        try:
            changed = self.model_validate(self.model_dump(by_alias=True) | dict(knobs))
        except ValidationError as error:
            raise ServiceError(400, "BadRequest", f"behaviour.{_first(error)}") from None
        for name in type(self).model_fields:
            setattr(self, name, getattr(changed, name))


def knob_from_text(text: str) -> tuple[str, Any]:
    """`readLagSeconds=2` or `read-lag-seconds=2` as a knob and its value.

    Raises ValueError for a text that is neither; whether there is such a knob is for `Behaviour`.
    """
    name, equals, value = text.partition("=")
    name = name.strip().replace("-", "_")
    if not equals or not name.isidentifier():
        raise ValueError(f"{text!r} is no knob: expected name=value, for example readLagSeconds=2")
    try:
        found = json.loads(value)
    except ValueError:
        found = value.strip()
    return to_camel(name), found


def _first(error: ValidationError) -> str:
    found = error.errors()[0]
    name = ".".join(str(part) for part in found["loc"])
    if found["type"] == "extra_forbidden":
        return f"{name}: there is no such knob; `breakglass sandbox knobs` lists all"
    return f"{name}: {found['msg']}"
