"""What lets a run begin sooner takes nothing from it."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from components.stack_memory import READ_OUTPUTS
from entra import preflight
from entra.errors import IdentityError
from tests.unit.program_scene import FACTS, run, tenant_in

REPOSITORY = Path(__file__).parents[2]


def test_http_is_asked_for_without_the_libraries_of_a_command_line() -> None:
    asked = "import quick_start, httpx, sys; print(httpx.Client.__name__, 'rich' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout == "Client False\n"


def test_the_state_is_read_while_the_tenant_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant_in(monkeypatch)
    state_is_asked_for, answered = threading.Event(), list[bool]()

    def check(*_: Any, **named: Any) -> preflight.TenantFacts:
        del named
        answered.append(state_is_asked_for.wait(timeout=10))
        return FACTS

    def read(_: Any) -> dict[str, Any]:
        state_is_asked_for.set()
        return {"outputs": {}}

    monkeypatch.setattr(preflight, "check_tenant", check)
    assert run(calls={READ_OUTPUTS: read}).of_type("User")
    assert answered == [True]


def test_a_wrong_tenant_is_told_also_when_the_state_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenant_in(monkeypatch).facts = IdentityError("the token belongs to another tenant")

    def unreadable(_: Any) -> dict[str, Any]:
        raise RuntimeError("no such container")

    stopped = run(expect_error=True, calls={READ_OUTPUTS: unreadable})
    assert stopped.said("error") == ["the token belongs to another tenant"]
    assert stopped.registrations == []
