"""A run's own folder below `.fleet`, and when it goes."""

import re
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from fleet.report import Operation

FOLDER: Final = ".fleet"
KEPT: Final = timedelta(days=30)
_STAMP: Final = "%Y%m%d-%H%M%S"
_RUN: Final = re.compile(r"(?P<when>\d{8}-\d{6})-(?:preview|up|refresh|destroy|status)-")


def new_run_folder(project: Path, operation: Operation) -> Path:
    """Make one, its owner's alone, and take away those of runs of long ago. Raises OSError."""
    base = project / FOLDER
    base.mkdir(mode=0o700, exist_ok=True)
    base.chmod(0o700)  # it may stand there since before it was its owner's alone
    stamp = f"{datetime.now(UTC):{_STAMP}}-{operation}-"
    made = Path(tempfile.mkdtemp(prefix=stamp, dir=base))
    _tidy(base)
    return made


def _tidy(base: Path) -> None:
    """What is no run's folder stays.

    So does one with the note of a lock: it tells that the lock may be a dead run's.
    """
    for folder in base.iterdir():
        try:
            found = _RUN.match(folder.name)
            begun = found and datetime.strptime(found["when"], _STAMP).replace(tzinfo=UTC)
        except ValueError:
            continue  # as good as a time, and none
        if begun and datetime.now(UTC) - begun > KEPT and not any(folder.glob("*.lock")):
            shutil.rmtree(folder, ignore_errors=True)
