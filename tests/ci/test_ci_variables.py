"""What is handed on to later steps names an identity, and nothing that decides what they run."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "env"
    file.write_text("")
    monkeypatch.setenv("GITHUB_ENV", str(file))
    return file


def handed_on(monkeypatch: pytest.MonkeyPatch, variables: Any) -> Result:
    monkeypatch.setenv("BREAK_GLASS_VARIABLES", json.dumps(variables))
    return CliRunner().invoke(app, ["ci", "variables"])


IDENTITIES = (
    *("ARM_CLIENT_ID", "ARM_CLIENT_ID__NORTH_SCHOOL", "ARM_OIDC_AUDIENCE__NORTH"),
    *("AZURE_STORAGE_ACCOUNT", "AZURE_TENANT_ID", "PULUMI_BACKEND_URL"),
    *("PULUMI_BACKEND_URL__SOUTH", "PULUMI_CONFIG_PASSPHRASE__NORTH"),
)


def test_identities_and_where_the_state_is_are_handed_on(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = handed_on(monkeypatch, dict.fromkeys(IDENTITIES, "1"))
    assert done.exit_code == 0
    assert target.read_text().splitlines() == [f"{name}=1" for name in IDENTITIES]
    assert (done.stdout.splitlines(), done.stderr) == (list(IDENTITIES), "")


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "LD_PRELOAD", "BASH_ENV", "PYTHONPATH", "PYTHONSTARTUP", "NODE_OPTIONS"),
        *("GITHUB_TOKEN", "GITHUB_PATH", "RUNNER_TEMP", "ACTIONS_ID_TOKEN_REQUEST_URL"),
        *("PULUMI_PYTHON_CMD", "PULUMI_HOME", "PULUMI_OPTION_POLICY_PACK", "PULUMI_DEBUG_COMMANDS"),
        *("AZURE_CONFIG_DIR", "AZURE_EXTENSION_DIR", "ARM_OIDC_REQUEST_URL", "ARM_MSI_ENDPOINT"),
        *("PULUMI_HOME__NORTH", "PATH__NORTH", "ARM_CLIENT_ID__", "ARM_CLIENT_ID__a b"),
        *("arm_client_id", "XARM_CLIENT_ID", "ARM_CLIENT_ID\nPATH", "ARM_CLIENT_ID__A\n"),
    ],
)
def test_what_changes_the_next_step_stays_behind_and_is_told(
    target: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    done = handed_on(monkeypatch, {name: "evil-value", "AZURE_TENANT_ID": "2"})
    assert done.exit_code == 0
    assert target.read_text() == "AZURE_TENANT_ID=2\n"
    assert f"Not handed on, since they name no identity: {name}" in done.stderr
    assert "evil-value" not in done.output


def test_the_pipelines_own_variables_are_not_told_and_many_are_counted(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = ("SHARDS", "HEAL", "STATE_CLIENT_ID", "STATE_TENANT_ID")
    assert handed_on(monkeypatch, dict.fromkeys(own, "1")).output == ""
    many = handed_on(monkeypatch, {f"A{number:02}": "1" for number in range(12)})
    (line,) = many.stderr.splitlines()
    assert line.endswith("A07 and 4 more")
    assert target.read_text() == ""


@pytest.mark.parametrize("value", ["1\nLD_PRELOAD=evil.so", "1\rLD_PRELOAD=evil.so", 7])
def test_a_value_cannot_bring_in_another_variable(
    target: Path, monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    done = handed_on(monkeypatch, {"ARM_CLIENT_ID": value, "ARM_TENANT_ID": "2"})
    assert done.exit_code == 1
    assert "variable ARM_CLIENT_ID has more than one line" in done.stderr
    assert target.read_text() == ""


@pytest.mark.parametrize("text", ["[1]", "{", "null"])
def test_what_is_no_set_of_variables_is_refused_in_one_line(
    target: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("BREAK_GLASS_VARIABLES", text)
    done = CliRunner().invoke(app, ["ci", "variables"])
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert "BREAK_GLASS_VARIABLES holds no JSON object" in line
    assert target.read_text() == ""
