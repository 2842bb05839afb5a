"""The properties of users and groups that a client may write, and which values each takes.

Source: Microsoft Graph v1.0 reference, "user resource type" and "group resource type".
"""

from collections.abc import Mapping
from typing import cast

from sandbox.tenant.directory.entity_types import BOOLEAN, GROUP, STRING, STRINGS, TIME, USER

USER_PROPERTIES = frozenset(
    {
        *("accountEnabled", "showInAddressList", "businessPhones", "otherMails"),
        *("passwordProfile", "employeeOrgData", "authorizationInfo"),
        *("displayName", "givenName", "surname", "userPrincipalName", "userType"),
        *("mail", "mailNickname", "mobilePhone", "faxNumber", "preferredLanguage"),
        *("jobTitle", "department", "companyName", "officeLocation", "usageLocation"),
        *("streetAddress", "postalCode", "city", "state", "country"),
        *("ageGroup", "consentProvidedForMinor", "passwordPolicies", "onPremisesImmutableId"),
        *("employeeHireDate", "employeeId", "employeeType"),
    }
)
_PARTS: Mapping[str, Mapping[str, type]] = {
    "passwordProfile": {
        "password": str,
        "forceChangePasswordNextSignIn": bool,
        "forceChangePasswordNextSignInWithMfa": bool,
    },
    "employeeOrgData": {"costCenter": str, "division": str},
    "authorizationInfo": {"certificateUserIds": list},
    "writebackConfiguration": {"isEnabled": bool, "onPremisesGroupType": str},
}
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
_GROUP_VALUES: Mapping[str, tuple[str, ...]] = {
    "groupTypes": ("Unified", "DynamicMembership"),
    "visibility": ("Private", "Public", "HiddenMembership"),
    "membershipRuleProcessingState": ("On", "Paused"),
    "theme": ("Teal", "Purple", "Green", "Blue", "Pink", "Orange", "Red"),
}


def user_takes(name: str, value: object) -> bool:
    """Whether a writable property of a user takes a value."""
    kind = USER.properties[name]
    if value is None:
        return name not in USER_REQUIRED and kind != STRINGS
    return value != "" and _is_of(name, kind, value)


def group_takes(name: str, value: object) -> bool:
    """Whether a writable property of a group takes a value."""
    kind = GROUP.properties[name]
    if value is None:
        return name not in GROUP_REQUIRED and kind != STRINGS
    if not _is_of(name, kind, value):
        return False
    words = cast("list[object]", value) if isinstance(value, list) else [value]
    known = _GROUP_VALUES.get(name)
    return known is None or all(word in known for word in words)


def _is_of(name: str, kind: str, value: object) -> bool:
    if kind == STRINGS:
        entries = cast("list[object]", value) if isinstance(value, list) else [None]
        return all(isinstance(entry, str) for entry in entries)
    if kind == BOOLEAN:
        return isinstance(value, bool)
    if kind in (STRING, TIME):
        return isinstance(value, str)
    parts = _PARTS[name]
    return isinstance(value, dict) and all(
        "@odata." in part or (part in parts and _is_part(parts[part], entry))
        for part, entry in cast("dict[str, object]", value).items()
    )


def _is_part(kind: type, entry: object) -> bool:
    if isinstance(entry, list):
        texts = cast("list[object]", entry)
        return kind is list and all(isinstance(text, str) for text in texts)
    return isinstance(entry, kind | None)
