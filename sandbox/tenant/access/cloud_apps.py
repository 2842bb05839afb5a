"""The cloud applications that people sign in to, as policies and the sign-in log see them.

Microsoft's own are in `microsoft_apps`. A public client is none that a policy can name, and the
resources of all agents are one group: Microsoft Learn, "Conditional Access: Target resources".
"""

from dataclasses import dataclass

OFFICE_365 = "Office365"
ADMIN_PORTALS = "MicrosoftAdminPortals"
AGENT_RESOURCES = "AllAgentIdResources"
GROUPS = frozenset({OFFICE_365, ADMIN_PORTALS, AGENT_RESOURCES})
"""The groups of applications that a policy can name."""


@dataclass(frozen=True)
class CloudApp:
    """An application with the resource that it asks a token for.

    `groups` are the Conditional Access application groups that it is in, `open_groups` those of
    which that is not known. No policy can name a public client, only what it calls. `needs` are
    the services whose policies must be satisfied before this application opens, (name, id) each;
    `calls_later` those that it asks for a token once it is open. `platform_asks` is what the
    platform demands besides Conditional Access, None where it demands nothing;
    `platform_interrupts` says that it does so at sign-in.
    """

    display_name: str
    app_id: str
    resource_id: str
    resource_name: str
    groups: frozenset[str] = frozenset()
    open_groups: frozenset[str] = frozenset()
    needs: tuple[tuple[str, str], ...] = ()
    calls_later: tuple[tuple[str, str], ...] = ()
    platform_asks: str | None = None
    platform_interrupts: bool = False
    is_public_client: bool = False

    @property
    def is_known(self) -> bool:
        """Whether it is one of Microsoft's known applications or one of the tenant's."""
        return self.open_groups != GROUPS


def own_app(display_name: str, app_id: str) -> CloudApp:
    """An application of the tenant itself."""
    return CloudApp(display_name, app_id, app_id, display_name)


def unknown_app(app_id: str) -> CloudApp:
    """An id that is neither Microsoft's, as far as is known here, nor the tenant's."""
    return CloudApp(app_id, app_id, app_id, app_id, open_groups=GROUPS)


def user_action(action: str) -> CloudApp:
    """A user action by itself: no application, no resource."""
    return CloudApp(action, "", "", "")
