"""The sandbox's copy of the committed stack settings keeps the engine's salt."""

import os
from pathlib import Path

from cli.stack_config import copy_settings, salt_line

SALT = "encryptionsalt: v1:abc:v1:def\n"


def committed(folder: Path, text: str, *, age: float) -> Path:
    path = folder / "committed.yaml"
    path.write_text(text)
    moment = path.stat().st_mtime - age
    os.utime(path, (moment, moment))
    return path


def test_a_first_copy_takes_the_salt_of_the_new_stack(tmp_path: Path) -> None:
    source = committed(tmp_path, "config:\n  a: b", age=0)
    copy_settings(source, tmp_path / "copy.yaml", salt=SALT)
    assert (tmp_path / "copy.yaml").read_text() == "config:\n  a: b\n" + SALT
    assert salt_line(source) is None


def test_newer_settings_replace_the_copy_and_keep_its_salt(tmp_path: Path) -> None:
    copy = tmp_path / "copy.yaml"
    copy.write_text("config:\n  a: old\n" + SALT)
    copy_settings(committed(tmp_path, "config:\n  a: new\n", age=-60), copy)
    assert copy.read_text() == "config:\n  a: new\n" + SALT


def test_a_copy_that_is_newer_stays_as_the_user_left_it(tmp_path: Path) -> None:
    copy = tmp_path / "copy.yaml"
    copy.write_text("config:\n  a: mine\n" + SALT)
    copy_settings(committed(tmp_path, "config:\n  a: old\n", age=60), copy)
    assert copy.read_text() == "config:\n  a: mine\n" + SALT
