"""What docs/msp.md takes for granted: a project in git, served tenants, variables by customer."""

import copy
import re
import secrets
import shlex
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fleet.environment import suffix_of
from sandbox.api.server import TenantServer
from sandbox.engine import sandbox_environment
from tests.docs.shell_session import ShellSession
from tests.engine.standing import AT_SPEED
from tests.support.pulumi_stack import REPOSITORY, session_engine
from tests.support.tenant import AT_ONCE, small_document
from tests.support.warm_engine import equip

PASSPHRASE: Final = "PULUMI_CONFIG_PASSPHRASE"
_ADDED: Final = re.compile(
    r"^breakglass fleet add (?P<name>\S+) --tenant (?P<tenant>\S+) --subscription (?P<paid>\S+)",
    re.MULTILINE,
)
_ANSWERED: Final = """\
#!/bin/sh
case "$1 $2 $*" in
"fleet up "*--yes*) exec {breakglass} "$@";;
"fleet up "*) exec {terminal} yes {breakglass} "$@";;
"fleet destroy "*) exec {terminal} "$4" {breakglass} "$@";;
*) exec {breakglass} "$@";;
esac
"""
"""Somebody who agrees to what `up` asks, and types the name that follows `destroy --only`."""


@dataclass(frozen=True)
class MspProject:
    """The project's folder, and what a shell there has."""

    folder: Path
    server: TenantServer
    tenants: Mapping[str, str]
    """Tenant ids by customer."""
    environment: Mapping[str, str]
    session: ShellSession

    def tenant(self, customer: str) -> dict[str, Any]:
        """All that is in a customer's tenant now."""
        return self.server.world.tenants[self.tenants[customer]].to_document()

    def policies(self, customer: str) -> dict[str, dict[str, Any]]:
        """The customer's Conditional Access policies, by display name."""
        found = self.tenant(customer)["conditionalAccessPolicies"]
        return {policy["displayName"]: policy for policy in found}

    def take_out_exclusions(self, customer: str) -> None:
        """An administrator takes all exclusions of one policy out."""
        policy = next(iter(self.policies(customer).values()))
        nobody: dict[str, list[str]] = {"excludeGroups": [], "excludeUsers": []}
        access = self.server.world.tenants[self.tenants[customer]].conditional_access
        access.update_policy(policy["id"], {"conditions": {"users": nobody}})

    def state_files(self) -> list[Path]:
        """All files of the state backend, its history and backups too."""
        return list((self.folder.parent / "work" / "state").rglob("*.json*"))


def tenant_documents(page: str) -> dict[str, dict[str, Any]]:
    """A tenant for each customer that the page adds, with the ids that it says."""
    found: dict[str, dict[str, Any]] = {}
    for added in _ADDED.finditer(page):
        document = small_document(added["name"].title(), f"{added['name']}.onmicrosoft.com")
        found[added["name"]] = _renamed(
            document,
            {
                document["tenant"]["id"]: added["tenant"],
                document["subscriptions"][0]["subscriptionId"]: added["paid"],
            },
        )
    return found


@contextmanager
def msp_project(folder: Path, page: str) -> Generator[MspProject]:
    """The project as an MSP has it before the page's first command."""
    documents = tenant_documents(page)
    tenants = {name: one["tenant"]["id"] for name, one in documents.items()}
    project, work = folder / "project", folder / "work"
    _make_project(project)
    engine = session_engine()
    with TenantServer(copy.deepcopy(list(documents.values())), knobs=AT_ONCE) as server:
        variables = sandbox_environment(engine, work, AT_SPEED)
        del variables[f"{PASSPHRASE}_FILE"]
        equip(work / "pulumi", engine)
        for name, tenant in tenants.items():
            own = {**server.environment(tenant), PASSPHRASE: secrets.token_urlsafe(24)}
            variables |= {f"{key}__{suffix_of(name)}": value for key, value in own.items()}
        with ShellSession(folder / "shell") as session:
            _write_breakglass(folder / "shell" / "commands" / "breakglass")
            lines = [f"export {key}={shlex.quote(value)}" for key, value in variables.items()
                     if key != "PATH"]  # fmt: skip
            lines.append(f'export PATH="{folder}/shell/commands:"{shlex.quote(variables["PATH"])}')
            session.run("\n".join([*lines, f"cd {shlex.quote(str(project))}", ""]))
            yield MspProject(project, server, tenants, variables, session)


def _make_project(project: Path) -> None:
    project.mkdir()
    committed = (REPOSITORY / "Pulumi.yaml").read_text(encoding="utf-8")
    (project / "Pulumi.yaml").write_text(
        f"main: {REPOSITORY}\n{committed}".replace(".venv", str(REPOSITORY / ".venv")),
        encoding="utf-8",
    )
    for name in ("Pulumi.prod.yaml", ".gitignore"):
        (project / name).write_bytes((REPOSITORY / name).read_bytes())
    commit(project, "init", "--quiet", "--initial-branch", "main")


def commit(project: Path, *before: str) -> None:
    """Commit all that is there."""
    who = ("-c", "user.name=MSP", "-c", "user.email=msp@your-msp.example")
    for words in (before, ("add", "--all"), (*who, "commit", "--quiet", "--message", "A step")):
        if words:
            subprocess.run(["git", "-C", str(project), *words], check=True, capture_output=True)


def _write_breakglass(script: Path) -> None:
    python = shlex.quote(sys.executable)
    script.write_text(
        _ANSWERED.format(
            breakglass=f"{python} -m cli.main", terminal=f"{python} -m tests.docs.at_terminal"
        ),
        encoding="utf-8",
    )
    script.chmod(0o755)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """A copy in which each of these texts is another, also inside of a longer one."""
    if isinstance(value, dict):
        return {_renamed(key, names): _renamed(one, names) for key, one in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, str):
        for old, new in names.items():
            value = value.replace(old, new)
    return value
