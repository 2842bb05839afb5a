"""Graph's collections by the path in their `@odata.context`, each with the type of its items.

Source: Microsoft Graph v1.0 and beta reference, the resource types' pages. Properties of a derived
type, for example `ipRanges` of a named location, are none of the collection's type.
"""

from collections.abc import Mapping

from sandbox.tenant.directory.entity_types import (
    ADMINISTRATIVE_UNIT,
    BOOLEAN,
    DIRECTORY_OBJECT,
    GROUP,
    GUID,
    INTEGER,
    SERVICE_PRINCIPAL,
    STRING,
    STRINGS,
    TIME,
    USER,
    EntityType,
)


def _type(name: str, *texts: str, **others: str) -> EntityType:
    return EntityType(
        f"microsoft.graph.{name}", {**dict.fromkeys(("id", *texts), STRING), **others}
    )


def _part(path: str, kind: str, *texts: str) -> dict[str, str]:
    return {path: f"graph.{kind}", **{f"{path}/{name}": STRING for name in texts}}


_TIMES = {"createdDateTime": TIME, "modifiedDateTime": TIME}
_POLICY = _type(
    "conditionalAccessPolicy",
    *("templateId", "displayName", "state"),
    conditions="graph.conditionalAccessConditionSet",
    grantControls="graph.conditionalAccessGrantControls",
    sessionControls="graph.conditionalAccessSessionControls",
    deletedDateTime=TIME,
    **_TIMES,
)
_LOCATION = _type("namedLocation", "displayName", deletedDateTime=TIME, **_TIMES)
_METHOD = _type("authenticationMethod", createdDateTime=TIME)
_PASS = _type(
    "temporaryAccessPassAuthenticationMethod",
    *("temporaryAccessPass", "methodUsabilityReason"),
    isUsable=BOOLEAN,
    isUsableOnce=BOOLEAN,
    lifetimeInMinutes=INTEGER,
    startDateTime=TIME,
    createdDateTime=TIME,
)
_PASSKEY = _type(
    "fido2AuthenticationMethod",
    *("displayName", "aaGuid", "model", "attestationLevel", "passkeyType"),
    attestationCertificates=STRINGS,
    publicKeyCredential="graph.webauthnPublicKeyCredential",
    createdDateTime=TIME,
)
_SCHEDULED = (
    *("principalId", "roleDefinitionId", "directoryScopeId", "appScopeId", "memberType"),
    "assignmentType",
)
_SCHEDULE = _type(
    "unifiedRoleScheduleBase",
    *(*_SCHEDULED, "createdUsing", "status"),
    createdDateTime=TIME,
    modifiedDateTime=TIME,
    scheduleInfo="graph.requestSchedule",
)
_SCHEDULE_INSTANCE = _type(
    "unifiedRoleScheduleInstanceBase",
    *(*_SCHEDULED, "roleAssignmentOriginId", "roleAssignmentScheduleId"),
    "roleEligibilityScheduleId",
    startDateTime=TIME,
    endDateTime=TIME,
)
_AUDIT = _type(
    "directoryAudit",
    *("category", "correlationId", "result", "resultReason", "activityDisplayName"),
    *("loggedByService", "operationType", "userAgent"),
    activityDateTime=TIME,
    **_part("initiatedBy", "auditActivityInitiator"),
    **_part("initiatedBy/user", "userIdentity", "id", "displayName", "userPrincipalName"),
    **{"initiatedBy/user/ipAddress": STRING},
    **_part("initiatedBy/app", "appIdentity", "appId", "displayName", "servicePrincipalId"),
    **{"initiatedBy/app/servicePrincipalName": STRING},
    targetResources="Collection(graph.targetResource)",
    additionalDetails="Collection(graph.keyValue)",
)
_SIGN_IN = _type(
    "signIn",
    *("userDisplayName", "userPrincipalName", "userId", "appId", "appDisplayName", "ipAddress"),
    *("clientAppUsed", "correlationId", "conditionalAccessStatus", "riskDetail", "riskState"),
    *("riskLevelAggregated", "riskLevelDuringSignIn", "resourceDisplayName", "resourceId"),
    *("userType", "userAgent", "crossTenantAccessType", "homeTenantId", "homeTenantName"),
    *("resourceTenantId", "resourceServicePrincipalId", "servicePrincipalId"),
    *("servicePrincipalName", "tokenIssuerType", "tokenIssuerName", "incomingTokenType"),
    *("authenticationProtocol", "authenticationRequirement", "uniqueTokenIdentifier"),
    *("originalRequestId", "originalTransferMethod", "sessionId", "signInIdentifier"),
    *("signInIdentifierType", "autonomousSystemNumber", "clientCredentialType"),
    isInteractive=BOOLEAN,
    flaggedForReview=BOOLEAN,
    isTenantRestricted=BOOLEAN,
    processingTimeInMilliseconds=INTEGER,
    createdDateTime=TIME,
    riskEventTypes="Collection(graph.riskEventType)",
    riskEventTypes_v2=STRINGS,
    signInEventTypes=STRINGS,
    authenticationMethodsUsed=STRINGS,
    authenticationDetails="Collection(graph.authenticationDetail)",
    authenticationProcessingDetails="Collection(graph.keyValue)",
    authenticationRequirementPolicies="Collection(graph.authenticationRequirementPolicy)",
    sessionLifetimePolicies="Collection(graph.sessionLifetimePolicy)",
    networkLocationDetails="Collection(graph.networkLocationDetail)",
    appliedConditionalAccessPolicies="Collection(graph.appliedConditionalAccessPolicy)",
    **_part("mfaDetail", "mfaDetail", "authMethod", "authDetail"),
    **_part("status", "signInStatus", "failureReason", "additionalDetails"),
    **{"status/errorCode": INTEGER},
    **_part("deviceDetail", "deviceDetail", "deviceId", "displayName", "operatingSystem"),
    **{"deviceDetail/browser": STRING, "deviceDetail/trustType": STRING},
    **{"deviceDetail/isCompliant": BOOLEAN, "deviceDetail/isManaged": BOOLEAN},
    **_part("location", "signInLocation", "city", "state", "countryOrRegion"),
)
_ORGANIZATION = EntityType(
    "microsoft.graph.organization",
    _type(
        "organization",
        *("displayName", "tenantType", "countryLetterCode", "country", "city", "state", "street"),
        *(
            "postalCode",
            "preferredLanguage",
            "defaultUsageLocation",
            "mobileDeviceManagementAuthority",
        ),
        *("partnerTenantType",),
        createdDateTime=TIME,
        deletedDateTime=TIME,
        onPremisesLastSyncDateTime=TIME,
        onPremisesSyncEnabled=BOOLEAN,
        isMultipleDataLocationsForServicesEnabled=BOOLEAN,
        businessPhones=STRINGS,
        marketingNotificationEmails=STRINGS,
        securityComplianceNotificationMails=STRINGS,
        securityComplianceNotificationPhones=STRINGS,
        technicalNotificationMails=STRINGS,
        verifiedDomains="Collection(graph.verifiedDomain)",
        assignedPlans="Collection(graph.assignedPlan)",
        provisionedPlans="Collection(graph.provisionedPlan)",
        privacyProfile="graph.privacyProfile",
        directorySizeQuota="graph.directorySizeQuota",
    ).properties,
    is_open=True,
)

ENTITY_SETS: Mapping[str, EntityType] = {
    "users": USER,
    "groups": GROUP,
    "directoryObjects": DIRECTORY_OBJECT,
    "administrativeUnits": ADMINISTRATIVE_UNIT,
    "servicePrincipals": SERVICE_PRINCIPAL,
    "organization": _ORGANIZATION,
    "licenseDetails": _type(
        "licenseDetails",
        *("skuId", "skuPartNumber"),
        servicePlans="Collection(graph.servicePlanInfo)",
    ),
    "directoryRoles": _type(
        "directoryRole",
        *("displayName", "description", "roleTemplateId"),
        deletedDateTime=TIME,
    ),
    "scopedRoleMemberships": _type(
        "scopedRoleMembership",
        *("roleId", "administrativeUnitId"),
        roleMemberInfo="graph.identity",
    ),
    "roleManagement/directory/roleAssignments": _type(
        "unifiedRoleAssignment",
        *("principalId", "roleDefinitionId", "directoryScopeId", "appScopeId", "condition"),
        # The older names, which Graph still knows in beta.
        *("resourceScope", "principalOrganizationId"),
    ),
    "roleManagement/directory/roleAssignmentSchedules": _SCHEDULE,
    "roleManagement/directory/roleEligibilitySchedules": _SCHEDULE,
    "roleManagement/directory/roleAssignmentScheduleInstances": _SCHEDULE_INSTANCE,
    "roleManagement/directory/roleEligibilityScheduleInstances": _SCHEDULE_INSTANCE,
    "roleManagement/directory/roleDefinitions": _type(
        "unifiedRoleDefinition",
        *("displayName", "description", "templateId", "version"),
        isBuiltIn=BOOLEAN,
        isEnabled=BOOLEAN,
        isPrivileged=BOOLEAN,
        resourceScopes=STRINGS,
        rolePermissions="Collection(graph.unifiedRolePermission)",
    ),
    "domains": _type(
        "domain",
        *("authenticationType", "availabilityStatus", "manufacturer", "model"),
        isAdminManaged=BOOLEAN,
        isDefault=BOOLEAN,
        isInitial=BOOLEAN,
        isRoot=BOOLEAN,
        isVerified=BOOLEAN,
        passwordNotificationWindowInDays=INTEGER,
        passwordValidityPeriodInDays=INTEGER,
        supportedServices=STRINGS,
        state="graph.domainState",
    ),
    "subscribedSkus": _type(
        "subscribedSku",
        *("accountId", "accountName", "appliesTo", "capabilityStatus", "skuPartNumber"),
        consumedUnits=INTEGER,
        skuId=GUID,
        subscriptionIds=STRINGS,
        prepaidUnits="graph.licenseUnitsDetail",
        servicePlans="Collection(graph.servicePlanInfo)",
    ),
    "identity/conditionalAccess/policies": _POLICY,
    "identity/conditionalAccess/deletedItems/policies": _POLICY,
    "identity/conditionalAccess/namedLocations": _LOCATION,
    "identity/conditionalAccess/deletedItems/namedLocations": _LOCATION,
    "policies/authenticationStrengthPolicies": _type(
        "authenticationStrengthPolicy",
        *("displayName", "description", "policyType", "requirementsSatisfied"),
        allowedCombinations="Collection(graph.authenticationMethodModes)",
        combinationConfigurations="Collection(graph.authenticationCombinationConfiguration)",
        **_TIMES,
    ),
    "policies/identitySecurityDefaultsEnforcementPolicy": _type(
        "identitySecurityDefaultsEnforcementPolicy",
        *("displayName", "description"),
        isEnabled=BOOLEAN,
        deletedDateTime=TIME,
    ),
    "policies/authenticationMethodsPolicy": _type(
        "authenticationMethodsPolicy",
        *("displayName", "description", "policyVersion", "policyMigrationState"),
        lastModifiedDateTime=TIME,
        reconfirmationInDays=INTEGER,
        registrationEnforcement="graph.registrationEnforcement",
        authenticationMethodConfigurations=("Collection(graph.authenticationMethodConfiguration)"),
    ),
    "authenticationMethodConfigurations": _type(
        "authenticationMethodConfiguration",
        "state",
        excludeTargets="Collection(graph.excludeTarget)",
    ),
    "authentication/methods": _METHOD,
    "authentication/requirements": EntityType(
        "microsoft.graph.strongAuthenticationRequirements", {"perUserMfaState": STRING}
    ),
    "webauthnCredentialCreationOptions": _type(
        "webauthnCredentialCreationOptions",
        challengeTimeoutDateTime=TIME,
        publicKey="graph.webauthnPublicKeyCredentialCreationOptions",
    ),
    "authentication/temporaryAccessPassMethods": _PASS,
    "authentication/fido2Methods": _PASSKEY,
    "reports/authenticationMethods/userRegistrationDetails": _type(
        "userRegistrationDetails",
        *("userPrincipalName", "userDisplayName", "userType"),
        "userPreferredMethodForSecondaryAuthentication",
        **dict.fromkeys(
            (
                *("isAdmin", "isMfaCapable", "isMfaRegistered", "isPasswordlessCapable"),
                *("isSsprCapable", "isSsprEnabled", "isSsprRegistered"),
                "isSystemPreferredAuthenticationMethodEnabled",
            ),
            BOOLEAN,
        ),
        methodsRegistered=STRINGS,
        systemPreferredAuthenticationMethods=STRINGS,
        lastUpdatedDateTime=TIME,
    ),
    "auditLogs/directoryAudits": _AUDIT,
    "auditLogs/signIns": _SIGN_IN,
}
"""What a query of a collection may name."""
