"""The types of what Graph lists here: their properties, and what a query may name.

Source: Microsoft Graph v1.0 and beta reference, the resource types' pages, and the metadata (which
types are open). Properties of both versions are in one list. A path such as
`employeeOrgData/division` is a property of a property.
"""

from collections.abc import Mapping
from dataclasses import dataclass

STRING, BOOLEAN, TIME = "Edm.String", "Edm.Boolean", "Edm.DateTimeOffset"
INTEGER, GUID = "Edm.Int32", "Edm.Guid"
STRINGS = "Collection(Edm.String)"


@dataclass(frozen=True)
class EntityType:
    """A type by its name in Graph, its properties with their types, its relationships.

    An open one also has properties that no reference lists: extensions.
    """

    name: str
    properties: Mapping[str, str]
    links: frozenset[str] = frozenset()
    is_open: bool = False

    def named(self, name: str) -> str | None:
        """A property's own spelling, whatever the case of `name`; None for an unknown one."""
        if name in self.properties:
            return name
        if self.is_open and name.startswith("extension_"):
            return name
        return next((known for known in self.properties if known.lower() == name.lower()), None)


def _of(*names: str, kind: str = STRING, more: Mapping[str, str] | None = None) -> dict[str, str]:
    return {**dict.fromkeys(names, kind), **(more or {})}


_ON_PREMISES = {
    **_of("onPremisesDomainName", "onPremisesSamAccountName", "onPremisesSecurityIdentifier"),
    "onPremisesSyncEnabled": BOOLEAN,
    "onPremisesLastSyncDateTime": TIME,
    "onPremisesProvisioningErrors": "Collection(graph.onPremisesProvisioningError)",
}
_LICENCES = {
    "assignedLicenses": "Collection(graph.assignedLicense)",
    "assignedPlans": "Collection(graph.assignedPlan)",
    "provisionedPlans": "Collection(graph.provisionedPlan)",
    "serviceProvisioningErrors": "Collection(graph.serviceProvisioningError)",
}
_DIRECTORY_OBJECT = {"id": STRING, "deletedDateTime": TIME, "createdDateTime": TIME}
_EXTENSION_ATTRIBUTES = tuple(f"extensionAttribute{number}" for number in range(1, 16))
_SIGN_IN_ACTIVITY = (
    *("lastSignInDateTime", "lastNonInteractiveSignInDateTime", "lastSuccessfulSignInDateTime"),
)

USER = EntityType(
    "microsoft.graph.user",
    {
        **_DIRECTORY_OBJECT,
        **_ON_PREMISES,
        **_LICENCES,
        **_of("displayName", "givenName", "surname", "userPrincipalName", "userType", "mail"),
        **_of("mailNickname", "mobilePhone", "faxNumber", "preferredLanguage", "preferredName"),
        **_of("jobTitle", "department", "companyName", "officeLocation", "usageLocation"),
        **_of("streetAddress", "postalCode", "city", "state", "country", "aboutMe", "mySite"),
        **_of("ageGroup", "consentProvidedForMinor", "legalAgeGroupClassification"),
        **_of("passwordPolicies", "employeeId", "employeeType", "creationType"),
        **_of("onPremisesImmutableId", "onPremisesDistinguishedName", "preferredDataLocation"),
        **_of("onPremisesUserPrincipalName", "securityIdentifier", "externalUserState"),
        **_of("accountEnabled", "showInAddressList", kind=BOOLEAN),
        **_of("isResourceAccount", "isManagementRestricted", kind=BOOLEAN),
        **_of("employeeHireDate", "employeeLeaveDateTime", "birthday", "hireDate", kind=TIME),
        **_of("lastPasswordChangeDateTime", "signInSessionsValidFromDateTime", kind=TIME),
        **_of("refreshTokensValidFromDateTime", kind=TIME),
        "externalUserStateChangeDateTime": TIME,
        **_of("businessPhones", "otherMails", "proxyAddresses", "imAddresses", kind=STRINGS),
        **_of("interests", "pastProjects", "responsibilities", "schools", kind=STRINGS),
        **_of("skills", "infoCatalogs", kind=STRINGS),
        "deviceEnrollmentLimit": INTEGER,
        "passwordProfile": "graph.passwordProfile",
        "employeeOrgData": "graph.employeeOrgData",
        **_of("employeeOrgData/division", "employeeOrgData/costCenter"),
        "onPremisesExtensionAttributes": "graph.onPremisesExtensionAttributes",
        **_of(*(f"onPremisesExtensionAttributes/{name}" for name in _EXTENSION_ATTRIBUTES)),
        "signInActivity": "graph.signInActivity",
        **_of(*(f"signInActivity/{name}" for name in _SIGN_IN_ACTIVITY), kind=TIME),
        "authorizationInfo": "graph.authorizationInfo",
        "customSecurityAttributes": "graph.customSecurityAttributeValue",
        "identities": "Collection(graph.objectIdentity)",
        "licenseAssignmentStates": "Collection(graph.licenseAssignmentState)",
        "mailboxSettings": "graph.mailboxSettings",
        "print": "graph.userPrint",
    },
    frozenset(
        {
            *("manager", "directReports", "memberOf", "transitiveMemberOf", "sponsors"),
            *("ownedObjects", "ownedDevices", "registeredDevices", "createdObjects"),
            *("licenseDetails", "oauth2PermissionGrants", "appRoleAssignments", "extensions"),
            *("scopedRoleMemberOf", "authentication"),
        }
    ),
    is_open=True,
)

GROUP = EntityType(
    "microsoft.graph.group",
    {
        **_DIRECTORY_OBJECT,
        **_ON_PREMISES,
        "assignedLabels": "Collection(graph.assignedLabel)",
        **{name: _LICENCES[name] for name in ("assignedLicenses", "serviceProvisioningErrors")},
        **_of("displayName", "description", "mail", "mailNickname", "visibility", "theme"),
        **_of("classification", "membershipRule", "membershipRuleProcessingState", "uniqueName"),
        **_of("preferredDataLocation", "preferredLanguage", "securityIdentifier"),
        **_of("onPremisesNetBiosName"),
        **_of("mailEnabled", "securityEnabled", "isAssignableToRole", kind=BOOLEAN),
        **_of("allowExternalSenders", "autoSubscribeNewMembers", kind=BOOLEAN),
        **_of("hideFromAddressLists", "hideFromOutlookClients", "isArchived", kind=BOOLEAN),
        **_of("isSubscribedByMail", "hasMembersWithLicenseErrors", kind=BOOLEAN),
        **_of("isManagementRestricted", kind=BOOLEAN),
        **_of("expirationDateTime", "renewedDateTime", kind=TIME),
        **_of("groupTypes", "proxyAddresses", "resourceBehaviorOptions", kind=STRINGS),
        **_of("resourceProvisioningOptions", "creationOptions", kind=STRINGS),
        "unseenCount": INTEGER,
        "licenseProcessingState": "graph.licenseProcessingState",
        "writebackConfiguration": "graph.groupWritebackConfiguration",
    },
    frozenset(
        {
            *("members", "owners", "memberOf", "transitiveMembers", "transitiveMemberOf"),
            *("membersWithLicenseErrors", "appRoleAssignments", "createdOnBehalfOf"),
            *("acceptedSenders", "rejectedSenders", "extensions", "settings", "permissionGrants"),
        }
    ),
    is_open=True,
)

ADMINISTRATIVE_UNIT = EntityType(
    "microsoft.graph.administrativeUnit",
    {
        **_DIRECTORY_OBJECT,
        **_of("displayName", "description", "visibility", "membershipType"),
        **_of("membershipRule", "membershipRuleProcessingState"),
        "isMemberManagementRestricted": BOOLEAN,
    },
    frozenset({"members", "scopedRoleMembers", "extensions"}),
    is_open=True,
)

SERVICE_PRINCIPAL = EntityType(
    "microsoft.graph.servicePrincipal",
    {
        **_DIRECTORY_OBJECT,
        **_of("appId", "displayName", "appDisplayName", "description", "appDescription"),
        **_of("servicePrincipalType", "homepage", "loginUrl", "logoutUrl", "notes"),
        **_of("signInAudience", "preferredSingleSignOnMode", "applicationTemplateId"),
        **_of("disabledByMicrosoftStatus", "preferredTokenSigningKeyThumbprint"),
        "appOwnerOrganizationId": GUID,
        "tokenEncryptionKeyId": GUID,
        **_of("accountEnabled", "appRoleAssignmentRequired", kind=BOOLEAN),
        "preferredTokenSigningKeyEndDateTime": TIME,
        **_of("alternativeNames", "notificationEmailAddresses", "replyUrls", kind=STRINGS),
        **_of("servicePrincipalNames", "tags", kind=STRINGS),
        "addIns": "Collection(graph.addIn)",
        "appRoles": "Collection(graph.appRole)",
        "info": "graph.informationalUrl",
        "keyCredentials": "Collection(graph.keyCredential)",
        "oauth2PermissionScopes": "Collection(graph.permissionScope)",
        "passwordCredentials": "Collection(graph.passwordCredential)",
        "resourceSpecificApplicationPermissions": ("Collection(graph.resourceSpecificPermission)"),
        "samlSingleSignOnSettings": "graph.samlSingleSignOnSettings",
        "verifiedPublisher": "graph.verifiedPublisher",
        "customSecurityAttributes": "graph.customSecurityAttributeValue",
    },
    frozenset(
        {"owners", "memberOf", "transitiveMemberOf", "ownedObjects", "appRoleAssignedTo"}
        | {"appRoleAssignments", "oauth2PermissionGrants", "createdObjects"}
    ),
    is_open=True,
)

DIRECTORY_OBJECT = EntityType(
    "microsoft.graph.directoryObject",
    {
        # Whoever lists objects of several types may name a property of any.
        **ADMINISTRATIVE_UNIT.properties,
        **SERVICE_PRINCIPAL.properties,
        **GROUP.properties,
        **USER.properties,
    },
    is_open=True,
)
