"""What is written to a policy that lost its exclusion, and when it is left alone."""

from pathlib import Path
from typing import Any, cast

import pytest

from cli import exclusion_restore
from cli.chosen_stack import ChosenStack
from cli.exclusion_restore import Stopped, restore
from cli.policy_check import Finding, Result
from entra.conditional_access import ConditionalAccessClient
from entra.errors import Forbidden
from entra.exclusion import Change, Entries
from entra.policy import Policy
from entra.write_turn import WriteTurn, Written

STATE = '{"deployment": {"resources": []}}'
MISSING = Entries(("ours",), ())


class Policies:
    """One policy, and what is written to it."""

    def __init__(self, groups: list[str], *, refuses: bool = False) -> None:
        users = {"excludeGroups": groups, "excludeUsers": ["ada"]}
        document = {"id": "p1", "displayName": "MFA", "conditions": {"users": users}}
        self.policy: Policy | None = Policy.from_document(document)
        self.refuses = refuses
        self.written: list[Change] = []

    def get_policy(self, policy_id: str) -> Policy | None:
        assert policy_id == "p1"
        return self.policy

    def write_exclusions(self, policy_id: str, change: Change, *, in_time: Any) -> None:
        assert (policy_id, in_time()) == ("p1", True)
        if self.refuses:
            raise Forbidden(403, "AccessDenied", "no", method="PATCH", path="p1")
        self.written.append(change)


def write(policies: Policies, turn: WriteTurn) -> str:
    client = cast("ConditionalAccessClient", policies)
    with turn.held():
        return exclusion_restore._write(client, turn, "p1", MISSING)  # pyright: ignore


def test_what_was_lost_goes_beside_all_that_stands_there_now(tmp_path: Path) -> None:
    policies = Policies(["theirs"])
    assert write(policies, WriteTurn("t", folder=tmp_path)) == ""
    assert policies.written == [Change(("theirs", "ours"), None)]


def test_what_somebody_put_back_meanwhile_is_not_written_again(tmp_path: Path) -> None:
    policies = Policies(["OURS"])
    assert write(policies, WriteTurn("t", folder=tmp_path)) == ""
    assert policies.written == []


def test_a_policy_that_is_gone_is_left(tmp_path: Path) -> None:
    policies = Policies([])
    policies.policy = None
    assert "was deleted" in write(policies, WriteTurn("t", folder=tmp_path))


def test_an_answer_older_than_this_machines_last_write_is_not_built_upon(tmp_path: Path) -> None:
    policies, turn = Policies([]), WriteTurn("t", folder=tmp_path)
    with turn.held(), turn.writing("p1", Written(Entries(("theirs",), ("ada",)), "")):
        pass
    assert "does not show that yet" in write(policies, turn)
    assert policies.written == []


@pytest.mark.parametrize(
    ("state", "refuses", "told"),
    [
        ('{"deployment": {"resources": [{}]}}', False, "another run changes this stack"),
        (STATE, True, "Policy.ReadWrite.ConditionalAccess"),
        (STATE, False, ""),
    ],
)
def test_why_a_policy_was_left_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, refuses: bool, told: str
) -> None:
    policies = Policies(["theirs"], refuses=refuses)
    client, turn = cast("ConditionalAccessClient", policies), WriteTurn("t", folder=tmp_path)
    monkeypatch.setattr(exclusion_restore, "exported_state", lambda _: state)  # pyright: ignore
    monkeypatch.setattr(exclusion_restore, "_writer", lambda _: (client, turn))  # pyright: ignore
    stack = ChosenStack("north", Path("pulumi"), tmp_path, {}, is_sandbox=False)
    lost = {"p1": Finding("p1", "MFA", "enabled", Result.LACKS, missing=MISSING)}

    reason = exclusion_restore._put_back(stack, STATE, lost)["p1"]  # pyright: ignore

    assert told in reason
    assert bool(policies.written) == (reason == "")


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
        (5, ["look", "preview", "p1"], ("MFA",)),
    ],
)
def test_who_is_stopped_begins_nothing_more_and_says_what_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, yes_from: int, did: list[str], back: tuple[str]
) -> None:
    done: list[str] = []
    names = {"p1": "MFA", "p2": "Legacy"}
    lost = {i: Finding(i, name, "on", Result.LACKS, missing=MISSING) for i, name in names.items()}
    step = {"op": "update", "oldState": {}, "newState": {"inputs": {"pending": True}}}

    def tell(word: str, answer: Any) -> Any:
        return lambda *_: (done.append(word), answer)[1]  # pyright: ignore

    def write_one(*arguments: Any) -> str:
        done.append(arguments[2])
        return ""

    turn = WriteTurn("t", folder=tmp_path)
    monkeypatch.setattr(exclusion_restore, "exported_state", lambda _: STATE)  # pyright: ignore
    monkeypatch.setattr(exclusion_restore, "_verified", tell("look", None))
    monkeypatch.setattr(exclusion_restore, "_lost", lambda _: lost)  # pyright: ignore
    monkeypatch.setattr(exclusion_restore, "_children", lambda *_: {"u1": "p1", "u2": "p2"})  # pyright: ignore
    monkeypatch.setattr(exclusion_restore, "_steps", tell("preview", {"u1": step, "u2": step}))
    monkeypatch.setattr(exclusion_restore, "_writer", lambda _: (None, turn))  # pyright: ignore
    monkeypatch.setattr(exclusion_restore, "_write", write_one)
    stack = ChosenStack("north", Path("pulumi"), tmp_path, {}, is_sandbox=False)

    with pytest.raises(Stopped) as stopped:
        restore(stack, stopped=Calls(yes_from))

    assert done == did
    assert stopped.value.so_far.back == back
    left = dict(stopped.value.so_far.left)
    assert set(left) == (set(names.values()) - set(back) if yes_from > 3 else set())
    assert all("stopped before" in why for why in left.values())
