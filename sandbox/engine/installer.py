"""The official download, through the installer that Pulumi's own Python SDK carries."""

import os
import sys
from pathlib import Path

from sandbox.engine.model import PINNED_VERSION, EngineError
from sandbox.engine.progress import Say, run_with_progress

LIMIT_SECONDS = 900.0
"""A download that makes no end after this long gives way to the build."""

_INSTALL = (
    "import sys; from semver import VersionInfo; from pulumi.automation import PulumiCommand; "
    "PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))"
)


def install_engine(folder: Path, say: Say) -> None:
    """Install the official engine, language hosts included, into `folder/bin`.

    It runs in a process of its own so that progress can be shown and a dead download be ended.

    Raises:
        EngineError: the installer failed; its last line is named.
    """
    folder.mkdir(parents=True, exist_ok=True)
    finished = run_with_progress(
        [sys.executable, "-c", _INSTALL, str(folder), PINNED_VERSION],
        f"installing pulumi {PINNED_VERSION}",
        say,
        environment={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        folder=folder,
        limit_seconds=LIMIT_SECONDS,
    )
    if finished.returncode != 0:
        last = finished.last_lines[-1] if finished.last_lines else "no output"
        raise EngineError(f"Pulumi's official installer failed: {last}")
