# pyright: basic
# The gRPC stubs and the protobuf structs carry no usable types.
"""Ids as the azuread provider has them: Graph paths in state, bare object ids in properties."""

import pytest

from sandbox.plugins.azuread import AZUREAD
from tests.support.tenant import object_id

from .plugin_support import Refused, running, urn_of

USER = urn_of("azuread:index/user:User")
GROUP = urn_of("azuread:index/group:Group")
MEMBER = urn_of("azuread:index/groupMember:GroupMember")
ROLE = urn_of("azuread:index/directoryRoleAssignment:DirectoryRoleAssignment")
EVE = object_id("users/eve")


@pytest.fixture
def azuread(tenant_server):
    with running(AZUREAD, tenant_server.environment()) as plugin:
        plugin.configure()
        yield plugin


@pytest.mark.parametrize(
    ("urn", "key"),
    [(MEMBER, "groupObjectId"), (MEMBER, "memberObjectId"), (ROLE, "principalObjectId")],
)
def test_a_property_that_names_an_object_takes_its_bare_id_only(azuread, urn, key):
    keys = ("groupObjectId", "memberObjectId") if urn == MEMBER else ("principalObjectId", "roleId")
    news = {**dict.fromkeys(keys, EVE), key: f"/groups/{EVE}"}
    _, failures = azuread.check(urn, news)
    expected = f'property "{key}" is "/groups/{EVE}", expected a UUID such as an object id'
    assert failures == [expected]


@pytest.mark.parametrize(
    ("urn", "noun", "collection"),
    [
        (USER, "user", "/users"),
        (GROUP, "group", "/groups"),
        (ROLE, "role assignment", "/roleManagement/directory/roleAssignments"),
    ],
)
def test_an_id_in_state_is_a_path_of_graph(azuread, urn, noun, collection):
    wanted = f'"{EVE}" is no {noun}\'s id: expected {collection}/ and the object id'
    with pytest.raises(Refused) as refused:
        azuread.read(urn, EVE)
    assert refused.value.message == wanted
