"""Every route of the sandbox's Graph with the permissions that Microsoft's page for it lists.

An alternative is one permission, or several that are needed together ("A and B"). Least privileged
first. Left out of Microsoft's tables are permissions for other clouds' or products' ends (Group-
NestingSupport, Group.ManageProtection, Group-PreferredDataLocation, DeviceManagement…). Where the
table of a page is not known to us, the permissions reference says what a permission allows.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from tests.support.tenant import GLOBAL_ADMINISTRATOR, object_id

JSON = dict[str, Any]

EVE, ADA = object_id("users/eve"), object_id("users/ada")
STAFF, IT = object_id("groups/staff"), object_id("groups/it")
GONE_USER, GONE_GROUP, UNIT = object_id("gone/user"), object_id("gone/group"), object_id("unit")
POLICY, GONE_POLICY = object_id("policies/mfa"), object_id("gone/policy")
LOCATION, GONE_LOCATION = object_id("locations/ours"), object_id("gone/location")
STRENGTH, PASS, PASSKEY = object_id("strength"), object_id("pass"), object_id("passkey")
PASSWORD_METHOD = "28c10230-6103-485e-b985-444c60001490"
READER = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
UNIT_ROLE, APP = object_id("roles/unit"), object_id("app/object")
USED_ROLE = str(uuid5(UUID(object_id("tenant")), GLOBAL_ADMINISTRATOR))
DIRECTORY = ("Directory.Read.All", "Directory.ReadWrite.All")


@dataclass(frozen=True)
class Case:
    """One route: `GET /users/{id}`, what opens it, and a request that succeeds.

    `status` None: without more preparation the request may be refused, but not for a permission.
    """

    route: str
    alternatives: tuple[str, ...]
    params: dict[str, str] = field(default_factory=dict[str, str])
    body: JSON | None = None
    status: int | None = 200

    @property
    def names(self) -> set[str]:
        """Every permission that an alternative has."""
        return {name for alternative in self.alternatives for name in alternative.split(" and ")}

    @property
    def path(self) -> str:
        """The route's path with the parameters in it."""
        return self.route.partition(" ")[2].format(**self.params)


def _user_routes() -> list[Case]:
    read = ("User.Read.All", "User.ReadWrite.All", *DIRECTORY)
    member_of = ("User.Read.All", "GroupMember.Read.All", "Group.Read.All", *DIRECTORY)
    restore = ("User.DeleteRestore.All", "User.ReadWrite.All", "Group.ReadWrite.All")
    eve = {"id": EVE}
    user = {
        "displayName": "New",
        "userPrincipalName": "new@fabrikam.onmicrosoft.com",
        "mailNickname": "new",
        "accountEnabled": True,
        "passwordProfile": {"password": "Correct-Horse-7-Battery"},
    }
    return [
        Case("GET /users", read),
        Case("GET /users/$count", read),
        Case("POST /users", ("User.Create", "User.ReadWrite.All", DIRECTORY[1]), {}, user, 201),
        Case("GET /users/{id}", read, eve),
        Case(
            "PATCH /users/{id}",
            (
                "User.EnableDisableAccount.All and User.Read.All",
                *("User.ReadWrite.All", "Directory.ReadWrite.All"),
            ),
            eve,
            {"accountEnabled": False},
            204,
        ),
        Case("DELETE /users/{id}", restore[:2], eve, None, 204),
        Case("GET /users/{id}/manager", read, eve),
        Case("GET /users/{id}/licenseDetails", ("LicenseAssignment.Read.All", *read), eve),
        Case("GET /users/{id}/memberOf", member_of, eve),
        Case("GET /users/{id}/memberOf/$count", member_of, eve),
        Case("GET /users/{id}/transitiveMemberOf", member_of, eve),
        Case("GET /users/{id}/transitiveMemberOf/$count", member_of, eve),
        Case("GET /directory/deletedItems/microsoft.graph.user", read),
        Case("GET /directory/deletedItems/microsoft.graph.user/$count", read),
    ]


def _group_routes() -> list[Case]:
    read = ("GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", *DIRECTORY)
    members = (
        *("GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All"),
        *("GroupMember.ReadWrite.All", "Directory.Read.All"),
    )
    write = ("Group.ReadWrite.All", "Directory.ReadWrite.All")
    staff, member = {"id": STAFF}, {"id": STAFF, "member": EVE}
    owner = {"id": IT, "member": ADA}
    group = {
        "displayName": "New",
        "mailNickname": "new",
        "mailEnabled": False,
        "securityEnabled": True,
    }
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{ADA}"}
    return [
        Case("GET /groups", read),
        Case("GET /groups/$count", read),
        Case("POST /groups", ("Group.Create", *write), {}, group, 201),
        Case("GET /groups/{id}", read, staff),
        Case("PATCH /groups/{id}", write, staff, {"description": "All"}, 204),
        Case("DELETE /groups/{id}", write[:1], staff, None, 204),
        *(
            Case(f"GET /groups/{{id}}/{tail}{count}", members, staff)
            for tail in ("members", "owners", "transitiveMembers")
            for count in ("", "/$count")
        ),
        # Group.ReadWrite.All is not in the table; the azuread provider reads parents with it.
        Case("GET /groups/{id}/memberOf", read, staff),
        Case("GET /groups/{id}/memberOf/$count", read, staff),
        Case(
            "POST /groups/{id}/members/$ref",
            ("GroupMember.ReadWrite.All", *write),
            {"id": IT},
            reference,
            204,
        ),
        Case("POST /groups/{id}/owners/$ref", write, staff, reference, 204),
        Case(
            "DELETE /groups/{id}/members/{member}/$ref",
            ("GroupMember.ReadWrite.All", *write),
            member,
            None,
            204,
        ),
        Case("DELETE /groups/{id}/owners/{member}/$ref", write, owner, None, 204),
        Case("GET /directory/deletedItems/microsoft.graph.group", read),
    ]


def _directory_routes() -> list[Case]:
    roles = (
        *("RoleManagement.Read.Directory", "RoleManagement.Read.All"),
        *("RoleManagement.ReadWrite.Directory", *DIRECTORY),
    )
    organization = ("Organization.Read.All", "Organization.ReadWrite.All", *DIRECTORY)
    domains = ("Domain.Read.All", "Domain.ReadWrite.All", *DIRECTORY)
    applications = (
        *("Application.Read.All", "Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"),
        "Directory.Read.All",
    )
    belongings = (
        *("User.Read.All", "User.ReadWrite.All", "GroupMember.Read.All", "Group.Read.All"),
        *("GroupMember.ReadWrite.All", "Group.ReadWrite.All", *DIRECTORY),
    )
    assignment = {"principalId": EVE, "roleDefinitionId": READER, "directoryScopeId": "/"}
    role = {"id": object_id("roles/ada")}
    used = (roles[0], roles[2], *DIRECTORY)
    base = "/roleManagement/directory/roleAssignments"
    definitions = "/roleManagement/directory/roleDefinitions"
    asked = {
        "checkMemberGroups": {"groupIds": [STAFF]},
        "getMemberGroups": {"securityEnabledOnly": False},
        "checkMemberObjects": {"ids": [STAFF]},
        "getMemberObjects": {"securityEnabledOnly": False},
    }
    kinds = {"users": EVE, "groups": STAFF, "servicePrincipals": APP, "directoryObjects": EVE}
    return [
        Case(f"GET {base}", roles),
        Case(f"POST {base}", roles[2:3], {}, assignment, 201),
        Case(f"GET {base}/{{id}}", roles, role),
        Case(f"DELETE {base}/{{id}}", roles[2:3], role, None, 204),
        Case(f"GET {definitions}", roles),
        Case(f"GET {definitions}/{{id}}", roles, {"id": READER}),
        Case("GET /directoryRoles", used),
        Case("GET /directoryRoles/{id}", used, {"id": USED_ROLE}),
        Case("GET /directoryRoles/{id}/members", used, {"id": USED_ROLE}),
        Case("GET /reports/authenticationMethods/userRegistrationDetails", ("AuditLog.Read.All",)),
        Case("GET /organization", organization),
        Case("GET /organization/{id}", organization, {"id": object_id("tenant")}),
        Case("GET /domains", domains),
        Case("GET /domains/{id}", domains, {"id": "fabrikam.onmicrosoft.com"}),
        Case("GET /subscribedSkus", ("LicenseAssignment.Read.All", *organization)),
        Case("GET /servicePrincipals", applications),
        Case("GET /servicePrincipals(appId='{appId}')", applications, {"appId": object_id("app")}),
        Case("GET /servicePrincipals/{id}", applications, {"id": APP}),
        Case("GET /directoryObjects/{id}", DIRECTORY[:1], {"id": EVE}),
        Case("POST /directoryObjects/getByIds", DIRECTORY[:1], {}, {"ids": [EVE]}),
        *(
            Case(f"POST /{kind}/{{id}}/{prefix}{action}", belongings, {"id": found}, body)
            for kind, found in kinds.items()
            for action, body in asked.items()
            for prefix in ("", "microsoft.graph.")
        ),
    ]


def _unit_routes() -> list[Case]:
    read = ("AdministrativeUnit.Read.All", "AdministrativeUnit.ReadWrite.All", *DIRECTORY)
    write = ("AdministrativeUnit.ReadWrite.All", "Directory.ReadWrite.All")
    manage = ("RoleManagement.ReadWrite.Directory",)
    roles = ("RoleManagement.Read.Directory", *manage, *DIRECTORY)
    unit, member = {"id": UNIT}, {"id": UNIT, "member": EVE}
    membership = {"id": UNIT, "role": UNIT_ROLE}
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{ADA}"}
    given = {
        "roleId": "fe930be7-5e62-47db-91af-98c3a49a38b1",
        "roleMemberInfo": {"id": object_id("users/fay")},
    }
    found: list[Case] = []
    for base in ("/directory/administrativeUnits", "/administrativeUnits"):
        found += [
            Case(f"GET {base}", read),
            Case(f"POST {base}", write, {}, {"displayName": "New"}, 201),
            Case(f"GET {base}/{{id}}", read, unit),
            Case(f"PATCH {base}/{{id}}", write, unit, {"description": "Ours"}, 204),
            Case(f"DELETE {base}/{{id}}", write, unit, None, 204),
            Case(f"GET {base}/{{id}}/members", read, unit),
            Case(f"GET {base}/{{id}}/members/$ref", read, unit),
            Case(f"POST {base}/{{id}}/members/$ref", write, unit, reference, 204),
            Case(f"POST {base}/{{id}}/members", write, unit, {}, None),
            Case(f"GET {base}/{{id}}/members/{{member}}", read, member),
            Case(f"DELETE {base}/{{id}}/members/{{member}}/$ref", write, member, None, 204),
            Case(f"GET {base}/{{id}}/scopedRoleMembers", roles, unit),
            Case(f"POST {base}/{{id}}/scopedRoleMembers", manage, unit, given, 201),
            Case(f"GET {base}/{{id}}/scopedRoleMembers/{{role}}", roles, membership),
            Case(f"DELETE {base}/{{id}}/scopedRoleMembers/{{role}}", manage, membership, None, 204),
        ]
    return found


def cases() -> list[Case]:
    """The table; the routes under `/identity`, `/policies` and `/auditLogs` are in a second one."""
    return [*_user_routes(), *_group_routes(), *_directory_routes(), *_unit_routes()]
