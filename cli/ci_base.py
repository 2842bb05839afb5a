"""The program and the policy pack of the commit that a branch began at.

What a branch's own code has forgotten was never in a state that this code made: so the settings
before are set up by the code before. And who edits the rules is judged by the rules before, too.

Nothing is left in the repository, however this ends: its files go into a folder by an index of
their own, which no branch, no worktree and no hook knows.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import yaml

from cli.ci_settings import read_settings, text_of
from cli.failure import CommandFailed
from cli.workspace import make_private, write_private
from fleet.errors import FleetError
from fleet.first_few import first_few
from fleet.git import git

JSON = dict[str, Any]
PROJECT_FILE: Final = "Pulumi.yaml"
PACK_FILE: Final = "PulumiPolicy.yaml"
SHARED: Final = ("alerting", "entra")
"""Packages of the project that the pack's rules read."""
_CODE: Final = (".py", ".yaml", ".json")
_SHOWN: Final = 5
_SERVE: Final = '''\
"""The rules as they were at {commit}, under a name that says so."""

import runpy
import sys

import pulumi_policy

sys.path.insert(0, {project!r})
_pack = pulumi_policy.PolicyPack


def _named(name, *rest, **others):
    return _pack(f"{{name}}-at-{short}", *rest, **others)


pulumi_policy.PolicyPack = _named
runpy.run_path({pack!r}, run_name="__main__")
'''


@dataclass(frozen=True)
class Base:
    """The project where a branch began."""

    commit: str
    project: Path
    """The folder of its Pulumi.yaml."""

    @property
    def short(self) -> str:
        """The commit in as many signs as a person reads."""
        return self.commit[:12]


def lay_out(project: Path, since: str, folder: Path) -> Base:
    """Write the files of the project, as they were where the branch left `since`, into `folder`.

    Raises CommandFailed when git cannot tell.
    """
    files = folder / "project"
    index = {"GIT_INDEX_FILE": str(folder / "index")}
    try:
        commit = git(project, "merge-base", "--end-of-options", since, "HEAD").strip()
        top = Path(git(project, "rev-parse", "--show-toplevel").strip())
        prefix = git(project, "rev-parse", "--show-prefix").strip()
        make_private(folder)
        files.mkdir()
        git(top, "read-tree", f"{commit}:{prefix}", more=index)
        git(top, "checkout-index", "--all", f"--prefix={files}{os.sep}", more=index)
    except FleetError as error:
        raise CommandFailed(
            f"the program as it was where this branch began cannot be had: {error}"
        ) from None
    return Base(commit, files)


def pack_before(base: Base, project: Path, pack: Path, folder: Path) -> Path | None:
    """A pack of the same rules as they were; None where they are the same, or were not there yet.

    `pack`: the folder of today's, absolute. One that lies outside of the project is not the
    branch's. What the old one needs is in today's environment. Raises CommandFailed.
    """
    if not pack.is_relative_to(project):
        return None
    name = pack.relative_to(project)
    before = base.project / name
    parts = [(before, pack), *((base.project / one, project / one) for one in SHARED)]
    if not (before / PACK_FILE).is_file() or all(_code(old) == _code(new) for old, new in parts):
        return None
    make_private(folder)
    document = read_settings(text_of(before / PACK_FILE), f"{name / PACK_FILE} at {base.short}")
    _run_in_environment_of(pack, document)
    write_private(folder / PACK_FILE, yaml.safe_dump(document, sort_keys=False))
    words = {"project": str(base.project), "pack": str(before)}
    serve = _SERVE.format(commit=base.commit, short=base.short, **words)
    write_private(folder / "__main__.py", serve)
    return folder


def lead_to(program: Path, today: Path, folder: Path) -> str:
    """A project folder that leads to a program and runs it in today's environment; its name.

    `program`, `today`: folders of a Pulumi.yaml. Raises CommandFailed.
    """
    make_private(folder)
    file = program / PROJECT_FILE
    document = read_settings(text_of(file), file.name)
    document["main"] = str((program / str(document.get("main") or ".")).resolve())
    _run_in_environment_of(today, document)
    write_private(folder / file.name, yaml.safe_dump(document, sort_keys=False))
    return str(document.get("name") or "")


def _run_in_environment_of(folder: Path, document: JSON) -> None:
    """A virtual environment that a document names is the one beside the `folder` of today's."""
    runtime = document.get("runtime")
    options = cast("JSON", runtime).get("options") if isinstance(runtime, dict) else None
    if isinstance(options, dict) and "virtualenv" in options:
        place = folder / str(cast("JSON", options)["virtualenv"])
        cast("JSON", options)["virtualenv"] = os.path.normpath(place.absolute())


def rules_note(base: Base, project: Path, pack: Path) -> str:
    """What a report says to whoever approves a branch that changes what judges it."""
    folders = [pack.relative_to(project), *map(Path, SHARED)]
    parts = [(one, _code(base.project / one), _code(project / one)) for one in folders]
    files = sorted(
        (one / name).as_posix()
        for one, old, new in parts
        for name in old.keys() | new.keys()
        if old.get(name) != new.get(name)
    )
    return (
        f"This branch changes what judges it ({first_few(files, _SHOWN)}). Here the rules"
        f" and their settings as of {base.short} judged, too; before a real tenant the branch's"
        " judge alone: look at these files before you approve."
    )


def _code(folder: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(folder)): one.read_bytes()
        for one in folder.rglob("*")
        if one.suffix in _CODE and one.is_file()
    }
