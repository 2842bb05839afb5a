"""The engine, our language host and the stand-ins' launchers, on the real command-line tool."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.api.server import TenantServer
from sandbox.engine import Engine
from tests.support.pulumi_stack import PulumiStack

PROGRAMS = Path(__file__).parent / "programs"
PASSWORD = "correct horse battery staple"


def make_program(folder: Path, virtual_environment: str = sys.prefix) -> Path:
    shutil.copytree(PROGRAMS / "notes", folder, ignore=shutil.ignore_patterns("__pycache__"))
    options = {"virtualenv": virtual_environment, "toolchain": "pip"}
    project = {"name": "notes", "runtime": {"name": "python", "options": options}}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
    return folder


def make_stack(
    tmp_path: Path, environment: dict[str, str] | None = None, **config: Any
) -> PulumiStack:
    program = make_program(tmp_path / "program")
    folder = tmp_path / "stack"
    folder.mkdir()
    settings = {f"notes:{key}": value for key, value in config.items()}
    return PulumiStack(folder, environment or {}, settings, program)


@pytest.fixture(autouse=True)
def _engine(engine: Engine) -> None:  # pyright: ignore[reportUnusedFunction]
    """Have the engine before the first test's own time starts."""


def test_real_engine_runs_a_python_program_with_a_dynamic_resource(tmp_path: Path) -> None:
    stack = make_stack(tmp_path, text="first")

    run = stack.up()

    assert "a line from the program" in run.output
    assert "warning" not in run.output.lower()
    assert stack.outputs()["text"] == "first"
    assert "pulumi-python:dynamic/notes:Note" in [item["type"] for item in stack.resources()]
    stack.preview("--expect-no-changes")

    stack.set_config({"notes:text": "second"})
    assert "~" in stack.preview().output
    stack.up("--skip-preview")
    assert stack.outputs()["text"] == "second"

    stack.destroy()
    assert stack.resources() == []


def test_a_run_writes_nothing_into_the_program_folder(tmp_path: Path) -> None:
    stack = make_stack(tmp_path, text="first")
    stack.up()
    left = {path.name for path in stack.program.iterdir()} - {"__pycache__"}
    assert left == {"Pulumi.yaml", "__main__.py", "note.py"}


def test_a_killed_run_leaves_no_state_that_cannot_be_read(tmp_path: Path) -> None:
    stack = make_stack(tmp_path, text="first")
    backend = stack.environment["PULUMI_BACKEND_URL"]
    assert not list(stack.folder.rglob("*.attrs"))
    # Without what the address asks for, the engine does leave what docs/msp.md warns of, and the
    # cure there is one.
    stack.environment["PULUMI_BACKEND_URL"] = backend.partition("?")[0]
    stack.up("--skip-preview")
    (beside,) = stack.folder.rglob(f"{stack.name}.json.attrs")
    beside.write_bytes(b"")
    run = stack.run("stack", "export", "--stack", stack.name, check=False)
    assert "failed to load checkpoint: EOF" in run.output
    beside.unlink()
    resources = stack.export()["deployment"]["resources"]
    assert "pulumi-python:dynamic/notes:Note" in [item["type"] for item in resources]


def test_a_run_error_is_shown_without_a_traceback(tmp_path: Path) -> None:
    stack = make_stack(tmp_path, text="first", fail="cleanly")
    run = stack.preview(check=False)
    assert run.returncode != 0
    assert "error: notes:fail asks for a clean error" in run.output
    assert "Traceback" not in run.output


def test_exit_code_32_adds_no_error_of_the_engine(tmp_path: Path) -> None:
    stack = make_stack(tmp_path, text="first", fail="already-told")
    run = stack.preview(check=False)
    assert run.returncode != 0
    assert "exit code" not in run.output


def test_a_missing_virtual_environment_is_one_line_with_the_cure(tmp_path: Path) -> None:
    stack = make_stack(tmp_path, text="first")
    shutil.rmtree(stack.program)
    make_program(stack.program, "nowhere")
    run = stack.preview(check=False)
    assert run.returncode != 0
    assert "runtime.options.virtualenv is 'nowhere'" in run.output
    assert "make up" in run.output


def test_a_stand_in_plugin_is_taken_from_the_sandbox_home_without_a_warning(
    tmp_path: Path, tenant_server: TenantServer
) -> None:
    stack = make_stack(tmp_path, tenant_server.environment(), text="first")
    (stack.program / "__main__.py").write_text(
        "import pulumi\nimport pulumi_random\n"
        "pulumi.export('word', pulumi_random.RandomString('word', length=7, special=False).result)"
    )
    run = stack.up()
    assert len(stack.outputs()["word"]) == 7
    assert "warning" not in run.output.lower()
    assert "$PATH" not in run.output


def test_a_secret_setting_is_encrypted_in_the_state(tmp_path: Path) -> None:
    stack = make_stack(tmp_path, text="first")
    key = "notes:password"
    stack.run("config", "set", "--secret", key, PASSWORD, "--stack", stack.name,
              "--config-file", str(stack.config_file))  # fmt: skip
    stack.up()
    assert stack.outputs(show_secrets=True)["password"] == PASSWORD
    kept = [path for path in (tmp_path / "stack").rglob("*") if path.is_file()]
    assert len(kept) > 3
    assert [path for path in kept if PASSWORD.encode() in path.read_bytes()] == []
