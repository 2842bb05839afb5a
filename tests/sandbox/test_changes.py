from collections.abc import Callable

import pytest

from sandbox.api.routing import Route
from sandbox.api.server import TenantServer
from sandbox.tenant.changes import ADMINISTRATOR, JSON, Change, Changes, Initiator, Request
from sandbox.tenant.directory import users
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.tenant import Tenant
from tests.sandbox.seed_tenant import StillClock
from tests.support.tenant import graph, object_id, running_tenant, small_document

ADA = object_id("users/ada")
APP = Initiator("app", "object", "Deployment", "app")


class Heard:
    """Changes with somebody who listens to them and somebody who follows them."""

    def __init__(self) -> None:
        self.changes = Changes(StillClock())
        self.requests: list[Request] = []
        self.followed: list[Change] = []
        self.changes.listen(self.requests.append)
        self.changes.follow(self.followed.append)


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_a_change_is_told_with_the_object_before_and_after_as_copies(heard: Heard) -> None:
    store: dict[str, JSON] = {"1": {"name": "old", "tags": ["a"]}}
    with heard.changes.by(APP), heard.changes.of("user", "1", store):
        store["1"]["name"] = "new"
        store["1"]["tags"].append("b")
    store["1"]["tags"].clear()
    (request,) = heard.requests
    (change,) = request.changes
    assert request.initiator is APP
    assert change.before == {"name": "old", "tags": ["a"]}
    assert change.after == {"name": "new", "tags": ["a", "b"]}
    assert (change.kind, change.object_id, change.time) == ("user", "1", 1_800_000_000.0)


def test_what_is_made_has_no_before_and_what_is_deleted_no_after(heard: Heard) -> None:
    store: dict[str, JSON] = {}
    with heard.changes.by(APP), heard.changes.of("group", "1", store):
        store["1"] = {"name": "made"}
    with heard.changes.by(APP), heard.changes.of("group", "1", store):
        del store["1"]
    made, deleted = (request.changes[0] for request in heard.requests)
    assert (made.before, made.after) == (None, {"name": "made"})
    assert (deleted.before, deleted.after) == ({"name": "made"}, None)


def test_the_changes_of_one_request_are_told_together_at_its_end(heard: Heard) -> None:
    store: dict[str, JSON] = {}
    with heard.changes.by(APP):
        for name in ("1", "2"):
            with heard.changes.of("user", name, store):
                store[name] = {}
        assert heard.requests == []
        assert [change.object_id for change in heard.followed] == ["1", "2"]
    (request,) = heard.requests
    assert [change.object_id for change in request.changes] == ["1", "2"]


def test_nothing_is_told_when_nothing_changed(heard: Heard) -> None:
    store: dict[str, JSON] = {"1": {"name": "same"}}
    with heard.changes.by(APP), heard.changes.of("user", "1", store):
        store["1"] = {"name": "same"}
    assert heard.requests == []
    assert heard.followed == []


def test_outside_of_a_request_an_administrator_is_the_one_who_changes(heard: Heard) -> None:
    store: dict[str, JSON] = {}
    with heard.changes.of("user", "1", store):
        store["1"] = {}
    assert heard.requests[0].initiator is ADMINISTRATOR
    with heard.changes.by(APP):
        assert heard.changes.initiator is APP
    assert heard.changes.initiator is ADMINISTRATOR


def test_a_request_that_fails_midway_is_undone_and_told_to_no_listener(heard: Heard) -> None:
    kept: JSON = {"name": "old", "tags": ["a"]}
    store: dict[str, JSON] = {"kept": kept, "gone": {"name": "gone"}}

    def request() -> None:
        with heard.changes.by(APP):
            with heard.changes.of("user", "kept", store):
                kept["tags"].append("b")
            with heard.changes.of("user", "gone", store):
                del store["gone"]
            with heard.changes.of("user", "made", store):
                store["made"] = {}
            raise ServiceError(400, "BadRequest", "too late")

    with pytest.raises(ServiceError):
        request()
    assert store == {"kept": {"name": "old", "tags": ["a"]}, "gone": {"name": "gone"}}
    assert store["kept"] is kept
    assert heard.requests == []
    told = [(change.object_id, change.before, change.after) for change in heard.followed]
    undone = [(name, after, before) for name, before, after in reversed(told[:3])]
    assert told[3:] == undone


def test_a_change_that_fails_in_its_own_middle_is_undone_too(heard: Heard) -> None:
    store: dict[str, JSON] = {"1": {"name": "old"}}

    def request() -> None:
        with heard.changes.by(APP), heard.changes.of("user", "1", store):
            store["1"]["name"] = "new"
            raise ServiceError(400, "BadRequest", "no")

    with pytest.raises(ServiceError):
        request()
    assert store == {"1": {"name": "old"}}
    assert heard.followed == []


def _fail_after(
    server: TenantServer, monkeypatch: pytest.MonkeyPatch, change: Callable[[Tenant], None]
) -> None:
    """Let every route change the tenant first and fail then."""
    tenant = server.world.default

    def broken(_request: object) -> None:
        change(tenant)
        raise ServiceError(409, "Conflict", "half done")

    def handler(_route: Route) -> Callable[[object], None]:
        return broken

    monkeypatch.setattr(Route, "handler", property(handler), raising=False)


def test_a_handler_that_refuses_after_its_first_change_leaves_the_directory_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def rename_and_make(tenant: Tenant) -> None:
        users.update_user(tenant.directory, ADA, {"city": "Kiel"}, None)
        body = {
            "accountEnabled": True,
            "displayName": "Sky",
            "mailNickname": "sky",
            "userPrincipalName": "sky@fabrikam.onmicrosoft.com",
            "passwordProfile": {"password": "Correct-horse-7"},
        }
        users.create_user(tenant.directory, body)

    with running_tenant(small_document()) as server, graph(server) as client:
        directory = server.world.default.directory
        before = {**server.world.default.to_document(), "idsMade": 1}
        with monkeypatch.context() as patch:
            _fail_after(server, patch, rename_and_make)
            assert client.patch(f"/v1.0/users/{ADA}", json={}).status_code == 409
        assert server.world.default.to_document() == before
        assert directory.find_user("sky@fabrikam.onmicrosoft.com") is None
        assert client.patch(f"/v1.0/users/{ADA}", json={"city": "Kiel"}).status_code == 204
        assert directory.user(ADA)["city"] == "Kiel"
