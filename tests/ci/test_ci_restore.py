"""`breakglass ci restore`: each customer with its own variables, and none stops another."""

import os
import signal
from pathlib import Path

import pytest

from cli import ci_restore
from cli.chosen_stack import ChosenStack, ask_engine
from cli.exclusion_restore import Restored
from cli.failure import CommandFailed
from cli.fleet_run import Selection


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, ChosenStack]:
    for name in ("Pulumi.yaml", "Pulumi.east.yaml", "Pulumi.north.yaml", "Pulumi.west.yaml"):
        (tmp_path / name).write_text("config: {}\n")
    seen: dict[str, ChosenStack] = {}
    found = {
        "north": Restored(lost=("MFA",), back=("MFA",)),
        "west": Restored(lost=("Legacy",), left=(("Legacy", "the settings are not deployed"),)),
    }

    def restore(stack: ChosenStack) -> Restored:
        seen[str(stack.name)] = stack
        if "STOP" in stack.environment and stack.name == "north":
            signal.raise_signal(signal.Signals[stack.environment["STOP"]])
        if stack.name not in found:
            raise CommandFailed("the policies may not be read")
        return found[str(stack.name)]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ci_restore, "restore", restore)
    monkeypatch.setattr(ci_restore, "engine_executable", lambda: Path("pulumi"))
    return seen


def test_each_customer_is_told_of_and_none_stops_the_others(asked: dict[str, ChosenStack]) -> None:
    report = ci_restore.restore_all(Selection(), {"A": "1", "ARM_CLIENT_ID__NORTH": "north's"})
    assert [one.outcome for one in report.customers] == ["failed", "done", "failed"]
    east, north, west = report.customers
    assert east.problems[0].what == "the policies may not be read"
    assert east.policies.drifted is None
    assert north.changes == {"update": 1}
    assert "excludes again" in north.problems[0].what
    assert "Legacy still lacks the exclusion: the settings" in west.problems[0].what
    assert report.exit_code == 1
    assert asked["north"].environment["ARM_CLIENT_ID"] == "north's"
    assert "north's" not in asked["west"].environment.values()


def test_a_shard_takes_its_own_customers_alone(asked: dict[str, ChosenStack]) -> None:
    assert ci_restore.restore_all(Selection(only=["north"]), {}).exit_code == 0
    assert set(asked) == {"north"}


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM"])
def test_a_run_that_is_stopped_still_tells_of_all_customers(
    asked: dict[str, ChosenStack], how: str
) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    report = ci_restore.restore_all(Selection(), {"STOP": how})
    assert [one.outcome for one in report.customers] == ["failed", "cancelled", "not started"]
    assert "may or may not be back" in report.customers[1].problems[0].what
    assert report.exit_code == 130
    assert set(asked) == {"east", "north"}
    assert signal.getsignal(signal.SIGTERM) is handler


def test_an_engine_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    slow = tmp_path / "pulumi"
    slow.write_text("#!/bin/sh\nexec sleep 600\n")
    slow.chmod(0o700)
    stack = ChosenStack("north", slow, tmp_path, {"PATH": os.environ["PATH"]}, is_sandbox=False)
    with pytest.raises(CommandFailed, match="`pulumi preview` of stack north was not done within"):
        ask_engine([str(slow), "preview"], stack, seconds=0.05)
