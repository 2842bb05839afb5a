"""Reads of Graph lag behind writes: each object at each replica in its own time."""

from collections.abc import Iterator
from itertools import islice

import httpx
import pytest

from sandbox.tenant.changes import ADMINISTRATOR
from sandbox.tenant.directory.users import delete_user
from sandbox.tenant.replicas import LONGEST_LAG, Unseen
from sandbox.tenant.tenant import Tenant
from tests.sandbox.seed_tenant import StillClock
from tests.support.tenant import (
    AT_ONCE,
    GLOBAL_ADMINISTRATOR,
    JSON,
    graph,
    http,
    object_id,
    running_tenant,
    small_document,
)

LAG = 600.0
DOMAIN = "fabrikam.onmicrosoft.com"
ADA, EVE = object_id("users/ada"), object_id("users/eve")
IT, STAFF = object_id("groups/it"), object_id("groups/staff")
MFA = object_id("policies/mfa")
POLICIES = "/v1.0/identity/conditionalAccess/policies"
ASSIGNMENTS = "/v1.0/roleManagement/directory/roleAssignments"


class Lagging:
    """A tenant whose replicas lag by minutes, with a client of Graph and one of the control face.

    The lags are so long that no test waits them out, and chance is fixed by the seed.
    """

    def __init__(self, graph_client: httpx.Client, control: httpx.Client) -> None:
        self.graph = graph_client
        self.control = control

    def statuses(self, path: str, times: int = 30) -> set[int]:
        """What repeated GETs of a path are answered."""
        return {self.graph.get(path).status_code for _ in range(times)}

    def shown(self, path: str, key: str, times: int = 30) -> set[str]:
        """The values that repeated GETs of an object show."""
        return {str(self.graph.get(path).json().get(key)) for _ in range(times)}

    def listed(self, path: str, wanted: str, times: int = 30) -> set[bool]:
        """Whether repeated listings have an id."""
        listings = (self.graph.get(path).json()["value"] for _ in range(times))
        return {any(item["id"] == wanted for item in listing) for listing in listings}

    def make_user(self, name: str = "sky") -> str:
        """A new user's object id."""
        body = {
            "accountEnabled": True,
            "displayName": name.title(),
            "mailNickname": name,
            "userPrincipalName": f"{name}@{DOMAIN}",
            "passwordProfile": {"password": "Correct-horse-7"},
        }
        return self.graph.post("/v1.0/users", json=body).raise_for_status().json()["id"]

    def wait(self, seconds: float = LAG * LONGEST_LAG + 1) -> None:
        """Move the tenant's time on; by default until every replica knows everything."""
        self.control.post("/sandbox/clock", json={"advanceSeconds": seconds}).raise_for_status()


@pytest.fixture
def lagging() -> Iterator[Lagging]:
    with (
        running_tenant(readLagSeconds=LAG) as server,
        graph(server) as graph_client,
        http(server) as control,
    ):
        yield Lagging(graph_client, control)


def test_a_new_user_is_missing_at_some_replicas_and_a_404_follows_a_200(lagging: Lagging) -> None:
    path = f"/v1.0/users/{lagging.make_user()}"
    lagging.wait(LAG / 2)
    found = [lagging.graph.get(path).status_code for _ in range(30)]
    assert {200, 404} == set(found)
    assert (200, 404) in set(zip(found, islice(found, 1, None), strict=False))
    lagging.wait()
    assert lagging.statuses(path) == {200}


def test_a_new_object_is_missing_wherever_a_replica_could_show_it(lagging: Lagging) -> None:
    user = lagging.make_user()
    assert lagging.listed("/v1.0/users?$top=999", user) == {False}
    assert lagging.listed(f"/v1.0/users?$filter=userPrincipalName eq 'sky@{DOMAIN}'", user) == {
        False
    }
    assert lagging.statuses(f"/v1.0/users/sky@{DOMAIN}", 5) == {404}
    assert lagging.statuses(f"/v1.0/directoryObjects/{user}", 5) == {404}
    asked = lagging.graph.post("/v1.0/directoryObjects/getByIds", json={"ids": [user]})
    assert asked.json()["value"] == []
    count = lagging.graph.get("/v1.0/users/$count", headers={"ConsistencyLevel": "eventual"})
    assert count.text == "10"
    lagging.wait()
    assert lagging.listed("/v1.0/users?$top=999", user) == {True}
    assert lagging.statuses(f"/v1.0/users/sky@{DOMAIN}", 5) == {200}


def test_a_changed_user_shows_old_values_and_keeps_its_old_name(lagging: Lagging) -> None:
    change = {"displayName": "Eva", "userPrincipalName": f"eva@{DOMAIN}"}
    lagging.graph.patch(f"/v1.0/users/{EVE}", json=change).raise_for_status()
    assert lagging.shown(f"/v1.0/users/{EVE}", "displayName") == {"Eve"}
    assert lagging.statuses(f"/v1.0/users/eve@{DOMAIN}", 5) == {200}
    assert lagging.statuses(f"/v1.0/users/eva@{DOMAIN}", 5) == {404}
    lagging.wait()
    assert lagging.shown(f"/v1.0/users/{EVE}", "displayName") == {"Eva"}
    assert lagging.statuses(f"/v1.0/users/eve@{DOMAIN}", 5) == {404}


def test_a_deleted_user_is_still_there_and_not_yet_among_the_deleted(lagging: Lagging) -> None:
    lagging.graph.delete(f"/v1.0/users/{EVE}").raise_for_status()
    deleted = "/v1.0/directory/deletedItems/microsoft.graph.user"
    assert lagging.statuses(f"/v1.0/users/{EVE}") == {200}
    assert lagging.listed(deleted, EVE) == {False}
    lagging.wait()
    assert lagging.statuses(f"/v1.0/users/{EVE}") == {404}
    assert lagging.listed(deleted, EVE) == {True}


def test_no_replica_has_an_object_twice_or_never_while_it_moves_to_the_deleted_items() -> None:
    tenant = _still_tenant()
    with tenant.changes.by(ADMINISTRATOR):
        delete_user(tenant.directory, ADA, None)
    places: set[bool] = set()
    for _ in range(200):
        tenant.clock.advance(20)
        view = tenant.as_seen(tenant.replicas.asked().unseen).directory
        assert (ADA in view.users) != (ADA in view.deleted_users)
        places.add(ADA in view.users)
    assert places == {True, False}


def test_memberships_are_seen_late_from_both_sides(lagging: Lagging) -> None:
    reference = {"@odata.id": f"https://graph.example/v1.0/directoryObjects/{EVE}"}
    added = lagging.graph.post(f"/v1.0/groups/{IT}/members/$ref", json=reference)
    assert added.status_code == 204
    member = f"/v1.0/groups/{IT}/members?$filter=id eq '{EVE}'"
    assert lagging.listed(member, EVE) == {False}
    assert lagging.listed(f"/v1.0/users/{EVE}/memberOf", IT) == {False}
    assert lagging.listed(f"/v1.0/users/{EVE}/transitiveMemberOf", IT) == {False}
    checked = lagging.graph.post(f"/v1.0/users/{EVE}/checkMemberGroups", json={"groupIds": [IT]})
    assert checked.json()["value"] == []
    lagging.wait()
    assert lagging.listed(member, EVE) == {True}
    assert lagging.listed(f"/v1.0/users/{EVE}/memberOf", IT) == {True}


def test_roles_are_seen_late(lagging: Lagging) -> None:
    body = {
        "directoryScopeId": "/",
        "principalId": EVE,
        "roleDefinitionId": GLOBAL_ADMINISTRATOR,
    }
    made = lagging.graph.post(ASSIGNMENTS, json=body).raise_for_status().json()["id"]
    by_principal = f"{ASSIGNMENTS}?$filter=principalId eq '{EVE}'"
    assert lagging.statuses(f"{ASSIGNMENTS}/{made}", 5) == {404}
    assert lagging.listed(by_principal, made) == {False}
    lagging.wait()
    assert lagging.statuses(f"{ASSIGNMENTS}/{made}", 5) == {200}
    assert lagging.listed(by_principal, made) == {True}


def test_conditional_access_policies_are_seen_late(lagging: Lagging) -> None:
    body = {"conditions": {"users": {"excludeGroups": [IT]}}}
    lagging.graph.patch(f"{POLICIES}/{MFA}", json=body).raise_for_status()

    def excluded() -> list[list[str]]:
        answers = (lagging.graph.get(f"{POLICIES}/{MFA}").json() for _ in range(10))
        return [answer["conditions"]["users"]["excludeGroups"] for answer in answers]

    assert excluded() == [[]] * 10
    lagging.wait()
    assert excluded() == [[IT]] * 10


def test_the_limit_of_conditional_access_counts_what_lagging_replicas_answer() -> None:
    with (
        running_tenant(readLagSeconds=LAG, conditionalAccessRequestsPerSecond=1) as server,
        graph(server) as client,
    ):
        client.patch(f"/v1.0/users/{EVE}", json={"jobTitle": "Pilot"}).raise_for_status()
        found = [client.get(f"{POLICIES}/{MFA}").status_code for _ in range(3)]
    assert found == [200, 429, 429]


def test_writes_act_on_the_truth_at_once(lagging: Lagging) -> None:
    user = lagging.make_user()
    changed = lagging.graph.patch(f"/v1.0/users/{user}", json={"jobTitle": "Pilot"})
    assert changed.status_code == 204
    again = {"displayName": "Other", "mailNickname": "other", "userPrincipalName": f"sky@{DOMAIN}"}
    body = again | {"accountEnabled": True, "passwordProfile": {"password": "Correct-horse-7"}}
    assert lagging.graph.post("/v1.0/users", json=body).status_code == 400
    assert lagging.graph.delete(f"/v1.0/users/{user}").status_code == 204


def test_a_write_that_names_an_object_made_a_moment_ago_may_not_find_it(lagging: Lagging) -> None:
    user = lagging.make_user()
    reference = {"@odata.id": f"https://graph.example/v1.0/directoryObjects/{user}"}
    role = {"directoryScopeId": "/", "principalId": user, "roleDefinitionId": GLOBAL_ADMINISTRATOR}

    def tried(path: str, body: JSON) -> tuple[int, str]:
        answer = lagging.graph.post(path, json=body)
        return answer.status_code, "" if answer.is_success else answer.json()["error"]["message"]

    missing = (
        404,
        f"Resource '{user}' does not exist or one of its queried reference-property objects are "
        "not present.",
    )
    assert tried(f"/v1.0/groups/{IT}/members/$ref", reference) == missing
    assert tried(ASSIGNMENTS, role) == missing
    lagging.wait()
    assert tried(f"/v1.0/groups/{IT}/members/$ref", reference) == (204, "")
    assert tried(ASSIGNMENTS, role) == (201, "")


def test_the_control_face_sees_the_truth(lagging: Lagging) -> None:
    user = lagging.make_user()
    found = lagging.control.get("/sandbox/tenant").json()["users"]
    assert user in {item["id"] for item in found}


def test_without_lag_every_read_sees_every_write() -> None:
    with running_tenant() as server, graph(server) as client, http(server) as control:
        lagging = Lagging(client, control)
        path = f"/v1.0/users/{lagging.make_user()}"
        assert lagging.statuses(path, 50) == {200}


def test_the_lag_can_be_switched_off_while_something_is_unseen(lagging: Lagging) -> None:
    path = f"/v1.0/users/{lagging.make_user()}"
    assert lagging.statuses(path, 5) == {404}
    lagging.control.patch("/sandbox/behaviour", json={"readLagSeconds": 0}).raise_for_status()
    assert lagging.statuses(path) == {200}


def _still_tenant(**knobs: object) -> Tenant:
    """A tenant in time that stands still, in which a user was just changed."""
    all_knobs = {**AT_ONCE, "readLagSeconds": LAG, **knobs}
    tenant = Tenant.from_document(small_document(), StillClock(), all_knobs)
    with tenant.directory.changes.of("user", EVE, tenant.directory.users):
        tenant.directory.users[EVE]["jobTitle"] = "Pilot"
    return tenant


def _unseen_in_order(tenant: Tenant, reads: int = 40) -> list[bool]:
    found: list[bool] = []
    for _ in range(reads):
        tenant.clock.advance(20)
        found.append(EVE in tenant.replicas.asked().unseen.of("user"))
    return found


def test_the_same_seed_and_calls_meet_the_same_misfortune() -> None:
    first, same = _still_tenant(), _still_tenant()
    other = _still_tenant(randomSeed=2)
    history = _unseen_in_order(first)
    assert set(history) == {True, False}
    assert history == _unseen_in_order(same)
    assert history != _unseen_in_order(other)


def test_tenants_with_the_same_ids_do_not_share_their_replicas() -> None:
    changed = _still_tenant()
    untouched = Tenant.from_document(small_document(), StillClock(), {"readLagSeconds": LAG})
    assert changed.replicas.asked().unseen
    assert not untouched.replicas.asked().unseen


def test_the_changes_of_an_object_come_to_a_replica_in_their_order() -> None:
    tenant = _still_tenant()
    users = tenant.directory.users
    for number in range(5):
        tenant.clock.advance(100)
        with tenant.changes.of("user", EVE, users):
            users[EVE]["jobTitle"] = str(number)
    order = ["None", "Pilot", "0", "1", "2", "3", "4"]
    last: dict[int, int] = {}
    for _ in range(200):
        tenant.clock.advance(20)
        for replica in range(tenant.behaviour.replicas):
            late = tenant.replicas.unseen_by(replica).of("user")
            shown = late.get(EVE, users[EVE]) or {}
            place = order.index(str(shown.get("jobTitle")))
            assert place >= last.get(replica, 0)
            last[replica] = place
    assert set(last.values()) == {6}


def test_short_listings_lack_their_last_item_and_have_no_next_page() -> None:
    with running_tenant(shortListingShare=1) as server, graph(server) as client:
        whole = [user["id"] for user in small_document()["users"]]
        short = client.get("/v1.0/users").json()
        assert [user["id"] for user in short["value"]] == whole[:-1]
        assert "@odata.nextLink" not in short
        paged = client.get("/v1.0/users?$top=4").json()
        assert len(paged["value"]) == 4
        assert client.get(f"/v1.0/users/{ADA}").status_code == 200
        headers = {"ConsistencyLevel": "eventual"}
        counted = client.get("/v1.0/users?$count=true", headers=headers).json()
        assert counted["@odata.count"] == len(counted["value"]) == len(whole) - 1


def test_the_share_of_short_listings_is_kept() -> None:
    with running_tenant(shortListingShare=0.3) as server, graph(server) as client:
        found = [len(client.get("/v1.0/users").json()["value"]) for _ in range(100)]
    assert set(found) == {9, 10}
    assert 15 <= found.count(9) <= 45


@pytest.mark.parametrize("name", [ADA, f"ada@{DOMAIN}"])
def test_an_existing_object_is_sometimes_not_found(name: str) -> None:
    with running_tenant(strayNotFoundShare=0.3) as server, graph(server) as client:
        found = [client.get(f"/v1.0/users/{name}").status_code for _ in range(100)]
        policy = [client.get(f"{POLICIES}/{MFA}").status_code for _ in range(30)]
        listed = {client.get("/v1.0/users").status_code for _ in range(30)}
        writes = {
            client.patch(f"/v1.0/users/{ADA}", json={"jobTitle": "x"}).status_code
            for _ in range(30)
        }
    assert 15 <= found.count(404) <= 45
    assert set(policy) == {200, 404}
    assert listed == {200}
    assert writes == {204}


def test_a_store_that_a_replica_knows_is_not_copied() -> None:
    store: dict[str, JSON] = {"a": {"id": "a"}}
    assert Unseen().store("user", store) is store
    assert Unseen({"group": {"a": None}}).store("user", store) is store
    assert Unseen({"user": {"a": None}}).store("user", store) == {}
    assert store == {"a": {"id": "a"}}
