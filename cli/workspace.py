"""Where the sandbox keeps its things: one folder, nothing outside it."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cli.failure import CommandFailed

PROJECT = "break-glass"
STACK = "sandbox"
CLEAN = "py dev.py clean" if os.name == "nt" else "make clean"
"""The command that takes the sandbox away again."""


@dataclass(frozen=True)
class SandboxFolder:
    """The sandbox's folder and the Pulumi project beside it."""

    path: Path
    project: Path

    @property
    def tenant_data(self) -> Path:
        """The simulated tenant's saved state."""
        return self.path / "tenant.json"

    @property
    def tenant_process(self) -> Path:
        """Which process is the tenant: id, address, start."""
        return self.path / "tenant-process.json"

    @property
    def tenant_log(self) -> Path:
        """What the tenant's process writes."""
        return self.path / "tenant.log"

    @property
    def environment(self) -> Path:
        """The `ARM_*` variables of the tenant, the client secret among them."""
        return self.path / "environment.json"

    @property
    def certificate_authority(self) -> Path:
        """The tenant's own certificate authority."""
        return self.path / "ca.pem"

    @property
    def state(self) -> Path:
        """Pulumi's state, a file backend."""
        return self.path / "state"

    @property
    def stack_config(self) -> Path:
        """The sandbox's copy of the committed stack settings."""
        return self.path / f"Pulumi.{STACK}.yaml"

    @property
    def facts(self) -> Path:
        """What the last `breakglass up` measured."""
        return self.path / "up.json"

    @property
    def seed(self) -> Path:
        """The tenant that a first start begins with."""
        return self.project / "sandbox" / "tenants" / "contoso.json"


def sandbox_folder() -> SandboxFolder:
    """The folder to use: `BREAK_GLASS_SANDBOX_FOLDER`, else `.sandbox` beside Pulumi.yaml.

    Raises CommandFailed when the command was installed without the repository around it.
    """
    project = Path(__file__).resolve().parent.parent
    if not (project / "Pulumi.yaml").is_file():
        raise CommandFailed(
            f"No Pulumi.yaml in {project}: run breakglass from a clone of the repository, "
            "installed there with `pip install -e .`."
        )
    chosen = os.environ.get("BREAK_GLASS_SANDBOX_FOLDER")
    return SandboxFolder(Path(chosen).resolve() if chosen else project / ".sandbox", project)


def make_private(folder: Path) -> None:
    """Make a folder that only its owner can look into; on Windows the profile keeps others out."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.name != "nt":
        folder.chmod(0o700)


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp opens with mode 0600 on POSIX; on Windows the user's profile keeps others out.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
