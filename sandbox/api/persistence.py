"""A world of tenants in one file: saved whole, atomically; loaded instead of the seed."""

import errno
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from sandbox.api.json_text import compact, parse
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.clock import Clock
from sandbox.tenant.document_shape import found_kind
from sandbox.tenant.errors import DocumentError
from sandbox.tenant.tenant import World

Document = Mapping[str, Any]


def load_world(
    documents: Sequence[Document], data: Path | None, knobs: Document
) -> tuple[World, list[str]]:
    """The saved world if there is one, else one of the seed documents; raises DocumentError.

    With it, a text for each saved knob that has another value now because `knobs` say so.
    """
    clock = Clock()
    world = World(clock, knobs)
    overruled: list[str] = []
    is_saved = data is not None and data.exists()
    if data is not None and is_saved:
        offset, documents = _saved(data)
        clock.advance(offset)
    # A tenant changes its parts in place; a caller's document must stay as it is.
    for document in json.loads(json.dumps(documents)):
        tenant = world.add(document)
        if is_saved:
            now = tenant.behaviour.to_document()["behaviour"]
            saved = Behaviour.from_document(document).to_document()["behaviour"]
            overruled += [
                f"{name} {json.dumps(saved[name])} → {json.dumps(now[name])}"
                for name in now
                if now[name] != saved[name]
            ]
    if not world.tenants:
        raise DocumentError("no tenant: a seed document is needed")
    return world, overruled


def check_writable(data: Path) -> None:
    """Raise OSError when a file cannot be written, before anybody relies on it."""
    data.parent.mkdir(parents=True, exist_ok=True)
    if data.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(data))
    temporary = _beside(data)
    temporary.touch()
    temporary.unlink()


def save_world(world: World, data: Path) -> None:
    """Write the world beside the file, then put it in the file's place."""
    tenants: list[str] = []
    for tenant in list(world.tenants.values()):
        with tenant.lock:
            tenants.append(compact(tenant.to_document()))
    text = f'{{"clockOffset": {world.clock.offset}, "tenants": [{", ".join(tenants)}]}}'
    data.parent.mkdir(parents=True, exist_ok=True)
    temporary = _beside(data)
    temporary.write_text(text, "utf-8")
    temporary.replace(data)


def read_document(path: Path) -> dict[str, Any]:
    """A JSON object from a file; raises DocumentError that names the file."""
    try:
        found = parse(path.read_text("utf-8"))
    except OSError as error:
        raise DocumentError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise DocumentError(f"{path}: not JSON: {error}") from None
    if not isinstance(found, dict):
        raise DocumentError(f"{path}: expected an object, found {found_kind(found)}")
    return found  # pyright: ignore[reportUnknownVariableType]


def _saved(data: Path) -> tuple[float, list[Document]]:
    """How far virtual time was ahead (seconds), and the tenants; raises DocumentError."""
    saved = read_document(data)
    offset: Any = saved.get("clockOffset", 0.0)
    if isinstance(offset, bool) or not isinstance(offset, int | float) or offset < 0:
        raise DocumentError(
            f"{data}: clockOffset: expected a number of seconds, found {found_kind(offset)}"
        )
    tenants: Any = saved.get("tenants", [])
    if not isinstance(tenants, list):
        raise DocumentError(f"{data}: tenants: expected a list, found {found_kind(tenants)}")
    return float(offset), cast("list[Document]", tenants)


def _beside(data: Path) -> Path:
    return data.with_name(f"{data.name}.{os.getpid()}.tmp")
