"""A sign-in of a user: the first factor, Conditional Access, what the platform itself demands.

The answer says what Conditional Access decides (`decision`), apart from that what the platform
demands (`platformAsks`), and how the sign-in ended (`resultType`, an AADSTS error code, "0" for
success). Every sign-in, failed or not, leaves a row in the tenant's logs. Source of the codes:
Microsoft Learn, "Microsoft Entra authentication and authorization error codes".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, IPvAnyAddress, field_validator
from pydantic.alias_generators import to_camel

from sandbox.tenant.access.cloud_apps import CloudApp, cloud_app
from sandbox.tenant.access.evaluation import Decision, Evaluation, SignInContext, evaluate
from sandbox.tenant.access.sign_in_rows import RESULTS, SignInRecord, row_of
from sandbox.tenant.directory.roles import BUILT_IN_ROLES, ORDINARY_ROLES
from sandbox.tenant.tenant import Tenant

# Addresses of RFC 5737, in none of the seed's trusted ranges.
_SOMEWHERE = "198.51.100.23"

_STRONG_METHODS = frozenset(
    {"fido2", "windowsHelloForBusiness", "x509CertificateMultiFactor", "deviceBasedPush"}
)
_MFA_RESULTS = frozenset({"50072", "50074", "50076"})
Risk = Literal["none", "low", "medium", "high"]


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )


class Location(_Model):
    """Where a sign-in comes from. `country` is an ISO 3166 two-letter code."""

    ip: IPvAnyAddress | None = None
    country: str | None = Field(default=None, pattern="^[A-Za-z]{2}$")


class Device(_Model):
    """A device registered in the tenant."""

    display_name: str = "Registered device"
    is_compliant: bool = False
    trust_type: Literal["AzureAD", "ServerAD", "Workplace"] = "AzureAD"
    operating_system: str = "Windows"

    def properties(self) -> dict[str, str]:
        """The properties as device filters compare them, names in lower case."""
        values = self.model_dump(by_alias=True)
        return {name.lower(): str(value) for name, value in values.items()}


class SignInRequest(_Model):
    """Who signs in to what, from where and with what.

    `mfa` says that multifactor authentication was done, with the authenticator app unless `method`
    names another combination as authentication strengths write it (`fido2`, `password`, …).
    `location` may also be a country code alone.
    `password` is checked when it is given; `success: false` is a wrong password.
    """

    user: str
    app: str = "Azure Portal"
    client_app: Literal["browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "other"] = (
        "browser"
    )
    mfa: bool = False
    method: str | None = None
    password: str | None = Field(default=None, repr=False)
    location: Location | None = None
    platform: (
        Literal["android", "iOS", "windows", "windowsPhone", "macOS", "linux", "unknown"] | None
    ) = "windows"
    device: Device | None = None
    user_action: str | None = None
    sign_in_risk: Risk = "none"
    user_risk: Risk = "none"
    interactive: bool = True
    success: bool = True

    @field_validator("location", mode="before")
    @classmethod
    def _from_country(cls, value: object) -> object:
        return {"country": value} if isinstance(value, str) else value

    @property
    def done_method(self) -> str:
        """The authentication done, as authentication strengths write it."""
        if self.method is not None:
            return self.method
        return "password,microsoftAuthenticatorPush" if self.mfa else "password"

    @property
    def mfa_done(self) -> bool:
        """Whether the authentication done has several factors."""
        return self.mfa or "," in self.done_method or self.done_method in _STRONG_METHODS


@dataclass(frozen=True)
class _Outcome:
    decision: Decision
    result: str
    evaluation: Evaluation | None = None
    platform_asks: str | None = None


def sign_in(tenant: Tenant, request: SignInRequest) -> dict[str, Any]:
    """Sign a user in and write the log row. Raises `ServiceError` 404 for an unknown user or app.

    The caller holds the tenant's lock.
    """
    user = tenant.directory.user(request.user)
    app = _app(tenant, request.app)
    context = _context(tenant, user, app, request)
    outcome = _outcome(tenant, user, app, request, context)
    evaluation = outcome.evaluation
    record = SignInRecord(
        user=user,
        app=app,
        context=context,
        interactive=request.interactive,
        result=outcome.result,
        evaluation=evaluation,
        mfa_required=outcome.result in _MFA_RESULTS or (request.mfa_done and outcome.result == "0"),
        device=request.device.properties() if request.device else None,
    )
    row = row_of(record, tenant.id, tenant.clock.timestamp())
    category = "SignInLogs" if request.interactive else "NonInteractiveUserSignInLogs"
    tenant.logs.emit(category, row)
    policies = evaluation.policies if evaluation else ()
    return {
        "decision": outcome.decision,
        "user": user["userPrincipalName"],
        "userId": user["id"],
        "app": app.display_name,
        "policiesApplied": [
            {
                "id": policy.id,
                "displayName": policy.display_name,
                "grantControls": list(policy.demand.controls) if policy.demand else [],
                "sessionControls": list(policy.session_controls),
            }
            for policy in (evaluation.applied if evaluation else ())
        ],
        "policies": [
            {
                "id": policy.id,
                "displayName": policy.display_name,
                "state": policy.state,
                "result": policy.result,
                "reason": policy.reason,
            }
            for policy in policies
        ],
        "notEvaluated": list(evaluation.not_evaluated) if evaluation else [],
        "platformAsks": outcome.platform_asks,
        "resultType": outcome.result,
        "resultDescription": RESULTS[outcome.result],
        "table": "SigninLogs" if request.interactive else "AADNonInteractiveUserSignInLogs",
        "row": row,
    }


def _outcome(
    tenant: Tenant,
    user: Mapping[str, Any],
    app: CloudApp,
    request: SignInRequest,
    context: SignInContext,
) -> _Outcome:
    wrong = request.password is not None and not tenant.directory.verify_password(
        user["id"], request.password
    )
    if wrong or not request.success:
        return _Outcome("blocked", "50126")
    if not user["accountEnabled"]:
        return _Outcome("blocked", "50057")
    platform_asks = None if context.mfa_done else app.platform_asks
    if tenant.directory.security_defaults["isEnabled"]:
        return _security_defaults(context, app, platform_asks)
    area = tenant.conditional_access
    evaluation = evaluate(area.policies(), context, area.named_locations())
    if evaluation.decision == "blocked":
        result = _blocked_result(evaluation)
    elif evaluation.decision == "mfa":
        result = "50074" if request.interactive else "50076"
    elif platform_asks and app.platform_interrupts:
        result = "50072" if request.interactive else "50076"
    else:
        result = "0"
    return _Outcome(evaluation.decision, result, evaluation, platform_asks)


def _security_defaults(
    context: SignInContext, app: CloudApp, platform_asks: str | None
) -> _Outcome:
    """Microsoft's fixed rules in place of Conditional Access: "Security defaults in Entra ID"."""
    sentence = (
        "Security defaults are on, so no Conditional Access policy is in force and nobody can be "
        "excluded: administrators do multifactor authentication at every sign-in, legacy "
        "authentication is blocked."
    )
    said = f"{sentence} {platform_asks}" if platform_asks else sentence
    if context.is_legacy:
        return _Outcome("blocked", "53003", None, said)
    if context.roles - ORDINARY_ROLES and not context.mfa_done:
        return _Outcome("mfa", "50074", None, said)
    interrupted = platform_asks is not None and app.platform_interrupts
    return _Outcome("allowed", "50072" if interrupted else "0", None, said)


def _blocked_result(evaluation: Evaluation) -> str:
    """53000 or 53001 when a device demand alone stopped the sign-in, else 53003."""
    stopped = {
        policy.demand.controls
        for policy in evaluation.applied
        if policy.demand and policy.demand.answer == "impossible"
    }
    if all("compliantDevice" in controls for controls in stopped):
        return "53000"
    if all("domainJoinedDevice" in controls for controls in stopped):
        return "53001"
    return "53003"


def _context(
    tenant: Tenant, user: Mapping[str, Any], app: CloudApp, request: SignInRequest
) -> SignInContext:
    directory = tenant.directory
    names = {group["id"]: str(group["displayName"]) for group in directory.groups.values()}
    home = directory.organization.get("countryLetterCode")
    location = request.location or Location()
    country = location.country or (None if location.ip else home)
    return SignInContext(
        user_id=user["id"],
        groups=frozenset(directory.groups_of(user["id"])),
        roles=frozenset(directory.roles_of(user["id"])),
        guest_type=_guest_type(user),
        app_id=app.app_id,
        resource_id=app.resource_id,
        app_groups=app.groups,
        user_action=request.user_action,
        client_app=request.client_app,
        platform=None if request.platform == "unknown" else request.platform,
        ip=str(location.ip or _SOMEWHERE),
        country=country.upper() if country else None,
        device=request.device.properties() if request.device else None,
        sign_in_risk=request.sign_in_risk,
        user_risk=request.user_risk,
        mfa_done=request.mfa_done,
        method=request.done_method,
        names=names | BUILT_IN_ROLES,
    )


def _guest_type(user: Mapping[str, Any]) -> str | None:
    external = "#EXT#" in user["userPrincipalName"]
    if user["userType"] == "Guest":
        return "b2bCollaborationGuest" if external else "internalGuest"
    return "b2bCollaborationMember" if external else None


def _app(tenant: Tenant, name_or_id: str) -> CloudApp:
    for own in tenant.apps.all():
        if name_or_id.lower() in (own.app_id.lower(), own.display_name.lower()):
            return CloudApp(own.display_name, own.app_id, own.app_id, own.display_name)
    return cloud_app(name_or_id)
