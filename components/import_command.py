"""The command that takes something that stands in the tenant into the state of this stack."""

import shlex
from typing import Final

import pulumi

NO_ORGANIZATION: Final = "organization"
"""What the engine says where the state's backend knows no organizations."""


def import_below(label: str, parent: str, type_: str, name: str, id_: str, stack: str) -> str:
    """`pulumi import` of a resource below the component whose URN is `parent`.

    `label` is what the command calls the component: any word.

    Runs as it stands in the program's folder, in a POSIX shell and in PowerShell. Source: Pulumi,
    "pulumi import".
    """
    words = ["pulumi", "import", type_, name, id_, "--parent", f"{label}={parent}"]
    return shlex.join([*words, "--stack", stack, "--generate-code=false", "--yes"])


def stack_reference() -> str:
    """The stack as `--stack` takes it; one of an organization with that organization's name."""
    organization, stack = pulumi.get_organization(), pulumi.get_stack()
    if organization in (None, "", NO_ORGANIZATION):
        return stack
    return f"{organization}/{pulumi.get_project()}/{stack}"
