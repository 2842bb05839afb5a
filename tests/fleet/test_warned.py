"""What the program warns of reaches the report: as a problem or a note, once, in words of ours."""

import ast
from pathlib import Path
from typing import Any

import pytest

from components.exclusion_telling import refusal_line
from components.group_strangers import Stranger
from entra.directory import Member
from entra.policy import Policy
from fleet.exclusions import EXCLUSION
from fleet.job import run_job
from fleet.report import AccountLine
from fleet.report_words import State, state
from fleet.warned import MOST, told_apart
from tests.fleet.steps import events_of, policy, step
from tests.fleet.stub import StubProject, job, stub_project
from tests.fleet.test_proof import ENVIRON, told
from tests.support.pulumi_stack import REPOSITORY

GROUP = "urn:pulumi:north::break-glass::break-glass:index:BreakGlassGroup::group"
CHILD = "urn:pulumi:north::break-glass::break-glass:index:A$azuread:index/user:User::user"
ADA = Member("b9251f03-56f9-54da-9129-d225eb922163", "ada@fabrikam.example", "user")
BESIDES = (
    "group BTG Admins has members besides this stack's accounts, and every policy that excludes it"
    " lets them past too: mallory@x (1); they stay, since the group is not this stack's"
)
REFUSES = "kept by Microsoft, and the service refuses to change its exclusions (400: no)"


@pytest.fixture
def project(tmp_path: Path) -> StubProject:
    return stub_project(tmp_path, "north")


def warning(message: str, urn: str = "", severity: str = "warning") -> dict[str, Any]:
    said = {"message": message, "color": "never", "severity": severity, "prefix": "warning: "}
    return {"diagnosticEvent": {**said, **({"urn": urn} if urn else {})}}


def previewed(*events: dict[str, Any]) -> dict[str, Any]:
    """A preview of a stack that stands, with a policy that is right, and these events."""
    found = told(policy("same", 1), same=40)
    return {"events": [*found["events"], *events], "changes": {"same": 40}}


def stranger(kind: Any = "member", account: str | None = None) -> str:
    return Stranger(kind, ADA, account).warning("BTG Admins")


def test_only_what_is_ours_is_heard_and_each_line_once() -> None:
    events = events_of(
        warning("of the program\n"),
        warning("<{%fg 3%}>of a\x1b[31m component", GROUP),
        warning("of the program"),
        warning("this property is deprecated", CHILD),
        warning("using pulumi-resource-azuread from $PATH at a folder"),
        warning("resource plugin azuread is expected to have version >=6.11.1, but has 0.0.0"),
        warning("Attempting to deploy or update resources with 2 pending operations from previous"),
        warning("no warning", severity="info"),
    )
    assert events.warnings() == ["of the program", "of a component"]


@pytest.mark.parametrize(
    ("line", "effect"),
    [
        (stranger(), "and none of ours, so every policy lets it past"),
        (stranger("owner"), "is an owner of group BTG Admins and none of ours, so it can add"),
        (stranger(account="account-2"), "is this stack's account-2, which is not to be excluded"),
    ],
)
def test_an_outsider_in_the_group_is_a_problem_before_and_after_it_is_taken_out(
    project: StubProject, line: str, effect: str
) -> None:
    events = previewed(warning(line, GROUP), warning(line, GROUP))
    project.plan(north={"preview": events, "up": previewed(warning(line, GROUP))})
    report = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert (report.outcome, state(report), report.notes) == ("done", State.ATTENTION, ())
    (problem,) = report.problems
    assert ADA.name in problem.what
    assert effect in problem.what
    assert "pulumi up" not in problem.what
    assert "`breakglass fleet up --only north` takes it out" in problem.todo
    done = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    (problem,) = done.problems
    assert problem.what.startswith(f"{ADA.name} ({ADA.id}) was a")
    assert problem.what.endswith(", and was taken out")
    assert "Audit logs" in problem.todo


def test_who_stays_in_the_group_is_not_told_as_taken_out(project: StubProject) -> None:
    line = stranger("owner")
    left = f"group 1: Graph does not let the last owner go, so 'remove owner {ADA.name} ({ADA.id})'"
    up = previewed(warning(line, GROUP), warning(f"{left} is left to do: Owners"))
    project.plan(north={"preview": previewed(warning(line, GROUP)), "up": up})
    report = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    assert [("is an owner" in one.what, "left to do" in one.what) for one in report.problems] == [
        (True, False), (False, True),
    ]  # fmt: skip
    half = {"events": up["events"], "errors": ["could not be taken out"]}
    project.plan(north={"preview": previewed(warning(line, GROUP)), "up": half})
    failed = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    assert failed.outcome == "failed"
    assert any("is an owner" in one.what for one in failed.problems)


def test_others_in_a_group_that_is_the_customers_own_are_a_problem(project: StubProject) -> None:
    project.plan(north={"preview": previewed(warning(BESIDES, GROUP))})
    report = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert [one.what for one in report.problems] == [BESIDES]
    assert "Members" in report.problems[0].todo


def test_a_policy_that_refuses_is_a_problem_of_preview_and_up(project: StubProject) -> None:
    refusing = policy("same", 2)
    refusing["resourcePreEvent"]["metadata"]["old"]["outputs"]["refused"] = REFUSES
    line = refusal_line(Policy.from_document({"id": "2", "displayName": "Policy 2"}), REFUSES)
    new = {"inputs": {}, "outputs": {"refused": REFUSES, "policyName": "Policy 2"}}
    same = step("same", EXCLUSION, "exclusion-2", done=True, new=new)
    preview = previewed(refusing, warning(line, GROUP))
    project.plan(north={"preview": preview, "up": {"events": [same, warning(line, GROUP)]}})
    for operation in ("preview", "up"):
        report = run_job(job("north", operation), project.folder, project.options(ENVIRON))
        (problem,) = report.problems
        assert problem.what == "1 policy refuses the exclusion: Policy 2"
        assert "Users → Exclude" in problem.todo
        assert (report.policies.skipped, report.policies.drifted) == (1, 0)
        assert (report.notes, report.last_verified, state(report)) == ((), None, State.ATTENTION)
    project.plan(north={"preview": {**preview, "errors": ["something else"]}})
    failed = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert line in {one.what for one in failed.problems}, "which nothing else tells then"


def test_all_else_is_a_note_without_what_stands_there_already(project: StubProject) -> None:
    secret = "Zq8~client-secret-1"
    doubt = "account-1: a1 has no passkey; what to do, step by step: this run's output obstacles"
    taken_in = f"group BTG Admins is taken in again \u202e{secret}"
    events = previewed(warning(doubt), warning(taken_in), warning("account-3: is new; what to do"))
    outputs = events["events"][2]["resOutputsEvent"]["metadata"]["new"]["outputs"]
    outputs["obstacles"] = [{"account": "account-1", "problem": "a1 has no passkey", "remedy": "x"}]
    project.plan(north={"preview": events})
    environ = {**ENVIRON, "ARM_CLIENT_SECRET__NORTH": secret}
    report = run_job(job("north"), project.folder, project.options(environ))
    expected = ("group BTG Admins is taken in again [secret]", "account-3: is new; what to do")
    assert (report.problems, report.notes) == ((), expected)


def test_many_notes_are_counted() -> None:
    accounts = [AccountLine(user_principal_name="a", object_id="1", ready=True)]
    notes = told_apart(map(str, range(MOST + 3)), "north", accounts=accounts).notes
    assert notes[MOST - 1 :] == [str(MOST - 1), "and 3 more warnings, which the log holds"]


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("components/break_glass_group.py", "has members besides this stack's accounts"),
        ("components/group_guard.py", "' is left to do"),
        ("components/group_checks.py", "which no policy should exclude"),
        ("components/policy_write.py", "the service refuses to change its exclusions"),
        ("components/exclusion_telling.py", "so nobody is excluded from it anew"),
        ("premium.py", "no Entra ID P1 licence any more"),
        ("premium.py", "no use of the accounts rings as long as it says so"),
    ],
)
def test_a_warning_that_is_a_problem_is_worded_so(module: str, words: str) -> None:
    tree = ast.parse((REPOSITORY / module).read_text(encoding="utf-8"))
    texts = [str(one.value) for one in ast.walk(tree) if isinstance(one, ast.Constant)]
    assert any(words in text for text in texts)
    line = words if words[0] != "'" else f"'remove owner a (1){words}"
    assert told_apart([line], "north").problems
