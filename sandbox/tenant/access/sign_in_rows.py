"""The row that a sign-in leaves in a log table.

Columns and values: Azure Monitor Logs reference, "SigninLogs", "AADNonInteractiveUserSignInLogs"
and "AADServicePrincipalSignInLogs". In the tables but the first, columns that hold objects are
text. What stands in the columns of objects is in `sign_in_details`.
"""

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.tenant.access import sign_in_details as details
from sandbox.tenant.access.cloud_apps import CloudApp
from sandbox.tenant.access.evaluation import Evaluation, SignInContext
from sandbox.tenant.access.sign_in_origin import location_details, user_agent
from sandbox.tenant.access.sign_in_results import RESULTS, STRONG_AUTHENTICATION

_CLIENTS = {
    "browser": "Browser",
    "mobileAppsAndDesktopClients": "Mobile Apps and Desktop clients",
    "exchangeActiveSync": "Exchange ActiveSync",
    "other": "Other clients",
}


@dataclass(frozen=True)
class SignInRecord:
    """A finished sign-in. `result` is a key of RESULTS; `evaluation` None: CA was not asked."""

    user: Mapping[str, Any]
    app: CloudApp
    context: SignInContext
    result: str
    evaluation: Evaluation | None
    wrong_password: bool = False
    by_security_defaults: bool = False

    @property
    def demands_multifactor(self) -> bool:
        """Whether something asked for multifactor authentication, done or not."""
        done = self.context.mfa_done and self.result == "0"
        return done or self.result in STRONG_AUTHENTICATION

    def token_redemption(self) -> "SignInRecord":
        """The non-interactive sign-in in which the client fetches its refresh token."""
        return replace(self, context=replace(self.context, interactive=False))


def category_of(record: SignInRecord) -> str:
    """The diagnostic category of a sign-in."""
    if record.context.service_principal_id is not None:
        return "ServicePrincipalSignInLogs"
    return "SignInLogs" if record.context.interactive else "NonInteractiveUserSignInLogs"


def row_of(
    record: SignInRecord,
    tenant_id: str,
    now: str,
    new_id: Callable[[], str],
    correlation: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The row. `now` is ISO 8601; TimeGenerated is set again by the logs that take the row in.

    `new_id` makes the row's ids. `correlation` is an earlier row of the same sign-in, whose
    CorrelationId goes on.
    """
    context, app = record.context, record.app
    correlation_id = correlation["CorrelationId"] if correlation else new_id()
    policies = record.evaluation.policies if record.evaluation else ()
    objects: dict[str, Any] = {
        "ConditionalAccessPolicies": [details.policy(policy) for policy in policies],
        "LocationDetails": location_details(context.country),
    }
    common = {
        "TimeGenerated": now,
        "CreatedDateTime": now,
        "OperationName": "Sign-in activity",
        "Category": category_of(record),
        "AADTenantId": tenant_id,
        "Id": new_id(),
        "CorrelationId": correlation_id,
        "AppId": app.app_id,
        "ResourceIdentity": app.resource_id,
        "ResourceDisplayName": app.resource_name,
        "IPAddress": context.ip or "",
        "Location": context.country or "",
        "ResultType": record.result,
        "ResultSignature": "SUCCESS" if record.result == "0" else "FAILURE",
        "ResultDescription": RESULTS[record.result],
        "ConditionalAccessStatus": _status(record.evaluation),
        "UniqueTokenIdentifier": _token_identifier(new_id()) if record.result == "0" else "",
    }
    if context.service_principal_id is not None:
        texts = {name: json.dumps(value) for name, value in objects.items()}
        own = {
            "AppId": record.user["userPrincipalName"],
            "ServicePrincipalId": context.service_principal_id,
            "ServicePrincipalName": record.user["displayName"],
        }
        return common | texts | own
    objects |= {
        "DeviceDetail": details.device(context),
        "MfaDetail": details.multifactor(context, record.result),
        "Status": details.status(
            context,
            record.result,
            RESULTS[record.result],
            demands_multifactor=record.demands_multifactor,
        ),
    }
    if not context.interactive:
        objects = {name: json.dumps(value) for name, value in objects.items()}
    tenants = {
        "ResourceTenantId": tenant_id,
        "HomeTenantId": (context.home_tenant or "") if context.is_foreign else tenant_id,
    }
    return common | tenants | _of_user(record, now, new_id) | objects


def _of_user(record: SignInRecord, now: str, new_id: Callable[[], str]) -> dict[str, Any]:
    context, user = record.context, record.user
    references = [context.authentication_context] if context.authentication_context else []
    return {
        "OriginalRequestId": new_id(),
        "UserId": user["id"],
        "UserPrincipalName": user["userPrincipalName"].lower(),
        "UserDisplayName": user["displayName"],
        "Identity": user["displayName"],
        "UserType": user["userType"],
        "AppDisplayName": record.app.display_name if record.app.app_id else "",
        "UserAgent": user_agent(context),
        "ClientAppUsed": _CLIENTS[context.client_app],
        "IsInteractive": context.interactive,
        "IncomingTokenType": "none" if context.interactive else "refreshToken",
        "AuthenticationProtocol": (
            "deviceCode" if context.authentication_flow == "deviceCodeFlow" else "none"
        ),
        "OriginalTransferMethod": context.authentication_flow or "none",
        "AuthenticationRequirement": (
            "multiFactorAuthentication"
            if record.demands_multifactor
            else "singleFactorAuthentication"
        ),
        "AuthenticationDetails": json.dumps(
            details.authentication(
                context, now, record.result, demands_multifactor=record.demands_multifactor
            )
        ),
        "AuthenticationRequirementPolicies": json.dumps(
            details.requirement_policies(
                record.evaluation, by_security_defaults=record.by_security_defaults
            )
            if record.demands_multifactor
            else []
        ),
        "AuthenticationContextClassReferences": json.dumps(
            [{"id": reference, "detail": "required"} for reference in references]
        ),
        "RiskLevelDuringSignIn": context.sign_in_risk,
        "RiskLevelAggregated": context.user_risk,
        "RiskState": "none" if context.user_risk == "none" else "atRisk",
    }


def _token_identifier(guid: str) -> str:
    return base64.urlsafe_b64encode(uuid.UUID(guid).bytes).decode().rstrip("=")


def _status(evaluation: Evaluation | None) -> str:
    if evaluation is None or not evaluation.applied:
        return "notApplied"
    return "success" if evaluation.decision == "allowed" else "failure"
