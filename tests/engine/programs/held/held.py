"""A resource whose making takes until a file is there; it notes when it begins and ends."""

import os
import time
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class HeldProvider(ResourceProvider):
    """Works in the folder that STAND_IN names."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait for the file `go`."""
        folder = Path(os.environ["STAND_IN"])
        note(folder, "begin")
        while not (folder / "go").exists():
            time.sleep(0.02)
        note(folder, "end")
        return CreateResult("held", props)


def note(folder: Path, event: str) -> None:
    """One line of the journal."""
    with (folder / "journal").open("a", encoding="utf-8") as journal:
        journal.write(f"{event} {os.environ['WORKER']}\n")


class Held(Resource, module="held", name="Held"):
    """One."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(HeldProvider(), name, {"text": pulumi.Output.from_input(text)})
