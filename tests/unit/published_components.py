"""The components as Pulumi publishes them for other languages: what `ComponentProvider` infers.

`python -m tests.unit.published_components` writes the schema to its file, for a change that is
meant: everybody who uses the components from another language has to follow it.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import pulumi
from pulumi.provider.experimental.component import ComponentProvider

from components.adopted_account import AdoptedAccount
from components.break_glass_account import BreakGlassAccount
from components.break_glass_group import BreakGlassGroup
from components.ca_exclusion_patch import CaExclusionPatch
from components.sign_in_monitoring import SignInMonitoring

PACKAGE: Final = "break-glass"
COMPONENTS: Final[tuple[type[pulumi.ComponentResource], ...]] = (
    BreakGlassAccount,
    AdoptedAccount,
    BreakGlassGroup,
    CaExclusionPatch,
    SignInMonitoring,
)
FILE: Final = Path(__file__).with_name("components_schema.json")

Schema = dict[str, Any]


def provider(*components: type[pulumi.ComponentResource]) -> ComponentProvider:
    """What serves the components (default: all) to other languages."""
    return ComponentProvider(list(components or COMPONENTS), PACKAGE)


@cache
def inferred(*components: type[pulumi.ComponentResource]) -> Schema:
    """The package's schema (Pulumi, "Pulumi Package schema")."""
    return cast("Schema", json.loads(provider(*components).schema or ""))


def text(schema: Schema) -> str:
    """A schema as the file keeps it."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def documented(schema: Schema) -> Iterator[tuple[str, str]]:
    """Everything that has a name in the schema, with what is said about it."""
    for kind in ("resources", "types"):
        for token, described in schema[kind].items():
            name = token.rpartition(":")[2]
            yield name, described.get("description", "")
            for side in ("inputProperties", "properties"):
                for key, entry in described.get(side, {}).items():
                    yield f"{name}.{key} ({side})", entry.get("description", "")


def references(schema: Schema) -> Iterator[tuple[str, str]]:
    """Where a property is of a named type, and which."""
    for kind in ("resources", "types"):
        for token, described in schema[kind].items():
            for side in ("inputProperties", "properties"):
                for key, entry in described.get(side, {}).items():
                    for found in _refs(entry):
                        yield f"{token.rpartition(':')[2]}.{key}", found


def _refs(entry: Schema) -> Iterator[str]:
    if "$ref" in entry:
        yield entry["$ref"]
    for nested in ("items", "additionalProperties"):
        if nested in entry:
            yield from _refs(entry[nested])


if __name__ == "__main__":
    FILE.write_text(text(inferred()), encoding="utf-8")
