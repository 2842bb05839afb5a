"""The provider plugins for the simulated tenant: the real ones where they can be had.

The real plugins come from Pulumi's download site only. Where that is out of reach the stand-ins of
`sandbox.plugins` serve. The same on Windows and macOS, where the real ones could not be used: Go
programs ignore `SSL_CERT_FILE` there and would not trust the simulated tenant.

Stand-ins are installed into the sandbox's own PULUMI_HOME and nowhere else, so that a run against
a real tenant can never pick one up.
"""

import importlib.metadata
import os
import shutil
import sys
from pathlib import Path

from sandbox.engine.internet import internet_available
from sandbox.engine.launchers import launcher_name, module_launcher, write_atomically
from sandbox.engine.model import Engine
from sandbox.engine.progress import Say, run_with_progress

PLUGIN_NAMES = ("random", "azuread", "azure-native")

LIMIT_SECONDS = 900.0
"""A plugin's download that makes no end after this long gives way to the stand-in."""


def plugin_version(name: str) -> str:
    """Return the version of a provider: that of its installed SDK package."""
    return importlib.metadata.version(f"pulumi-{name}")


def plugin_folder(pulumi_home: Path, name: str) -> Path:
    """Return the folder where the engine looks for the plugin."""
    return pulumi_home / "plugins" / f"resource-{name}-v{plugin_version(name)}"


def installed_kind(pulumi_home: Path, name: str) -> str | None:
    """Return `real`, `stand-in` or None for what lies in the plugin's folder."""
    folder = plugin_folder(pulumi_home, name)
    if folder.with_name(f"{folder.name}.partial").exists():
        return None
    for file_name in (f"pulumi-resource-{name}{suffix}" for suffix in ("", ".exe", ".cmd")):
        path = folder / file_name
        if path.is_file():
            with path.open("rb") as stream:
                return "stand-in" if b"sandbox.plugins" in stream.read(4096) else "real"
    return None


def uses_stand_ins(pulumi_home: Path) -> bool:
    """Say whether any plugin in this PULUMI_HOME is a stand-in."""
    return any(installed_kind(pulumi_home, name) == "stand-in" for name in PLUGIN_NAMES)


def install_stand_in(pulumi_home: Path, name: str, python: Path | None = None) -> None:
    """Put a stand-in's launcher where the engine looks for the plugin; `python`: what runs it.

    Doing it again changes nothing; a launcher that names another Python is rewritten.
    """
    path = plugin_folder(pulumi_home, name) / launcher_name(f"pulumi-resource-{name}")
    text = module_launcher(python or Path(sys.executable), f"sandbox.plugins {name}")
    write_atomically(path, text, mode=0o755)


def install_stand_ins(pulumi_home: Path, python: Path | None = None) -> None:
    """Install the stand-ins of all plugins that the stack uses; `python`: what runs them."""
    for name in PLUGIN_NAMES:
        install_stand_in(pulumi_home, name, python)


def _install_real(engine: Engine, pulumi_home: Path, name: str, say: Say) -> bool:
    version = plugin_version(name)
    shutil.rmtree(plugin_folder(pulumi_home, name), ignore_errors=True)
    pulumi_home.mkdir(parents=True, exist_ok=True)
    variables = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
    finished = run_with_progress(
        [str(engine.executable), "plugin", "install", "resource", name, version, "--color=never"],
        f"installing the {name} {version} plugin",
        say,
        environment={
            **variables,
            "PULUMI_HOME": str(pulumi_home),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        },
        folder=pulumi_home,
        limit_seconds=LIMIT_SECONDS,
    )
    if finished.returncode == 0 and installed_kind(pulumi_home, name) == "real":
        return True
    last = finished.last_lines[-1] if finished.last_lines else "no output"
    say(f"Plugins: {name} {version} could not be installed: {last}")
    return False


def _real_plugin(engine: Engine, pulumi_home: Path, name: str, say: Say) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    if installed_kind(pulumi_home, name) == "real":
        return True
    return internet_available() and _install_real(engine, pulumi_home, name, say)


def ensure_plugins(engine: Engine, pulumi_home: Path, say: Say) -> dict[str, str]:
    """Put a plugin for each provider into `pulumi_home`; return `real` or `stand-in` by name.

    A real one that is there already stays. Real ones are tried on Linux only, see above.
    """
    kinds: dict[str, str] = {}
    for name in PLUGIN_NAMES:
        if _real_plugin(engine, pulumi_home, name, say):
            kinds[name] = "real"
        else:
            install_stand_in(pulumi_home, name)
            kinds[name] = "stand-in"
    if "stand-in" not in kinds.values():
        say("Plugins: the real ones (random, azuread, azure-native)")
    elif "real" not in kinds.values():
        say(f"Plugins: stand-ins for {', '.join(kinds)} ({_reason()})")
    else:
        say("Plugins: " + ", ".join(f"{name} {kind}" for name, kind in kinds.items()))
    return kinds


def _reason() -> str:
    if not sys.platform.startswith("linux"):
        return "the real ones would not trust a local tenant on this system"
    return "the real ones cannot be downloaded here"
