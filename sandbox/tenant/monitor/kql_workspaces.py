"""`workspace("…").Table` in a query: a table of another workspace, under a name the parser takes.

The name holds what the query said, so that errors can say it again. Source: Microsoft Learn, "Query
data across Log Analytics workspaces, applications, and resources" (a workspace is named by its
workspace id or by its Azure resource id, in quotes).
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

_MARK = "workspace_"
_ALIAS = re.compile(rf"{_MARK}([0-9a-f]+)_(\w+)")
_ESCAPED = re.compile(r"\\(.)")


class Reference(NamedTuple):
    """A table of another workspace: its name in the parsed query, the workspace as it was named in
    lower case, and the table's name there."""

    alias: str
    workspace: str
    table: str


def reference(quoted: str, table: str) -> Reference:
    """What `workspace(quoted).table` refers to."""
    literal = quoted.lstrip("hH")
    text = literal[2:-1] if literal[0] == "@" else _ESCAPED.sub(r"\1", literal[1:-1])
    workspace = text.lower()
    return Reference(f"{_MARK}{workspace.encode().hex()}_{table}", workspace, table)


def table_of(name: str) -> str:
    """The table that a name in a parsed query stands for."""
    match = _ALIAS.fullmatch(name)
    return match[2] if match else name


def shown(name: str) -> str:
    """A name of a parsed query as the query wrote it."""
    match = _ALIAS.fullmatch(name)
    return f"workspace('{bytes.fromhex(match[1]).decode()}').{match[2]}" if match else name


def distinct(references: Sequence[Reference]) -> tuple[Reference, ...]:
    """Each reference once."""
    return tuple(dict.fromkeys(references))
