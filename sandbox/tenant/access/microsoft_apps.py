"""Microsoft's own applications: their ids, application groups and dependencies.

Ids: Microsoft Learn, "Verify first-party Microsoft applications in sign-in reports". Groups: "Apps
included in Conditional Access Office 365 app suite" (by name; the page gives no ids) and "Cloud
apps: Microsoft Admin Portals". Dependencies: "Conditional Access service dependencies". Which the
platform itself guards: "Planning for mandatory multifactor authentication". Seen in public sign-in
logs and client code, not on these pages: the ids of the Teams admin center, One Outlook Web and My
Signins, and that the Defender and Purview portals sign in as the Security and Compliance Center.
"""

from sandbox.tenant.access.cloud_apps import ADMIN_PORTALS, OFFICE_365, CloudApp, unknown_app
from sandbox.tenant.access.policy_schema import GUID
from sandbox.tenant.errors import ServiceError

_Service = tuple[str, str]  # name, id

AZURE_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
_MANAGEMENT = ("Windows Azure Service Management API", AZURE_MANAGEMENT)
_GRAPH = ("Microsoft Graph", "00000003-0000-0000-c000-000000000000")
_EXCHANGE = ("Office 365 Exchange Online", "00000002-0000-0ff1-ce00-000000000000")
_SHAREPOINT = ("Office 365 SharePoint Online", "00000003-0000-0ff1-ce00-000000000000")
_SKYPE = ("Skype for Business Online", "00000004-0000-0ff1-ce00-000000000000")
_TEAMS = ("Microsoft Teams Services", "cc15fd57-2c6c-4117-a88c-83b1d56b4bbe")
_TEAMS_ADMIN = ("Skype and Teams Tenant Admin API", "48ac35b8-9aa8-4d74-927d-1f4a14a0b239")
_STREAM = ("Microsoft Stream Portal", "cf53fce8-def6-4aeb-8d30-b158e7b1cf83")
_WHITEBOARD = ("Microsoft Whiteboard Services", "95de633a-083e-42f5-b444-a4295d8e9314")
_DEFENDER = "80ccca67-54bd-44ab-8625-4b79c4dc7775"
_AZURE_PORTAL = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"

_TEAMS_NEEDS = (_EXCHANGE, _SHAREPOINT, _SKYPE)
_TEAMS_CALLS = (_STREAM, _WHITEBOARD)

PORTAL_SENTENCE = (
    "The platform itself demands multifactor authentication here, apart from Conditional Access "
    "and without exceptions for excluded accounts: a password alone is not enough, the account "
    "needs a registered passkey (FIDO2) or a certificate."
)
COMMAND_LINE_SENTENCE = (
    "The platform itself demands multifactor authentication for every create, update and delete "
    "made through this tool, also of excluded accounts: a password alone only reads."
)
PLATFORM_UNKNOWN = (
    "whether the platform itself demands multifactor authentication of this application: its id "
    "is neither one of Microsoft's that the simulated tenant knows nor one of the tenant's"
)


def _app(
    name: str,
    app_id: str,
    resource: _Service | None = None,
    *groups: str,
    needs: tuple[_Service, ...] = (),
    later: tuple[_Service, ...] = (),
    maybe: tuple[str, ...] = (),
    asks: str | None = None,
    public: bool = False,
) -> CloudApp:
    asked_name, asked_id = resource or (name, app_id)
    return CloudApp(
        name,
        app_id,
        asked_id,
        asked_name,
        frozenset(groups),
        frozenset(maybe),
        needs=needs,
        calls_later=later,
        platform_asks=asks,
        platform_interrupts=asks == PORTAL_SENTENCE,
        is_public_client=public,
    )


def _command_line(name: str, app_id: str) -> CloudApp:
    return _app(name, app_id, _MANAGEMENT, asks=COMMAND_LINE_SENTENCE, public=True)


def _azure_portal(name: str) -> CloudApp:
    return _app(name, _AZURE_PORTAL, _MANAGEMENT, ADMIN_PORTALS, asks=PORTAL_SENTENCE)


def _defender(name: str) -> CloudApp:
    # The Office 365 page lists a "Protection Center"; that this is it is not said.
    return _app(name, _DEFENDER, None, ADMIN_PORTALS, maybe=(OFFICE_365,))


_PORTALS = (
    _azure_portal("Azure Portal"),
    _azure_portal("Microsoft Entra admin center"),
    _azure_portal("Microsoft Intune admin center"),
    _app(
        "Microsoft 365 admin center",
        "00000006-0000-0ff1-ce00-000000000000",
        _GRAPH,
        ADMIN_PORTALS,
        OFFICE_365,
        asks=PORTAL_SENTENCE,
    ),
    # Guarded by policies for the admin portals; the platform's own demand does not name these.
    _app(
        "Exchange admin center",
        "497effe9-df71-4043-a8bb-14cf78c4b63b",
        _EXCHANGE,
        ADMIN_PORTALS,
        OFFICE_365,
    ),
    _app(
        "Microsoft Teams admin center",
        "2ddfbe71-ed12-4123-b99b-d5fc8a062a79",
        _TEAMS_ADMIN,
        ADMIN_PORTALS,
        OFFICE_365,
    ),
    _defender("Microsoft 365 Security and Compliance Center"),
    _defender("Microsoft Defender portal"),
    _defender("Microsoft Purview portal"),
)

_COMMAND_LINES = (
    _command_line("Microsoft Azure CLI", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"),
    _command_line("Microsoft Azure PowerShell", "1950a258-227b-4e31-a9cf-717495945fc2"),
    _command_line("Azure mobile app", "0c1307d4-29d6-4389-a11c-5cbe7f65d7fa"),
)


def _office(
    name: str,
    app_id: str,
    resource: _Service | None = None,
    *,
    needs: tuple[_Service, ...] = (),
    later: tuple[_Service, ...] = (),
    public: bool = False,
) -> CloudApp:
    return _app(name, app_id, resource, OFFICE_365, needs=needs, later=later, public=public)


_OFFICE = (
    _office(*_EXCHANGE),
    _office("One Outlook Web", "9199bf20-a13f-4107-85dc-02114787ef48", _EXCHANGE),
    _office("Outlook Mobile", "27922004-5251-4030-b22d-91ecd9a37ea4", _EXCHANGE, public=True),
    _office("Microsoft Office", "d3590ed6-52b3-4102-aeff-aad2292ab01c", public=True),
    _office(*_SHAREPOINT),
    _office(
        "OneDrive SyncEngine", "ab9b8c07-8f02-4f72-87fa-80105867a763", _SHAREPOINT, public=True
    ),
    _office(
        "Microsoft Teams",
        "1fec8e78-bce4-4aaf-ab1b-5451cc387264",
        _TEAMS,
        needs=_TEAMS_NEEDS,
        later=_TEAMS_CALLS,
        public=True,
    ),
    _office(
        "Microsoft Teams Web Client",
        "5e3ce6c0-2b1f-4285-8d4b-75ee78787346",
        _TEAMS,
        needs=_TEAMS_NEEDS,
        later=_TEAMS_CALLS,
    ),
    _office(*_TEAMS),
    _office(*_SKYPE, needs=(_EXCHANGE,)),
    _office(
        "OfficeHome",
        "4765445b-32c6-49b0-83e6-1d93765276ca",
        _GRAPH,
        later=(_EXCHANGE, _SHAREPOINT),
    ),
    _office("Office.com", "4b233688-031c-404b-9a80-a4f3f2351f90", later=(_EXCHANGE, _SHAREPOINT)),
    _office(
        "Microsoft Forms", "c9a559d2-7aab-4f13-a6ed-e7e9c52aec87", needs=(_EXCHANGE, _SHAREPOINT)
    ),
    _office("Viva Engage", "00000005-0000-0ff1-ce00-000000000000"),
    _office("Microsoft Exchange Online Protection", "00000007-0000-0ff1-ce00-000000000000"),
    _office(*_STREAM),
    _office(*_WHITEBOARD),
    _office("O365 Suite UX", "4345a7b9-9a63-4910-a426-35363201d503"),
    _office("Office 365 Search Service", "66a88757-258c-4c72-893c-3e8bed4d6899"),
    _office("Office Delve", "94c63fef-13a3-47bc-8074-75af8c65887a"),
    _office("Office Online Add-in SSO", "93d53678-613d-4013-afc1-62e9e444a0a5"),
    _office("Office Online Core SSO", "243c63a3-247d-41c5-9d83-7788c43f1c43"),
    _office("Office365 Shell WCSS-Client", "89bee1f7-5e6e-4d8a-9f3d-ecd601259da7"),
    _office("OfficeClientService", "0f698dd4-f011-4d23-a33e-b36416dcb1e6"),
    _office("OneNote", "2d4d3d8e-2be3-4bef-9f87-7875a61c29de"),
    _office("SharePoint Online Web Client Extensibility", "08e18876-6177-487e-b8b5-cf950c1e598c"),
    _office("Sway", "905fcf26-4eb7-48a0-9ff0-8dcc7194b5ba"),
    _office("Media Analysis and Transformation Service", "944f0bd1-117b-4b1c-af26-804ed95e767e"),
)

# On the page of ids, not on that of the Office 365 suite.
_OTHERS = (
    _app("My Signins", "19db86c3-b2b9-44cc-b339-36da233a3be2", _GRAPH),
    _app("Graph Explorer", "de8bc8b5-d9f9-48b1-a8ad-b748da725064", _GRAPH),
    _app(
        "Microsoft Graph Command Line Tools",
        "14d82eec-204b-4c2f-b7e8-296a70dab67e",
        _GRAPH,
        public=True,
    ),
    _app(*_MANAGEMENT, asks=COMMAND_LINE_SENTENCE),
    _app(*_GRAPH),
    _app("Windows Azure Active Directory", "00000002-0000-0000-c000-000000000000"),
    _app("Azure Data Lake", "e9f49c6b-5ce5-44c8-925d-015017e9f7ad", needs=(_MANAGEMENT,)),
    _app("Power BI Service", "00000009-0000-0000-c000-000000000000"),
)

KNOWN: tuple[CloudApp, ...] = (*_PORTALS, *_COMMAND_LINES, *_OFFICE, *_OTHERS)


def cloud_app(name_or_id: str) -> CloudApp:
    """A known application by display name or id; of any other GUID little can be said.

    Raises `ServiceError` 404 that lists the known names.
    """
    wanted = name_or_id.strip().lower()
    for app in KNOWN:
        if wanted in (app.display_name.lower(), app.app_id):
            return app
    if GUID.fullmatch(wanted):
        return unknown_app(wanted)
    names = ", ".join(app.display_name for app in KNOWN)
    raise ServiceError(
        404, "ApplicationNotFound", f"Unknown app '{name_or_id}'; give an id or one of: {names}."
    )
