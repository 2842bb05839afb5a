"""Build the engine from its Go module, as an ordinary dependency that go.mod and go.sum pin.

The module proxy serves the engine and the Python launcher scripts of its SDK. What it does not
serve, the official language host, is replaced by `sandbox.engine.language_host`.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from sandbox.engine.go_toolchain import find_go
from sandbox.engine.launchers import language_host_launcher, launcher_name, write_atomically
from sandbox.engine.model import PINNED_VERSION, EngineError, executable_name
from sandbox.engine.progress import Say, run_with_progress

CLI_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
VERSION_SYMBOL = f"{SDK_MODULE}/go/common/version.Version"

IN_A_HURRY = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}
"""The compiler looks for garbage less often, up to that much memory: a tenth of the build."""

SCRIPTS = (
    "cmd/pulumi-language-python-exec",
    "dist/pulumi-resource-pulumi-python",
    "dist/pulumi-resource-pulumi-python.cmd",
)
"""The launcher scripts, relative to the SDK module's `python` folder."""


def go_environment(go: Path, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment for Go commands: this toolchain, this module, no C compiler."""
    path = os.pathsep.join([str(go.parent), base.get("PATH", "")])
    # CGO off: the result needs no C library and the machine no C compiler.
    fixed = {"PATH": path, "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}
    return {**IN_A_HURRY, **base, **fixed}


def _go(
    arguments: list[str], what: str, say: Say, *, go: Path, folder: Path, count: str | None = None
) -> None:
    finished = run_with_progress(
        [str(go), *arguments],
        what,
        say,
        environment=go_environment(go),
        folder=folder,
        count=count,
    )
    if finished.returncode != 0:
        told = " | ".join(line for line in finished.last_lines[-4:] if line) or "no output"
        raise EngineError(
            f"{what} failed (go {arguments[0]}, exit {finished.returncode}): {told}; check that "
            "the Go module proxy can be reached, or install Pulumi by hand "
            "(https://www.pulumi.com/docs/install/) and run it again"
        )


def _prepare_module(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(Path(__file__).parent / name, folder / name)


def copy_scripts(go: Path, module: Path, destination: Path) -> None:
    """Copy the SDK's Python launcher scripts beside the engine and set their run bit.

    `module` is a folder with our go.mod; the files in Go's module cache are read-only and not
    executable.

    Raises:
        EngineError: the SDK module or one of its scripts is not there.
    """
    listing = subprocess.run(
        [str(go), "list", "-m", "-mod=readonly", "-f", "{{.Dir}}", SDK_MODULE],
        capture_output=True,
        text=True,
        cwd=module,
        env=go_environment(go),
        check=False,
    )
    source = Path(listing.stdout.strip()) / "python"
    destination.mkdir(parents=True, exist_ok=True)
    for script in SCRIPTS:
        origin = source / script
        if listing.returncode != 0 or not origin.is_file():
            raise EngineError(f"{SDK_MODULE} {PINNED_VERSION}: no file python/{script} in {source}")
        target = destination / origin.name
        shutil.copyfile(origin, target)
        target.chmod(0o755)
    write_host_launcher(destination)


def write_host_launcher(destination: Path) -> bool:
    """Write the launcher of our language host into `destination`; False when it was there."""
    path = destination / launcher_name("pulumi-language-python")
    return write_atomically(path, language_host_launcher(), mode=0o755)


def build_engine(folder: Path, say: Say) -> None:
    """Build the engine into `folder/bin`, with everything that it needs to run Python programs.

    Raises:
        EngineError: Go is missing, or a step failed; the last lines of Go's output are named.
    """
    go = find_go(say)
    module = folder / "module"
    _prepare_module(module)
    binaries = folder / "bin"
    executable = binaries / executable_name("pulumi")
    flags = f"-s -w -X {VERSION_SYMBOL}=v{PINNED_VERSION}"
    build = ["build", "-v", "-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", flags,
             "-o", str(executable), CLI_PACKAGE]  # fmt: skip
    what = f"building pulumi {PINNED_VERSION}"
    _go(build, what, say, go=go, folder=module, count="of about 1,700 packages")
    copy_scripts(go, module, binaries)
    shutil.rmtree(module)


def fetch_scripts(folder: Path, say: Say) -> None:
    """Put only the launcher scripts into `folder`, for an engine that came without them."""
    go = find_go(say)
    module = folder / "module"
    _prepare_module(module)
    download = ["mod", "download", SDK_MODULE]
    _go(download, "downloading Pulumi's Python scripts", say, go=go, folder=module)
    copy_scripts(go, module, folder / "bin")
    shutil.rmtree(module)
