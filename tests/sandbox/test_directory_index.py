"""The directory's index is right after every change, and quick in a large tenant."""

import time
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.tenant.changes import ADMINISTRATOR
from sandbox.tenant.directory import groups, users
from sandbox.tenant.directory.deleted_items import purge
from sandbox.tenant.directory.index import DirectoryIndex, SeenIndex, user_name
from sandbox.tenant.directory.role_assignments import (
    create_role_assignment,
    delete_role_assignment,
)
from sandbox.tenant.directory.roles import GLOBAL_ADMINISTRATOR
from sandbox.tenant.directory.store import Directory
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.replicas import Replicas, Unseen
from sandbox.tenant.tenant import Tenant
from tests.sandbox.seed_tenant import StillClock
from tests.support.tenant import AT_ONCE, object_id, small_document

USERS = [object_id(f"users/{name}") for name in ("ada", "bo", "hal", "eve")]
GROUPS = [object_id("groups/staff"), object_id("groups/it")]
NAMES = [f"{name}@fabrikam.onmicrosoft.com" for name in ("ada", "zoe", "yan")]

steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["rename", "delete", "restore", "purge", "add", "remove", "role", "unrole", "group"]
        ),
        st.sampled_from(USERS),
        st.sampled_from(GROUPS),
        st.sampled_from(NAMES),
    ),
    max_size=25,
)


def _do(directory: Directory, step: str, user: str, group: str, name: str) -> None:
    match step:
        case "rename":
            users.update_user(directory, user, {"userPrincipalName": name}, None)
        case "delete":
            users.delete_user(directory, user, None)
        case "restore":
            users.restore_user(directory, user)
        case "purge":
            purge(directory, user)
        case "add":
            groups.add_link(directory, group, "owners", user, None)
        case "remove":
            groups.remove_link(directory, group, "members", user, None)
        case "role":
            body = {"principalId": user, "roleDefinitionId": GLOBAL_ADMINISTRATOR}
            create_role_assignment(directory, {**body, "directoryScopeId": "/"})
        case "unrole":
            for assignment in directory.role_assignments_to(user):
                delete_role_assignment(directory, assignment["id"])
        case _:
            if group in directory.groups:
                groups.delete_group(directory, group, None)
            else:
                groups.restore_group(directory, group)


def _tenant(**knobs: Any) -> Tenant:
    return Tenant.from_document(small_document(), StillClock(), {**AT_ONCE, **knobs})


def _answers(directory: Directory, index: DirectoryIndex | SeenIndex | Any) -> list[Any]:
    names = [*NAMES, *(f"{n}@fabrikam.onmicrosoft.com" for n in ("bo", "hal", "eve", "kim"))]
    # A replica that has heard of the second of two renamings only knows two users by one name, and
    # may mean either.
    held = Counter(user_name(user) for user in directory.users.values())
    names = [name for name in names if held[name] < 2]
    return [
        {name: index.user_called(name) for name in names},
        {user: set(index.groups_with(user)) for user in USERS},
        {user: set(index.groups_owned_by(user)) for user in USERS},
        {user: set(index.assignments_to(user)) for user in USERS},
    ]


def _built(directory: Directory) -> list[Any]:
    return _answers(
        directory,
        DirectoryIndex(
            directory.users.values(),
            directory.groups.values(),
            directory.role_assignments.values(),
        ),
    )


@settings(max_examples=60, deadline=None)
@given(steps)
def test_an_index_that_followed_every_change_is_the_one_built_anew(
    taken: list[tuple[str, str, str, str]],
) -> None:
    tenant = _tenant(readLagSeconds=600)
    views: list[tuple[Directory, Unseen]] = []
    for step, user, group, name in taken:
        try:
            with tenant.changes.by(ADMINISTRATOR):
                _do(tenant.directory, step, user, group, name)
        except ServiceError:
            pass
        tenant.clock.advance(100)
        assert _answers(tenant.directory, tenant.directory.index) == _built(tenant.directory)
        unseen = tenant.replicas.asked().unseen
        views.append((tenant.directory.as_seen(unseen), unseen))
        assert _answers(views[-1][0], views[-1][0].index) == _built(views[-1][0])


def test_what_a_replica_knows_is_not_changed_by_what_happens_later() -> None:
    tenant = _tenant(readLagSeconds=600)
    users.update_user(tenant.directory, USERS[0], {"jobTitle": "Pilot"}, None)
    seen = tenant.as_seen(tenant.replicas.asked().unseen).directory.users[USERS[0]]
    users.update_user(tenant.directory, USERS[0], {"jobTitle": "Cook"}, None)
    assert seen.get("jobTitle") is None


def _large(people: int = 10_000) -> dict[str, Any]:
    document = small_document()
    document["users"] += [
        {
            "id": f"00000000-0000-4000-8000-{number:012x}",
            "displayName": f"Person {number}",
            "userPrincipalName": f"person{number}@fabrikam.onmicrosoft.com",
        }
        for number in range(people)
    ]
    ids = [user["id"] for user in document["users"]]
    document["groups"] += [
        {
            "id": f"00000000-0000-4000-9000-{number:012x}",
            "displayName": f"Group {number}",
            "members": ids[number * 20 : number * 20 + 200],
        }
        for number in range(500)
    ]
    return document


def test_a_tenant_of_ten_thousand_users_is_read_and_asked_quickly() -> None:
    document = _large()
    started = time.process_time()
    tenant = Tenant.from_document(document, StillClock(), AT_ONCE)
    assert time.process_time() - started < 2.0
    directory = tenant.directory
    started = time.process_time()
    for number in range(0, 10_000, 10):
        user = directory.user(f"person{number}@fabrikam.onmicrosoft.com")
        directory.direct_groups_of(user["id"])
        directory.roles_of(user["id"])
    # A thousand times through all users or groups would take minutes.
    assert time.process_time() - started < 2.0


def test_without_changes_a_replica_costs_nothing() -> None:
    tenant = _tenant(readLagSeconds=600)
    replicas = Replicas(tenant.clock, tenant.behaviour, tenant.changes)
    started = time.process_time()
    for _ in range(10_000):
        assert not replicas.asked().unseen
    assert time.process_time() - started < 1.0
