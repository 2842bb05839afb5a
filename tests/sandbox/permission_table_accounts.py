"""The third part of the permission table: what stands at an account besides the directory's own.

Sources: Microsoft Graph, "List phoneMethods" and the like of each kind of method, "Get
authentication method states", "List roleAssignmentSchedules", "List roleEligibilitySchedules",
"List servicePrincipal transitive memberOf".
"""

from tests.sandbox.permission_table import APP, DIRECTORY, EVE, READER, Case
from tests.support.tenant import JSON, object_id

THEN = "2025-03-01T08:00:00Z"
ELIGIBLE = object_id("eligible")
MOBILE, EMAIL = "3179e48a-750b-4051-897c-87b9720928f7", "3ddfcfc8-9383-446f-83cc-3ab9be4be18f"

METHODS: dict[str, tuple[str, str, JSON]] = {
    "phone": ("phoneMethods", "Phone", {"phoneNumber": "+49 1", "phoneType": "mobile"}),
    "email": ("emailMethods", "Email", {"emailAddress": "eve@example.com"}),
    "microsoftAuthenticator": (
        *("microsoftAuthenticatorMethods", "MicrosoftAuthApp"),
        {"displayName": "Eve's phone", "deviceTag": "SoftwareTokenActivated"},
    ),
    "softwareOath": ("softwareOathMethods", "SoftwareOATH", {}),
    "windowsHelloForBusiness": (
        *("windowsHelloForBusinessMethods", "WindowsHello"),
        {"displayName": "Eve's laptop", "keyStrength": "normal"},
    ),
    "platformCredential": (
        *("platformCredentialMethods", "PlatformCred"),
        {"displayName": "Eve's laptop", "keyStrength": "normal", "platform": "macOS"},
    ),
    "hardwareOath": ("hardwareOathMethods", "HardwareOATH", {}),
}
"""By the kind's name: the segment of its path, its permissions, what it has besides."""


def method(kind: str, user_id: str = EVE) -> JSON:
    """A method of a user for a tenant document."""
    return {
        "id": object_id(f"methods/{kind}/{user_id}"),
        "@odata.type": f"#microsoft.graph.{kind}AuthenticationMethod",
        "userId": user_id,
        "createdDateTime": THEN,
        **METHODS[kind][2],
    }


def shown_id(kind: str) -> str:
    """The id of Eve's method of a kind, as Graph shows it."""
    known = {"phone": MOBILE, "email": EMAIL}
    return known[kind] if kind in known else method(kind)["id"]


def eligibility() -> JSON:
    """A role that Eve may activate, for a tenant document."""
    role = {"id": ELIGIBLE, "principalId": EVE, "roleDefinitionId": READER}
    return role | {"startDateTime": THEN}


def _method_routes() -> list[Case]:
    write = ("UserAuthenticationMethod.ReadWrite.All",)
    read = ("UserAuthenticationMethod.Read.All", *write)
    mfa = ("Policy.Read.All", "Policy.ReadWrite.AuthenticationMethod")
    base = "/users/{id}/authentication"
    found = [Case(f"GET {base}/requirements", mfa, {"id": EVE})]
    for kind, (segment, permission, _) in METHODS.items():
        own = f"UserAuthMethod-{permission}"
        may_write = (f"{own}.ReadWrite.All", *write)
        may_read = (f"{own}.Read.All", f"{own}.ReadWrite.All", *read)
        one = {"id": EVE, "method": shown_id(kind)}
        found += [
            Case(f"GET {base}/{segment}", may_read, {"id": EVE}),
            Case(f"GET {base}/{segment}/{{method}}", may_read, one),
            Case(f"DELETE {base}/{segment}/{{method}}", may_write, one, None, 204),
        ]
    return found


def _role_routes() -> list[Case]:
    base, found = "/roleManagement/directory", list[Case]()
    for kind, held in (("Assignment", object_id("roles/ada")), ("Eligibility", ELIGIBLE)):
        read = (
            *(f"Role{kind}Schedule.Read.Directory", f"Role{kind}Schedule.ReadWrite.Directory"),
            *("RoleManagement.Read.All", "RoleManagement.Read.Directory"),
            "RoleManagement.ReadWrite.Directory",
        )
        for listing in ("Schedules", "ScheduleInstances"):
            path = f"{base}/role{kind}{listing}"
            found += [Case(f"GET {path}", read), Case(f"GET {path}/{{id}}", read, {"id": held})]
    return found


def _principal_routes() -> list[Case]:
    read = ("Application.Read.All", "Application.ReadWrite.All", *DIRECTORY)
    return [
        Case(f"GET /servicePrincipals/{{id}}/{link}{count}", read, {"id": APP})
        for link in ("memberOf", "transitiveMemberOf")
        for count in ("", "/$count")
    ]


def cases() -> list[Case]:
    """This part of the table."""
    return [*_method_routes(), *_role_routes(), *_principal_routes()]
