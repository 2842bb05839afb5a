"""What stands for the services in these tests: it works out conditions, and guesses nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.ci import azure_host, github_host
from tests.ci.azure_host import AzureHost
from tests.ci.expressions import evaluate, filled
from tests.ci.github_host import GitHubHost
from tests.ci.machine import Machines, commit
from tests.ci.pipelines import azure, github

NAMES = {"vars": {"SHARDS": "2", "EMPTY": ""}, "needs": {"plan": {"result": "Success"}}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vars.SHARDS", "2"),
        ("vars.GONE || 'none'", "none"),
        ("vars.EMPTY == ''", True),
        ("vars.GONE == ''", True),
        ("vars.SHARDS != '2' || needs.plan.result == 'success'", True),
        ("!(vars.SHARDS && vars.GONE)", True),
        ("and(eq(vars['SHARDS'], '2'), not(in(needs.plan.result, 'failed', 'skipped')))", True),
        ("replace('refs/heads/main', 'refs/heads/', '')", "main"),
        ("fromJSON('[1]')", [1]),
        ("'it''s'", "it's"),
    ],
)
def test_an_expression_is_worked_out(text: str, expected: object) -> None:
    assert evaluate(text, NAMES) == expected


@pytest.mark.parametrize("text", ["secrets.KEY", "hashFiles('a')", "vars.A &", "eq(1", "1 2", "*"])
def test_what_is_not_known_is_not_guessed(text: str) -> None:
    with pytest.raises(AssertionError):
        evaluate(text, NAMES)


def test_a_value_alone_keeps_its_kind_and_within_a_text_is_text() -> None:
    assert filled("${{ fromJSON('{\"a\": 1}') }}", NAMES) == {"a": 1}
    assert filled("up-${{ vars.SHARDS }}.json", NAMES) == "up-2.json"


def machines(folder: Path) -> Machines:
    origin = folder / "origin"
    origin.mkdir(parents=True)
    (origin / "README.md").write_text("A project.\n")
    commit(origin, "All")
    return Machines(folder / "machines", origin, {"PATH": "/usr/bin:/bin"}, {})


def nobody(*_: Any) -> Mapping[str, str]:
    raise AssertionError("nobody signs in here")


def on_github(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> github_host.GitHubRun:
    monkeypatch.setattr(github_host, "github_text", {"any": text}.__getitem__)
    host = GitHubHost(machines(folder), {}, {"tenant": {}}, nobody, {}, "token")
    return host.run("any", {})


def on_azure(
    folder: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[azure_host.AzureRun, Machines]:
    monkeypatch.setattr(azure_host, "azure_text", {"any": text}.__getitem__)
    there = machines(folder)
    return AzureHost(there, {}, {}, nobody, {}, "token").run("any"), there


GITHUB = """\
jobs:
  one:
    permissions: {}
    outputs: {made: "${{ steps.make.outputs.made }}"}
    steps:
      - {name: Make, id: make, run: 'echo made=1 >> "$GITHUB_OUTPUT"; echo A=2 >> "$GITHUB_ENV"'}
      - {name: Keep, run: 'echo "$A" > kept; test ! -e README.md'}
      - {name: Up, uses: actions/upload-artifact@1, with: {name: kept, path: kept}}
      - {name: Fail, run: "false"}
      - {name: Never, run: touch never}
      - {name: Always, if: always(), run: "test ! -e never"}
  two:
    needs: one
    if: needs.one.outputs.made == '1'
    permissions: {}
    steps: [{name: Never, run: "exit 1"}]
  three:
    needs: [one, two]
    if: failure() && needs.one.outputs.made == '1'
    permissions: {}
    strategy: {matrix: "${{ fromJSON('{\\"include\\":[{\\"n\\":1},{\\"n\\":2}]}') }}"}
    steps:
      - {name: Out, uses: actions/checkout@1}
      - {name: Get, uses: actions/download-artifact@1, with: {name: kept, path: got}}
      - {name: See, env: {N: "${{ matrix.n }}"}, run: 'cat got/kept README.md; echo "$N $A"'}
"""


def test_github_hands_on_what_a_job_says_and_keeps_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = on_github(tmp_path, GITHUB, monkeypatch)
    assert run.results == {"one": "failure", "two": "skipped", "three": "success"}
    said = [(tmp_path / "machines" / f"machine-{n}" / "never").exists() for n in (1, 2, 3)]
    assert said == [False, False, False]


AZURE = """\
stages:
  - stage: one
    jobs:
      - job: one
        steps:
          - script: |
              echo "##vso[task.setvariable variable=made;isOutput=true]1"
              echo "##vso[task.setvariable variable=key;issecret=true]k"
              echo "##vso[task.setvariable variable=odd]9"
            name: make
            displayName: Make
            target: {settableVariables: [made, key]}
          - script: |
              echo "##vso[task.setvariable variable=made]2"
              test "$MADE$KEY$ODD$GIVEN" = 1k
            displayName: See
            target: {settableVariables: none}
            env: {GIVEN: $(key)}
          - script: test "$MADE" = 1
            displayName: Still
          - task: PublishPipelineArtifact@1
            displayName: Keep
            inputs: {artifact: gone, targetPath: gone}
  - stage: two
    jobs: [{job: two, steps: [{script: "true", displayName: Never}]}]
  - stage: three
    dependsOn: [one, two]
    condition: and(failed(), eq(dependencies.two.result, 'Skipped'))
    jobs:
      - job: three
        variables: {made: "$[ stageDependencies.one.one.outputs['make.made'] ]"}
        steps: [{script: 'false; test "$MADE" = 1', displayName: See}]
"""


def test_azure_devops_takes_the_variables_that_a_step_may_set_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, there = on_azure(tmp_path, AZURE, monkeypatch)
    assert run.results == {"one": "Failed", "two": "Skipped", "three": "Succeeded"}
    assert run.artifacts == {}
    # What failed was the artifact: there was nothing to keep.
    assert {one.step: one.code for one in there.ran} == {"Make": 0, "See": 0, "Still": 0}
    assert run.outputs["one"]["one"] == {"make.made": "1"}


@pytest.mark.parametrize(
    ("play", "text"),
    [
        (on_github, "jobs: {a: {permissions: {}, steps: [{name: A, uses: some/action@1}]}}"),
        (on_azure, "stages: [{stage: a, jobs: [{job: a, steps: [{task: Some@1}]}]}]"),
    ],
)
def test_an_action_that_nobody_plays_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, play: Any, text: str
) -> None:
    with pytest.raises(AssertionError, match="nobody plays"):
        play(tmp_path, text, monkeypatch)


@pytest.mark.parametrize("call", ["make", "make all", "python3 dev.py test", "python3 -c 1"])
def test_a_stub_does_nothing_but_what_it_stands_for(tmp_path: Path, call: str) -> None:
    there = machines(tmp_path)
    ran = there.shell(("job", "step"), ["sh", "-c"], call, there.workspace(), {})
    assert ran.code == 97


@pytest.mark.parametrize(
    ("by_hand", "chosen", "variable", "heals"),
    [
        (False, "none", "exclusions", True),
        (False, "none", "", False),
        (True, "none", "exclusions", False),
        (True, "exclusions", "", True),
    ],
)
def test_a_run_by_hand_heals_what_was_chosen_and_any_other_what_the_variable_says(
    by_hand: bool, chosen: str, variable: str, heals: bool
) -> None:
    (here,) = [job.document["if"] for job in github("drift") if job.name == "heal"]
    inputs = {"heal": chosen} if by_hand else {}
    names = {
        "inputs": inputs,
        "vars": {"HEAL": variable},
        "needs": {"plan": {"result": "success"}},
    }
    assert evaluate(here, names, {"failure": lambda: True}) is heals
    (there,) = [job.document["stage"] for job in azure("drift") if job.name == "heal"]
    names = {
        "dependencies": {"look": {"result": "Failed"}},
        "variables": {"HEAL": variable, "Build.Reason": "Manual" if by_hand else "Schedule"},
    }
    condition = filled(there["condition"], {"parameters": {"heal": chosen}})
    assert evaluate(condition, names) is heals
