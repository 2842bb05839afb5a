"""A tenant's state before the stack, with it, with a name prefix, and after it was taken down.

Made once on the real engine; the parallel processes of a test run share it through a file.
"""

import copy
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from tests.assessors.audited_tenant import audited_document
from tests.assessors.evidence import EmergencyAccess
from tests.engine.standing import new_scene
from tests.support.tenant import JSON, passkey

NAME_PREFIX = "breakglass-"
"""One of those that assessors look for, and attackers too."""


@dataclass(frozen=True)
class Chronicle:
    """The tenant's documents, and the object ids that the stack's outputs name."""

    before: JSON
    standing: JSON
    prefixed: JSON
    after: JSON
    users: list[str]
    group: str

    @property
    def told(self) -> EmergencyAccess:
        """What the stack's owner tells the auditor."""
        return EmergencyAccess(self.users, [self.group])

    @property
    def ready(self) -> JSON:
        """The standing tenant once the owner has registered a passkey for every account."""
        document = copy.deepcopy(self.standing)
        document["authenticationMethods"] = [
            *document.get("authenticationMethods", []),
            *(passkey(user) for user in self.users),
        ]
        return document


def shared_chronicle(folder: Path) -> Chronicle:
    """The run's chronicle, from its file if another process has made it."""
    file = folder / "chronicle.json"
    with FileLock(folder / "chronicle.lock"):
        if not file.exists():
            made = json.dumps(asdict(_live_through(folder / f"audited-stack-{os.getpid()}")))
            file.write_text(made, encoding="utf-8")
    return Chronicle(**json.loads(file.read_text(encoding="utf-8")))


def _live_through(folder: Path) -> Chronicle:
    """`pulumi up`, once more with a prefix, then `protect: false`, `up` and `destroy`."""
    before = audited_document()
    with new_scene(folder, copy.deepcopy(before)) as scene:
        scene.stack.up("--skip-preview")
        standing = copy.deepcopy(scene.tenant.to_document())
        users = list(scene.accounts().values())
        group = str(scene.stack.outputs()["groupId"])
        scene.stack.set_config({"break-glass:accounts": {"namePrefix": NAME_PREFIX}})
        scene.stack.up("--skip-preview")
        prefixed = copy.deepcopy(scene.tenant.to_document())
        scene.stack.set_config({"break-glass:protect": False})
        scene.stack.up("--skip-preview")
        scene.stack.destroy("--skip-preview")
        return Chronicle(before, standing, prefixed, scene.tenant.to_document(), users, group)
