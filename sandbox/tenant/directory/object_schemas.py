"""The properties of users and groups that a client may write, by type.

Source: Microsoft Graph v1.0 reference, "user resource type" and "group resource type".
"""

USER_BOOLEANS = frozenset({"accountEnabled", "showInAddressList"})
USER_LISTS = frozenset({"businessPhones", "otherMails"})
USER_OBJECTS = frozenset({"passwordProfile", "employeeOrgData"})
USER_STRINGS = frozenset(
    {
        *("displayName", "givenName", "surname", "userPrincipalName", "userType"),
        *("mail", "mailNickname", "mobilePhone", "faxNumber", "preferredLanguage"),
        *("jobTitle", "department", "companyName", "officeLocation", "usageLocation"),
        *("streetAddress", "postalCode", "city", "state", "country"),
        *("ageGroup", "consentProvidedForMinor", "passwordPolicies", "onPremisesImmutableId"),
        *("employeeHireDate", "employeeId", "employeeType"),
    }
)
USER_PROPERTIES = USER_BOOLEANS | USER_LISTS | USER_OBJECTS | USER_STRINGS
USER_REQUIRED = (
    *("accountEnabled", "displayName", "mailNickname", "passwordProfile", "userPrincipalName"),
)

GROUP_REQUIRED = ("displayName", "mailEnabled", "mailNickname", "securityEnabled")
GROUP_PROPERTIES = frozenset(
    {
        *GROUP_REQUIRED,
        *("description", "groupTypes", "visibility", "theme", "isAssignableToRole"),
        *("membershipRule", "membershipRuleProcessingState", "writebackConfiguration"),
        *("resourceBehaviorOptions", "resourceProvisioningOptions", "autoSubscribeNewMembers"),
        *("hideFromAddressLists", "hideFromOutlookClients"),
    }
)
