"""What If: which Conditional Access policies a described sign-in would meet.

Source: Microsoft Graph reference, "conditionalAccessRoot: evaluate", signInIdentity, signInContext,
signInConditions, deviceInfo and whatIfAnalysisResult; Microsoft Learn, "Troubleshoot Conditional
Access policies with the What If tool": groups of applications match nothing, risk that is not given
is none. That a policy which cannot be decided answers `notEnoughInformation`, and that several
applications are taken one by one, is assumed.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, IPvAnyAddress, ValidationError
from pydantic.alias_generators import to_camel

from sandbox.tenant.access.cloud_apps import own_app
from sandbox.tenant.access.evaluation import hold
from sandbox.tenant.access.microsoft_apps import cloud_app
from sandbox.tenant.access.policy_schema import GUID
from sandbox.tenant.access.sign_in_context import Object, SignInContext
from sandbox.tenant.access.sign_in_facts import guest_type
from sandbox.tenant.directory.store import not_found
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.tenant import Tenant

_ACTIONS = {
    "registerSecurityInformation": "urn:user:registersecurityinfo",
    "registerOrJoinDevices": "urn:user:registerdevice",
}
# The page's example calls a joined device so; filters for devices know it by the older name.
_TRUST_TYPES = {"EntraID": "AzureAD"}
_Risk = Literal["low", "medium", "high", "hidden", "none"]


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


class _UserSignIn(_Model):
    odata_type: Literal["#microsoft.graph.userSignIn"] = Field(alias="@odata.type")
    user_id: str
    external_user_type: str | None = None
    external_tenant_id: str | None = None


class _ServicePrincipalSignIn(_Model):
    odata_type: Literal["#microsoft.graph.servicePrincipalSignIn"] = Field(alias="@odata.type")
    service_principal_id: str


class _ApplicationContext(_Model):
    odata_type: Literal["#microsoft.graph.applicationContext"] = Field(alias="@odata.type")
    include_applications: tuple[str, ...] = Field(min_length=1)


class _UserActionContext(_Model):
    odata_type: Literal["#microsoft.graph.userActionContext"] = Field(alias="@odata.type")
    user_action: Literal["registerSecurityInformation", "registerOrJoinDevices"]


class _AuthenticationContext(_Model):
    odata_type: Literal["#microsoft.graph.authContext"] = Field(alias="@odata.type")
    authentication_context_value: str


class _Flow(_Model):
    odata_type: str | None = Field(default=None, alias="@odata.type")
    transfer_method: Literal["none", "deviceCodeFlow", "authenticationTransfer"] = "none"


class _Conditions(_Model):
    odata_type: str | None = Field(default=None, alias="@odata.type")
    authentication_flow: _Flow = _Flow()
    client_app_type: Literal[
        "all",
        "browser",
        "mobileAppsAndDesktopClients",
        "exchangeActiveSync",
        "easSupported",
        "other",
    ] = "all"
    country: str | None = Field(default=None, pattern="^[A-Za-z]{2}$")
    device_info: dict[str, Any] | None = None
    device_platform: Literal[
        "android", "iOS", "windows", "windowsPhone", "macOS", "all", "linux"
    ] = "android"
    insider_risk_level: Literal["none", "minor", "moderate", "elevated"] = "none"
    ip_address: IPvAnyAddress | None = None
    service_principal_risk_level: _Risk = "none"
    sign_in_risk_level: _Risk = "none"
    user_risk_level: _Risk = "none"


class _WhatIf(_Model):
    sign_in_identity: _UserSignIn | _ServicePrincipalSignIn = Field(discriminator="odata_type")
    sign_in_context: _ApplicationContext | _UserActionContext | _AuthenticationContext = Field(
        discriminator="odata_type"
    )
    sign_in_conditions: _Conditions
    applied_policies_only: bool = False


def what_if(tenant: Tenant, body: Mapping[str, Any], *, beta: bool = True) -> list[dict[str, Any]]:
    """The whatIfAnalysisResult of each policy.

    Raises `ServiceError` 400 naming the wrong key, 404 for an unknown user or service principal.
    """
    try:
        asked = _WhatIf.model_validate(dict(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ServiceError(400, "BadRequest", f"{where}: {first['msg']}") from None
    area = tenant.conditional_access
    contexts = _contexts(tenant, asked)
    locations = area.named_locations()
    results: list[dict[str, Any]] = []
    for policy in area.policies(beta=beta):
        reasons = [_reason(policy, context, locations) for context in contexts]
        reason = "notSet" if "notSet" in reasons else reasons[0]
        if reason == "notSet" or not asked.applied_policies_only:
            results.append(
                {**policy, "policyApplies": reason == "notSet", "analysisReasons": reason}
            )
    return results


def _reason(policy: Object, context: SignInContext, locations: list[dict[str, Any]]) -> str:
    if policy["state"] == "disabled":
        return "policyNotEnabled"
    held = hold(policy, context, locations)
    if held.ruled_out:
        return held.ruled_out[0]
    return "notEnoughInformation" if held.unknown else "notSet"


def _contexts(tenant: Tenant, asked: _WhatIf) -> list[SignInContext]:
    base = _with_conditions(_identity(tenant, asked), asked.sign_in_conditions)
    target = asked.sign_in_context
    if isinstance(target, _UserActionContext):
        return [replace(base, user_action=_ACTIONS[target.user_action])]
    if isinstance(target, _AuthenticationContext):
        return [replace(base, authentication_context=target.authentication_context_value)]
    return [_with_application(base, tenant, name) for name in target.include_applications]


def _identity(tenant: Tenant, asked: _WhatIf) -> SignInContext:
    identity = asked.sign_in_identity
    directory = tenant.directory
    if isinstance(identity, _ServicePrincipalSignIn):
        own = tenant.apps.by_object_id(identity.service_principal_id)
        if own is None:
            raise not_found(identity.service_principal_id)
        return SignInContext(
            user_id="",
            groups=frozenset(),
            roles=frozenset(),
            app_id=None,
            service_principal_id=own.object_id,
            interactive=False,
        )
    user = directory.user(identity.user_id)
    described = identity.external_user_type
    return SignInContext(
        user_id=user["id"],
        groups=frozenset(directory.groups_of(user["id"])),
        roles=frozenset(directory.roles_of(user["id"])),
        app_id=None,
        guest_type=described if described not in (None, "none") else guest_type(user),
        home_tenant=identity.external_tenant_id,
    )


def _with_application(base: SignInContext, tenant: Tenant, name: str) -> SignInContext:
    if not GUID.fullmatch(name):
        return replace(base, app_id=name, client_is_target=False)
    own = tenant.apps.find(name)
    app = own_app(own.display_name, own.app_id) if own else cloud_app(name)
    return replace(
        base,
        app_id=app.app_id,
        resource_id=app.resource_id,
        client_is_target=not app.is_public_client,
        app_groups=app.groups,
        open_groups=app.open_groups,
    )


def _with_conditions(base: SignInContext, given: _Conditions) -> SignInContext:
    flow = given.authentication_flow.transfer_method
    return replace(
        base,
        authentication_flow=None if flow == "none" else flow,
        client_app=given.client_app_type,
        platform=None if given.device_platform == "all" else given.device_platform,
        ip=str(given.ip_address) if given.ip_address else None,
        country=given.country,
        device=_device(given.device_info),
        sign_in_risk=given.sign_in_risk_level,
        user_risk=given.user_risk_level,
        insider_risk=given.insider_risk_level,
        service_principal_risk=given.service_principal_risk_level,
    )


def _device(info: Mapping[str, Any] | None) -> dict[str, str | tuple[str, ...]] | None:
    """The device as filters know it; without any information it is not a registered one."""
    if not info:
        return None
    known: dict[str, str | tuple[str, ...]] = {}
    for name, value in info.items():
        if "@odata." in name or value is None:
            continue
        key = "deviceownership" if name == "ownership" else name.lower()
        if isinstance(value, list):
            known[key] = tuple(str(entry) for entry in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        else:
            known[key] = _TRUST_TYPES.get(str(value), str(value))
    return known
