"""The columns of the log tables, as the pages of "Azure Monitor Logs reference" list them.

Pages: SigninLogs, AADNonInteractiveUserSignInLogs, AuditLogs, AADServicePrincipalSignInLogs,
MicrosoftGraphActivityLogs, AzureActivity; "Standard columns in Azure Monitor Logs" for `TenantId`,
`_BilledSize` and `_IsBillable`.
"""

import pytest

from sandbox.tenant.monitor.log_tables import TABLES
from tests.sandbox.watched_tenant import WORKSPACE, WatchedTenant

COLUMNS: dict[str, dict[str, str]] = {
    "SigninLogs": {
        "string": (
            "_IsBillable AADTenantId AlternateSignInName AppDisplayName AppId "
            "AppliedConditionalAccessPolicies AuthenticationContextClassReferences "
            "AuthenticationDetails AuthenticationMethodsUsed AuthenticationProcessingDetails "
            "AuthenticationProtocol AuthenticationRequirement AuthenticationRequirementPolicies "
            "AutonomousSystemNumber Category ClientAppUsed ConditionalAccessStatus CorrelationId "
            "CrossTenantAccessType HomeTenantId Id Identity IncomingTokenType IPAddress "
            "IPAddressFromResourceProvider Level Location NetworkLocationDetails OperationName "
            "OperationVersion OriginalRequestId OriginalTransferMethod "
            "ProcessingTimeInMilliseconds Resource ResourceDisplayName ResourceGroup ResourceId "
            "ResourceIdentity ResourceProvider ResourceServicePrincipalId ResourceTenantId "
            "ResultDescription ResultSignature ResultType RiskDetail RiskEventTypes "
            "RiskEventTypes_V2 RiskLevel RiskLevelAggregated RiskLevelDuringSignIn RiskState "
            "ServicePrincipalId ServicePrincipalName SessionId SessionLifetimePolicies "
            "SignInEventTypes SignInIdentifier SignInIdentifierType SourceAppClientId "
            "SourceSystem TenantId TokenIssuerName TokenIssuerType TokenProtectionStatusDetails "
            "Type UniqueTokenIdentifier UserAgent UserDisplayName UserId UserPrincipalName "
            "UserType"
        ),
        "datetime": "CreatedDateTime TimeGenerated",
        "bool": "FlaggedForReview IsInteractive IsRisky IsTenantRestricted",
        "long": "DurationMs",
        "real": "_BilledSize",
        "dynamic": (
            "AppliedEventListeners ConditionalAccessPolicies DeviceDetail LocationDetails "
            "MfaDetail Status"
        ),
    },
    "AADNonInteractiveUserSignInLogs": {
        "string": (
            "_IsBillable AADTenantId AlternateSignInName AppDisplayName AppId "
            "AuthenticationContextClassReferences AuthenticationDetails AuthenticationMethodsUsed "
            "AuthenticationProcessingDetails AuthenticationProtocol AuthenticationRequirement "
            "AuthenticationRequirementPolicies AutonomousSystemNumber Category ClientAppUsed "
            "ConditionalAccessPolicies ConditionalAccessStatus CorrelationId "
            "CrossTenantAccessType DeviceDetail HomeTenantId Id Identity IncomingTokenType "
            "IPAddress IPAddressFromResourceProvider Level Location LocationDetails MfaDetail "
            "NetworkLocationDetails OperationName OperationVersion OriginalRequestId "
            "OriginalTransferMethod ProcessingTimeInMs Resource ResourceDisplayName ResourceGroup "
            "ResourceId ResourceIdentity ResourceProvider ResourceServicePrincipalId "
            "ResourceTenantId ResultDescription ResultSignature ResultType RiskDetail "
            "RiskEventTypes RiskEventTypes_V2 RiskLevelAggregated RiskLevelDuringSignIn RiskState "
            "ServicePrincipalId ServicePrincipalName SessionId SessionLifetimePolicies "
            "SignInEventTypes SignInIdentifierType SourceAppClientId SourceSystem Status TenantId "
            "TokenIssuerName TokenIssuerType TokenProtectionStatusDetails Type "
            "UniqueTokenIdentifier UserAgent UserDisplayName UserId UserPrincipalName UserType"
        ),
        "datetime": "CreatedDateTime TimeGenerated",
        "bool": "IsInteractive IsRisky IsTenantRestricted",
        "long": "DurationMs",
        "real": "_BilledSize",
        "dynamic": "AppliedEventListeners",
    },
    "AuditLogs": {
        "string": (
            "_IsBillable AADOperationType AADTenantId ActivityDisplayName Category CorrelationId "
            "Id Identity Level Location LoggedByService OperationName OperationVersion Resource "
            "ResourceGroup ResourceId ResourceProvider Result ResultDescription ResultReason "
            "ResultSignature ResultType SourceSystem TenantId Type"
        ),
        "datetime": "ActivityDateTime TimeGenerated",
        "long": "DurationMs",
        "real": "_BilledSize",
        "dynamic": "AdditionalDetails InitiatedBy TargetResources",
    },
    "AADServicePrincipalSignInLogs": {
        "string": (
            "_IsBillable AADTenantId Agent AppId AppOwnerTenantId "
            "AuthenticationContextClassReferences AuthenticationProcessingDetails "
            "AutonomousSystemNumber Category ClientCredentialType ConditionalAccessAudiences "
            "ConditionalAccessPolicies ConditionalAccessStatus CorrelationId "
            "FederatedCredentialId Id Identity IPAddress Level Location LocationDetails "
            "NetworkLocationDetails OperationName OperationVersion ResourceDisplayName "
            "ResourceGroup ResourceIdentity ResourceOwnerTenantId ResourceServicePrincipalId "
            "ResultDescription ResultSignature ResultType ServicePrincipalCredentialKeyId "
            "ServicePrincipalCredentialThumbprint ServicePrincipalId ServicePrincipalName "
            "SessionId SourceAppClientId SourceSystem TenantId Type UniqueTokenIdentifier "
            "UserAgent"
        ),
        "datetime": "CreatedDateTime TimeGenerated",
        "long": "DurationMs",
        "real": "_BilledSize",
    },
    "MicrosoftGraphActivityLogs": {
        "string": (
            "_IsBillable AadTenantId ApiVersion AppId ATContent ATContentH ATContentP "
            "ClientRequestId DeviceId IdentityProvider IPAddress Location OperationId RequestId "
            "RequestMethod RequestUri Roles Scopes ServicePrincipalId SessionId SignInActivityId "
            "SourceSystem TenantId Type UniqueTokenId UserAgent UserId Wids"
        ),
        "datetime": "TimeGenerated TokenIssuedAt",
        "int": "ClientAuthMethod DurationMs ResponseSizeBytes ResponseStatusCode",
        "real": "_BilledSize",
    },
    "AzureActivity": {
        "string": (
            "_IsBillable _ResourceId _SubscriptionId ActivityStatus ActivityStatusValue "
            "ActivitySubstatus ActivitySubstatusValue Authorization Caller CallerIpAddress "
            "Category CategoryValue Claims CorrelationId EventDataId Hierarchy HTTPRequest Level "
            "OperationId OperationName OperationNameValue Properties Resource ResourceGroup "
            "ResourceId ResourceProvider ResourceProviderValue SourceSystem SubscriptionId "
            "TenantId Type"
        ),
        "datetime": "EventSubmissionTimestamp TimeGenerated",
        "real": "_BilledSize",
        "dynamic": "Authorization_d Claims_d Properties_d",
    },
}


@pytest.mark.parametrize("table", COLUMNS)
def test_a_table_has_the_columns_of_its_page(table: str) -> None:
    pinned = {name: kind for kind, names in COLUMNS[table].items() for name in names.split()}
    assert TABLES[table].columns == pinned


def test_every_table_is_pinned() -> None:
    assert set(COLUMNS) == set(TABLES)


def test_a_row_says_what_it_is_billed_for(watched: WatchedTenant) -> None:
    watched.sign_in(AppDisplayName="x" * 500)
    watched.clock.advance(240)
    (row,) = watched.tenant.logs.rows("SigninLogs")
    assert row["_IsBillable"] == "True"
    assert 500 < row["_BilledSize"] < 2000


def test_the_activity_log_costs_nothing() -> None:
    assert [name for name, table in TABLES.items() if not table.billed] == ["AzureActivity"]


def test_rows_that_cost_nothing_are_not_counted(watched: WatchedTenant) -> None:
    workspace = watched.tenant.azure.get(WORKSPACE)
    watched.tenant.logs.emit("Administrative", {"Caller": "ada"}, [workspace])
    watched.clock.advance(240)
    assert len(watched.tenant.logs.rows("AzureActivity")) == 1
    assert watched.tenant.alert_rules.cost()["ingestion"]["rows"] == 0
