"""The columns of the log tables that a workspace can hold.

Source: Azure Monitor Logs reference, one page a table. In the non-interactive table the columns
that hold objects are text.
"""

from dataclasses import dataclass

INGESTION_COLUMN = "_ingestion_time"
"""When a row arrived; KQL reads it as `ingestion_time()`."""


@dataclass(frozen=True)
class LogTable:
    """A table: its name, the diagnostic category that fills it, and column name → KQL type.

    `billed`: taking in its rows costs something.
    """

    name: str
    category: str
    columns: dict[str, str]
    billed: bool = True


_STANDARD = {
    "TenantId": "string",
    "Type": "string",
    "_BilledSize": "real",
    "_IsBillable": "string",
}
"""What every table has. Source: "Standard columns in Azure Monitor Logs"."""


def _columns(**names: str) -> dict[str, str]:
    kinds = {name: kind for kind, listed in names.items() for name in listed.split()}
    return {"TimeGenerated": "datetime", **kinds, **_STANDARD}


_SIGN_IN_STRINGS = (
    "AADTenantId AlternateSignInName AppDisplayName AppId AuthenticationContextClassReferences "
    "AuthenticationDetails AuthenticationMethodsUsed AuthenticationProcessingDetails "
    "AuthenticationProtocol AuthenticationRequirement AuthenticationRequirementPolicies "
    "AutonomousSystemNumber Category ClientAppUsed ConditionalAccessStatus CorrelationId "
    "CrossTenantAccessType HomeTenantId Id Identity IncomingTokenType IPAddress "
    "IPAddressFromResourceProvider Level Location NetworkLocationDetails OperationName "
    "OperationVersion OriginalRequestId OriginalTransferMethod Resource "
    "ResourceDisplayName ResourceGroup ResourceId ResourceIdentity ResourceProvider "
    "ResourceServicePrincipalId ResourceTenantId ResultDescription ResultSignature ResultType "
    "RiskDetail RiskEventTypes RiskEventTypes_V2 RiskLevelAggregated RiskLevelDuringSignIn "
    "RiskState ServicePrincipalId ServicePrincipalName SessionId SessionLifetimePolicies "
    "SignInEventTypes SignInIdentifierType SourceAppClientId SourceSystem TokenIssuerName "
    "TokenIssuerType TokenProtectionStatusDetails UniqueTokenIdentifier UserAgent "
    "UserDisplayName UserId UserPrincipalName UserType"
)
_SIGN_IN_OBJECTS = "ConditionalAccessPolicies DeviceDetail LocationDetails MfaDetail Status"

_TABLES = (
    LogTable(
        "SigninLogs",
        "SignInLogs",
        _columns(
            string=(
                f"{_SIGN_IN_STRINGS} AppliedConditionalAccessPolicies "
                "ProcessingTimeInMilliseconds RiskLevel SignInIdentifier"
            ),
            datetime="CreatedDateTime",
            bool="FlaggedForReview IsInteractive IsRisky IsTenantRestricted",
            long="DurationMs",
            dynamic=_SIGN_IN_OBJECTS + " AppliedEventListeners",
        ),
    ),
    LogTable(
        "AADNonInteractiveUserSignInLogs",
        "NonInteractiveUserSignInLogs",
        _columns(
            string=f"{_SIGN_IN_STRINGS} {_SIGN_IN_OBJECTS} ProcessingTimeInMs",
            datetime="CreatedDateTime",
            bool="IsInteractive IsRisky IsTenantRestricted",
            long="DurationMs",
            dynamic="AppliedEventListeners",
        ),
    ),
    LogTable(
        "AuditLogs",
        "AuditLogs",
        _columns(
            string=(
                "AADOperationType AADTenantId ActivityDisplayName Category CorrelationId Id "
                "Identity Level Location LoggedByService OperationName OperationVersion Resource "
                "ResourceGroup ResourceId ResourceProvider Result ResultDescription ResultReason "
                "ResultSignature ResultType SourceSystem"
            ),
            datetime="ActivityDateTime",
            long="DurationMs",
            dynamic="AdditionalDetails InitiatedBy TargetResources",
        ),
    ),
    LogTable(
        "AADServicePrincipalSignInLogs",
        "ServicePrincipalSignInLogs",
        _columns(
            string=(
                "AADTenantId Agent AppId AppOwnerTenantId AuthenticationContextClassReferences "
                "AuthenticationProcessingDetails AutonomousSystemNumber Category "
                "ClientCredentialType ConditionalAccessAudiences ConditionalAccessPolicies "
                "ConditionalAccessStatus CorrelationId FederatedCredentialId Id Identity IPAddress "
                "Level Location LocationDetails NetworkLocationDetails OperationName "
                "OperationVersion ResourceDisplayName ResourceGroup ResourceIdentity "
                "ResourceOwnerTenantId ResourceServicePrincipalId ResultDescription "
                "ResultSignature ResultType ServicePrincipalCredentialKeyId "
                "ServicePrincipalCredentialThumbprint ServicePrincipalId ServicePrincipalName "
                "SessionId SourceAppClientId SourceSystem UniqueTokenIdentifier UserAgent"
            ),
            datetime="CreatedDateTime",
            long="DurationMs",
        ),
    ),
    LogTable(
        "MicrosoftGraphActivityLogs",
        "MicrosoftGraphActivityLogs",
        _columns(
            string=(
                "AadTenantId ApiVersion AppId ATContent ATContentH ATContentP ClientRequestId "
                "DeviceId IdentityProvider IPAddress Location OperationId RequestId RequestMethod "
                "RequestUri Roles Scopes ServicePrincipalId SessionId SignInActivityId "
                "SourceSystem UniqueTokenId UserAgent UserId Wids"
            ),
            datetime="TokenIssuedAt",
            int="ClientAuthMethod DurationMs ResponseSizeBytes ResponseStatusCode",
        ),
    ),
    LogTable(
        "AzureActivity",
        "Administrative",
        _columns(
            string=(
                "ActivityStatus ActivityStatusValue ActivitySubstatus ActivitySubstatusValue "
                "Authorization Caller CallerIpAddress Category CategoryValue Claims CorrelationId "
                "EventDataId Hierarchy HTTPRequest Level OperationId OperationName "
                "OperationNameValue Properties Resource ResourceGroup ResourceId _ResourceId "
                "ResourceProvider ResourceProviderValue SourceSystem SubscriptionId "
                "_SubscriptionId"
            ),
            datetime="EventSubmissionTimestamp",
            dynamic="Authorization_d Claims_d Properties_d",
        ),
        billed=False,
    ),
)

TABLES = {table.name: table for table in _TABLES}
TABLE_OF_CATEGORY = {table.category: table for table in _TABLES}
