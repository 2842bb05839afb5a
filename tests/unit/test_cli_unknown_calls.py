"""What the simulated tenant could not answer is said, and how it behaves can be changed."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from cli import tenant_process
from cli.chapters.ending import say_unknown_calls, unknown_calls
from cli.chapters.stage import Stage
from cli.control_face import ControlFace
from cli.main import app
from cli.pulumi_run import PulumiRun
from cli.screen import Screen
from cli.tenant_process import RunningTenant
from cli.workspace import SandboxFolder


class FakeTenant:
    """A tenant that has been asked for unknown things, and has three knobs."""

    def __init__(self) -> None:
        self.unknown: list[dict[str, Any]] = []
        self.knobs: dict[str, Any] = {
            "replicas": 3,
            "readLagSeconds": 0.5,
            "conditionalAccessRequestsPerSecond": 5.0,
        }

    def asked(self, method: str, path: str, count: int) -> None:
        self.unknown.append({"method": method, "path": path, "query": "", "count": count})

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/sandbox/unknown":
            return httpx.Response(200, json={"value": self.unknown})
        if request.url.path == "/sandbox/health":
            body: dict[str, Any] = {"service": "x", "ready": True, "version": "1", "tenants": []}
            return httpx.Response(200, json=body)
        if request.url.path.endswith(("/policies", "/requests")):
            return httpx.Response(200, json={"value": []})
        if request.method == "PATCH":
            self.knobs.update(httpx.Response(200, content=request.content).json())
            return httpx.Response(204)
        return httpx.Response(200, json=self.knobs)

    def face(self) -> ControlFace:
        transport = httpx.MockTransport(self.answer)
        return ControlFace("https://localhost:1", Path("none.pem"), transport=transport)


@pytest.fixture
def tenant() -> FakeTenant:
    return FakeTenant()


@pytest.fixture
def stage(tenant: FakeTenant, tmp_path: Path) -> Stage:
    folder = SandboxFolder(tmp_path, tmp_path)
    run = PulumiRun(Path("pulumi"), folder, {}, show=print, colors=False)
    return Stage(Screen(), folder, tenant.face(), "Contoso", run, 1.0)


def test_a_run_says_what_it_asked_in_vain(
    tenant: FakeTenant, stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant.asked("GET", "/v1.0/teamwork", 3)
    before = unknown_calls(stage)
    tenant.unknown.clear()
    tenant.asked("GET", "/v1.0/teamwork", 5)
    tenant.asked("PUT", "/v1.0/[odd]", 1)
    say_unknown_calls(stage, before)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines[0].endswith("The tenant was asked 2 things that it does not know:")
    assert lines[1:3] == ["GET /v1.0/teamwork (2 times)", "PUT /v1.0/[odd]"]


def test_a_run_that_asked_nothing_new_says_nothing(
    tenant: FakeTenant, stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant.asked("GET", "/v1.0/teamwork", 3)
    say_unknown_calls(stage, unknown_calls(stage))
    assert capsys.readouterr().out == ""


@pytest.fixture
def run(tenant: FakeTenant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs `breakglass sandbox …` on the tenant; gives its exit code and output."""
    running = RunningTenant(1, 1, "https://localhost:1", 0.0, 1.0)

    def find(_folder: SandboxFolder) -> RunningTenant:
        return running

    def connect(_tenant: RunningTenant, _folder: SandboxFolder) -> ControlFace:
        return tenant.face()

    monkeypatch.setattr(tenant_process, "find", find)
    monkeypatch.setattr(tenant_process, "connect", connect)
    monkeypatch.setenv("BREAK_GLASS_SANDBOX_FOLDER", str(tmp_path))

    def invoke(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["sandbox", *words])
        return result.exit_code, result.output

    return invoke


def test_unknown_calls_are_listed_by_command(tenant: FakeTenant, run: Any) -> None:
    assert run("unknown") == (0, "The tenant was asked nothing that it does not know.\n")
    tenant.asked("GET", "/v1.0/teamwork", 3)
    assert run("unknown") == (0, "GET /v1.0/teamwork  3 times\n")


def test_the_status_tells_of_unknown_calls_if_there_were_any(tenant: FakeTenant, run: Any) -> None:
    assert "not simulated" not in run("status")[1]
    tenant.asked("GET", "/v1.0/teamwork", 3)
    code, output = run("status")
    assert code == 0
    assert "5 CA requests per second" in output
    assert "Asked and not simulated: 1 call, see `breakglass sandbox unknown`" in output


def test_a_tenant_is_started_with_a_lag(
    tenant: FakeTenant, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = RunningTenant(1, 1, "https://localhost:1", 0.0, 1.0)

    def start(_folder: SandboxFolder, **_options: object) -> tuple[RunningTenant, bool]:
        return running, True

    monkeypatch.setattr(tenant_process, "start", start)
    assert run("start", "--port", "1")[0] == 0
    assert tenant.knobs["readLagSeconds"] == 0.5
    assert run("start", "--port", "1", "--lag", "4")[0] == 0
    assert tenant.knobs["readLagSeconds"] == 4


def test_knobs_are_listed_with_their_meaning_and_turned(tenant: FakeTenant, run: Any) -> None:
    code, output = run("knobs", "replicas=1", "read-lag-seconds=2")
    assert code == 0
    assert (tenant.knobs["replicas"], tenant.knobs["readLagSeconds"]) == (1, 2)
    (line,) = (line for line in output.splitlines() if line.startswith("readLagSeconds"))
    assert line.split()[1:3] == ["2", "0.5"]
    assert "Mean time until a write is seen" in " ".join(output.split())


def test_a_word_that_is_no_knob_is_one_line_and_turns_nothing(tenant: FakeTenant, run: Any) -> None:
    code, output = run("knobs", "replicas=1", "faster")
    assert code == 1
    assert output.startswith("breakglass: 'faster' is no knob: expected name=value")
    assert tenant.knobs["replicas"] == 3
