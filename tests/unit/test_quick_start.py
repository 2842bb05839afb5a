"""What lets a run begin sooner takes nothing from it."""

import subprocess
import sys
from pathlib import Path

import pytest

from entra.errors import IdentityError
from tests.unit.program_scene import run, tenant_in

REPOSITORY = Path(__file__).parents[2]


def test_http_is_asked_for_without_the_libraries_of_a_command_line() -> None:
    asked = "import quick_start, httpx, sys; print(httpx.Client.__name__, 'rich' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout == "Client False\n"


def test_for_a_wrong_tenant_the_state_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant_in(monkeypatch).facts = IdentityError("the token belongs to another tenant")

    stopped = run(expect_error=True)
    assert stopped.said("error") == ["the token belongs to another tenant"]
    assert stopped.invokes == stopped.registrations == []
