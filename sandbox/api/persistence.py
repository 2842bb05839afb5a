"""A world of tenants in one file: saved whole, atomically; loaded instead of the seed."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.tenant.clock import Clock
from sandbox.tenant.errors import DocumentError
from sandbox.tenant.tenant import World

Document = Mapping[str, Any]


def load_world(documents: Sequence[Document], data: Path | None, knobs: Document) -> World:
    """The saved world if there is one, else one of the seed documents; raises DocumentError."""
    clock = Clock()
    world = World(clock, knobs)
    if data is not None and data.exists():
        saved = read_document(data)
        clock.advance(float(saved.get("clockOffset", 0.0)))
        documents = saved.get("tenants", [])
    # A tenant changes its parts in place; a caller's document must stay as it is.
    for document in json.loads(json.dumps(documents)):
        world.add(document)
    if not world.tenants:
        raise DocumentError("no tenant: a seed document is needed")
    return world


def save_world(world: World, data: Path) -> None:
    """Write the world beside the file, then put it in the file's place."""
    tenants: list[str] = []
    for tenant in list(world.tenants.values()):
        with tenant.lock:
            tenants.append(json.dumps(tenant.to_document()))
    text = f'{{"clockOffset": {world.clock.offset}, "tenants": [{", ".join(tenants)}]}}'
    data.parent.mkdir(parents=True, exist_ok=True)
    temporary = data.with_name(f"{data.name}.{os.getpid()}.tmp")
    temporary.write_text(text, "utf-8")
    temporary.replace(data)


def read_document(path: Path) -> dict[str, Any]:
    """A JSON object from a file; raises DocumentError that names the file."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise DocumentError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise DocumentError(f"{path}: not JSON: {error}") from None
    if not isinstance(found, dict):
        raise DocumentError(f"{path}: expected a JSON object")
    return found  # pyright: ignore[reportUnknownVariableType]
