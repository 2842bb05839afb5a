"""The picture of a run."""

from pathlib import Path

import pytest

from cli.screen import Screen, plain


def test_a_picture_shows_what_was_said_and_loads_nothing_from_the_web(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = Screen(record=True)
    screen.chapter("Setting up")
    screen.good(plain("policy [block] everybody"))
    for number in range(30):
        screen.engine(f"\x1b[32m+ create\x1b[0m resource-{number}")
    screen.say("The end")
    screen.save_picture(tmp_path / "docs" / "run.svg", title="breakglass up")
    svg = (tmp_path / "docs" / "run.svg").read_text(encoding="utf-8")
    printed = capsys.readouterr().out
    for words in ("Setting", "[block]", "create"):
        assert words in svg
        assert words in printed
    assert "resource-15" in printed
    assert "resource-15" not in svg  # a picture shows how Pulumi's output begins and ends
    assert "resource-0" in svg
    assert "resource-29" in svg
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
