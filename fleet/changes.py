"""What git knows of the project: which commit it is, and which customers changed since another.

Errors are ``FleetError``.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from fleet.customers import NOT_CUSTOMERS, Customer, customer_names
from fleet.errors import FleetError
from fleet.git import git

_HARMLESS_FOLDERS: Final = frozenset(
    {"docs", "tests", "sandbox", "examples", "cli", "fleet", ".github", "azure-pipelines"}
)
_HARMLESS_FILES: Final = frozenset(
    {
        "LICENSE",
        "Makefile",
        "dev.py",
        ".gitignore",
        "requirements-assessors.txt",
        "requirements-dev.txt",
        "requirements-sandbox.txt",
        *(f"Pulumi.{name}.yaml" for name in NOT_CUSTOMERS),
    }
)
"""What no customer's stack is made of; everything else is taken for shared code."""
_CODE_FOLDERS: Final = frozenset({"alerting", "components", "entra", "policies"})
_CODE_FILES: Final = frozenset({"Pulumi.yaml", "pyproject.toml", "requirements.txt"})
"""Of a file that git does not know yet, these and Python's are code; notes beside them are not."""
NO_GIT: Final = "no git"
"""So the revision begins of a run outside git."""
_SETTINGS: Final = re.compile(r"Pulumi\.(?P<name>.+)\.yaml")


def revision(folder: Path) -> str | None:
    """The commit that is checked out; None outside git, or without git."""
    try:
        return git(folder, "rev-parse", "HEAD").strip() or None
    except FleetError:
        return None


def running_revision(folder: Path) -> str:
    """What a run is of: the commit, and a digest of settings and code that differ from it.

    The same words for the same files, so that a run can be resumed with them and with no others.
    Outside git, or without git, a digest of all settings and code.
    """
    commit = revision(folder)
    if commit is None:
        return f"{NO_GIT}, files {_digest(folder, _all_paths(folder))}"
    paths = set(_open_paths(folder))
    of_a_run = [path for path in paths if _customer_of(path) or not _is_harmless(path)]
    return f"{commit} plus uncommitted changes {_digest(folder, of_a_run)}" if of_a_run else commit


def _digest(folder: Path, paths: Iterable[PurePosixPath]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths, key=str):
        file = folder / path
        content = file.read_bytes() if file.is_file() else None
        digest.update(repr((str(path), content)).encode())
    return digest.hexdigest()[:12]


def _all_paths(folder: Path) -> Iterator[PurePosixPath]:
    """Settings and code in the folder, whoever keeps them."""
    inner = (file for name in _CODE_FOLDERS for file in (folder / name).rglob("*"))
    for file in (*folder.iterdir(), *inner):
        path = PurePosixPath(file.relative_to(folder).as_posix())
        if file.is_file() and "__pycache__" not in path.parts and _is_of_a_run(path):
            yield path


def _is_of_a_run(path: PurePosixPath) -> bool:
    is_code = path.suffix == ".py" or path.parts[0] in _CODE_FOLDERS or str(path) in _CODE_FILES
    return bool(_customer_of(path)) or (is_code and not _is_harmless(path))


def uncommitted(folder: Path) -> list[str]:
    """What a checkout of that commit would not have: changed and new files, the ignored ones not.

    Raises FleetError when git cannot tell.
    """
    told = git(folder, "status", "--porcelain", "-z", "--no-renames")
    return [line[3:] for line in told.split("\0") if line]


def changed_since(folder: Path, ref: str, customers: Sequence[Customer]) -> set[str]:
    """Names of customers whose settings changed since `ref` branched off; all when code did.

    Uncommitted and new files count. Raises FleetError when git does not know `ref`.
    """
    names = {one.name for one in customers}
    changed: set[str] = set()
    for path in _paths_since(folder, ref):
        customer = _customer_of(path)
        if customer:
            changed.add(customer)
        elif not _is_harmless(path):
            return names
    return changed & names


def gone_since(folder: Path, ref: str) -> list[str]:
    """Names whose settings files stood since `ref` branched off, and stand no more; sorted.

    Raises FleetError when git does not know `ref`.
    """
    gone = {
        _customer_of(path) for path in _paths_since(folder, ref) if not (folder / path).exists()
    }
    return sorted(gone - {""})


def _paths_since(folder: Path, ref: str) -> list[PurePosixPath]:
    """What was changed, made or taken away; of a file that was moved, both names."""
    _refuse_option(ref)
    committed = git(folder, "diff", "--no-renames", "--name-only", "-z", f"{ref}...HEAD", "--")
    return [*_inside(folder, committed), *_open_paths(folder)]


def _open_paths(folder: Path) -> Iterator[PurePosixPath]:
    """What differs from the commit: changed files, and new ones that are settings or code.

    Settings that git ignores are new at each look: whether they changed, nobody can tell.
    """
    yield from _inside(
        folder, git(folder, "diff", "--no-renames", "--name-only", "-z", "HEAD", "--")
    )
    new = git(folder, "ls-files", "--others", "--exclude-standard", "--full-name", "-z")
    for path in _inside(folder, new):
        if _is_of_a_run(path):
            yield path
    yield from _ignored_settings(folder)


def _ignored_settings(folder: Path) -> Iterator[PurePosixPath]:
    # A name may be a pattern.
    files = [f":(literal)Pulumi.{name}.yaml" for name in customer_names(folder)]
    if files:
        listed = ("ls-files", "--others", "--ignored", "--exclude-standard", "--full-name", "-z")
        yield from _inside(folder, git(folder, *listed, "--", *files))


def _inside(folder: Path, listed: str) -> Iterator[PurePosixPath]:
    """Paths that git lists from the top, as seen from the project's folder; no others."""
    prefix = PurePosixPath(git(folder, "rev-parse", "--show-prefix").strip() or ".")
    for text in filter(None, listed.split("\0")):
        path = PurePosixPath(text)
        if path.is_relative_to(prefix):
            yield path.relative_to(prefix)


def _customer_of(path: PurePosixPath) -> str:
    """Whose settings file it is; empty for any other file."""
    found = _SETTINGS.fullmatch(str(path))
    return found["name"] if found and found["name"] not in NOT_CUSTOMERS else ""


def text_before(file: Path, ref: str) -> str | None:
    """A file's text where the branch left `ref`; None when it was not there yet.

    Raises FleetError when git does not know `ref`.
    """
    _refuse_option(ref)
    base = git(file.parent, "merge-base", ref, "HEAD").strip()
    if not git(file.parent, "ls-tree", "--name-only", base, "--", file.name).strip():
        return None
    return git(file.parent, "show", f"{base}:./{file.name}")


def _refuse_option(ref: str) -> None:
    """Git would take it for one of its options, some of which write files.

    And nothing at all for the commit that is checked out, since which nobody has changed.
    """
    if not ref.strip():
        raise FleetError(
            "the commit to compare with is empty: expected a branch, tag or commit (a variable may"
            " be lost); for everybody, leave --changed-since out",
            exit_code=2,
        )
    if ref.startswith("-"):
        raise FleetError(
            f"{ref!r} is no commit: expected a branch, tag or commit, which begins with no hyphen",
            exit_code=2,
        )


def _is_harmless(path: PurePosixPath) -> bool:
    return (
        path.parts[0] in _HARMLESS_FOLDERS or str(path) in _HARMLESS_FILES or path.suffix == ".md"
    )
