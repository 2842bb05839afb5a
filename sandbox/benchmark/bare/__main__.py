"""A Pulumi program that declares what a state holds, and looks at nothing: for comparison.

It is the least that a program with these resources can be: every resource by the class of its
provider's package, with the inputs, the parent, the dependencies and the protection that the state
has, and the same outputs. `BENCHMARK_STATE` names the file
that `pulumi stack export --show-secrets` wrote.
"""

import importlib
import json
import os
import re
from pathlib import Path
from typing import Any, cast

import pulumi

_SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105  (the mark of a secret in a state)
_PACKAGES = {"azuread": "pulumi_azuread", "random": "pulumi_random"}


def value_of(saved: Any) -> Any:
    """A saved input as a program gives it."""
    if isinstance(saved, list):
        return [value_of(one) for one in cast("list[Any]", saved)]
    if not isinstance(saved, dict):
        return saved
    parts = cast("dict[str, Any]", saved)
    if _SECRET in parts:
        return pulumi.Output.secret(json.loads(parts["plaintext"]))
    return {key: value_of(one) for key, one in parts.items() if key != "__defaults"}


def class_of(kind: str) -> Any:
    """The class that the provider's package has for this type, None for a dynamic resource."""
    package, module, name = kind.split(":")
    if package == "azure-native":
        return getattr(importlib.import_module(f"pulumi_azure_native.{module}"), name)
    if package in _PACKAGES:
        return getattr(importlib.import_module(_PACKAGES[package]), name)
    return None


def argument(key: str) -> str:
    """How a package's class names an input: `display_name` for `displayName`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower()


def options(saved: dict[str, Any], made: dict[str, pulumi.Resource]) -> pulumi.ResourceOptions:
    """What the state knows of a resource beside its inputs."""
    return pulumi.ResourceOptions(
        parent=made.get(saved.get("parent", "")),
        depends_on=[made[urn] for urn in saved.get("dependencies", ()) if urn in made],
        protect=saved.get("protect", False),
        retain_on_delete=saved.get("retainOnDelete"),
        additional_secret_outputs=saved.get("additionalSecretOutputs"),
    )


def declare(resources: list[dict[str, Any]]) -> None:
    """Register all, in the state's order: parents and dependencies come first."""
    made: dict[str, pulumi.Resource] = {}
    for saved in resources:
        kind, urn = saved["type"], saved["urn"]
        name = urn.split("::")[-1]
        if kind == "pulumi:pulumi:Stack":
            for key, value in saved.get("outputs", {}).items():
                pulumi.export(key, value_of(value))
        elif kind.startswith("pulumi:providers:"):
            continue
        elif saved["custom"]:
            inputs = value_of(saved.get("inputs", {}))
            declared = class_of(kind)
            if declared is None:
                made[urn] = pulumi.CustomResource(kind, name, inputs, options(saved, made))
            else:
                named = {argument(key): value for key, value in inputs.items()}
                made[urn] = declared(name, **named, opts=options(saved, made))
        else:
            made[urn] = pulumi.ComponentResource(
                kind, name, value_of(saved.get("inputs", {})), options(saved, made)
            )


if __name__ == "__main__":
    exported = json.loads(Path(os.environ["BENCHMARK_STATE"]).read_text("utf-8"))
    declare(exported["deployment"]["resources"])
