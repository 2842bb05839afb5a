"""Two customers whose stacks stand, each in its tenant, and the project in which they are kept."""

import copy
import json
import os
import shutil
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.api.server import TenantServer
from sandbox.engine import sandbox_environment
from sandbox.tenant.directory.passwords import hash_secret
from sandbox.tenant.tenant import Tenant
from tests.ci.machine import Machines, commit
from tests.ci.project_copy import copy_project
from tests.engine.standing import AT_SPEED, WRITES, Snapshot
from tests.engine.test_ci_identities import reviewer
from tests.engine.test_fleet import renamed
from tests.support.pulumi_stack import session_engine
from tests.support.tenant import AT_ONCE, object_id
from tests.support.warm_engine import equip, warm_python

CUSTOMERS = ("east", "north")
JSON = dict[str, Any]
STATE_KEY = "PULUMI_CONFIG_PASSPHRASE_FILE"


DEPLOYER_SECRET = "only-the-deployer-has-this"
DEPLOYER, REVIEWER = object_id("pipeline"), object_id("reviewer")


@dataclass(frozen=True)
class Company:
    """What the pipelines work on."""

    project: Path
    """The repository, with the settings of both customers on its main branch."""
    server: TenantServer
    tenants: Mapping[str, str]
    """Tenant ids by customer."""
    folder: Path
    backend: str
    key: Mapping[str, str]
    """The variable that opens the state's secrets."""
    cloud: Mapping[str, str]
    """What leads every machine to the engine and to the simulated tenants: nobody's name or key."""

    def machines(self, secrets: Mapping[str, str]) -> Machines:
        """Clean machines; `secrets` are what an identity proves itself by, by token of a job."""
        warm = warm_python(session_engine()) or Path(sys.executable)
        return Machines(self.folder / "machines", self.project, self.cloud, secrets, warm)

    def tenant(self, customer: str) -> Tenant:
        """The tenant itself, to look at and to change as somebody else would."""
        return self.server.world.tenants[self.tenants[customer]]

    def policies(self, customer: str) -> dict[str, JSON]:
        """Conditional Access policies by display name."""
        found = self.tenant(customer).to_document()["conditionalAccessPolicies"]
        return {policy["displayName"]: policy for policy in found}

    def forget(self) -> None:
        """Start to count requests anew."""
        self.server.world.requests.clear()

    def requests(self) -> list[JSON]:
        """What applications asked since `forget`."""
        return [one for one in self.server.world.requests.entries() if one["actor"] == "app"]

    def writes(self) -> list[str]:
        """What applications wrote since `forget`."""
        found = [one for one in self.requests() if one["method"] in WRITES]
        return [f"{one['method']} {one['path']}" for one in found]

    def state(self) -> dict[str, tuple[int, int]]:
        """When each file and folder of the state was written, folders of locks too."""
        root = self.folder / "work" / "state"
        return {str(one): (one.stat().st_mtime_ns, one.stat().st_size) for one in root.rglob("*")}

    def change(self, customer: str, message: str, settings: Mapping[str, JSON]) -> str:
        """Commit more settings of a customer; the commit."""
        path = self.project / f"Pulumi.{customer}.yaml"
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for key, value in settings.items():
            document["config"][key] = {**document["config"].get(key, {}), **value}
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        return commit(self.project, message)


def _documents(standing: Snapshot) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for name in CUSTOMERS:
        mine = json.loads(renamed(json.dumps(standing.document), name, standing.document))
        deployer = {
            **mine["apps"][0],
            "appId": DEPLOYER,
            "objectId": object_id("pipeline/object"),
            "secretHash": hash_secret(DEPLOYER_SECRET),
            "graphPermissions": [*mine["apps"][0]["graphPermissions"], "AuditLog.Read.All"],
            "directoryRoles": ["Privileged Authentication Administrator"],
        }
        # The same two applications work in both tenants, each with what docs/ci.md lists.
        mine["apps"] += [deployer, reviewer(mine)]
        found[name] = mine
    return found


@contextmanager
def company(standing: Snapshot, folder: Path) -> Generator[Company]:
    """Both customers' stacks stand, and nothing has changed since."""
    engine = session_engine()
    work = folder / "work"
    project = copy_project(folder / "project")
    shutil.copytree(standing.folder / "state", work / "state")
    shutil.copy2(standing.folder / "passphrase", work / "passphrase")
    equip(work / "pulumi", engine)
    stacks = work / "state" / ".pulumi" / "stacks" / "break-glass"
    state = (stacks / "test.json").read_text(encoding="utf-8")
    settings = (standing.folder / "Pulumi.test.yaml").read_text(encoding="utf-8")
    for file in stacks.glob("test.json*"):
        file.unlink()
    documents = _documents(standing)
    for name in CUSTOMERS:
        (stacks / f"{name}.json").write_text(
            renamed(state, name, standing.document), encoding="utf-8"
        )
        (project / f"Pulumi.{name}.yaml").write_text(
            renamed(settings, name, standing.document), encoding="utf-8"
        )
    commit(project, "Both customers")
    with TenantServer(copy.deepcopy(list(documents.values())), knobs=AT_ONCE) as server:
        variables = sandbox_environment(engine, work, AT_SPEED)
        backend = variables.pop("PULUMI_BACKEND_URL")
        key = {STATE_KEY: variables.pop(STATE_KEY)}
        own = ("ARM_TENANT_ID", "ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "ARM_SUBSCRIPTION_ID")
        cloud = {k: v for k, v in server.environment().items() if k not in own}
        yield Company(
            project,
            server,
            {name: one["tenant"]["id"] for name, one in documents.items()},
            folder,
            backend,
            key,
            {**_harmless(variables), **cloud},
        )


def _harmless(variables: Mapping[str, str]) -> dict[str, str]:
    """Without what this very run may have from a pipeline of its own."""
    theirs = ("GITHUB_", "SYSTEM_", "BUILD_", "ACTIONS_", "TF_BUILD", "PYTHONDONTWRITE")
    return {k: v for k, v in variables.items() if not k.startswith(theirs)} | {
        "HOME": os.environ["HOME"]
    }
