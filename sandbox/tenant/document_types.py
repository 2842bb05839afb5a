"""The types of a tenant document: what a seed may say and what was saved, before anything reads it.

Only what the sandbox reads is named; whatever else an object holds is kept as it is. The areas
check what fits together (names that are there twice, licences, policies that Graph would refuse).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from sandbox.tenant.errors import DocumentError

JSON = dict[str, Any]


def _time(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("the time lacks a zone, for example Z")
    return text


Time = Annotated[str, AfterValidator(_time)]
Name = Annotated[str, Field(min_length=1)]
Kept = list[JSON]


class _Object(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="allow", alias_generator=to_camel, populate_by_name=True
    )


class _Identified(_Object):
    id: Name


class _Tenant(_Identified):
    display_name: Name
    country_letter_code: str | None = None


class _Domain(_Identified):
    is_initial: bool = False
    is_default: bool = False
    is_verified: bool = True
    password_validity_period_in_days: int | None = None


class _Plan(_Object):
    service_plan_name: str | None = None


class _Licence(_Identified):
    capability_status: str = "Enabled"
    service_plans: list[_Plan] = []


class _User(_Identified):
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


class _Group(_Identified):
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


class _RoleAssignment(_Identified):
    principal_id: Name
    role_definition_id: Name
    directory_scope_id: Name = "/"


class _Unit(_Identified):
    display_name: Name
    members: list[str] = []
    visibility: str | None = None
    is_member_management_restricted: bool | None = None


class _Method(_Identified):
    user_id: Name
    kind: Name = Field(alias="@odata.type")
    credential_id: str | None = None
    start_date_time: Time | None = None
    lifetime_in_minutes: int | None = None
    password_hash: str | None = None


class _Location(_Identified):
    kind: Name = Field(alias="@odata.type")
    display_name: Name
    is_trusted: bool | None = None
    ip_ranges: list[dict[str, str]] = []
    countries_and_regions: list[str] = []
    include_unknown_countries_and_regions: bool = False
    deleted_date_time: Time | None = None


class _Strength(_Identified):
    display_name: Name
    policy_type: Literal["builtIn", "custom"]
    allowed_combinations: list[str] = []


class _DeletedPolicy(_Identified):
    display_name: str
    state: str
    conditions: JSON
    deleted_date_time: Time


class _Subscription(_Object):
    subscription_id: Name
    display_name: str = ""
    registered_providers: list[str] = []
    registered_from: dict[str, float] = {}


class _SecurityDefaults(_Object):
    is_enabled: bool = False


class _Document(_Object):
    tenant: _Tenant
    behaviour: JSON = {}
    ids_made: int = Field(default=0, ge=0)
    domains: list[_Domain] = []
    subscribed_skus: list[_Licence] = []
    security_defaults: _SecurityDefaults = _SecurityDefaults()
    apps: Kept = []
    users: list[_User] = []
    deleted_users: list[_User] = []
    groups: list[_Group] = []
    deleted_groups: list[_Group] = []
    role_assignments: list[_RoleAssignment] = []
    administrative_units: list[_Unit] = []
    authentication_methods: list[_Method] = []
    authentication_methods_policy: dict[str, JSON] = {}
    conditional_access_policies: list[_Identified] = []
    deleted_conditional_access_policies: list[_DeletedPolicy] = []
    named_locations: list[_Location] = []
    deleted_named_locations: list[_Location] = []
    authentication_strengths: list[_Strength] = []
    subscriptions: list[_Subscription] = []
    azure_resources: dict[str, JSON] = {}
    azure_operations: JSON = {}
    log_rows: dict[str, dict[str, Kept]] = {}
    audit_records: Kept = []
    sign_in_records: Kept = []
    activity_events: Kept = []


def check_document(document: Mapping[str, Any]) -> None:
    """Raise DocumentError that names the first key whose value is of a wrong type."""
    try:
        _Document.model_validate(dict(document))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in found["loc"])
        if found["type"] == "missing":
            raise DocumentError(f"{where} is missing from the tenant document") from None
        raise DocumentError(f"{where}: {found['msg']}") from None
