"""`breakglass status`: its lines and its exit code."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.findings import Finding, Mark
from cli.main import app
from entra.errors import IdentityError
from tests.unit.graph_stub import TENANT
from tests.unit.monitoring_stack import exported, use_stack

Run = Callable[..., Result]


@dataclass
class WhoIam:
    """An identity whose tokens are had, unless they are refused."""

    tenant_id: str = TENANT
    refusal: str = ""

    def resource_manager_token(self) -> str:
        if self.refusal:
            raise IdentityError(self.refusal)
        return "token"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command as `identity`, when Azure and logs stand as `marks` say."""

    def run(
        *arguments: str,
        marks: tuple[Mark, ...] = (),
        identity: WhoIam | None = None,
        tenant: str = TENANT,
    ) -> Result:
        state = json.loads(exported())
        exclusion = {"type": "break-glass:index:CaExclusionPatch", "outputs": {"tenantId": tenant}}
        state["deployment"]["resources"].append(exclusion)
        use_stack(monkeypatch, tmp_path, json.dumps(state))

        def findings(*_: object) -> Iterator[Finding]:
            yield from (Finding(mark, f"alert {mark.name}", "Überwachung") for mark in marks)

        def identity_of(_: object) -> WhoIam:
            return identity or WhoIam()

        def nothing(_: object) -> None:
            return None

        monkeypatch.setattr("cli.tenant_access.identity_of", identity_of)
        monkeypatch.setattr("cli.monitoring_status.status", findings)
        monkeypatch.setattr("cli.log_arrival.WorkspaceLogs", nothing)
        monkeypatch.setattr("entra.resource_manager.ResourceManager", nothing)
        return CliRunner().invoke(app, ["status", *arguments])

    return run


@pytest.mark.parametrize(
    ("marks", "code"),
    [
        ((Mark.RIGHT, Mark.WAITING), 0),
        ((Mark.RIGHT, Mark.WRONG, Mark.UNKNOWN), 1),
        ((Mark.RIGHT, Mark.UNKNOWN), 3),
    ],
)
def test_the_exit_code_says_whether_something_is_wrong(
    run: Run, marks: tuple[Mark, ...], code: int
) -> None:
    done = run(marks=marks)
    assert (done.exit_code, done.stderr) == (code, "")
    expected = [f"{one.value} alert {one.name}: Überwachung" for one in marks]
    assert done.stdout.splitlines() == expected


def test_programs_get_json(run: Run) -> None:
    done = run("--json", marks=(Mark.WRONG,))
    assert done.exit_code == 1
    assert json.loads(done.stdout) == [
        {"mark": "wrong", "subject": "alert WRONG", "words": "Überwachung"}
    ]
    assert done.stdout.isascii(), "whoever reads it need not know the console's code page"


def test_credentials_of_another_tenant_are_one_line(run: Run) -> None:
    done = run(tenant="11111111-2222-3333-4444-555555555555")
    assert (done.exit_code, done.stdout) == (3, "")
    (line,) = done.stderr.splitlines()
    assert f"the credentials in ARM_* belong to tenant {TENANT}" in line


def test_a_refused_login_is_one_line(run: Run) -> None:
    done = run(identity=WhoIam(refusal="ARM_CLIENT_SECRET has expired"))
    assert (done.exit_code, done.stderr) == (3, "breakglass: ARM_CLIENT_SECRET has expired\n")
