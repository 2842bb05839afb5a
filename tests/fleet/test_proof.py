"""Policies without the exclusion in a preview or a look, and when all is proved to be in place."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from fleet import looks
from fleet.exclusions import EXCLUSION, UNKNOWN
from fleet.job import run_job
from fleet.report import AlarmLine, Money, PolicyCounts
from fleet.standing import ACCOUNTS, Standing, read_state
from tests.fleet.steps import policy, step, told_outputs
from tests.fleet.stub import NO_CHANGES, StubProject, job, stub_project

ENVIRON = {"PATH": os.environ["PATH"]}
EXPORTED = json.loads(Path(__file__).with_name("exported_stack.json").read_text(encoding="utf-8"))


LOST = "exclude group BTG Admins"
ACCOUNT = {"objectId": "1", "userPrincipalName": "a1@fabrikam"}


@pytest.fixture
def project(tmp_path: Path) -> StubProject:
    return stub_project(tmp_path, "north")


def told(*policies: dict[str, Any], same: int = 38) -> dict[str, Any]:
    """A preview with these policies, and with all else that a program tells."""
    outputs = told_outputs(
        accounts=[ACCOUNT],
        obstacles=[],
        skippedPolicies=[],
        excludedPolicies=[],
        estimatedMonthlyCost={"total": 3.5, "currency": "EUR"},
    )
    name = {"inputs": {}, "outputs": {"objectId": "1"}}
    account = step("same", ACCOUNTS[0], "account-1", done=True, new=name)
    changes = {"same": same, "create": len(policies)}
    return {"events": [*policies, account, outputs], "changes": changes}


def test_a_preview_counts_policies_that_lost_the_exclusion(project: StubProject) -> None:
    lost = told(policy("update", 1, LOST), policy("update", 2, LOST), policy("same", 3))
    project.plan(north={"preview": lost, "up": NO_CHANGES, "export": EXPORTED})
    report = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert (report.policies.excluded, report.policies.drifted) == (1, 2)
    assert report.problems[0].what == "2 policies have lost the exclusion"
    assert report.last_verified is None
    project.plan(north={"preview": lost, "up": {"events": written(1, 2, 3)}})
    healed = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    assert (healed.policies.excluded, healed.policies.drifted) == (3, 0)
    assert "exclude again" in healed.problems[0].what
    assert healed.last_verified is not None


def written(*numbers: int) -> list[dict[str, Any]]:
    """What an `up` tells of policies that it wrote."""
    new: dict[str, Any] = {"inputs": {}, "outputs": {"reason": "", "refused": ""}}
    return [step("update", EXCLUSION, f"exclusion-{one}", done=True, new=new) for one in numbers]


def test_settings_that_ask_for_one_more_account_are_a_change_and_no_drift(
    project: StubProject,
) -> None:
    project.plan(north={"preview": told(policy("update", 1, "exclude account 2", wanted=UNKNOWN))})
    report = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert (report.policies.excluded, report.policies.drifted, report.problems) == (1, 0, ())
    assert report.last_verified is None, "the second account is not left out yet"
    assert [(one.operation, one.name) for one in report.planned] == [("update", "exclusion-1")]


def test_a_preview_tells_new_policies_without_the_exclusion(project: StubProject) -> None:
    made = told(policy("create", 0, LOST), policy("create", 1), policy("same", 2))
    project.plan(north={"preview": made, "up": {"events": written(0, 1, 2)}})
    report = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert (report.outcome, report.policies.excluded, report.policies.drifted) == ("done", 2, 1)
    (problem,) = report.problems
    words = "1 new policy does not leave the emergency accounts out yet: Policy 0"
    assert problem.what == words
    assert "fleet up --only north" in problem.todo
    assert report.last_verified is None
    done = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    assert (done.policies.drifted, done.problems) == (0, ())
    assert done.last_verified is not None


def test_the_first_preview_of_a_customer_is_neither_drift_nor_proof(project: StubProject) -> None:
    project.plan(north={"preview": told(policy("create", 1, LOST), same=0)})
    report = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert (report.policies.drifted, report.problems, report.last_verified) == (0, (), None)


def test_other_resources_with_something_pending_are_no_policies(project: StubProject) -> None:
    other = step("create", "pkg:a:B", "x", new={"inputs": {"pending": ["x"]}, "outputs": {}})
    project.plan(north={"preview": told(policy("same", 1), other)})
    report = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert (report.policies.excluded, report.policies.drifted, report.problems) == (1, 0, ())
    assert report.last_verified is not None


def test_a_preview_that_looked_at_no_policy_proves_nothing(project: StubProject) -> None:
    report = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert (report.outcome, report.last_verified, report.policies.drifted) == ("done", None, None)


def test_a_failed_look_shows_no_figure_of_before_as_todays(project: StubProject) -> None:
    refused = {"errors": ["AADSTS7000215: ARM_CLIENT_SECRET is not the secret of x"]}
    project.plan(north={"preview": refused, "export": EXPORTED})
    report = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert report.outcome == "failed"
    assert (report.accounts, report.policies, report.alarm) == (None, PolicyCounts(), AlarmLine())
    assert (report.monthly_cost, report.last_verified) == (None, None)
    known = report.last_known
    assert known is not None
    assert (f"{known.as_of:%Y-%m-%d}", known.policies.excluded) == ("2026-11-20", 2)
    assert [one.ready for one in known.accounts or ()] == [False, True]
    assert (known.alarm.receivers, known.monthly_cost) == (3, Money(amount=12.5, currency="EUR"))


def test_a_preview_tells_what_it_found_out_itself_and_the_rest_as_of_before(
    project: StubProject,
) -> None:
    project.plan(north={"preview": told(policy("same", 1)), "export": EXPORTED})
    report = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert [(one.user_principal_name, one.ready) for one in report.accounts or ()] == [
        ("a1@fabrikam", True)
    ]
    assert report.monthly_cost == Money(amount=3.5, currency="EUR")
    known = report.last_known
    assert known is not None
    assert known.alarm == AlarmLine(enabled=True, receivers=3)
    assert (known.accounts, known.monthly_cost, known.policies) == (None, None, PolicyCounts())


def test_what_a_destroy_took_down_is_not_told_as_known(project: StubProject) -> None:
    project.plan(north={"preview-destroy": NO_CHANGES, "destroy": {}, "export": EXPORTED})
    done = run_job(job("north", "destroy"), project.folder, project.options(ENVIRON))
    assert (done.outcome, done.accounts, done.last_known) == ("done", None, None)
    project.plan(north={"destroy": {"errors": ["half"]}, "export": EXPORTED})
    failed = run_job(job("north", "destroy"), project.folder, project.options(ENVIRON))
    assert failed.last_known is not None


def test_no_secret_is_in_a_word_that_a_program_told(project: StubProject) -> None:
    secret = "Zq8~client-secret-1"
    events = told(step("create", "a:b:C", f"named-{secret}", new={"inputs": {}, "outputs": {}}))
    outputs = events["events"][-1]["resOutputsEvent"]["metadata"]["new"]["outputs"]
    outputs["obstacles"] = [{"account": "account-1", "problem": secret, "remedy": "x"}]
    project.plan(north={"preview": events, "export": EXPORTED})
    environ = {**ENVIRON, "ARM_CLIENT_SECRET__NORTH": secret}
    report = run_job(job("north"), project.folder, project.options(environ))
    assert secret not in report.model_dump_json()
    assert report.planned[0].name == "named-[secret]"
    assert report.accounts is not None
    assert report.accounts[0].hindrances == ("[secret]: x",)


@pytest.mark.parametrize(
    "told",
    [["{s}"], ["begin of a key\n", "inner  part of it\n"], ["begin of a key inner part of it end"]],
)
def test_a_secret_of_several_lines_is_in_no_word(project: StubProject, told: list[str]) -> None:
    secret = "begin of a key\ninner  part of it\nend"
    lines = [one.format(s=secret) for one in told]
    project.plan(north={"preview": {"errors": lines}})
    environ = {**ENVIRON, "ARM_CLIENT_SECRET__NORTH": secret}
    report = run_job(job("north"), project.folder, project.options(environ))
    log = (project.folder / "run" / "north.log").read_text(encoding="utf-8")
    for part in ("begin of a key", "inner  part", "inner part"):
        assert part not in log
        assert part not in report.model_dump_json()
    assert "[secret]" in report.problems[0].what
    assert not report.problems[0].what.endswith("end")


@pytest.mark.parametrize("reason", ["refused", "skipped"])
def test_an_up_that_a_policy_refused_proves_nothing(project: StubProject, reason: str) -> None:
    new: dict[str, Any] = {"inputs": {}, "outputs": {reason: "kept by Microsoft"}}
    done = step("update", EXCLUSION, "exclusion-1", done=True, new=new)
    project.plan(north={"preview": told(policy("update", 1, LOST)), "up": {"events": [done]}})
    report = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    assert (report.outcome, report.last_verified is None) == ("done", reason == "refused")


@pytest.mark.parametrize("operation", ["refresh", "destroy"])
def test_what_does_not_look_at_policies_proves_nothing(
    project: StubProject, operation: Any
) -> None:
    report = run_job(job("north", operation), project.folder, project.options(ENVIRON))
    assert (report.outcome, report.last_verified) == ("done", None)


@pytest.mark.parametrize(
    ("said", "verified", "drifted"),
    [
        ({"right": True, "policies": [{"name": "MFA", "result": "excluded"}]}, True, 0),
        ({"right": False, "policies": [{"name": "MFA", "result": "new"}]}, False, 1),
        ({"right": False, "policies": [{"name": "MFA", "result": "refused"}]}, False, 0),
        ({"right": False, "unfinished": True}, False, 0),
        (None, False, None),
    ],
)
def test_only_a_look_that_finds_all_right_is_a_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    said: dict[str, Any] | None, verified: bool, drifted: int | None,
) -> None:  # fmt: skip
    answers = {"verify": json.dumps(said) if said else "", "status": "[]"}
    python = f"import sys; print({answers!r}[sys.argv[1]])"
    monkeypatch.setattr(looks, "BREAKGLASS", (sys.executable, "-c", python))
    found = looks.look("north", tmp_path, Standing(), print)
    assert (found.verified, found.policies.drifted) == (verified, drifted)
    assert bool(found.problems) is not verified


@pytest.mark.parametrize(
    ("mark", "words", "enabled"),
    [("right", "on", True), ("wrong", "OFF: x", False), ("unknown", "could not be read", None)],
)
def test_a_status_tells_the_alarm_as_it_is_and_accounts_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str, words: str, enabled: bool | None
) -> None:
    rows = [{"mark": mark, "subject": "alert Used", "words": words}]
    answers = {"verify": "", "status": json.dumps(rows)}
    python = f"import sys; print({answers!r}[sys.argv[1]])"
    monkeypatch.setattr(looks, "BREAKGLASS", (sys.executable, "-c", python))
    before, _ = read_state(json.dumps(EXPORTED))
    found = looks.look("north", tmp_path, before, print)
    assert found.alarm == AlarmLine(enabled=enabled)
    assert found.policies == PolicyCounts(), "of which nothing was heard"
