"""A policy's exclusion is written back and looked at: on a simulated tenant, in virtual time."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli import exclusion_put_back
from cli.chosen_stack import ChosenStack
from cli.exclusion_put_back import NOT_BEGUN, Fate, Policies, Writer, put_back
from cli.policy_check import Finding, Result
from entra.client import GraphClient
from entra.conditional_access import ConditionalAccessClient
from entra.errors import GraphError, OutdatedRead
from entra.exclusion import Change, Entries
from entra.identity import Identity
from entra.limiter import limiter_for
from entra.policy import Policy
from entra.write_turn import WriteTurn
from sandbox.api.server import TenantServer
from tests.support.tenant import http, object_id, running_tenant, small_document, without_permission

MFA = object_id("policies/mfa")
OFF = object_id("policies/off")
OURS, THEIRS = object_id("groups/staff"), object_id("groups/it")
LOST = Entries((OURS,), ())
EXPORTED = '{"deployment": {"resources": []}}'
WRITE = "Policy.ReadWrite.ConditionalAccess"


@dataclass
class Scene:
    """A tenant and one who writes there; `ago` tells how much time has gone by."""

    server: TenantServer
    control: httpx.Client
    folder: Path
    writer: Writer
    started: float

    @property
    def ago(self) -> float:
        return self.writer.clock() - self.started

    def excluded(self, policy_id: str = MFA) -> list[str]:
        found = self.control.get("/sandbox/conditional-access/policies").json()["value"]
        users = next(one for one in found if one["id"] == policy_id)["conditions"]["users"]
        return users["excludeGroups"]

    def somebody_excludes(self, *groups: str) -> None:
        path = f"/sandbox/conditional-access/policies/{MFA}"
        body = {"conditions": {"users": {"excludeGroups": list(groups)}}}
        self.control.patch(path, json=body).raise_for_status()

    def somebody_deletes(self) -> None:
        self.control.delete(f"/sandbox/conditional-access/policies/{MFA}").raise_for_status()

    def writes(self) -> int:
        asked = self.control.get("/sandbox/requests").json()["value"]
        return sum(one["method"] == "PATCH" and "/sandbox/" not in one["path"] for one in asked)

    def put_back(self, *policy_ids: str) -> list[Fate]:
        """What became of each; the last word on it."""
        lost = {
            policy_id: Finding(policy_id, policy_id, "enabled", Result.LACKS, missing=LOST)
            for policy_id in policy_ids or (MFA,)
        }
        fates: dict[str, Fate] = {}
        stack = ChosenStack("north", Path("pulumi"), self.folder, {}, is_sandbox=False)
        put_back(stack, self.writer, EXPORTED, lost, fates.__setitem__)
        return list(fates.values())


@contextmanager
def scene_of(
    folder: Path, document: Mapping[str, Any] | None = None, **knobs: object
) -> Generator[Scene]:
    with running_tenant(document, **knobs) as server, http(server) as control:
        environ = {
            **server.environment(),
            "BREAK_GLASS_CA_INTERVAL_SECONDS": "0",
            "BREAK_GLASS_CACHE": str(folder / "cache"),
        }
        identity, clock = Identity.from_environment(environ), server.world.default.clock
        graph = identity.endpoints.graph
        pace = limiter_for(identity.tenant_id, graph, environ)
        policies = ConditionalAccessClient(GraphClient(identity), pace)
        turn = WriteTurn("t", folder=folder, clock=clock.now)
        writer = Writer(policies, turn, "run it again", clock=clock.now, sleep=clock.advance)
        yield Scene(server, control, folder, writer, clock.now())


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exclusion_put_back, "exported_state", lambda _: EXPORTED)  # pyright: ignore[reportUnknownArgumentType, reportUnknownLambdaType]


class Between:
    """The policies of a tenant, and what happens at a write."""

    def __init__(
        self,
        policies: Policies,
        *,
        before: Callable[[], object] = lambda: None,
        after: Callable[[], object] = lambda: None,
    ) -> None:
        self._policies, self._before, self._after = policies, before, after

    def get_policy(self, policy_id: str) -> Policy | None:
        return self._policies.get_policy(policy_id)

    def write_exclusions(
        self, policy_id: str, change: Change, *, in_time: Callable[[], bool]
    ) -> None:
        self._before()
        self._policies.write_exclusions(policy_id, change, in_time=in_time)
        self._after()


def test_what_is_written_is_looked_at_until_a_replica_that_lags_shows_it(tmp_path: Path) -> None:
    with scene_of(tmp_path, readLagSeconds=3) as scene:
        (fate,) = scene.put_back()
        assert (fate.written, fate.is_back, fate.why) == (True, True, "")
        assert scene.excluded() == [OURS]
        assert scene.writes() == 1
        assert 1 <= scene.ago < 30


def test_what_no_replica_shows_in_half_a_minute_is_no_failure(tmp_path: Path) -> None:
    with scene_of(tmp_path, readLagSeconds=600, replicas=1) as scene:
        fates = scene.put_back(MFA, OFF)
        for fate in fates:
            assert (fate.written, fate.is_back) == (True, True)
            assert fate.why == "written; the service does not show it yet"
        assert 30 <= scene.ago < 40, "the half minute is that of all policies together"


def test_what_somebody_takes_out_again_is_told_and_who_is_to_be_found_out(tmp_path: Path) -> None:
    with scene_of(tmp_path) as scene:

        def takes_it_out() -> None:
            scene.writer.sleep(2)
            scene.somebody_excludes()

        policies = Between(scene.writer.policies, after=takes_it_out)
        scene.writer = replace(scene.writer, policies=policies)
        (fate,) = scene.put_back()
        assert (fate.written, fate.is_back) == (True, False)
        assert fate.why == "it was written and taken out again"
        assert "audit log" in fate.todo


def test_what_an_administrator_has_edited_meanwhile_stays(tmp_path: Path) -> None:
    with scene_of(tmp_path) as scene:
        scene.somebody_excludes(THEIRS)
        (fate,) = scene.put_back()
        assert fate.is_back
        assert scene.excluded() == [THEIRS, OURS]


def test_two_heals_at_once_write_once_and_the_second_says_that_it_is_back(tmp_path: Path) -> None:
    with scene_of(tmp_path, readLagSeconds=3) as scene:
        first, second = scene.put_back(), scene.put_back()
        assert [one.is_back for one in (*first, *second)] == [True, True]
        assert scene.writes() == 1
        assert not second[0].written
        assert second[0].why == "somebody else has put it back meanwhile"


def test_a_policy_that_was_deleted_meanwhile_is_neither_back_nor_left(tmp_path: Path) -> None:
    with scene_of(tmp_path) as scene:
        scene.somebody_deletes()
        (fate,) = scene.put_back()
        assert (fate.is_gone, fate.is_back, fate.written) == (True, False, False)
        assert fate.why == "the policy was deleted meanwhile: nothing to put back"


@pytest.mark.parametrize(("when", "written"), [("before", False), ("after", True)])
def test_a_policy_that_is_deleted_at_its_write_is_gone(
    tmp_path: Path, when: str, written: bool
) -> None:
    with scene_of(tmp_path) as scene:
        happens: Any = {when: scene.somebody_deletes}
        scene.writer = replace(scene.writer, policies=Between(scene.writer.policies, **happens))
        (fate,) = scene.put_back()
        assert (fate.is_gone, fate.is_back, fate.written) == (True, False, written)


def test_a_missing_permission_is_named_with_how_to_grant_it(tmp_path: Path) -> None:
    with scene_of(tmp_path, without_permission(small_document(), WRITE)) as scene:
        (fate,) = scene.put_back()
        assert (fate.written, fate.is_back) == (False, False)
        assert "\n" not in fate.why + fate.todo
        assert WRITE in fate.todo
        assert "Grant admin consent" in fate.todo


def raising(error: Exception) -> Callable[[], None]:
    def refuse() -> None:
        raise error

    return refuse


def answer(status: int, code: str) -> GraphError:
    return GraphError(status, code, "Too  many\nrequests.", method="PATCH", path="policies/p")


@pytest.mark.parametrize(
    ("error", "told", "todo"),
    [
        (answer(429, "TooManyRequests"), "answered 429", "others use up the tenant's Conditional"),
        (OutdatedRead("too long ago"), "not be written in time, 3 times", "others use up the"),
        (answer(503, "ServiceUnavailable"), "answered 503", "in some minutes, run it again"),
        (answer(400, "BadRequest"), "answered 400", "once that is mended or over, run it again"),
    ],
)
def test_a_refused_write_is_told_in_one_line_with_what_to_do(
    tmp_path: Path, error: Exception, told: str, todo: str
) -> None:
    with scene_of(tmp_path) as scene:
        policies = Between(scene.writer.policies, before=raising(error))
        scene.writer = replace(scene.writer, policies=policies)
        (fate,) = scene.put_back()
        assert (fate.written, fate.is_back) == (False, False)
        assert told in fate.why
        assert "\n" not in fate.why
        assert fate.todo.startswith(todo)
        assert fate.todo.endswith("run it again")


@pytest.mark.parametrize(
    ("lag", "took_effect", "told"),
    [
        (0, True, ""),
        (0, False, "it may have been written"),
        (600, True, "it may have been written"),
    ],
)
def test_a_write_whose_answer_is_lost_is_judged_by_what_stands_there(
    tmp_path: Path, lag: int, took_effect: bool, told: str
) -> None:
    error = answer(0, "ReadTimeout")
    error.in_doubt = True
    with scene_of(tmp_path, readLagSeconds=lag, replicas=1) as scene:
        when: Any = {"after" if took_effect else "before": raising(error)}
        scene.writer = replace(scene.writer, policies=Between(scene.writer.policies, **when))
        (fate,) = scene.put_back()
        assert fate.written == fate.is_back == (told == "")
        assert told in fate.why
        assert ("run it again" in fate.todo) == bool(told)


def test_of_a_write_in_doubt_nobody_says_that_it_was_taken_out_again(tmp_path: Path) -> None:
    error = answer(0, "ReadTimeout")
    error.in_doubt = True
    with scene_of(tmp_path) as scene:

        def somebody_is_quicker() -> None:
            scene.writer.sleep(2)
            scene.somebody_excludes(THEIRS)
            raise error

        policies = Between(scene.writer.policies, before=somebody_is_quicker)
        scene.writer = replace(scene.writer, policies=policies)
        (fate,) = scene.put_back()
        assert (fate.written, fate.is_back) == (False, False)
        assert fate.why.endswith("it may have been written")
        assert fate.todo == "in some minutes, run it again"


def test_who_is_stopped_ends_its_wait_and_tells_what_was_written(tmp_path: Path) -> None:
    with scene_of(tmp_path, readLagSeconds=600, replicas=1) as scene:
        scene.writer = replace(scene.writer, stopped=lambda: scene.ago >= 3)
        (fate,) = scene.put_back()
        assert (fate.written, fate.is_back) == (True, True)
        assert scene.ago < 10
        again = scene.put_back()
        assert [one.why for one in again] == [NOT_BEGUN]
