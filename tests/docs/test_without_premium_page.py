"""docs/without-premium.md: its settings are such as the program takes, its words those it says."""

import json
from pathlib import Path
from typing import Any

import yaml

from premium import RELEASE, REQUIRE, WAYS_OUT
from settings import load_settings
from tests.docs.fences import fences
from tests.unit.harness import run_program
from tests.unit.program_scene import CONFIG

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "without-premium.md"


def test_the_settings_of_a_synced_user_are_taken() -> None:
    (fence,) = [one for one in fences(PAGE) if one.language == "yaml"]
    given: dict[str, Any] = yaml.safe_load(fence.text)["config"]
    config = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()
    }
    settings = run_program(lambda: load_settings({**CONFIG, **config})).value
    (adopted,) = settings.accounts.adopted
    assert adopted.allow_synced
    assert settings.premium == "absent"
    assert len(settings.accounts.made) == 1


def test_the_commands_of_the_refusals_are_on_the_page_that_they_name() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "docs/without-premium.md" in WAYS_OUT
    for command in (REQUIRE, RELEASE):
        assert f"{command} --stack prod" in text
