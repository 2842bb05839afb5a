"""One account alone on the real engine, in a folder of its own."""

import shlex
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from sandbox.api.server import TenantServer
from tests.engine.standing import AT_SPEED, Scene, settings_of
from tests.support.pulumi_stack import LIMIT_SECONDS, PulumiStack, Run
from tests.support.tenant import AT_ONCE, small_document

PROGRAM = Path(__file__).parent / "programs" / "account"
DOMAIN = "fabrikam.onmicrosoft.com"


@contextmanager
def account_alone(
    folder: Path, *, app_roles: tuple[str, ...] = (), program: Path = PROGRAM, **config: Any
) -> Generator[Scene]:
    """A small tenant whose application holds `app_roles`, and an empty stack of one account.

    `config`: `account` holds the account's arguments, `protect`, `adopted`; another `program` has
    its own.
    """
    document = small_document()
    document["apps"][0]["directoryRoles"] = list(app_roles)
    original, program = program, folder / "program"
    shutil.copytree(original, program, ignore=shutil.ignore_patterns("__pycache__"))
    project = {"name": "account", "runtime": "python", "options": {"refresh": "always"}}
    (program / "Pulumi.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
    settings = {
        **settings_of(document),
        "account:domain": DOMAIN,
        **{f"account:{key}": value for key, value in config.items()},
    }
    with TenantServer([document], knobs=AT_ONCE) as server:
        (folder / "stack").mkdir()
        environment = server.environment() | AT_SPEED
        stack = PulumiStack(folder / "stack", environment, settings, program)
        yield Scene(server, stack, document["tenant"]["id"])


def run_as_printed(stack: PulumiStack, command: str) -> Run:
    """Run a printed `pulumi …` command as it stands, in the program's folder.

    The settings lie beside the program, as a user has them.
    """
    beside = stack.program / stack.config_file.name
    shutil.copy2(stack.config_file, beside)
    executable, *arguments = shlex.split(command)
    assert executable == "pulumi"
    finished = subprocess.run(
        [str(stack.engine.executable), *arguments],
        cwd=stack.program,
        env=stack.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    beside.unlink()
    return Run(tuple(arguments), finished.returncode, finished.stdout, 0.0)
