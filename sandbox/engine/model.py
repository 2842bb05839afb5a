"""What an engine is, where it is kept, and what can go wrong on the way to one.

EngineError              no usable engine, or a plugin could not be put in place (one line)
└── GoMissingError       there is no Go toolchain and none could be installed
"""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

PINNED_VERSION = "3.258.0"
"""The engine's version: what is installed or built, and the least that is taken from PATH."""

WINDOWS = os.name == "nt"

CACHE_VARIABLE = "BREAK_GLASS_CACHE"
"""Environment variable that names another cache folder than the user's own."""


class EngineError(Exception):
    """No usable engine could be found or made; the message is one line with the cure."""


class GoMissingError(EngineError):
    """There is no Go toolchain that is new enough, and none could be installed."""


@dataclass(frozen=True)
class Engine:
    """A Pulumi command-line tool that is ready to run Python programs.

    Attributes:
        version: of the tool, such as `3.258.0`.
        source: where it came from: `path`, `cache`, `installer` or `build`.
        executable: the `pulumi` file itself.
        language_host: `official` or `stand-in` (see `sandbox.engine.language_host`).
        path_entries: folders that go first on PATH, in this order.
        hosts_beside: the language host lies in the executable's own folder, so the engine finds
            it there and need not look for plugins on PATH.
    """

    version: str
    source: str
    executable: Path
    language_host: str
    path_entries: tuple[Path, ...]
    hosts_beside: bool = True


def executable_name(name: str, *, windows: bool = WINDOWS) -> str:
    """Return the file name of a program on this system."""
    return f"{name}.exe" if windows else name


def cache_folder() -> Path:
    """Return the folder of everything this package keeps for the user across checkouts."""
    override = os.environ.get(CACHE_VARIABLE)
    if override:
        return Path(override).expanduser().absolute()
    return platformdirs.user_cache_path("break-glass", appauthor=False)


def engine_cache() -> Path:
    """Return the part of the cache that holds engines, their build folders and Go toolchains."""
    return cache_folder() / "engine"
