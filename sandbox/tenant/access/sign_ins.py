"""A sign-in: the first factor, Conditional Access, what the platform itself demands.

The answer says what Conditional Access decides (`decision`), apart from that what the platform and
per-user MFA demand (`platformAsks`), and how the sign-in ended (`resultType`, an AADSTS error code,
"0" for success). Every sign-in, failed or not, leaves a row in the tenant's logs; a passkey sign-in
that gets a refresh token leaves a second one among the non-interactive sign-ins.

Source: Microsoft Learn, "Planning for mandatory multifactor authentication" (workload identities
are not concerned) and "Set an individual user's password to never expire".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.tenant.access import methods
from sandbox.tenant.access.cloud_apps import CloudApp, own_app, user_action
from sandbox.tenant.access.evaluation import Decision, Evaluation, SignInContext, evaluate
from sandbox.tenant.access.microsoft_apps import PLATFORM_UNKNOWN, cloud_app
from sandbox.tenant.access.passkey_sign_in import passkey_refusal
from sandbox.tenant.access.per_user_demand import per_user_demand
from sandbox.tenant.access.sign_in_answer import answer_of
from sandbox.tenant.access.sign_in_defaults import INTRODUCTION, defaults_verdict
from sandbox.tenant.access.sign_in_facts import sign_in_context
from sandbox.tenant.access.sign_in_request import DEFAULT_APP, SignInRequest
from sandbox.tenant.access.sign_in_results import asked_code, blocked_code
from sandbox.tenant.access.sign_in_rows import SignInRecord, category_of, row_of
from sandbox.tenant.directory.per_user_mfa import has_second_factor
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.monitor.log_tables import TABLE_OF_CATEGORY
from sandbox.tenant.tenant import Tenant

__all__ = ["SignInRequest", "sign_in"]

_DAY = 86_400.0


@dataclass(frozen=True)
class _Outcome:
    decision: Decision
    result: str
    evaluation: Evaluation | None = None
    platform_asks: str | None = None
    open_questions: tuple[str, ...] = ()


def sign_in(tenant: Tenant, request: SignInRequest) -> dict[str, Any]:
    """Sign in and write the log rows. Raises `ServiceError` 404 for an unknown user or app.

    The caller holds the tenant's lock.
    """
    app = _app(tenant, request)
    if request.service_principal is not None:
        return _service_principal_sign_in(tenant, app, request)
    user = _user(tenant, str(request.user))
    context = sign_in_context(tenant, user, app, request)
    outcome = _outcome(tenant, user, app, request, context)
    return _finish(tenant, user, app, request, context, outcome)


def _service_principal_sign_in(
    tenant: Tenant, app: CloudApp, request: SignInRequest
) -> dict[str, Any]:
    wanted = str(request.service_principal).lower()
    for own in tenant.apps.all():
        if wanted in (own.app_id.lower(), own.object_id.lower(), own.display_name.lower()):
            break
    else:
        raise ServiceError(
            404,
            "ApplicationNotFound",
            f"Unknown servicePrincipal '{request.service_principal}'; expected an application of "
            f"the tenant: {', '.join(own.display_name for own in tenant.apps.all())}.",
        )
    identity = {
        "id": own.object_id,
        "displayName": own.display_name,
        "userPrincipalName": own.app_id,
        "userType": "",
        "accountEnabled": True,
    }
    context = sign_in_context(tenant, identity, app, request, service_principal=True)
    outcome = _outcome(tenant, identity, app, request, context)
    return _finish(tenant, identity, app, request, context, outcome)


def _finish(
    tenant: Tenant,
    user: Mapping[str, Any],
    app: CloudApp,
    request: SignInRequest,
    context: SignInContext,
    outcome: _Outcome,
) -> dict[str, Any]:
    record = SignInRecord(
        user=user,
        app=app,
        context=context,
        result=outcome.result,
        evaluation=outcome.evaluation,
        wrong_password=outcome.result == "50126",
        by_security_defaults=bool(tenant.directory.security_defaults["isEnabled"]),
    )
    records = [record]
    if outcome.result == "0" and context.interactive and request.done_method == methods.PASSKEY:
        records.append(record.token_redemption())
    rows: list[tuple[str, dict[str, Any]]] = []
    now = tenant.clock.timestamp()
    for entry in records:
        before = rows[0][1] if rows else None
        row = row_of(entry, tenant.id, now, tenant.ids.new, correlation=before)
        category = category_of(entry)
        if table := TABLE_OF_CATEGORY.get(category):
            tenant.logs.emit(category, row)
        rows.append((table.name if table else category, row))
    return answer_of(
        decision=outcome.decision,
        user=user,
        app=app,
        evaluation=outcome.evaluation,
        open_questions=outcome.open_questions,
        platform_asks=outcome.platform_asks,
        result=outcome.result,
        rows=rows,
    )


def _outcome(
    tenant: Tenant,
    user: Mapping[str, Any],
    app: CloudApp,
    request: SignInRequest,
    context: SignInContext,
) -> _Outcome:
    if context.service_principal_id is None and (
        refused := _first_factor(tenant, user, request, context)
    ):
        return _Outcome("blocked", refused)
    own = per_user_demand(tenant.directory, user, context)
    asks = _platform_demand(tenant, app, context)
    platform_asks = " ".join(filter(None, (own, asks))) or None
    # A break-glass account with a password alone has nothing registered.
    registered = bool(request.mfa_registered)
    if own and request.mfa_registered is None:
        registered = has_second_factor(tenant.directory, user["id"])
    interrupted = own is not None or (asks is not None and app.platform_interrupts)
    still_asked = _asked(request, registered=registered) if interrupted else None
    if tenant.directory.security_defaults["isEnabled"]:
        return _by_security_defaults(request, context, platform_asks, still_asked)
    area = tenant.conditional_access
    evaluation = evaluate(area.policies(), context, area.named_locations())
    if evaluation.decision == "blocked":
        return _Outcome("blocked", blocked_code(evaluation), evaluation, platform_asks)
    if evaluation.decision == "mfa":
        code = _asked(request, registered=request.mfa_registered is not False)
        decision: Decision = "blocked" if code == "53004" else "mfa"
        return _Outcome(decision, code, evaluation, platform_asks)
    result = still_asked or "0"
    if still_asked and not context.interactive and request.mfa_registered is None:
        result = "50076"
    asks_unknown = not app.is_known and _may_be_asked(tenant, context)
    still = (PLATFORM_UNKNOWN,) if asks_unknown else ()
    return _Outcome("allowed", result, evaluation, platform_asks, still)


def _first_factor(
    tenant: Tenant, user: Mapping[str, Any], request: SignInRequest, context: SignInContext
) -> str | None:
    """The code with which the first factor refuses the user, None when it is passed."""
    # A reset password starts anew, so what is counted belongs to the password too.
    lockout, account = tenant.smart_lockout, f"{user['id']}/{user.get('passwordHash')}"
    typed = methods.uses_password(request.done_method) or request.password is not None
    if typed and lockout.is_locked(account):
        return "50053"
    wrong = request.password is not None and not tenant.directory.verify_password(
        user["id"], request.password
    )
    if wrong or not request.success:
        lockout.failed(account, request.password if wrong else None)
        return "50126"
    if not user["accountEnabled"]:
        return "50057"
    if refused := passkey_refusal(tenant.directory, user, request, is_guest=context.is_foreign):
        return refused
    if typed and _has_expired(tenant, user):
        return "50055"
    if typed:
        lockout.succeeded(account)
    return None


def _has_expired(tenant: Tenant, user: Mapping[str, Any]) -> bool:
    """Whether the password is to be changed: at the next sign-in, or by the domain's policy."""
    profile: Mapping[str, Any] = user.get("passwordProfile") or {}
    if profile.get("forceChangePasswordNextSignIn"):
        return True
    if "DisablePasswordExpiration" in str(user.get("passwordPolicies")):
        return False
    name = str(user["userPrincipalName"]).rpartition("@")[2].lower()
    days = next(
        (
            domain.get("passwordValidityPeriodInDays")
            for domain in tenant.directory.domains
            if str(domain["id"]).lower() == name
        ),
        None,
    )
    changed = user.get("lastPasswordChangeDateTime")
    if days is None or changed is None:
        return False
    age = tenant.clock.now() - datetime.fromisoformat(str(changed)).timestamp()
    return age > float(days) * _DAY


def _platform_demand(tenant: Tenant, app: CloudApp, context: SignInContext) -> str | None:
    return app.platform_asks if _may_be_asked(tenant, context) else None


def _may_be_asked(tenant: Tenant, context: SignInContext) -> bool:
    exempt = context.mfa_done or context.service_principal_id is not None
    return not exempt and tenant.behaviour.platform_asks_for_multifactor


def _by_security_defaults(
    request: SignInRequest,
    context: SignInContext,
    platform_asks: str | None,
    still_asked: str | None,
) -> _Outcome:
    verdict = defaults_verdict(context)
    said = f"{INTRODUCTION} {platform_asks}" if platform_asks else INTRODUCTION
    still = (verdict.open_question,) if verdict.open_question else ()
    if verdict.decision == "blocked":
        return _Outcome("blocked", "530035", None, said)
    if verdict.decision == "mfa":
        code = _asked(request, registered=request.mfa_registered is not False)
        decision: Decision = "blocked" if code == "53004" else "mfa"
        return _Outcome(decision, code, None, said)
    return _Outcome("allowed", still_asked or "0", None, said, still)


def _asked(request: SignInRequest, *, registered: bool) -> str:
    return asked_code(
        interactive=request.interactive,
        registered=registered,
        risky=request.sign_in_risk in ("medium", "high"),
    )


def _app(tenant: Tenant, request: SignInRequest) -> CloudApp:
    if request.app is None and request.user_action:
        return user_action(request.user_action)
    wanted = request.app or DEFAULT_APP
    for own in tenant.apps.all():
        if wanted.lower() in (own.app_id.lower(), own.display_name.lower()):
            return own_app(own.display_name, own.app_id)
    return cloud_app(wanted)


def _user(tenant: Tenant, wanted: str) -> Mapping[str, Any]:
    try:
        return tenant.directory.user(wanted)
    except ServiceError as error:
        said = f"Unknown user '{wanted}'; give the user principal name or the object id of one."
        raise ServiceError(404, error.code, said) from None
