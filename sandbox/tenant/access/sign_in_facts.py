"""What Conditional Access sees of a sign-in: the request, completed from the directory."""

from collections.abc import Mapping
from typing import Any

from sandbox.tenant.access.cloud_apps import CloudApp
from sandbox.tenant.access.microsoft_apps import cloud_app
from sandbox.tenant.access.sign_in_context import SignInContext
from sandbox.tenant.access.sign_in_request import Location, SignInRequest
from sandbox.tenant.directory.roles import BUILT_IN_ROLES
from sandbox.tenant.tenant import Tenant

# Addresses of RFC 5737, in none of the seed's trusted ranges.
_SOMEWHERE = "198.51.100.23"


def sign_in_context(
    tenant: Tenant,
    user: Mapping[str, Any],
    app: CloudApp,
    request: SignInRequest,
    *,
    service_principal: bool = False,
) -> SignInContext:
    """What Conditional Access sees of a request."""
    directory = tenant.directory
    names = {group["id"]: str(group["displayName"]) for group in directory.groups.values()}
    home = directory.organization.get("countryLetterCode")
    location = request.location or Location()
    country = location.country or (None if location.ip else home)
    attributes = request.app_attributes
    return SignInContext(
        user_id="" if service_principal else user["id"],
        groups=frozenset(() if service_principal else directory.groups_of(user["id"])),
        roles=frozenset(() if service_principal else directory.roles_of(user["id"])),
        guest_type=None if service_principal else request.guest_type or guest_type(user),
        home_tenant=request.home_tenant,
        service_principal_id=user["id"] if service_principal else None,
        app_id=app.app_id or None,
        resource_id=app.resource_id or None,
        client_is_target=not app.is_public_client,
        app_groups=app.groups,
        open_groups=app.open_groups,
        needs=() if service_principal else _services(app.needs),
        calls_later=() if service_principal else _services(app.calls_later),
        app_attributes=attributes and {name.lower(): values for name, values in attributes.items()},
        user_action=request.user_action,
        authentication_context=request.authentication_context,
        authentication_flow=request.authentication_flow,
        client_app=request.client_app,
        interactive=request.interactive and not service_principal,
        platform=None if request.platform == "unknown" else request.platform,
        ip=str(location.ip or _SOMEWHERE),
        country=country.upper() if country else None,
        gps_country=location.gps_country,
        compliant_network=location.compliant_network,
        device=request.device.properties() if request.device else None,
        approved_app=request.approved_app,
        protected_app=request.protected_app,
        sign_in_risk=request.sign_in_risk,
        user_risk=request.user_risk,
        insider_risk=request.insider_risk,
        service_principal_risk=request.service_principal_risk,
        mfa_done=request.mfa_done and not service_principal,
        method=request.done_method,
        aaguid=request.aaguid,
        terms_accepted=request.terms_accepted,
        names=names | BUILT_IN_ROLES,
    )


def guest_type(user: Mapping[str, Any]) -> str | None:
    """How Conditional Access sees a user of the directory: a kind of guest, or None."""
    external = "#EXT#" in user["userPrincipalName"]
    if user["userType"] == "Guest":
        return "b2bCollaborationGuest" if external else "internalGuest"
    return "b2bCollaborationMember" if external else None


def _services(listed: tuple[tuple[str, str], ...]) -> tuple[CloudApp, ...]:
    return tuple(cloud_app(service_id) for _, service_id in listed)
