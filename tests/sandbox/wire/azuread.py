"""The azuread provider's calls (v3), resource by resource.

Source: hashicorp/terraform-provider-azuread, `internal/services`; a type's nullable properties are
sent as null, each body carries its `@odata.type`, five polls 5 s apart follow most creates and all
deletes (`internal/helpers/consistency`).
"""

from typing import Any

from tests.sandbox.wire.steps import JSON, Step, Wait, delete, get, patch, post

FIVE_POLLS = Wait()
SHORT_WAIT = Wait(times=3, every=1)

Steps = tuple[Step, ...]

_USER = "/v1.0/users/{user}"
_USER_BETA = "/beta/users/{user}"
_GROUP = "/beta/groups/{group}"
_ASSIGNMENTS = "/v1.0/roleManagement/directory/roleAssignments"
_UNIT = "/v1.0/directory/administrativeUnits/{unit}"

_EXTRA = (
    *("accountEnabled", "ageGroup", "city", "companyName", "consentProvidedForMinor", "country"),
    *("department", "employeeHireDate", "employeeId", "employeeOrgData", "employeeType"),
    *("faxNumber", "mailNickname", "onPremisesImmutableId", "otherMails", "passwordPolicies"),
    *("postalCode", "state", "streetAddress", "usageLocation"),
)
_USER_NULLS: JSON = {
    **dict.fromkeys(("ageGroup", "city", "consentProvidedForMinor", "companyName", "country")),
    **dict.fromkeys(("department", "employeeId", "employeeType", "faxNumber", "givenName")),
    **dict.fromkeys(("jobTitle", "mobilePhone", "officeLocation", "postalCode", "state")),
    **dict.fromkeys(("preferredLanguage", "streetAddress", "surname", "usageLocation")),
    "employeeOrgData": {"costCenter": None, "division": None},
    "otherMails": [],
}


def _user(**properties: Any) -> JSON:
    return {
        "@odata.type": "#microsoft.graph.user",
        **_USER_NULLS,
        "accountEnabled": True,
        "displayName": "Quiet Harbor",
        "mailNickname": "quiet-harbor",
        "passwordPolicies": "DisablePasswordExpiration",
        "userPrincipalName": "quiet-harbor@{domain}",
        **properties,
    }


USER_READ: Steps = (
    get(_USER, expect={"id": "{user}", "userPrincipalName": "quiet-harbor@{domain}"}),
    get(
        _USER,
        query={"$select": ",".join(_EXTRA)},
        expect={"accountEnabled": True, "passwordPolicies": "DisablePasswordExpiration"},
    ),
    get(_USER_BETA, query={"$select": "showInAddressList"}, expect={"showInAddressList": False}),
    get(f"{_USER}/manager", 404),
)
USER_CREATE: Steps = (
    post(
        "/v1.0/users",
        _user(
            mail=None,
            passwordProfile={
                "@odata.type": "#microsoft.graph.passwordProfile",
                "forceChangePasswordNextSignIn": False,
                "password": "Correct-Horse-1",
            },
        ),
        keep={"user": "id"},
    ),
    patch(
        _USER_BETA,
        {"@odata.type": "#microsoft.graph.user", "showInAddressList": False},
        again_on=(404,),
    ),
    get(_USER, wait=FIVE_POLLS),
    *USER_READ,
)
USER_UPDATE: Steps = (
    patch(_USER, _user(displayName="Still Harbor")),
    *USER_READ,
)
USER_DELETE: Steps = (delete(_USER), get(_USER, 404, wait=FIVE_POLLS))

_OBJECT = "{graph}/beta/directoryObjects/"

GROUP_READ: Steps = (
    get(_GROUP, expect={"id": "{group}", "displayName": "BTG Admins", "isAssignableToRole": True}),
    get(f"{_GROUP}/owners", expect={"value.*.id": ["{caller}"]}),
    get(f"{_GROUP}/members"),
    get(f"{_GROUP}/memberOf"),
)
GROUP_CREATE: Steps = (
    get(
        "/beta/groups",
        query={"$filter": "displayName eq 'BTG Admins'"},
        expect={"value": []},
    ),
    post(
        "/beta/groups",
        {
            "@odata.type": "#microsoft.graph.group",
            "description": None,
            "displayName": "BTG Admins",
            "groupTypes": [],
            "isAssignableToRole": True,
            "mailEnabled": False,
            "mailNickname": "4f1e9c7a-3",
            "membershipRule": None,
            "owners@odata.bind": [_OBJECT + "{caller}"],
            "resourceBehaviorOptions": [],
            "resourceProvisioningOptions": [],
            "securityEnabled": True,
        },
        keep={"group": "id"},
    ),
    *(
        patch(
            _GROUP,
            {"@odata.type": "#microsoft.graph.group", "displayName": name},
            again_on=(404,),
        )
        for name in ("TERRAFORM_UPDATE_0c8ff1a6-5cb1-47b8-94d1-5a9b1ee16ea5", "BTG Admins")
    ),
    get(_GROUP, expect={"displayName": "BTG Admins"}, wait=FIVE_POLLS),
    *GROUP_READ,
)
GROUP_DELETE: Steps = (get(_GROUP), delete(_GROUP), get(_GROUP, 404, wait=FIVE_POLLS))

_MEMBERS = f"{_GROUP}/members"
_ONE_MEMBER = {"$filter": "id eq '{user}'"}

MEMBER_READ: Steps = (get(_MEMBERS, query=_ONE_MEMBER, expect={"value.*.id": ["{user}"]}),)
MEMBER_CREATE: Steps = (
    get(_GROUP),
    get(_MEMBERS, expect={"value": []}),
    post(f"{_MEMBERS}/$ref", {"@odata.id": _OBJECT + "{user}"}, 204),
    get(_MEMBERS, query=_ONE_MEMBER, expect={"value.*.id": ["{user}"]}, wait=FIVE_POLLS),
    *MEMBER_READ,
)
MEMBER_DELETE: Steps = (
    delete(f"{_MEMBERS}/{{user}}/$ref"),
    get(_MEMBERS, query=_ONE_MEMBER, expect={"value": []}, wait=FIVE_POLLS),
)

ROLE_READ: Steps = (
    get(
        f"{_ASSIGNMENTS}/{{assignment}}",
        expect={"principalId": "{user}", "roleDefinitionId": "{role}", "directoryScopeId": "/"},
    ),
)
ROLE_CREATE: Steps = (
    post(
        _ASSIGNMENTS,
        {
            "@odata.type": "#microsoft.graph.unifiedRoleAssignment",
            "directoryScopeId": "/",
            "principalId": "{user}",
            "roleDefinitionId": "{role}",
        },
        keep={"assignment": "id"},
    ),
    get(f"{_ASSIGNMENTS}/{{assignment}}", wait=SHORT_WAIT),
    *ROLE_READ,
)
ROLE_DELETE: Steps = (delete(f"{_ASSIGNMENTS}/{{assignment}}"),)

_UNIT_TYPE = {"@odata.type": "#microsoft.graph.administrativeUnit"}

UNIT_READ: Steps = (
    get(_UNIT, expect={"displayName": "Break glass", "visibility": "Public"}),
    get(f"{_UNIT}/members"),
)
UNIT_CREATE: Steps = (
    post(
        "/v1.0/directory/administrativeUnits",
        {**_UNIT_TYPE, "displayName": "Break glass", "visibility": "Public"},
        keep={"unit": "id"},
    ),
    *(
        patch(_UNIT, {**_UNIT_TYPE, "displayName": name}, again_on=(404,))
        for name in ("TERRAFORM_UPDATE_6f5a3f0e-53c8-4c1f-b2a5-3f6c1f1f9d11", "Break glass")
    ),
)
UNIT_DELETE: Steps = (
    delete("/beta/administrativeUnits/{unit}"),
    get(_UNIT, 404, wait=FIVE_POLLS),
)
UNIT_MEMBER_CREATE: Steps = (
    get(_UNIT),
    get(f"{_UNIT}/members", query=_ONE_MEMBER, expect={"value": []}),
    post(f"{_UNIT}/members/$ref", {"@odata.id": "{graph}/v1.0/directoryObjects/{user}"}, 204),
    get(
        f"{_UNIT}/members",
        query=_ONE_MEMBER,
        expect={"value.*.id": ["{user}"]},
        wait=FIVE_POLLS,
    ),
)
UNIT_MEMBER_DELETE: Steps = (
    delete(f"{_UNIT}/members/{{user}}/$ref"),
    get(f"{_UNIT}/members", query=_ONE_MEMBER, expect={"value": []}, wait=FIVE_POLLS),
)
UNIT_ROLE_CREATE: Steps = (
    post(
        f"{_UNIT}/scopedRoleMembers",
        {
            "@odata.type": "#microsoft.graph.scopedRoleMembership",
            "administrativeUnitId": "{unit}",
            "roleId": "{user_administrator}",
            "roleMemberInfo": {"@odata.type": "#microsoft.graph.identity", "id": "{user}"},
        },
        keep={"scoped": "id"},
    ),
)
UNIT_ROLE_READ: Steps = (
    get(
        f"{_UNIT}/scopedRoleMembers/{{scoped}}",
        expect={
            "administrativeUnitId": "{unit}",
            "roleId": "{user_administrator}",
            "roleMemberInfo.id": "{user}",
        },
    ),
)
UNIT_ROLE_DELETE: Steps = (delete(f"{_UNIT}/scopedRoleMembers/{{scoped}}"),)

DOMAINS: Steps = (
    get(
        "/v1.0/domains",
        expect={
            "value.0.id": "{domain}",
            "value.0.isInitial": True,
            "value.0.isDefault": False,
            "value.0.isVerified": True,
            "value.0.isRoot": True,
            "value.0.isAdminManaged": True,
            "value.0.authenticationType": "Managed",
        },
    ),
)
