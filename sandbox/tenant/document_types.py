"""The types of what a tenant document holds of the directory, of access and of subscriptions.

Only what the sandbox reads is named; whatever else an object holds is kept as it is. The areas
check what fits together (names that are there twice, licences, policies that Graph would refuse).
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

JSON = dict[str, Any]


def _time(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        moment.timestamp()
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise PydanticCustomError("time", "no time with a zone")
    return text


Time = Annotated[str, AfterValidator(_time)]
Name = Annotated[str, Field(min_length=1)]


class Object(BaseModel):
    """An object with more keys than those that are named."""

    model_config = ConfigDict(
        strict=True, extra="allow", alias_generator=to_camel, allow_inf_nan=False
    )


class Identified(Object):
    """An object with an id."""

    id: Name


class Organization(Identified):
    """The tenant itself."""

    display_name: Name
    country_letter_code: str | None = None


class Domain(Identified):
    """A domain."""

    is_initial: bool = False
    is_default: bool = False
    is_verified: bool = True
    password_validity_period_in_days: int | None = None


class ServicePlan(Object):
    """A service that a licence covers."""

    service_plan_name: str | None = None


class Licence(Identified):
    """A subscribed SKU."""

    capability_status: str = "Enabled"
    sku_id: str | None = None
    sku_part_number: str | None = None
    consumed_units: int = 0
    prepaid_units: dict[str, int] = {}
    service_plans: list[ServicePlan] = []


class User(Identified):
    """A user, deleted or not."""

    display_name: str = ""
    user_principal_name: Name
    account_enabled: bool = True
    user_type: str | None = "Member"
    password_hash: str | None = None
    password_policies: str | None = None
    password_profile: JSON | None = None
    last_password_change_date_time: Time | None = None
    created_date_time: Time | None = None
    deleted_date_time: Time | None = None
    manager: str | None = None
    assigned_licenses: list[JSON] = []
    per_user_mfa_state: Literal["disabled", "enabled", "enforced"] | None = None


class Group(Identified):
    """A group, deleted or not."""

    display_name: Name
    mail_nickname: str | None = None
    mail_enabled: bool = False
    security_enabled: bool = True
    is_assignable_to_role: bool | None = None
    group_types: list[str] = []
    members: list[str] = []
    owners: list[str] = []
    created_date_time: Time | None = None
    deleted_date_time: Time | None = None


class RoleAssignment(Identified):
    """A directory role that somebody has, or may activate; without an end it is permanent."""

    principal_id: Name
    role_definition_id: Name
    directory_scope_id: Name = "/"
    start_date_time: Time | None = None
    end_date_time: Time | None = None


class Unit(Identified):
    """An administrative unit."""

    display_name: Name
    members: list[str] = []
    visibility: str | None = None
    is_member_management_restricted: bool | None = None


class Method(Identified):
    """An authentication method of a user."""

    user_id: Name
    kind: Name = Field(alias="@odata.type")
    credential_id: str | None = None
    start_date_time: Time | None = None
    lifetime_in_minutes: int | None = None
    password_hash: str | None = None


class Location(Identified):
    """A named location."""

    kind: Name = Field(alias="@odata.type")
    display_name: Name
    is_trusted: bool | None = None
    ip_ranges: list[dict[str, str]] = []
    countries_and_regions: list[str] = []
    include_unknown_countries_and_regions: bool = False


class DeletedLocation(Location):
    """A deleted named location."""

    deleted_date_time: Time


class Strength(Identified):
    """An authentication strength."""

    display_name: Name
    policy_type: Literal["builtIn", "custom"]
    allowed_combinations: list[str] = []


class DeletedPolicy(Identified):
    """A deleted Conditional Access policy."""

    display_name: str
    state: str
    conditions: JSON
    deleted_date_time: Time


class Subscription(Object):
    """An Azure subscription."""

    subscription_id: Name
    display_name: str = ""
    registered_providers: list[str] = []
    registered_from: dict[str, float] = {}


class SecurityDefaults(Object):
    """Whether security defaults are on."""

    is_enabled: bool = False
