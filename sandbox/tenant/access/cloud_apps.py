"""The cloud applications that people sign in to, as policies and the sign-in log see them.

Ids and groups: Microsoft Learn, "Apps included in Conditional Access Office 365 app suite",
"Cloud apps: Microsoft Admin Portals" and "Planning for mandatory multifactor authentication"
(which applications the platform itself guards, and with which phase).
"""

from dataclasses import dataclass

from sandbox.tenant.access.policy_schema import GUID
from sandbox.tenant.errors import ServiceError

OFFICE_365 = "Office365"
ADMIN_PORTALS = "MicrosoftAdminPortals"

_AZURE_PORTAL = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"
AZURE_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
_AZURE_MANAGEMENT = (AZURE_MANAGEMENT, "Windows Azure Service Management API")
_GRAPH = ("00000003-0000-0000-c000-000000000000", "Microsoft Graph")
_EXCHANGE = ("00000002-0000-0ff1-ce00-000000000000", "Office 365 Exchange Online")
_SHAREPOINT = ("00000003-0000-0ff1-ce00-000000000000", "Office 365 SharePoint Online")
_TEAMS = ("cc15fd57-2c6c-4117-a88c-83b1d56b4bbe", "Microsoft Teams Services")

PORTAL_SENTENCE = (
    "The platform itself demands multifactor authentication here, apart from Conditional Access "
    "and without exceptions for excluded accounts: a password alone is not enough, the account "
    "needs a registered passkey (FIDO2) or a certificate."
)
COMMAND_LINE_SENTENCE = (
    "The platform itself demands multifactor authentication for every create, update and delete "
    "made through this tool, also of excluded accounts: a password alone only reads."
)


@dataclass(frozen=True)
class CloudApp:
    """An application with the resource that it asks a token for.

    `groups` are the Conditional Access application groups that it is in. No policy can name a
    public client, only what it calls. `platform_asks` is what the platform demands besides
    Conditional Access, None where it demands nothing; `platform_interrupts` says that it does so
    at sign-in.
    """

    display_name: str
    app_id: str
    resource_id: str
    resource_name: str
    groups: frozenset[str] = frozenset()
    platform_asks: str | None = None
    platform_interrupts: bool = False
    is_public_client: bool = False


def _portal(name: str, app_id: str, resource: tuple[str, str]) -> CloudApp:
    return CloudApp(name, app_id, *resource, frozenset({ADMIN_PORTALS}), PORTAL_SENTENCE, True)


def _command_line(name: str, app_id: str) -> CloudApp:
    return CloudApp(
        name,
        app_id,
        *_AZURE_MANAGEMENT,
        platform_asks=COMMAND_LINE_SENTENCE,
        is_public_client=True,
    )


def _office(
    name: str, app_id: str, resource: tuple[str, str], *, is_public_client: bool = False
) -> CloudApp:
    groups = frozenset({OFFICE_365})
    return CloudApp(name, app_id, *resource, groups, is_public_client=is_public_client)


KNOWN: tuple[CloudApp, ...] = (
    _portal("Azure Portal", _AZURE_PORTAL, _AZURE_MANAGEMENT),
    _portal("Microsoft Entra admin center", _AZURE_PORTAL, _AZURE_MANAGEMENT),
    _portal("Microsoft Intune admin center", _AZURE_PORTAL, _AZURE_MANAGEMENT),
    _portal("Microsoft 365 admin center", "00000006-0000-0ff1-ce00-000000000000", _GRAPH),
    # Guarded by policies for the admin portals; the platform's own demand does not name them.
    CloudApp(
        "Exchange admin center",
        "497effe9-df71-4043-a8bb-14cf78c4b63b",
        *_EXCHANGE,
        frozenset({ADMIN_PORTALS}),
    ),
    _command_line("Microsoft Azure CLI", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"),
    _command_line("Microsoft Azure PowerShell", "1950a258-227b-4e31-a9cf-717495945fc2"),
    _command_line("Azure mobile app", "0c1307d4-29d6-4389-a11c-5cbe7f65d7fa"),
    _office("Office 365 Exchange Online", _EXCHANGE[0], _EXCHANGE),
    _office("One Outlook Web", "9199bf20-a13f-4107-85dc-02114787ef48", _EXCHANGE),
    _office(
        "Outlook Mobile",
        "27922004-5251-4030-b22d-91ecd9a37ea4",
        _EXCHANGE,
        is_public_client=True,
    ),
    _office("Office 365 SharePoint Online", _SHAREPOINT[0], _SHAREPOINT),
    _office(
        "Microsoft Teams",
        "1fec8e78-bce4-4aaf-ab1b-5451cc387264",
        _TEAMS,
        is_public_client=True,
    ),
    _office("OfficeHome", "4765445b-32c6-49b0-83e6-1d93765276ca", _GRAPH),
    CloudApp("My Signins", "19db86c3-b2b9-44cc-b339-36da233a3be2", *_GRAPH),
    CloudApp("Graph Explorer", "de8bc8b5-d9f9-48b1-a8ae-b748da725064", *_GRAPH),
)


def cloud_app(name_or_id: str) -> CloudApp:
    """A known application by display name or id; any other GUID is a line-of-business app.

    Raises `ServiceError` 404 that lists the known names.
    """
    wanted = name_or_id.strip().lower()
    for app in KNOWN:
        if wanted in (app.display_name.lower(), app.app_id):
            return app
    if GUID.fullmatch(wanted):
        return CloudApp(wanted, wanted, wanted, wanted)
    names = ", ".join(app.display_name for app in KNOWN)
    raise ServiceError(
        404, "ApplicationNotFound", f"Unknown app '{name_or_id}'; give an id or one of: {names}."
    )
