"""How a stack's lost exclusions are put back: what is looked at first, and what is told of it."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from cli import exclusion_put_back, exclusion_restore, restore_work
from cli.chosen_stack import ChosenStack
from cli.exclusion_put_back import Writer
from cli.exclusion_restore import Stopped, restore
from cli.failure import CommandFailed
from cli.policy_check import Finding, Result
from cli.restore_work import Stop, work
from cli.stack_state import EXCLUSION_TYPE
from entra.errors import GraphError
from entra.exclusion import Change, Entries
from entra.policy import Policy
from entra.write_turn import WriteTurn
from fleet.customers import Customer
from fleet.report import CustomerReport

RESOURCES: list[dict[str, Any]] = [
    {"urn": "u1", "type": EXCLUSION_TYPE, "outputs": {"policyId": "p1"}},
    {"urn": "u2", "type": EXCLUSION_TYPE, "outputs": {"policyId": "p2"}},
    {"urn": "u3", "type": EXCLUSION_TYPE, "outputs": {"policyId": "p3"}},
    {"urn": "u4", "type": "another", "outputs": {"policyId": "p1"}},
]
STATE = json.dumps({"deployment": {"resources": RESOURCES}})
CHANGED = '{"deployment": {"resources": [{}]}}'
NAMES = {"p1": "MFA", "p2": "Legacy"}
LOST = {
    policy_id: Finding(policy_id, name, "on", Result.LACKS, missing=Entries(("ours",), ()))
    for policy_id, name in NAMES.items()
}
STEP: Any = {"op": "update", "oldState": {}, "newState": {"inputs": {"pending": True}}}


class Tenant:
    """Policies that are written to at once, and the state of a stack that has lost two."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.written: list[str] = []
        self.did: list[str] = []
        self.groups: dict[str, list[str]] = {policy_id: ["theirs"] for policy_id in NAMES}
        self.states: list[str | Exception] = []
        """What the exports tell, one after the other; then always the same state."""
        self.stack = ChosenStack("north", Path("pulumi"), folder, {}, is_sandbox=False)
        self.steps: dict[str, Any] = {"u1": STEP, "u2": STEP}
        turn = WriteTurn("t", folder=folder)

        def writer(_: object, stopped: Any) -> Writer:
            return Writer(cast("Any", self), turn, "run it again", stopped)

        def look(*_: object) -> None:
            self.did.append("look")

        def preview(_: object, urns: list[str]) -> dict[str, Any]:
            assert urns == ["u1", "u2"]
            self.did.append("preview")
            return self.steps

        for module in (exclusion_put_back, exclusion_restore):
            monkeypatch.setattr(module, "exported_state", self.export)
        monkeypatch.setattr(exclusion_restore, "writer_of", writer)
        monkeypatch.setattr(exclusion_restore, "_verified", look)
        monkeypatch.setattr(exclusion_restore, "_lost", lambda _: LOST)  # pyright: ignore[reportUnknownArgumentType, reportUnknownLambdaType]
        monkeypatch.setattr(exclusion_restore, "_steps", preview)

    def export(self, _: object) -> str:
        state = self.states.pop(0) if self.states else STATE
        if isinstance(state, Exception):
            raise state
        return state

    def get_policy(self, policy_id: str) -> Policy | None:
        users = {"excludeGroups": self.groups[policy_id], "excludeUsers": ["ada"]}
        name = NAMES[policy_id]
        return Policy.from_document(
            {"id": policy_id, "displayName": name, "conditions": {"users": users}}
        )

    def write_exclusions(self, policy_id: str, change: Change, *, in_time: Any) -> None:
        assert in_time()
        self.did.append(policy_id)
        self.groups[policy_id] = list(change.exclude_groups or ())

    def report(self, stop: Stop | None = None) -> CustomerReport:
        """What the customer's process reports."""
        customer = Customer("north", self.stack.folder / "Pulumi.north.yaml", "t", "s")
        return work(customer, Path("pulumi"), stop or Stop())


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    return Tenant(tmp_path, monkeypatch)


def told(report: CustomerReport) -> list[tuple[str, str]]:
    return [(one.what, one.todo) for one in report.problems]


def test_what_was_lost_goes_beside_all_that_stands_there_now(tenant: Tenant) -> None:
    found = restore(tenant.stack)
    assert found.lost == found.back == found.written == ("MFA", "Legacy")
    assert tenant.groups == {"p1": ["theirs", "ours"], "p2": ["theirs", "ours"]}
    assert (found.left, found.notes) == ((), ())


def test_what_stands_there_already_is_back_and_counts_as_no_write(tenant: Tenant) -> None:
    tenant.groups["p2"] = ["OURS"]
    report = tenant.report()
    assert (report.outcome, report.changes) == ("done", {"update": 1})
    assert report.notes == ("Legacy: somebody else has put it back meanwhile",)


def test_a_policy_of_a_stack_that_another_run_changes_is_left(tenant: Tenant) -> None:
    tenant.states = [STATE, STATE, CHANGED]
    report = tenant.report()
    assert tenant.did == ["look", "preview", "p1"]
    assert (report.outcome, report.changes) == ("failed", {"update": 1})
    ((what, todo), _) = told(report)
    assert what == (
        "Legacy still lacks the exclusion: another run changes this stack now: it has the word"
    )
    assert todo == "wait for its end; then run it again"


def test_what_was_written_is_told_although_the_state_cannot_be_read_afterwards(
    tenant: Tenant,
) -> None:
    tenant.states = [STATE, STATE, CommandFailed("the state cannot be read: AADSTS700024")]
    report = tenant.report()
    assert (report.outcome, report.changes) == ("failed", {"update": 1})
    (left, back) = told(report)
    assert left[0] == "Legacy still lacks the exclusion: the state cannot be read: AADSTS700024"
    assert "1 policy had lost the exclusion, and excludes again" in back[0]


def test_what_was_written_is_told_although_it_cannot_be_looked_at_afterwards(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = tenant.get_policy

    def throttled(policy_id: str) -> Policy | None:
        if "p2" in tenant.did:
            raise GraphError(429, "TooManyRequests", "slow down", "GET", "p")
        return read(policy_id)

    monkeypatch.setattr(tenant, "get_policy", throttled)
    report = tenant.report()
    assert (report.outcome, report.changes) == ("done", {"update": 2})
    assert report.notes[0].startswith("MFA: written, and not looked at afterwards: GET p answered")


def test_nothing_but_the_loss_may_be_pending_of_a_policy(tenant: Tenant) -> None:
    tenant.steps = {"u1": {**STEP, "op": "replace"}}
    report = tenant.report()
    assert tenant.did == ["look", "preview"]
    assert (report.outcome, report.changes) == ("failed", {"update": 0})
    assert told(report) == [
        (
            "MFA still lacks the exclusion: its resource would be changed by replace",
            "deploy that: `breakglass fleet up --only north`",
        ),
        (
            "Legacy still lacks the exclusion: the program does not see it as lost",
            "look again: `breakglass verify --stack north`",
        ),
    ]


def test_what_the_state_has_as_not_made_yet_is_left_to_a_deployment(tenant: Tenant) -> None:
    first, *others = RESOURCES
    unmade = {"urn": "u1", "type": first["type"], "inputs": first["outputs"]}
    state = json.dumps({"deployment": {"resources": [unmade, *others]}})
    tenant.states = [state] * 3
    tenant.steps["u1"] = {**STEP, "op": "create"}
    report = tenant.report()
    assert tenant.did == ["look", "preview", "p2"]
    assert told(report)[0][0] == (
        "MFA still lacks the exclusion: its resource would be changed by create"
    )


def test_a_failure_before_any_write_says_how_to_try_again(tenant: Tenant) -> None:
    tenant.states = [CommandFailed("the state cannot be read: no login")]
    report = tenant.report()
    assert (report.outcome, report.changes) == ("failed", {"update": 0})
    todo = "once that is mended or over, run `breakglass ci restore --only north` again"
    assert told(report) == [("the state cannot be read: no login", todo)]


def test_an_engine_that_ends_because_we_are_stopped_hides_no_write(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Stop()

    def stopped_midway(_: object) -> str:
        if "p1" in tenant.did:
            stop.asked = True
            raise CommandFailed("the state of stack north cannot be read: signal: interrupt")
        return STATE

    monkeypatch.setattr(exclusion_put_back, "exported_state", stopped_midway)
    report = tenant.report(stop)
    assert (report.outcome, report.changes) == ("cancelled", {"update": 1})
    assert report.notes == ("MFA: written, and not looked at afterwards: the run was stopped",)
    assert told(report)[0][0] == "Legacy still lacks the exclusion: the run was stopped before"


def test_after_each_write_stands_what_is_to_be_told_of_one_that_is_killed(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*arguments: Any, **_: Any) -> None:
        if arguments[0] == "p2":
            raise Killed
        tenant.groups["p1"] = ["ours"]

    monkeypatch.setattr(tenant, "write_exclusions", killed)
    heeded: list[object] = []
    monkeypatch.setattr(restore_work, "heed", heeded.append)
    monkeypatch.chdir(tenant.stack.folder)
    Path("Pulumi.north.yaml").write_text("config: {azuread:tenantId: t}\n")
    with pytest.raises(Killed):
        restore_work.main(["north", "up", "north.json", "--pulumi", "pulumi"])
    assert len(heeded) == 1
    report = CustomerReport.model_validate_json(Path("north.json").read_bytes())
    assert (report.outcome, report.changes) == ("failed", {"update": 1})
    assert report.policies.drifted is None
    midway, legacy, mfa = told(report)
    assert midway[0] == "the process ended in the midst of its work"
    assert "`breakglass ci restore --only north`" in midway[1]
    assert legacy[0].startswith("Legacy still lacks")
    assert "excludes again" in mfa[0]


def test_a_policy_that_was_deleted_is_worth_a_note_and_no_alarm(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = tenant.get_policy
    monkeypatch.setattr(tenant, "get_policy", lambda i: None if i == "p1" else read(i))  # pyright: ignore[reportUnknownArgumentType, reportUnknownLambdaType]
    report = tenant.report()
    assert (report.outcome, report.changes) == ("done", {"update": 1})
    assert report.policies.drifted == 0
    assert report.notes == ("MFA: the policy was deleted meanwhile: nothing to put back",)


class Calls:
    """Says yes from one of its calls on; the first is number 1."""

    def __init__(self, yes_from: int) -> None:
        self.number, self._yes_from = 0, yes_from

    def __call__(self) -> bool:
        self.number += 1
        return self.number >= self._yes_from


@pytest.mark.parametrize(
    ("yes_from", "did", "back"),
    [
        (1, [], ()),
        (2, ["look"], ()),
        (3, ["look", "preview"], ()),
        (4, ["look", "preview"], ()),
        (5, ["look", "preview"], ()),
        (6, ["look", "preview", "p1"], ("MFA",)),
    ],
)
def test_who_is_stopped_begins_nothing_more_and_says_what_is_back(
    tenant: Tenant, yes_from: int, did: list[str], back: tuple[str]
) -> None:
    with pytest.raises(Stopped) as stopped:
        restore(tenant.stack, stopped=Calls(yes_from))

    assert tenant.did == did
    found = stopped.value.so_far
    assert found.back == found.written == back
    assert {one.name for one in found.left} == (
        set(NAMES.values()) - set(back) if yes_from > 3 else set()
    )
    assert all(one.why == "the run was stopped before" for one in found.left)
    assert all(one.todo == "run it again" for one in found.left)
