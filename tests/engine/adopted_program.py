"""An adopted account alone on the real engine, in a folder of its own."""

import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from sandbox.api.server import TenantServer
from tests.engine.standing import AT_SPEED, Scene, settings_of
from tests.support.pulumi_stack import PulumiStack
from tests.support.tenant import AT_ONCE, small_document

PROGRAM = Path(__file__).parent / "programs" / "adopted"


class AdoptedScene(Scene):
    """A small tenant, and a stack that takes one of its accounts in."""

    def configure(self, **config: Any) -> None:
        """`account`, `retired`, `protect`, `allowSynced`; None takes one out."""
        self.stack.set_config({f"adopted:{key}": value for key, value in config.items()})

    def directory(self) -> Mapping[str, Any]:
        """Users, groups, roles and policies as the tenant has them."""
        document = self.tenant.to_document()
        keys = ("users", "groups", "conditionalAccessPolicies")
        roles = [
            {key: value for key, value in one.items() if key != "id"}
            for one in document["roleAssignments"]
        ]
        return {key: document[key] for key in keys} | {"roles": roles}


@contextmanager
def adopted_alone(
    folder: Path, document: Mapping[str, Any] | None = None, **config: Any
) -> Generator[AdoptedScene]:
    """A tenant and an empty stack; `config` as in `AdoptedScene.configure`."""
    document = document or small_document()
    program = folder / "program"
    shutil.copytree(PROGRAM, program, ignore=shutil.ignore_patterns("__pycache__"))
    project = {"name": "adopted", "runtime": "python", "options": {"refresh": "always"}}
    (program / "Pulumi.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
    settings = {"azuread:tenantId": settings_of(document)["azuread:tenantId"]}
    with TenantServer([dict(document)], knobs=AT_ONCE) as server:
        (folder / "stack").mkdir()
        environment = server.environment() | AT_SPEED
        stack = PulumiStack(folder / "stack", environment, settings, program)
        scene = AdoptedScene(server, stack, document["tenant"]["id"])
        scene.configure(**config)
        yield scene
