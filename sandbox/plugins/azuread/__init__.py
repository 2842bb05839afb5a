"""The stand-in for the azuread provider: users, groups, members and directory roles over Graph."""

from collections.abc import Mapping

from sandbox.plugins.azuread.directory_role_assignment import DirectoryRoleAssignment
from sandbox.plugins.azuread.graph import Graph
from sandbox.plugins.azuread.group import Group
from sandbox.plugins.azuread.group_member import GroupMember
from sandbox.plugins.azuread.user import User
from sandbox.plugins.configuration import Settings
from sandbox.plugins.endpoints import find_sandbox, http_client, replicas_agree_after
from sandbox.plugins.pause import Pause
from sandbox.plugins.resource import Package, ResourceType
from sandbox.plugins.session import Session

TYPES = (User, Group, GroupMember, DirectoryRoleAssignment)


def _connect(settings: Settings, pause: Pause) -> Mapping[str, ResourceType]:
    client = http_client(settings.certificates)
    endpoints = find_sandbox(settings.metadata_host, client)
    token_url = f"{endpoints.login}/{settings.tenant_id}/oauth2/v2.0/token"
    session = Session(
        settings=settings,
        base=endpoints.graph,
        token_url=lambda: token_url,
        scope=f"{endpoints.graph}/.default",
        client=client,
        pause=pause,
    )
    session.token()
    agreed = replicas_agree_after(settings.metadata_host, settings.tenant_id, client)
    graph = Graph(session, agreed)
    return {kind.token: kind(graph) for kind in TYPES}


AZUREAD = Package(
    name="azuread",
    distribution="pulumi-azuread",
    needs=("tenantId", "clientId", "clientSecret"),
    tokens=tuple(kind.token for kind in TYPES),
    connect=_connect,
)
