"""Which Pulumi CLI the fleet takes."""

import sys
from pathlib import Path

import pytest

from fleet.errors import FleetError
from fleet.stack import version_of


def says(folder: Path, words: str) -> Path:
    """A `pulumi` that tells this version."""
    path = folder / "pulumi"
    path.write_text(f"#!{sys.executable} -IS\nprint({words!r})\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_a_cli_that_tells_its_version_is_taken(tmp_path: Path) -> None:
    assert version_of(says(tmp_path, "v3.181.0")) == "3.181.0"


@pytest.mark.parametrize(
    ("words", "told"),
    [("v3.180.0", "3.180.0 is too old: expected 3.181.0 or newer"), ("hello", "told no version")],
)
def test_one_that_is_too_old_or_none_is_not(tmp_path: Path, words: str, told: str) -> None:
    with pytest.raises(FleetError, match=told):
        version_of(says(tmp_path, words))
