# pyright: basic
# The gRPC stubs and the protobuf structs carry no usable types.
"""The azuread stand-in against a tenant whose replicas lag: what it made, every replica knows."""

import pytest

from sandbox.plugins.azuread import AZUREAD
from sandbox.plugins.values import Secret
from tests.support.tenant import GLOBAL_ADMINISTRATOR, http, running_tenant

from .plugin_support import running, urn_of

USER = urn_of("azuread:index/user:User")
GROUP = urn_of("azuread:index/group:Group")
MEMBER = urn_of("azuread:index/groupMember:GroupMember")
ROLE = urn_of("azuread:index/directoryRoleAssignment:DirectoryRoleAssignment")
READS = 12
"""Enough for one of them to meet each replica."""


class MovedClock(list[float]):
    """A pause that moves the tenant's clock instead of taking time."""

    def __init__(self, control):
        super().__init__()
        self.control = control

    def __call__(self, seconds):
        self.append(seconds)
        body = {"advanceSeconds": seconds}
        self.control.post("/sandbox/clock", json=body).raise_for_status()


@pytest.fixture(params=[1, 2, 3, 4, 5])
def late(request):
    knobs = {"readLagSeconds": 1, "randomSeed": request.param}
    with running_tenant(**knobs) as server, http(server) as control:
        pause = MovedClock(control)
        with running(AZUREAD, server.environment(), pause) as plugin:
            plugin.configure()
            yield plugin, pause


def make(plugin, urn, **news):
    inputs = plugin.inputs(urn, news)
    id, state = plugin.create(urn, inputs)
    for _ in range(READS):
        assert plugin.read(urn, id, inputs, state) == (id, state, inputs)
    return id, state, inputs


def test_what_is_made_changed_and_deleted_is_known_to_every_replica_afterwards(late):
    plugin, pause = late
    user_id, user, inputs = make(
        plugin,
        USER,
        userPrincipalName="bg@fabrikam.onmicrosoft.com",
        displayName="One",
        password=Secret("Correct-Horse-1"),
    )
    group_id, group, _ = make(
        plugin, GROUP, displayName="BTG Admins", securityEnabled=True, assignableToRole=True
    )
    member_id, member, _ = make(
        plugin, MEMBER, groupObjectId=group["objectId"], memberObjectId=user["objectId"]
    )
    role_id, role, _ = make(
        plugin, ROLE, principalObjectId=user["objectId"], roleId=GLOBAL_ADMINISTRATOR
    )
    plugin.delete(ROLE, role_id, role)
    news = {**inputs, "displayName": "Two"}
    user = plugin.update(USER, user_id, (inputs, user), news)
    for _ in range(READS):
        assert plugin.read(USER, user_id, news, user)[1]["displayName"] == "Two"
    for urn, id, state in (
        (MEMBER, member_id, member),
        (GROUP, group_id, group),
        (USER, user_id, user),
    ):
        plugin.delete(urn, id, state)
        for _ in range(READS):
            assert plugin.read(urn, id, {}, state)[0] == ""
    assert sum(pause) < 8 * 5 + 10


def test_replicas_that_do_not_lag_are_not_waited_for():
    with running_tenant() as server, http(server) as control:
        pause = MovedClock(control)
        with running(AZUREAD, server.environment(), pause) as plugin:
            plugin.configure()
            make(plugin, GROUP, displayName="BTG Admins", securityEnabled=True)
        assert pause == []
